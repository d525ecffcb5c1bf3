// SPDX-License-Identifier: Apache-2.0
// Routes as in Flink CDC: fan-in, fan-out, replace-symbol, capture groups, and the same name where no rule matches.
#include "pipeline/router.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice {
namespace {

RouteRule Rule(std::string source, std::string sink, std::string symbol = "") {
  return {std::move(source), std::move(sink), std::move(symbol), "", {"a.yaml", 9, 5}};
}
std::string Route(const std::vector<RouteRule>& rules, const TableId& id, RouteMode mode = RouteMode::kAllMatch) {
  auto router = Router::Make(rules, mode);
  if (!router.ok()) return router.error().message;
  std::vector<std::string> names;
  for (const TableId& sink : router->Route(id)) names.push_back(sink.ToString());
  return Join(names, " ");
}

TEST(Router, NoRuleKeepsTheName) {
  EXPECT_EQ(Route({}, {"app", "orders"}), "app.orders");
  EXPECT_EQ(Route({Rule("app.users", "x.y")}, {"app", "orders"}), "app.orders");
}

TEST(Router, FanInOfShards) {
  auto rules = {Rule(R"(app_db.order_\.*)", "ods.orders")};
  EXPECT_EQ(Route(rules, {"app_db", "order_1"}), "ods.orders");
  EXPECT_EQ(Route(rules, {"app_db", "order_2"}), "ods.orders");
  EXPECT_EQ(Route(rules, {"app_dbx", "order_2"}), "app_dbx.order_2");
  EXPECT_EQ(Route(rules, {"app_db", "orders"}), "app_db.orders");
}

TEST(Router, IdleRules) {
  auto router = Router::Make({Rule("a.t1", "x.y"), Rule("a.t9", "x.y"), Rule(R"(\.*.\.*)", "x.y")},
                             RouteMode::kFirstMatch);
  ASSERT_TRUE(router.ok());
  EXPECT_EQ(router->Idle({{"a", "t1"}, {"b", "t1"}}), std::vector<size_t>({1}));
  EXPECT_EQ(router->Idle({}), std::vector<size_t>({0, 1, 2}));
}

TEST(Router, ListOfTables) {
  auto rules = {Rule("a.t1 , b.t2", "ods.t")};
  EXPECT_EQ(Route(rules, {"a", "t1"}), "ods.t");
  EXPECT_EQ(Route(rules, {"b", "t2"}), "ods.t");
  EXPECT_EQ(Route(rules, {"a", "t2"}), "a.t2");
  EXPECT_EQ(Route(rules, {"axt1", ""}), "axt1.");
}

TEST(Router, AllMatchFansOutFirstMatchDoesNot) {
  auto rules = {Rule(R"(app.\.*)", "all.t"), Rule("app.orders", "some.t"), Rule(R"(app.o\.*)", "all.t")};
  EXPECT_EQ(Route(rules, {"app", "orders"}), "all.t some.t");
  EXPECT_EQ(Route(rules, {"app", "orders"}, RouteMode::kFirstMatch), "all.t");
}

TEST(Router, ReplaceSymbol) {
  auto rules = {Rule(R"(app_db.\.*)", "ods_db.ods_<>", "<>")};
  EXPECT_EQ(Route(rules, {"app_db", "orders"}), "ods_db.ods_orders");
  EXPECT_EQ(Route({Rule(R"(a.\.*)", "<>.<>_x", "<>")}, {"a", "t"}), "t.t_x");
  EXPECT_EQ(Route({Rule(R"(a.\.*)", "plain.$", "<>")}, {"a", "t"}), "plain.$");
}

TEST(Router, CaptureGroups) {
  EXPECT_EQ(Route({Rule(R"((\.*)_db.order_(\.*))", "ods_$1.o_$2")}, {"app", "x"}), "app.x");
  EXPECT_EQ(Route({Rule(R"((\.*)_db.order_(\.*))", "ods_$1.o_$2")}, {"app_db", "order_7"}), "ods_app.o_7");
  EXPECT_EQ(Route({Rule(R"(db.(?<kind>[a-z]+)_[0-9]+)", "ods.${kind}")}, {"db", "order_7"}), "ods.order");
  EXPECT_EQ(Route({Rule(R"(db.(t)\.*)", "ods.$10")}, {"db", "t9"}), "ods.t0");
  EXPECT_EQ(Route({Rule(R"(db.(t)\.*)", "ods.\\$1")}, {"db", "t9"}), "ods.$1");
  EXPECT_EQ(Route({Rule(R"(db.\.*)", "copy.$0")}, {"db", "t9"}), "copy.db.t9");
}

TEST(Router, BadRulesNameTheirPlace) {
  EXPECT_NE(Route({Rule("db.[", "x.y")}, {}).find("a.yaml:9:5: source-table \"db.[\""), std::string::npos);
  EXPECT_NE(Route({Rule("db.t", "x.$1")}, {}).find("capture group"), std::string::npos);
  EXPECT_NE(Route({Rule("db.t", "x.${nope}")}, {}).find("capture group"), std::string::npos);
  EXPECT_NE(Route({Rule("db.t", "x.${nope")}, {}).find("capture group"), std::string::npos);
  EXPECT_NE(Route({Rule("db.(t)", "x.$1_<>", "<>")}, {}).find("both"), std::string::npos);
  EXPECT_NE(Route({Rule("db.t", " ")}, {}).find("sink-table is empty"), std::string::npos);
  EXPECT_NE(Route({Rule("", "x.y")}, {}).find("source-table is empty"), std::string::npos);
}

TEST(ParseTableId, LastDotSeparatesTheTable) {
  EXPECT_EQ(ParseTableId("t"), (TableId{"", "t"}));
  EXPECT_EQ(ParseTableId("db.t"), (TableId{"db", "t"}));
  EXPECT_EQ(ParseTableId("cat.db.t"), (TableId{"cat.db", "t"}));
}

}  // namespace
}  // namespace sluice
