// SPDX-License-Identifier: Apache-2.0
// bsi and range-bitmap indexes: their bytes beside Java's, and what they say of random columns of each type, with NULLs
// and the ends of the types; a damaged one is an error or the same answer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "base/crc32.h"
#include "base/text.h"
#include "io/env.h"
#include "lake/paimon/bitmap_index.h"
#include "lake/paimon/bsi_index.h"
#include "lake/paimon/column_index.h"
#include "lake/paimon/file_index.h"
#include "lake/paimon/index_value.h"
#include "lake/paimon/range_bitmap.h"

namespace sluice::paimon {
namespace {

using Op = ColumnCondition::Op;
using Cell = ColumnCondition::Value;  // none: NULL

constexpr const char* kBsi = kBsiIndex;
constexpr const char* kRange = kRangeBitmapIndex;
constexpr int64_t kSmallChunk = 40;

// Adds cells as the writer of files does.
template <typename Builder>
std::optional<std::string> Built(Builder builder, const DataType& type, const std::vector<Cell>& cells) {
  for (const Cell& cell : cells) {
    if (const auto* number = std::get_if<int64_t>(&cell)) {
      builder.Add(IndexNumber(type, *number));
    } else if (const auto* real = std::get_if<double>(&cell)) {
      builder.Add(type.kind == TypeKind::kFloat ? IndexNumber(static_cast<float>(*real)) : IndexNumber(*real));
    } else if (const auto* text = std::get_if<std::string>(&cell)) {
      if constexpr (requires { builder.Add(std::string_view(*text)); }) builder.Add(std::string_view(*text));
    } else {
      builder.AddNull();
    }
  }
  return builder.Build();
}

std::string RangeOf(const DataType& type, const std::vector<Cell>& cells, int64_t chunk) {
  return *Built(RangeBitmapBuilder(type, chunk), type, cells);
}

std::string BitmapOf(const DataType& type, const std::vector<Cell>& cells, int version) {
  return *Built(BitmapIndexBuilder(type, version, kSmallChunk), type, cells);
}

// -1, 0, 1 as a column is sorted; -0.0 equals 0.0, NaN is above all.
int Order(const Cell& a, const Cell& b) {
  if (const auto* text = std::get_if<std::string>(&a)) return text->compare(std::get<std::string>(b));
  if (const auto* number = std::get_if<int64_t>(&a)) {
    return *number < std::get<int64_t>(b) ? -1 : *number > std::get<int64_t>(b) ? 1 : 0;
  }
  const double x = std::get<double>(a), y = std::get<double>(b);
  if (std::isnan(x) || std::isnan(y)) return static_cast<int>(std::isnan(x)) - static_cast<int>(std::isnan(y));
  return x < y ? -1 : x > y ? 1 : 0;
}

bool Meets(const Cell& cell, const ColumnCondition& condition) {
  const bool null = cell.index() == 0;
  if (condition.op == Op::kIsNull || condition.op == Op::kIsNotNull) return null == (condition.op == Op::kIsNull);
  if (null) return false;
  if (condition.op == Op::kIn) {
    const auto equals = [&](const Cell& value) { return Order(cell, value) == 0; };
    return std::any_of(condition.values.begin(), condition.values.end(), equals);
  }
  const int order = Order(cell, condition.value);
  if (condition.op == Op::kAtMost) return order <= 0;
  if (condition.op == Op::kAtLeast) return order >= 0;
  return (order == 0) == (condition.op == Op::kEqual);
}

Result<std::optional<RowBits>> Ask(const DataType& type, const char* kind, const std::string& bytes, size_t rows,
                                   const ColumnCondition& condition) {
  LiveFile file;
  file.path = "/t/bucket-0/data-1-0.parquet";
  file.meta.row_count = static_cast<int64_t>(rows);
  file.meta.embedded_index = *EncodeFileIndex({{"c", {{kind, bytes}}}});
  Field field;
  field.name = "c";
  field.type = type;
  return RowsByIndex(PosixEnv(), file, {{&field, &condition}});
}

// That exactly those rows come; `wide`: or more, as the value is between those that the index has.
void ExpectRows(const DataType& type, const char* kind, const std::string& bytes, const std::vector<Cell>& cells,
                const ColumnCondition& condition, bool wide = false) {
  const auto rows = Ask(type, kind, bytes, cells.size(), condition);
  ASSERT_TRUE(rows.ok()) << rows.error().ToString();
  if (!*rows) {  // nothing is told
    ASSERT_TRUE(wide && (condition.op == Op::kEqual || condition.op == Op::kNotEqual));
    return;
  }
  if (condition.op == Op::kIn && condition.values.size() > 16) wide = true;  // a range then; zeros are two
  for (size_t row = 0; row < cells.size(); ++row) {
    const bool there = (*rows)->Contains(static_cast<int64_t>(row));
    if (wide && there) continue;
    ASSERT_EQ(there, Meets(cells[row], condition))
        << type.ToString() << " " << kind << ", op " << static_cast<int>(condition.op) << ", row " << row;
  }
}

struct Kind {
  const char* type;
  std::vector<Cell> edges;
  bool bsi = true;
};

std::vector<Kind> Kinds() {
  const double nan = std::nan(""), infinite = std::numeric_limits<double>::infinity();
  const std::vector<Cell> reals = {0.0, -0.0, nan, infinite, -infinite, 1.5, -1.5};
  const auto least = std::numeric_limits<int64_t>::min() + 1, most = std::numeric_limits<int64_t>::max();
  return {{"BOOLEAN", {int64_t{0}, int64_t{1}}, false},
          {"TINYINT", {int64_t{-128}, int64_t{127}, int64_t{0}}},
          {"SMALLINT", {int64_t{-32768}, int64_t{32767}}},
          {"INT", {int64_t{INT32_MIN}, int64_t{INT32_MAX}, int64_t{-1}}},
          {"BIGINT", {least, most, int64_t{0}, int64_t{UINT32_MAX}}},
          {"DECIMAL(18, 4)", {int64_t{-999'999'999'999'999'999}, int64_t{999'999'999'999'999'999}}},
          {"DATE", {int64_t{-719'162}, int64_t{2'932'896}}},
          {"TIME(3)", {int64_t{0}, int64_t{86'399'999'000}}},
          {"TIMESTAMP(3)", {int64_t{-1'000}, int64_t{-1'000'000}, int64_t{0}}},
          {"TIMESTAMP(6)", {int64_t{-1}, int64_t{1'706'732'100'123'456}}},
          {"TIMESTAMP_LTZ(6)", {int64_t{-1}, int64_t{1}}},
          {"FLOAT", reals, false},
          {"DOUBLE", reals, false},
          {"STRING", {std::string(), std::string("\xff\xff"), std::string("a"), std::string("a\0b", 3)}, false},
          {"CHAR(4)", {std::string("ab  "), std::string("k\xc3\xa4s")}, false}};
}

class Random {
 public:
  int64_t Below(int64_t bound) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(bound)); }
  Cell Of(const DataType& type, const Kind& kind) {
    if (Below(4) == 0) return kind.edges[static_cast<size_t>(Below(static_cast<int64_t>(kind.edges.size())))];
    const int64_t small = Below(40) - 20;
    if (type.kind == TypeKind::kBoolean) return Below(2);
    if (std::holds_alternative<double>(kind.edges[0])) return static_cast<double>(small) / 4;
    if (std::holds_alternative<std::string>(kind.edges[0])) return std::string(static_cast<size_t>(Below(30)), 'x');
    return IsIndexedByMilliseconds(type) ? (type.kind == TypeKind::kTime ? small + 20 : small) * 1000 : small;
  }

 private:
  std::mt19937_64 random_{11};
};

TEST(PaimonSortedIndex, SaysOfEachTypeWhatItsRowsSay) {
  Random random;
  for (const Kind& kind : Kinds()) {
    const DataType type = *ParseDataType(kind.type);
    for (int round = 0; round < 30; ++round) {
      std::vector<Cell> cells;
      for (int64_t rows = random.Below(round % 10 == 0 ? 3'000 : 60) + 1; rows > 0; --rows) {
        cells.push_back(random.Below(round % 7 + 1) == 1 ? Cell() : random.Of(type, kind));
      }
      std::vector<std::pair<const char*, std::string>> indexes = {
          {kRange, RangeOf(type, cells, round % 2 == 0 ? RangeBitmapBuilder::DefaultChunkBytes(type) : kSmallChunk)}};
      if (type.kind != TypeKind::kDecimal) indexes.emplace_back(kBitmapIndex, BitmapOf(type, cells, round % 2 + 1));
      if (kind.bsi) indexes.emplace_back(kBsi, *Built(BsiIndexBuilder(), type, cells));
      for (const auto& [name, bytes] : indexes) {
        for (int asked = 0; asked < 12; ++asked) {
          for (Op op : {Op::kEqual, Op::kNotEqual, Op::kAtMost, Op::kAtLeast, Op::kIsNull, Op::kIsNotNull}) {
            ASSERT_NO_FATAL_FAILURE(ExpectRows(type, name, bytes, cells, {"c", op, random.Of(type, kind)}));
          }
          ColumnCondition in{"c", Op::kIn};
          for (int64_t n = random.Below(asked == 0 ? 60 : 9); n >= 0; --n) in.values.push_back(random.Of(type, kind));
          ASSERT_NO_FATAL_FAILURE(ExpectRows(type, name, bytes, cells, in));
        }
      }
    }
  }
}

// Values that no cell can be: between two milliseconds, beyond the type, between two FLOATs.
TEST(PaimonSortedIndex, MissesNoRowOfARangeThatEndsElsewhere) {
  const std::vector<std::tuple<const char*, std::vector<Cell>, std::vector<Cell>>> cases = {
      {"TIMESTAMP(3)", {int64_t{-1'000}, int64_t{0}, int64_t{1'000}}, {int64_t{-999}, int64_t{1}, int64_t{-1'001}}},
      {"TINYINT", {int64_t{-128}, int64_t{127}, int64_t{0}}, {int64_t{-129}, int64_t{256}, int64_t{INT64_MAX},
                                                              int64_t{INT64_MIN}}},
      {"BIGINT", {int64_t{-5}, int64_t{INT64_MAX}, int64_t{INT64_MIN + 1}}, {int64_t{INT64_MIN}, int64_t{INT64_MAX}}},
      {"FLOAT", {1.5, -1.5, double{std::numeric_limits<float>::max()}}, {1.5 + 1e-9, 1.5 - 1e-9, 1e39, -1e39, 0.1}}};
  for (const auto& [type_text, cells, values] : cases) {
    const DataType type = *ParseDataType(type_text);
    for (const Cell& value : values) {
      for (Op op : {Op::kEqual, Op::kNotEqual, Op::kAtMost, Op::kAtLeast}) {
        ExpectRows(type, kRange, RangeOf(type, cells, 0), cells, {"c", op, value}, true);
        if (!BsiIndexBuilder::CanHold(type)) continue;
        ExpectRows(type, kBsi, *Built(BsiIndexBuilder(), type, cells), cells, {"c", op, value}, true);
      }
    }
  }
}

// Paimon's bytes for these, by their length and checksum.
TEST(PaimonSortedIndex, BsiIsThatOfJava) {
  const DataType type = *ParseDataType("INT");
  const auto built = [&](std::vector<std::optional<int64_t>> values) {
    std::vector<Cell> cells;
    for (const auto& value : values) cells.push_back(value ? Cell(*value) : Cell());
    return *Built(BsiIndexBuilder(), type, cells);
  };
  const auto none = std::optional<int64_t>();
  const std::string mix = built({1, 2, none, -2, -2, -1, none, 2, 0, 5, none});
  const std::string positive = built({0, 1, none, 3, 4, 5, 6, 0, none});
  const std::string negative = built({none, -1, none, -3, -4, -5, -6, -1, none});
  EXPECT_EQ(mix.size(), 193u);
  EXPECT_EQ(Crc32(mix), 2'033'970'715u);
  EXPECT_EQ(positive.size(), 111u);
  EXPECT_EQ(Crc32(positive), 961'033'207u);
  EXPECT_EQ(negative.size(), 113u);
  EXPECT_EQ(Crc32(negative), 2'990'796'305u);
  EXPECT_EQ(built({none, none}), std::string("\1\0\0\0\2\0\0", 7));
}

TEST(PaimonSortedIndex, BsiHasNotTheLeastNumber) {
  BsiIndexBuilder builder;
  builder.Add(INT64_MIN + 1);
  EXPECT_TRUE(builder.Build().has_value());
  builder.Add(INT64_MIN);
  EXPECT_FALSE(builder.Build().has_value());
}

TEST(PaimonSortedIndex, OfNoValueHasBitsAsInJava) {
  const DataType type = *ParseDataType("INT");
  const std::vector<Cell> nulls(3);
  const std::string bytes = RangeOf(type, nulls, 0);
  EXPECT_EQ(bytes.size(), 4u + 13 + 4 + 13 + 4 + 10 + 64 * 8 + 8 + 64 * 8);
  ExpectRows(type, kRange, bytes, nulls, {"c", Op::kIsNull});
  ExpectRows(type, kRange, bytes, nulls, {"c", Op::kIsNotNull});
  ExpectRows(type, kRange, bytes, nulls, {"c", Op::kAtMost, int64_t{5}});
}

// There is no checksum: a changed byte is found where the parts contradict each other.
TEST(PaimonSortedIndex, ThatIsCutIsAnErrorByName) {
  const std::vector<Cell> cells = {int64_t{7}, Cell(), int64_t{-3}, int64_t{7}, int64_t{90'000}, int64_t{4}};
  const DataType type = *ParseDataType("INT");
  for (const auto& [kind, whole] : {std::pair<const char*, std::string>{kBsi, *Built(BsiIndexBuilder(), type, cells)},
                                    {kRange, RangeOf(type, cells, 8)}}) {
    const ColumnCondition condition{"c", Op::kAtLeast, int64_t{5}};
    for (size_t size = 0; size < whole.size(); ++size) {
      const auto rows = Ask(type, kind, whole.substr(0, size), cells.size(), condition);
      ASSERT_FALSE(rows.ok()) << kind << " " << size;
      EXPECT_NE(rows.error().ToString().find(Str("the ", kind, " of column c is not well formed")), std::string::npos);
    }
    EXPECT_FALSE(Ask(type, kind, whole + "x", cells.size(), condition).ok());
    EXPECT_FALSE(Ask(type, kind, whole, cells.size() + 1, condition).ok());
    size_t found = 0;
    for (size_t at = 0; at < whole.size(); ++at) {
      for (const char change : {'\x01', '\x80', '\xff'}) {
        std::string bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] ^ change);
        found += Ask(type, kind, bytes, cells.size(), condition).ok() ? 0 : 1;
      }
    }
    EXPECT_GT(found, whole.size()) << kind << ": of three changes a byte";
  }
}

}  // namespace
}  // namespace sluice::paimon
