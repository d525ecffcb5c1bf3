// SPDX-License-Identifier: Apache-2.0
// KeyIndex and KeyHasher: the same answers as a std::unordered_map over random operations; hashes of every key type.
#include "lake/iceberg/key_index.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <unordered_map>

namespace sluice::iceberg {
namespace {

using Arrays = std::vector<std::shared_ptr<arrow::Array>>;

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> Make(Builder&& builder, const std::vector<Value>& values) {
  for (const auto& value : values) EXPECT_TRUE(builder.Append(value).ok());
  return *builder.Finish();
}
std::shared_ptr<arrow::Array> Longs(const std::vector<int64_t>& values) { return Make(arrow::Int64Builder(), values); }
std::shared_ptr<arrow::Array> Ints(const std::vector<int32_t>& values) { return Make(arrow::Int32Builder(), values); }
std::shared_ptr<arrow::Array> Texts(const std::vector<std::string>& values) {
  return Make(arrow::StringBuilder(), values);
}

std::vector<KeyHash> HashOf(const Arrays& columns, bool exact = false) {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (auto& column : columns) types.push_back(column->type());
  auto hasher = KeyHasher::Make(types, 7);
  EXPECT_TRUE(hasher.ok());
  EXPECT_EQ(hasher->exact(), exact);
  std::vector<KeyHash> out;
  EXPECT_TRUE(hasher->Hash(columns, out).ok());
  return out;
}

struct MapHash {
  size_t operator()(const KeyHash& key) const { return key.hi ^ key.lo; }
};

// Random Apply calls on keys given by `key_of`, compared with a map after each.
template <typename KeyOf>
void CompareWithMap(bool exact, uint64_t seed, int64_t key_space, int rounds, KeyOf key_of) {
  SCOPED_TRACE(testing::Message() << "seed " << seed << " keys " << key_space);
  std::mt19937_64 random(seed);
  KeyIndex index(exact);
  std::unordered_map<KeyHash, RowLocation, MapHash> model;
  uint32_t position = 0;
  for (int round = 0; round < rounds; ++round) {
    size_t count = random() % 700;
    bool mostly_erase = round % 7 == 5;
    std::vector<KeyHash> keys(count);
    std::vector<RowLocation> now(count), before(count), expected(count);
    for (size_t i = 0; i < count; ++i) {
      keys[i] = key_of(random() % static_cast<uint64_t>(key_space));
      bool erase = random() % 8 < (mostly_erase ? 7 : 2);
      if (!erase) now[i] = {static_cast<uint32_t>(random() % 5), position++};
      auto old = model.find(keys[i]);
      expected[i] = old == model.end() ? RowLocation{} : old->second;
      if (erase) {
        model.erase(keys[i]);
      } else {
        model[keys[i]] = now[i];
      }
    }
    index.Apply(keys.data(), now.data(), before.data(), count);
    ASSERT_EQ(before, expected) << "round " << round;
    ASSERT_EQ(index.size(), model.size());
  }
  for (auto& [key, location] : model) ASSERT_EQ(index.Find(key), location);
  for (int64_t i = 0; i < 1000; ++i) {
    KeyHash absent = key_of(static_cast<uint64_t>(key_space + i));
    if (!model.contains(absent)) {
      ASSERT_EQ(index.Find(absent), RowLocation{});
    }
  }
}

uint64_t Scatter(uint64_t x) { return (x + 1) * 0x9E3779B97F4A7C15ull; }

TEST(KeyIndexTest, ExactKeysBehaveLikeAMap) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    CompareWithMap(true, seed, seed * seed * 5000, 400, [](uint64_t x) { return KeyHash{Scatter(x), 0}; });
  }
}

TEST(KeyIndexTest, WideKeysBehaveLikeAMap) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    CompareWithMap(false, seed, seed * seed * 5000, 400, [](uint64_t x) { return KeyHash{Scatter(x), Scatter(~x)}; });
  }
}

TEST(KeyIndexTest, KeysThatDifferOnlyInTheLowHalfAreDistinct) {
  CompareWithMap(false, 9, 300, 40, [](uint64_t x) { return KeyHash{Scatter(x % 3), x}; });
}

// All rows in one shard, at its very end: runs that overflow the slots, and the largest hash (that of an empty slot).
TEST(KeyIndexTest, CrowdedEndsOfAShard) {
  CompareWithMap(true, 10, 3000, 60, [](uint64_t x) { return KeyHash{UINT64_MAX - x, 0}; });
  CompareWithMap(true, 11, 3000, 60, [](uint64_t x) { return KeyHash{x, 0}; });
  CompareWithMap(true, 12, 500, 60, [](uint64_t x) { return KeyHash{(uint64_t{x % 256} << 56) - 1 - x / 256, 0}; });
  CompareWithMap(false, 13, 600, 60, [](uint64_t x) { return KeyHash{UINT64_MAX - x % 2, UINT64_MAX - x}; });
}

TEST(KeyIndexTest, GrowsInSmallStepsAndGivesMemoryBack) {
  KeyIndex index(true);
  size_t empty = index.memory_bytes();
  constexpr size_t kRows = 3'000'000;
  std::vector<KeyHash> keys(1000);
  std::vector<RowLocation> now(1000), before(1000);
  for (size_t row = 0; row < kRows; row += 1000) {
    for (size_t i = 0; i < 1000; ++i) {
      keys[i] = {Scatter(row + i), 0};
      now[i] = {1, static_cast<uint32_t>(row + i)};
    }
    index.Apply(keys.data(), now.data(), before.data(), keys.size());
    for (auto& location : before) ASSERT_EQ(location.file, kNoFile);
    if (row > 500'000) {
      ASSERT_LE(index.memory_bytes(), (row + 1000) * 26 + (2 << 20));
    }
  }
  EXPECT_EQ(index.size(), kRows);
  for (size_t row = 0; row < kRows; row += 77) {
    ASSERT_EQ(index.Find({Scatter(row), 0}), (RowLocation{1, static_cast<uint32_t>(row)}));
  }
  index.Clear();
  EXPECT_EQ(index.size(), 0u);
  EXPECT_EQ(index.memory_bytes(), empty);
  EXPECT_EQ(index.Find({Scatter(1), 0}), RowLocation{});
}

TEST(KeyHashTest, ExactForOneNarrowColumnAndDistinct) {
  std::vector<int64_t> values = {INT64_MIN, -1, 0, 1, INT64_MAX};
  for (int64_t i = 2; i < 5000; ++i) values.push_back(i * i);
  auto hashes = HashOf({Longs(values)}, true);
  std::set<uint64_t> distinct;
  for (auto& hash : hashes) distinct.insert(hash.hi);
  EXPECT_EQ(distinct.size(), values.size());
  EXPECT_EQ(HashOf({Ints({-5, 12})}, true), HashOf({Longs({-5, 12})}, true));  // widening keeps the hash
  HashOf({Make(arrow::BooleanBuilder(), std::vector<bool>{true, false})}, true);
  HashOf({Make(arrow::Date32Builder(), std::vector<int32_t>{1, 2})}, true);
  auto* pool = arrow::default_memory_pool();
  HashOf({Make(arrow::Time64Builder(arrow::time64(arrow::TimeUnit::MICRO), pool), std::vector<int64_t>{1})}, true);
  HashOf({Make(arrow::TimestampBuilder(arrow::timestamp(arrow::TimeUnit::MICRO), pool), std::vector<int64_t>{1})},
         true);
}

TEST(KeyHashTest, SlicesHashLikeCopies) {
  auto all = HashOf({Texts({"a", "", "bcd", "é"})});
  auto sliced = HashOf({Texts({"x", "a", "", "bcd", "é", "y"})->Slice(1, 4)});
  EXPECT_EQ(all, sliced);
  EXPECT_EQ(HashOf({Longs({4, 5}), Texts({"p", "q"})}),
            HashOf({Longs({1, 4, 5})->Slice(1), Texts({"o", "p", "q", "r"})->Slice(1, 2)}));
  EXPECT_EQ(HashOf({Make(arrow::BooleanBuilder(), std::vector<bool>{true, false, true})->Slice(1)}, true),
            HashOf({Make(arrow::BooleanBuilder(), std::vector<bool>{false, true})}, true));
}

TEST(KeyHashTest, SeveralColumnsAreUnambiguous) {
  auto hashes = HashOf({Texts({"ab", "a", "", "abc"}), Texts({"c", "bc", "abc", ""})});
  std::set<std::pair<uint64_t, uint64_t>> distinct;
  for (auto& hash : hashes) distinct.emplace(hash.hi, hash.lo);
  EXPECT_EQ(distinct.size(), 4u);
  EXPECT_NE(HashOf({Longs({1}), Longs({2})}), HashOf({Longs({2}), Longs({1})}));
  EXPECT_EQ(HashOf({Ints({1}), Texts({"x"})}), HashOf({Longs({1}), Texts({"x"})}));
}

TEST(KeyHashTest, DecimalsAndBinaries) {
  auto decimals = [](int precision, std::vector<int64_t> values) {
    arrow::Decimal128Builder builder(arrow::decimal128(precision, 0));
    for (auto value : values) EXPECT_TRUE(builder.Append(arrow::Decimal128(value)).ok());
    return *builder.Finish();
  };
  EXPECT_EQ(HashOf({decimals(10, {1, -1})}), HashOf({decimals(20, {1, -1})}));
  EXPECT_NE(HashOf({decimals(10, {1})}), HashOf({decimals(10, {-1})}));
  std::string zeros("\0\0", 2);
  auto binary = HashOf({Make(arrow::BinaryBuilder(), std::vector<std::string>{zeros, zeros.substr(1), ""})});
  EXPECT_NE(binary[0], binary[1]);
  EXPECT_NE(binary[1], binary[2]);
  EXPECT_EQ(HashOf({decimals(20, {3, 4}), Ints({1, 2})}), HashOf({decimals(20, {9, 3, 4})->Slice(1), Ints({1, 2})}));
}

TEST(KeyHashTest, RefusesNullAndFloatingPoint) {
  EXPECT_EQ(KeyHasher::Make({arrow::float64()}, 0).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(KeyHasher::Make({arrow::int32(), arrow::list(arrow::utf8())}, 0).error().code, ErrorCode::kUnsupported);
  arrow::Int64Builder builder;
  ASSERT_TRUE(builder.AppendNull().ok());
  std::vector<KeyHash> out;
  auto status = KeyHasher::Make({arrow::int64()}, 0)->Hash({*builder.Finish()}, out);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace sluice::iceberg
