// SPDX-License-Identifier: Apache-2.0
// The text of a --where: what it is a tree of, and what LIKE means.
#include "cli/condition_text.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice {
namespace {

// "(a = 1 | b ~ x)": as the tree is, for the eye.
std::string Shown(const ConditionTree& tree) {
  static constexpr const char* kOps[] = {"=", "!=", "<", "<=", ">", ">=", "null", "there", "~", "!~"};
  if (tree.kind == ConditionTree::Kind::kTerm) {
    const ConditionTerm& term = tree.term;
    const bool alone = term.op == ConditionTerm::Op::kIsNull || term.op == ConditionTerm::Op::kIsNotNull;
    return Str(term.column, " ", kOps[static_cast<size_t>(term.op)], alone ? "" : " ", term.literal.text, term.escape);
  }
  std::string out;
  for (const ConditionTree& part : tree.parts) {
    if (!out.empty()) out += tree.kind == ConditionTree::Kind::kAll ? " & " : " | ";
    out += Shown(part);
  }
  return Str("(", out, ")");
}

std::string Parsed(std::string_view text, ConditionStyle style = ConditionStyle::kLoose) {
  const auto tree = ParseCondition(text, style);
  return tree.ok() ? Shown(*tree) : tree.error().ToString();
}

TEST(ConditionText, AndBindsMoreThanOr) {
  EXPECT_EQ(Parsed("a=1 OR b=2 AND c=3 or d=4"), "(a = 1 | (b = 2 & c = 3) | d = 4)");
  EXPECT_EQ(Parsed("(a=1 OR b=2) AND c=3"), "((a = 1 | b = 2) & c = 3)");
  EXPECT_EQ(Parsed(" ( ( a = 1 ) ) "), "a = 1");
  EXPECT_EQ(Parsed(""), "()");
}

TEST(ConditionText, NotGoesDownToTheComparisons) {
  EXPECT_EQ(Parsed("NOT (a < 1 OR b >= 2 AND c IS NULL)"), "(a >= 1 & (b < 2 | c there))");
  EXPECT_EQ(Parsed("NOT NOT a LIKE 'x'"), "a ~ x");
  EXPECT_EQ(Parsed("not a = 1 and b = 2"), "(a != 1 & b = 2)");
}

TEST(ConditionText, ListsAndRanges) {
  EXPECT_EQ(Parsed("a IN (1, 'x y' ,3)"), "(a = 1 | a = x y | a = 3)");
  EXPECT_EQ(Parsed("a NOT IN (1,2)"), "(a != 1 & a != 2)");
  EXPECT_EQ(Parsed("a BETWEEN 1 AND 2 AND b = 3"), "((a >= 1 & a <= 2) & b = 3)");
  EXPECT_EQ(Parsed("NOT a BETWEEN 1 AND 2"), "(a < 1 | a > 2)");
  EXPECT_EQ(Parsed("a NOT LIKE '1!%%' ESCAPE '!'"), "a !~ 1!%%!");
}

TEST(ConditionText, LiteralsBefore) {
  EXPECT_EQ(Parsed("5 < a"), "a > 5");
  EXPECT_EQ(Parsed("'x' = `a b`"), "a b = x");
  EXPECT_EQ(Parsed("a = DATE '2024-01-31'"), "a = 2024-01-31");
  EXPECT_EQ(Parsed("a = TIMESTAMP '2024-01-31 20:15:00' and date = date"), "(a = 2024-01-31 20:15:00 & date = date)");
}

TEST(ConditionText, WhatIsNotUnderstood) {
  for (const char* text : {"(a = 1", "a = 1)", "a IN 1", "a IN ()", "a IN (1", "a BETWEEN 1", "a LIKE x", "a", "a =",
                           "a NOT 1", "a = 1 OR", "NOT", "a LIKE 'x' ESCAPE 'ab'", "a = 'x", "a = NULL", "a IN (NULL)",
                           "a = 1 b = 2"}) {
    EXPECT_NE(Parsed(text).find("--where: "), std::string::npos) << text;
  }
  const std::string deep(300, '(');
  EXPECT_NE(Parsed(deep + "a = 1").find("parentheses in each other"), std::string::npos);
}

TEST(ConditionText, InSqlATextHasQuotes) {
  for (const char* text : {"a = b", "a = \"b\"", "a IN (1, b)", "a BETWEEN 1 AND `b`"}) {
    EXPECT_NE(Parsed(text, ConditionStyle::kSql).find("is no literal"), std::string::npos) << text;
  }
  EXPECT_EQ(Parsed("a = -1.5 AND b = TRUE AND `c` = 'it''s'", ConditionStyle::kSql),
            "(a = -1.5 & b = TRUE & c = it's)");
}

TEST(ConditionText, Like) {
  EXPECT_TRUE(IsLike("abc", "a%", ""));
  EXPECT_TRUE(IsLike("abc", "%b%", ""));
  EXPECT_TRUE(IsLike("abcbd", "%b_", ""));
  EXPECT_TRUE(IsLike("", "%", ""));
  EXPECT_TRUE(IsLike("aäc", "a_c", ""));
  EXPECT_TRUE(IsLike("50%", "50!%", "!"));
  EXPECT_TRUE(IsLike("aXbXc", "a%X%c", ""));
  EXPECT_FALSE(IsLike("50x", "50!%", "!"));
  EXPECT_FALSE(IsLike("abc", "a_", ""));
  EXPECT_FALSE(IsLike("abc", "b%", ""));
  EXPECT_FALSE(IsLike("", "_", ""));
  EXPECT_FALSE(IsLike("abc", "", ""));
  EXPECT_FALSE(IsLike(std::string(2000, 'a'), "%a%a%a%a%b", ""));
}

}  // namespace
}  // namespace sluice
