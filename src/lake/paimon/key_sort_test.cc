// SPDX-License-Identifier: Apache-2.0
// KeySorter against a plain sort, for keys and sequences of each type.
#include "lake/paimon/key_sort.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "lake/paimon/cell_order.h"
#include "lake/paimon/random_value_test_util.h"

namespace sluice::paimon {
namespace {

std::shared_ptr<arrow::Array> RandomColumn(Random& random, const std::string& type_name, size_t rows, bool nulls) {
  const DataType type = *ParseDataType(type_name);
  auto builder = arrow::MakeBuilder(type.ToArrow()).ValueOrDie();
  std::vector<Cell> pool;
  for (size_t i = 0; i < rows / 2 + 1; ++i) pool.push_back(RandomValue(random, type));
  if (nulls) pool.push_back(arrow::MakeNullScalar(type.ToArrow()));
  for (size_t i = 0; i < rows; ++i) EXPECT_TRUE(builder->AppendScalar(*random.Of(pool)).ok());
  return builder->Finish().ValueOrDie();
}

int Compare(const Columns& columns, uint32_t a, uint32_t b, bool descending = false) {
  for (const auto& column : columns) {
    const int order = CompareCells(*column, a, *column, b);
    const bool turned = descending && !column->IsNull(a) && !column->IsNull(b);
    if (order != 0) return turned ? -order : order;
  }
  return 0;
}

std::vector<uint32_t> PlainAll(const Columns& key, const Columns& sequence, bool descending,
                               std::vector<uint32_t> rows) {
  std::stable_sort(rows.begin(), rows.end(), [&](uint32_t a, uint32_t b) {
    const int by_key = Compare(key, a, b), by_sequence = Compare(sequence, a, b, descending);
    return by_key != 0 ? by_key < 0 : by_sequence != 0 ? by_sequence < 0 : a < b;
  });
  return rows;
}

std::vector<uint32_t> Plain(const Columns& key, const Columns& sequence, bool descending, std::vector<uint32_t> rows) {
  rows = PlainAll(key, sequence, descending, std::move(rows));
  std::vector<uint32_t> out;
  for (uint32_t row : rows) {
    if (!out.empty() && Compare(key, out.back(), row) == 0) out.pop_back();
    out.push_back(row);
  }
  return out;
}

const std::vector<std::string> kTypes = {"INT", "BIGINT", "SMALLINT", "DECIMAL(10, 2)", "DECIMAL(38, 5)", "VARCHAR(30)",
                                         "BYTES", "DATE", "TIMESTAMP(0)", "TIMESTAMP(6)", "BOOLEAN", "TIME(3)",
                                         "FLOAT", "DOUBLE", "STRING", "TIMESTAMP_LTZ(3)"};

TEST(PaimonKeySort, IsAPlainSortWithTheNewestOfEachKey) {
  KeySorter sorter;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Random random(seed);
    const size_t count = random(random.OneIn(4) ? 300 : 20);
    Columns key, sequence;
    const auto add = [&](Columns& to, uint64_t columns, bool nulls) {
      for (; columns > 0; --columns) to.push_back(RandomColumn(random, random.Of(kTypes), count, nulls));
    };
    add(key, 1 + random(3), random.OneIn(5));
    add(sequence, random(3), true);
    std::vector<uint32_t> rows(count);
    std::iota(rows.begin(), rows.end(), 0u);
    std::erase_if(rows, [&](uint32_t) { return random.OneIn(4); });  // those of other buckets
    const bool descending = random.OneIn(2);
    const auto expected = Plain(key, sequence, descending, rows);
    auto all = rows;
    std::vector<uint32_t> ends = {7}, last;
    sorter.SortAll(key, sequence, descending, all, ends);
    ASSERT_EQ(all, PlainAll(key, sequence, descending, rows)) << "seed " << seed;
    for (uint32_t end : ends) last.push_back(all[end - 1]);
    ASSERT_EQ(last, expected) << "seed " << seed;
    sorter.Sort(key, sequence, descending, rows);
    ASSERT_EQ(rows, expected) << "seed " << seed << " " << key[0]->type()->ToString();
  }
}

// A slice begins somewhere in its buffers.
TEST(PaimonKeySort, TakesSlices) {
  KeySorter sorter;
  for (const std::string& type : kTypes) {
    Random random(7);
    const auto whole = RandomColumn(random, type, 60, true);
    const Columns key = {whole->Slice(13, 40)};
    std::vector<uint32_t> rows(40);
    std::iota(rows.begin(), rows.end(), 0u);
    const auto expected = Plain(key, {}, false, rows);
    sorter.Sort(key, {}, false, rows);
    ASSERT_EQ(rows, expected) << type;
  }
}

TEST(PaimonKeySort, TellsTextsApartThatBeginAlike) {
  arrow::StringBuilder builder;
  for (const char* text :
       {"eightlong", "eightlon", "eightlong\x01", "", "eightlon\xc3\xa4", "eightlonz", "eightlong"}) {
    ASSERT_TRUE(builder.Append(text).ok());
  }
  ASSERT_TRUE(builder.Append(std::string("eightlon\0", 9)).ok());
  ASSERT_TRUE(builder.Append(std::string("\0", 1)).ok());
  const Columns key = {builder.Finish().ValueOrDie()};
  std::vector<uint32_t> rows = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  KeySorter().Sort(key, {}, false, rows);
  EXPECT_EQ(rows, (std::vector<uint32_t>{3, 8, 1, 7, 6, 2, 5, 4}));
}

TEST(PaimonKeySort, OrdersRealNumbersAsJava) {
  arrow::DoubleBuilder builder;
  for (double value : {0.0, -0.0, double{NAN}, 1.0, -double{INFINITY}, double{INFINITY}, -double{NAN}}) {
    ASSERT_TRUE(builder.Append(value).ok());
  }
  const Columns key = {builder.Finish().ValueOrDie()};
  std::vector<uint32_t> rows = {0, 1, 2, 3, 4, 5, 6};
  KeySorter().Sort(key, {}, false, rows);
  EXPECT_EQ(rows, (std::vector<uint32_t>{4, 1, 0, 3, 5, 6}));  // both NaN are one key
}

}  // namespace
}  // namespace sluice::paimon
