// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/transform.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/bytes.h"
#include "base/text.h"
#include "lake/parquet/column_stats.h"
#include "row/format_value.h"

namespace sluice::iceberg {
namespace {

constexpr int64_t kDayMicros = 86'400'000'000;
constexpr int64_t kHourMicros = 3'600'000'000;

int64_t FloorDivide(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

uint32_t HashLong(int64_t value) {
  char raw[8];
  std::memcpy(raw, &value, sizeof raw);
  return Murmur3({raw, sizeof raw});
}

std::string DecimalBytes(const arrow::Decimal128& value) {
  auto raw = value.ToBytes();  // little-endian
  std::string bytes(reinterpret_cast<const char*>(raw.data()), raw.size());
  std::reverse(bytes.begin(), bytes.end());
  return std::string(MinimalBigEndian(bytes));
}

arrow::Decimal128 DecimalAt(const arrow::Array& column, int64_t row) {
  return arrow::Decimal128(static_cast<const arrow::Decimal128Array&>(column).GetValue(row));
}

std::string_view BytesAt(const arrow::Array& column, int64_t row) {
  if (column.type_id() == arrow::Type::FIXED_SIZE_BINARY) {
    return static_cast<const arrow::FixedSizeBinaryArray&>(column).GetView(row);
  }
  return static_cast<const arrow::BinaryArray&>(column).GetView(row);
}

// Integers, dates, times and timestamps as one number.
int64_t NumberAt(const arrow::Array& column, int64_t row) {
  switch (column.type_id()) {
    case arrow::Type::INT32:
    case arrow::Type::DATE32: return column.data()->GetValues<int32_t>(1)[row];
    default: return column.data()->GetValues<int64_t>(1)[row];
  }
}

bool IsNumber(arrow::Type::type id) {
  return id == arrow::Type::INT32 || id == arrow::Type::DATE32 || id == arrow::Type::INT64 ||
         id == arrow::Type::TIME64 || id == arrow::Type::TIMESTAMP;
}

bool IsBytes(arrow::Type::type id) {
  return id == arrow::Type::STRING || id == arrow::Type::BINARY || id == arrow::Type::FIXED_SIZE_BINARY;
}

bool IsInt(std::string_view source_type) { return source_type == "int" || source_type == "date"; }

PartitionValue Number(int64_t value, bool is_int) {
  return is_int ? PartitionValue(static_cast<int32_t>(value)) : PartitionValue(value);
}

PartitionValue Identity(const arrow::Array& column, int64_t row, bool is_int) {
  switch (column.type_id()) {
    case arrow::Type::BOOL: return static_cast<const arrow::BooleanArray&>(column).Value(row);
    case arrow::Type::FLOAT: return static_cast<const arrow::FloatArray&>(column).Value(row);
    case arrow::Type::DOUBLE: return static_cast<const arrow::DoubleArray&>(column).Value(row);
    case arrow::Type::DECIMAL128: return DecimalBytes(DecimalAt(column, row));
    default: break;
  }
  if (IsBytes(column.type_id())) return std::string(BytesAt(column, row));
  return Number(NumberAt(column, row), is_int);
}

uint32_t Hash(const arrow::Array& column, int64_t row) {
  if (column.type_id() == arrow::Type::DECIMAL128) return Murmur3(DecimalBytes(DecimalAt(column, row)));
  return IsBytes(column.type_id()) ? Murmur3(BytesAt(column, row)) : HashLong(NumberAt(column, row));
}

// Overflow wraps around as in Java.
PartitionValue Truncate(const arrow::Array& column, int64_t row, int32_t width, bool is_int) {
  if (column.type_id() == arrow::Type::DECIMAL128) {
    arrow::Decimal128 value = DecimalAt(column, row), by(width);
    return DecimalBytes(value - ((value % by) + by) % by);
  }
  if (column.type_id() == arrow::Type::STRING) return TruncateText(BytesAt(column, row), width);
  if (IsBytes(column.type_id())) return std::string(BytesAt(column, row).substr(0, static_cast<size_t>(width)));
  int64_t value = NumberAt(column, row);
  auto rest = static_cast<uint64_t>(((value % width) + width) % width);
  return Number(static_cast<int64_t>(static_cast<uint64_t>(value) - rest), is_int);
}

// `micros`: of a timestamp; a date is given as its midnight.
int32_t CalendarPart(TransformKind kind, int64_t days, int64_t micros) {
  if (kind == TransformKind::kDay) return static_cast<int32_t>(days);
  if (kind == TransformKind::kHour) return static_cast<int32_t>(FloorDivide(micros, kHourMicros));
  CivilDate date = CivilFromDays(days);
  int64_t years = date.year - 1970;
  return static_cast<int32_t>(kind == TransformKind::kYear ? years : years * 12 + date.month - 1);
}

PartitionValue Calendar(TransformKind kind, const arrow::Array& column, int64_t row) {
  int64_t value = NumberAt(column, row);
  if (column.type_id() == arrow::Type::DATE32) return CalendarPart(kind, value, 0);
  return CalendarPart(kind, FloorDivide(value, kDayMicros), value);
}

bool IsTimestamp(std::string_view type) { return type == "timestamp" || type == "timestamptz"; }

bool Takes(TransformKind kind, std::string_view type) {
  if (type.starts_with("list<")) return kind == TransformKind::kVoid;
  bool decimal = type.starts_with("decimal(");
  switch (kind) {
    case TransformKind::kIdentity:
    case TransformKind::kVoid: return true;
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay: return type == "date" || IsTimestamp(type);
    case TransformKind::kHour: return IsTimestamp(type);
    case TransformKind::kBucket: return type != "boolean" && type != "float" && type != "double";
    case TransformKind::kTruncate:
      return decimal || type == "int" || type == "long" || type == "string" || type == "binary";
  }
  return false;
}

}  // namespace

std::string Transform::ToString() const {
  switch (kind) {
    case TransformKind::kIdentity: return "identity";
    case TransformKind::kYear: return "year";
    case TransformKind::kMonth: return "month";
    case TransformKind::kDay: return "day";
    case TransformKind::kHour: return "hour";
    case TransformKind::kBucket: return Str("bucket[", width, "]");
    case TransformKind::kTruncate: return Str("truncate[", width, "]");
    case TransformKind::kVoid: return "void";
  }
  return "identity";
}

Result<Transform> ParseTransform(std::string_view text) {
  using K = TransformKind;
  for (K kind : {K::kIdentity, K::kYear, K::kMonth, K::kDay, K::kHour, K::kVoid}) {
    if (Transform{kind, 0}.ToString() == text) return Transform{kind, 0};
  }
  for (K kind : {K::kBucket, K::kTruncate}) {
    std::string_view prefix = kind == K::kBucket ? "bucket[" : "truncate[";
    Transform out{kind, 0};
    if (!text.starts_with(prefix) || !text.ends_with("]")) continue;
    std::string_view width = text.substr(prefix.size(), text.size() - prefix.size() - 1);
    if (!ParseNumber(width, out.width) || out.width < 1) {
      return Invalid(Str("partition transform '", text, "': the width must be a number of at least 1"));
    }
    return out;
  }
  return Unsupported(Str("partition transform '", text, "' is unknown"),
                     "use identity, year, month, day, hour, bucket[N] or truncate[W]");
}

Status Transform::Check(std::string_view source_type, std::string_view column) const {
  if (Takes(kind, source_type)) return Ok();
  return Invalid(Str("partition transform ", ToString(), " does not take column ", column, " of type ", source_type));
}

Status Transform::Apply(const arrow::Array& column, std::string_view source_type, const uint32_t* rows, int64_t count,
                        std::vector<PartitionValue>& out) const {
  out.assign(static_cast<size_t>(count), std::monostate());
  if (kind == TransformKind::kVoid) return Ok();
  const auto id = column.type_id();
  const bool known = IsNumber(id) || IsBytes(id) || id == arrow::Type::DECIMAL128;
  if (!known && (kind != TransformKind::kIdentity ||
                 (id != arrow::Type::BOOL && id != arrow::Type::FLOAT && id != arrow::Type::DOUBLE))) {
    return Invalid(Str("partition transform ", ToString(), " cannot be computed on ", column.type()->ToString()));
  }
  const bool is_int = IsInt(source_type);
  auto each = [&](auto&& compute) {
    for (int64_t i = 0; i < count; ++i) {
      int64_t row = rows ? rows[i] : i;
      if (column.IsValid(row)) out[static_cast<size_t>(i)] = compute(row);
    }
  };
  const auto buckets = static_cast<uint32_t>(width);
  switch (kind) {
    case TransformKind::kIdentity: each([&](int64_t row) { return Identity(column, row, is_int); }); break;
    case TransformKind::kBucket:
      each([&](int64_t row) -> PartitionValue {
        return static_cast<int32_t>((Hash(column, row) & INT32_MAX) % buckets);
      });
      break;
    case TransformKind::kTruncate: each([&](int64_t row) { return Truncate(column, row, width, is_int); }); break;
    default: each([&](int64_t row) { return Calendar(kind, column, row); });
  }
  return Ok();
}

uint32_t Murmur3(std::string_view bytes) {
  constexpr uint32_t kC1 = 0xCC9E2D51, kC2 = 0x1B873593;
  uint32_t hash = 0;
  size_t words = bytes.size() / 4;
  for (size_t i = 0; i < words; ++i) {
    hash ^= std::rotl(LoadLe<uint32_t>(bytes.data() + 4 * i) * kC1, 15) * kC2;
    hash = std::rotl(hash, 13) * 5 + 0xE6546B64;
  }
  uint32_t tail = 0;
  for (size_t i = bytes.size(); i > 4 * words; --i) tail = tail << 8 | static_cast<unsigned char>(bytes[i - 1]);
  hash ^= std::rotl(tail * kC1, 15) * kC2;
  hash ^= static_cast<uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16) * 0x85EBCA6B;
  hash = (hash ^ hash >> 13) * 0xC2B2AE35;
  return hash ^ hash >> 16;
}

}  // namespace sluice::iceberg
