// SPDX-License-Identifier: Apache-2.0
// Table selectors as in Flink CDC: dot and comma separate, an escaped dot is the regex dot, whole match, any case.
#include "pipeline/selector.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

bool Match(std::string_view selector, const TableId& id) {
  auto made = TableSelector::Make(selector);
  EXPECT_TRUE(made.ok()) << made.error().ToString();
  return made.ok() && made->Matches(id);
}

TEST(TableSelector, ListOfTheReference) {
  constexpr std::string_view kList = R"(adb.\.*, bdb.user_table_[0-9]+, [app|web].order_\.*)";
  EXPECT_TRUE(Match(kList, {"adb", "anything"}));
  EXPECT_TRUE(Match(kList, {"adb", "with.dot"}));
  EXPECT_TRUE(Match(kList, {"bdb", "user_table_42"}));
  EXPECT_FALSE(Match(kList, {"bdb", "user_table_"}));
  EXPECT_FALSE(Match(kList, {"bdb", "user_table_1x"}));
  EXPECT_TRUE(Match(kList, {"w", "order_1"}));  // [app|web] is one character, as in Flink CDC
  EXPECT_FALSE(Match(kList, {"web", "order_1"}));
}

TEST(TableSelector, WholePartsAndCase) {
  EXPECT_TRUE(Match("app_db.orders", {"app_db", "orders"}));
  EXPECT_TRUE(Match("app_db.orders", {"APP_DB", "Orders"}));
  EXPECT_FALSE(Match("app_db.orders", {"app_db", "orders2"}));
  EXPECT_FALSE(Match("app_db.orders", {"app_db2", "orders"}));
  EXPECT_FALSE(Match("app.db", {"appxdb", ""}));
  EXPECT_TRUE(Match(R"((a|b)\.?.t)", {"a", "t"}));
  EXPECT_TRUE(Match(R"(db.t\.{0\,3})", {"db", "tabc"}));
  EXPECT_FALSE(Match(R"(db.t\.{0\,3})", {"db", "tabcd"}));
  EXPECT_TRUE(Match("dé.ü\\.*", {"dé", "übel"}));
}

TEST(TableSelector, NumberOfParts) {
  EXPECT_TRUE(Match("orders", {"", "orders"}));
  EXPECT_FALSE(Match("orders", {"db", "orders"}));
  EXPECT_TRUE(Match("ns.db.orders", {"db", "orders"}));
  EXPECT_FALSE(TableSelector::Make("a.b.c.d").ok());
  EXPECT_FALSE(TableSelector::Make("").ok());
  EXPECT_FALSE(TableSelector::Make(" , ").ok());
}

TEST(TableSelector, SchemasThatAreNamed) {
  const auto schemas = [](std::string_view text) { return TableSelector::Make(text)->schemas(); };
  EXPECT_EQ(schemas("app.orders,shop.\\.*,ns.crm.t"), (std::vector<std::string>{"app", "shop", "crm"}));
  EXPECT_TRUE(schemas("app_[0-9].orders,a\\.*.t,orders").empty());
}

TEST(TableSelector, BadExpression) {
  auto made = TableSelector::Make("db.order_[0-9");
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
  EXPECT_NE(made.error().message.find("order_[0-9"), std::string::npos);
  EXPECT_NE(made.error().hint.find("\\."), std::string::npos);
  EXPECT_FALSE(TableSelector::Make("db.t{1,2}").ok());  // an unescaped comma ends the expression: "2}" has no database…
}

TEST(TableSelector, EndsInABackslash) { EXPECT_FALSE(TableSelector::Make("db.t\\").ok()); }

}  // namespace
}  // namespace sluice
