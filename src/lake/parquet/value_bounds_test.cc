// SPDX-License-Identifier: Apache-2.0
// What bounds of a column's cells rule out.
#include "lake/parquet/value_bounds.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using Op = ColumnCondition::Op;

bool May(const ValueBounds& bounds, Op op, decltype(ColumnCondition::value) value = {}) {
  return bounds.MayHold({"c", op, std::move(value)});
}

TEST(ValueBounds, RuleOutWhatIsOutside) {
  const ValueBounds numbers{.rows = 5, .nulls = 1, .least = int64_t{-2}, .greatest = int64_t{7}};
  for (int64_t in : {-2, 0, 7}) EXPECT_TRUE(May(numbers, Op::kEqual, in)) << in;
  for (int64_t out : {-3, 8}) EXPECT_FALSE(May(numbers, Op::kEqual, out)) << out;
  EXPECT_TRUE(May(numbers, Op::kAtMost, int64_t{-2}));
  EXPECT_FALSE(May(numbers, Op::kAtMost, int64_t{-3}));
  EXPECT_TRUE(May(numbers, Op::kAtLeast, int64_t{7}));
  EXPECT_FALSE(May(numbers, Op::kAtLeast, int64_t{8}));
  EXPECT_TRUE(May(numbers, Op::kNotEqual, int64_t{3}));
  const ValueBounds texts{.rows = 5, .nulls = 0, .least = "b", .greatest = "\xc3\xa4"};
  EXPECT_TRUE(May(texts, Op::kEqual, "z"));
  EXPECT_FALSE(May(texts, Op::kEqual, "a"));
  EXPECT_FALSE(May(texts, Op::kAtLeast, "\xc3\xa5")) << "bytes are unsigned";
}

TEST(ValueBounds, WhatIsNotKnownRulesOutNothing) {
  const ValueBounds nothing{.rows = 5};
  for (Op op : {Op::kEqual, Op::kNotEqual, Op::kIsNull, Op::kIsNotNull, Op::kAtMost, Op::kAtLeast}) {
    EXPECT_TRUE(May(nothing, op, int64_t{1}));
  }
  const ValueBounds half{.rows = 5, .least = int64_t{3}};
  EXPECT_FALSE(May(half, Op::kEqual, int64_t{2}));
  EXPECT_TRUE(May(half, Op::kEqual, int64_t{9}));
  EXPECT_TRUE(May(half, Op::kEqual, "9")) << "of another kind";
  EXPECT_TRUE(May(half, Op::kEqual, 2.0)) << "of another kind";
}

TEST(ValueBounds, CountOfNulls) {
  const ValueBounds none{.rows = 5, .nulls = 0}, all{.rows = 5, .nulls = 5};
  EXPECT_FALSE(May(none, Op::kIsNull));
  EXPECT_TRUE(May(all, Op::kIsNull));
  for (Op op : {Op::kEqual, Op::kNotEqual, Op::kIsNotNull, Op::kAtMost, Op::kAtLeast}) {
    EXPECT_FALSE(May(all, op, int64_t{1}));
    EXPECT_TRUE(May(none, op, int64_t{1}));
  }
}

}  // namespace
}  // namespace sluice
