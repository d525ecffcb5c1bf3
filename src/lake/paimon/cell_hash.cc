// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/cell_hash.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>

#include "base/bytes.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kMicrosPerMilli = 1000;

uint32_t Mixed(uint32_t hash, uint32_t word) {
  hash ^= std::rotl(word * 0xcc9e2d51, 15) * 0x1b873593;
  return std::rotl(hash, 13) * 5 + 0xe6546b64;
}

// Paimon's BinaryString.hashCode: Murmur3, but for the bytes behind the last word, which count as words of their own.
uint32_t HashOfText(std::string_view text) {
  uint32_t hash = 42;
  size_t at = 0;
  for (; at + 4 <= text.size(); at += 4) hash = Mixed(hash, LoadLe<uint32_t>(text.data() + at));
  for (; at < text.size(); ++at) hash = Mixed(hash, static_cast<uint32_t>(static_cast<signed char>(text[at])));
  hash ^= static_cast<uint32_t>(text.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6b;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35;
  return hash ^ hash >> 16;
}

uint32_t HashOfLong(uint64_t value) { return static_cast<uint32_t>(value ^ value >> 32); }

// BigDecimal.hashCode.
uint32_t HashOfDecimal(const arrow::Decimal128& value, int32_t scale) {
  const arrow::Decimal128 magnitude = arrow::Decimal128::Abs(value);
  const auto high = static_cast<uint64_t>(magnitude.high_bits());
  uint32_t hash = 0;
  for (const uint64_t part : {high, magnitude.low_bits()}) {
    hash = 31 * hash + static_cast<uint32_t>(part >> 32);
    hash = 31 * hash + static_cast<uint32_t>(part);
  }
  if (value.Sign() < 0) hash = 0 - hash;
  return 31 * hash + static_cast<uint32_t>(scale);
}

template <typename Real, typename Bits>
Bits BitsOf(const arrow::Array& cells, int64_t row) {
  Real number = cells.data()->GetValues<Real>(1)[row];
  if (std::isnan(number)) number = std::numeric_limits<Real>::quiet_NaN();  // Java has one
  return std::bit_cast<Bits>(number);
}

void AppendText(std::string_view text, std::string& out) {
  AppendLe(out, static_cast<uint64_t>(text.size()));
  out += text;
}

void AppendParts(const arrow::Array& parts, int64_t begin, int64_t end, std::string& out) {
  AppendLe(out, static_cast<uint64_t>(end - begin));
  for (int64_t i = begin; i < end; ++i) AppendIdentity(parts, i, out);
}

// Its entries in any order.
void AppendMap(const arrow::MapArray& maps, int64_t row, std::string& out) {
  std::vector<std::string> entries;
  for (int64_t i = maps.value_offset(row); i < maps.value_offset(row + 1); ++i) {
    entries.push_back(IdentityOf(*maps.values(), i));
  }
  std::sort(entries.begin(), entries.end());
  AppendLe(out, static_cast<uint64_t>(entries.size()));
  for (const std::string& entry : entries) out += entry;
}

}  // namespace

void AppendIdentity(const arrow::Array& cells, int64_t row, std::string& out) {
  out += static_cast<char>(cells.IsValid(row));
  if (cells.IsNull(row)) return;
  switch (cells.type_id()) {
    case arrow::Type::BOOL: out += static_cast<char>(static_cast<const arrow::BooleanArray&>(cells).Value(row)); return;
    case arrow::Type::INT32:
    case arrow::Type::DATE32: return AppendLe(out, cells.data()->GetValues<uint32_t>(1)[row]);
    case arrow::Type::INT64:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP: return AppendLe(out, cells.data()->GetValues<uint64_t>(1)[row]);
    case arrow::Type::FLOAT: return AppendLe(out, BitsOf<float, uint32_t>(cells, row));
    case arrow::Type::DOUBLE: return AppendLe(out, BitsOf<double, uint64_t>(cells, row));
    case arrow::Type::STRING:
    case arrow::Type::BINARY: return AppendText(static_cast<const arrow::BinaryArray&>(cells).GetView(row), out);
    case arrow::Type::DECIMAL128: {
      const auto* bytes = static_cast<const arrow::Decimal128Array&>(cells).GetValue(row);
      out.append(reinterpret_cast<const char*>(bytes), 16);
      return;
    }
    case arrow::Type::LIST: {
      const auto& lists = static_cast<const arrow::ListArray&>(cells);
      return AppendParts(*lists.values(), lists.value_offset(row), lists.value_offset(row + 1), out);
    }
    case arrow::Type::MAP: return AppendMap(static_cast<const arrow::MapArray&>(cells), row, out);
    case arrow::Type::STRUCT:
      for (const auto& field : static_cast<const arrow::StructArray&>(cells).fields()) AppendIdentity(*field, row, out);
      return;
    default: return;
  }
}

std::string IdentityOf(const arrow::Array& cells, int64_t row) {
  std::string out;
  AppendIdentity(cells, row, out);
  return out;
}

std::optional<uint32_t> JavaHash(const arrow::Array& cells, int64_t row) {
  if (cells.IsNull(row)) return 0;
  switch (cells.type_id()) {
    case arrow::Type::BOOL: return static_cast<const arrow::BooleanArray&>(cells).Value(row) ? 1231 : 1237;
    case arrow::Type::INT32:
    case arrow::Type::DATE32: return cells.data()->GetValues<uint32_t>(1)[row];
    case arrow::Type::INT64: return HashOfLong(cells.data()->GetValues<uint64_t>(1)[row]);
    case arrow::Type::TIME64: return static_cast<uint32_t>(cells.data()->GetValues<int64_t>(1)[row] / kMicrosPerMilli);
    case arrow::Type::FLOAT: return BitsOf<float, uint32_t>(cells, row);
    case arrow::Type::DOUBLE: return HashOfLong(BitsOf<double, uint64_t>(cells, row));
    case arrow::Type::STRING: return HashOfText(static_cast<const arrow::StringArray&>(cells).GetView(row));
    case arrow::Type::DECIMAL128: {
      const arrow::Decimal128 value(static_cast<const arrow::Decimal128Array&>(cells).GetValue(row));
      return HashOfDecimal(value, static_cast<const arrow::Decimal128Type&>(*cells.type()).scale());
    }
    default: return {};
  }
}

std::vector<size_t> JavaMapOrder(const std::vector<uint32_t>& hashes) {
  size_t buckets = 16;  // doubled when the map is full to three quarters
  while (hashes.size() > buckets / 4 * 3) buckets *= 2;
  std::vector<size_t> order(hashes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto bucket = [&](size_t i) { return (hashes[i] ^ hashes[i] >> 16) & (buckets - 1); };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return bucket(a) < bucket(b); });
  return order;
}

}  // namespace sluice::paimon
