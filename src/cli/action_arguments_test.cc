// SPDX-License-Identifier: Apache-2.0
// Arguments of an action: what is read, and how a wrong one is named.
#include "cli/action_arguments.h"

#include <gtest/gtest.h>

#include "frontend/paimon_action/words.h"

namespace sluice {
namespace {

const ActionKeys kKeys = {{"database"}, {"tag_name", "snapshot", "dry_run"}, {"table_conf"}, {"order_by"}};

Result<ActionArguments> Parse(std::vector<std::string> words) {
  words.insert(words.begin(), "action");
  TRY_SET(ActionWords read, ReadActionWords(words, false));
  return ActionArguments(std::move(read.values));
}

std::string Refusal(const std::vector<std::string>& words) {
  const auto arguments = Parse(words);
  if (!arguments.ok()) return arguments.error().message;
  const Status checked = arguments->Check(kKeys);
  return checked.ok() ? "none" : checked.error().message;
}

TEST(ActionArguments, KeysMayHaveDashesAndAnEqualsSign) {
  const auto arguments = Parse(
      {"--database", "db", "--tag-name=a=b", "--table_conf", "x=1", "--table-conf", "y = -2", "--snapshot", "-7"});
  ASSERT_TRUE(arguments.ok());
  EXPECT_TRUE(arguments->Check(kKeys).ok());
  EXPECT_EQ(arguments->Get("database"), "db");
  EXPECT_EQ(arguments->Get("tag_name"), "a=b");
  EXPECT_EQ(arguments->Get("absent", "otherwise"), "otherwise");
  EXPECT_EQ(*arguments->Pairs("table_conf"), (std::map<std::string, std::string>{{"x", "1"}, {"y", "-2"}}));
  EXPECT_EQ(**arguments->Number("snapshot", -10), -7);
  EXPECT_FALSE(arguments->Number("snapshot", 1).ok());
  EXPECT_FALSE(arguments->Number("absent", 1)->has_value());
  EXPECT_TRUE(*arguments->Flag("absent", true));
}

TEST(ActionArguments, WrongOnesAreNamed) {
  EXPECT_EQ(Refusal({"--database", "db"}), "none");
  EXPECT_EQ(Refusal({}), "argument --database is missing");
  EXPECT_EQ(Refusal({"db"}), "action: the word \"db\" follows no --key");
  EXPECT_EQ(Refusal({"--database"}), "--database has no value");
  EXPECT_EQ(Refusal({"--database", "--tag_name"}), "--database has no value");
  EXPECT_EQ(Refusal({"--database", "a", "--database", "b"}), "argument --database is given twice");
  EXPECT_EQ(Refusal({"--database", "a", "--tagname", "b"}),
            "there is no argument --tagname; did you mean --tag_name?");
  EXPECT_EQ(Refusal({"--database", "a", "--order-by", "b"}), "argument --order_by is not supported yet");
}

TEST(ActionArguments, ValuesAreChecked) {
  const auto arguments = Parse({"--dry_run", "yes", "--table_conf", "x", "--snapshot", "1x"});
  ASSERT_TRUE(arguments.ok());
  EXPECT_FALSE(arguments->Flag("dry_run", false).ok());
  EXPECT_FALSE(arguments->Pairs("table_conf").ok());
  EXPECT_FALSE(arguments->Number("snapshot", 1).ok());
}

}  // namespace
}  // namespace sluice
