// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/binary_row.h"

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <arrow/util/decimal.h>

#include <bit>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "row/arrow_status.h"
#include "row/timestamp.h"

namespace sluice::paimon {
namespace {

constexpr size_t kSlotBytes = 8;
constexpr size_t kInlineBytes = 7;  // of a text that stands in its slot
constexpr uint8_t kInlineMark = 0x80;
constexpr size_t kLongDecimalBytes = 16;
constexpr size_t kArityBytes = 4;
constexpr int64_t kNanosOfMilli = 1'000'000;

template <typename Value>
Value Load(std::string_view bytes, size_t at) {
  return LoadLe<Value>(bytes.data() + at);
}

template <typename Value>
void Store(Value value, size_t at, std::string& out) {
  std::memcpy(out.data() + at, &value, sizeof value);
}

void StoreOffset(size_t offset, size_t low, size_t slot, std::string& out) {
  Store<uint64_t>(uint64_t{offset} << 32 | low, slot, out);
}

void StoreBytes(std::string_view bytes, size_t slot, std::string& out) {
  if (bytes.size() <= kInlineBytes) {
    std::memcpy(out.data() + slot, bytes.data(), bytes.size());
    out[slot + kInlineBytes] = static_cast<char>(kInlineMark | bytes.size());
    return;
  }
  StoreOffset(out.size(), bytes.size(), slot, out);
  out.append(bytes);
  out.resize((out.size() + kSlotBytes - 1) / kSlotBytes * kSlotBytes, '\0');
}

// Reserved also for a NULL, so that a value could be set later.
size_t ReserveLong(size_t bytes, size_t slot, std::string& out) {
  const size_t offset = out.size();
  out.resize(offset + bytes, '\0');
  StoreOffset(offset, 0, slot, out);
  return offset;
}

void StoreLongDecimal(const arrow::Decimal128& value, size_t slot, std::string& out) {
  const size_t offset = ReserveLong(kLongDecimalBytes, slot, out);
  std::string big(kLongDecimalBytes, '\0');
  auto little = value.ToBytes();
  for (size_t i = 0; i < kLongDecimalBytes; ++i) big[i] = static_cast<char>(little[kLongDecimalBytes - 1 - i]);
  const std::string_view minimal = MinimalBigEndian(big);
  std::memcpy(out.data() + offset, minimal.data(), minimal.size());
  StoreOffset(offset, minimal.size(), slot, out);
}

int64_t FloorDivide(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

template <typename ArrayType>
auto ValueAt(const arrow::Array& column, int64_t row) {
  return static_cast<const ArrayType&>(column).Value(row);
}

Error NoRow(const char* what) { return Corrupt(Str("a binary row ", what)); }

}  // namespace

Result<BinaryRowCodec> BinaryRowCodec::Make(std::vector<DataType> types) {
  BinaryRowCodec codec;
  for (DataType& type : types) {
    Form form;
    switch (type.kind) {
      case TypeKind::kBoolean: form = Form::kBoolean; break;
      case TypeKind::kTinyInt: form = Form::kInt8; break;
      case TypeKind::kSmallInt: form = Form::kInt16; break;
      case TypeKind::kInt:
      case TypeKind::kDate: form = Form::kInt32; break;
      case TypeKind::kBigInt: form = Form::kInt64; break;
      case TypeKind::kFloat: form = Form::kFloat; break;
      case TypeKind::kDouble: form = Form::kDouble; break;
      case TypeKind::kDecimal: form = type.precision <= 18 ? Form::kShortDecimal : Form::kLongDecimal; break;
      case TypeKind::kTime: form = Form::kTimeMillis; break;
      case TypeKind::kTimestamp:
      case TypeKind::kTimestampLtz: form = type.precision <= 3 ? Form::kMillis : Form::kMicros; break;
      case TypeKind::kArray: return Unsupported(Str("a key or partition of type ", type.ToString()));
      default: form = Form::kBytes; break;
    }
    codec.fields_.push_back({form, std::move(type)});
  }
  return codec;
}

void BinaryRowCodec::SetCell(const Field& field, const arrow::Array& column, int64_t row, size_t slot,
                             std::string& out) {
  switch (field.form) {
    case Form::kBoolean: out[slot] = ValueAt<arrow::BooleanArray>(column, row) ? 1 : 0; return;
    case Form::kInt8: return Store(static_cast<int8_t>(ValueAt<arrow::Int32Array>(column, row)), slot, out);
    case Form::kInt16: return Store(static_cast<int16_t>(ValueAt<arrow::Int32Array>(column, row)), slot, out);
    case Form::kInt32:  // a date32 has the same values
      return Store(static_cast<const arrow::Int32Array&>(column).raw_values()[row], slot, out);
    case Form::kInt64: return Store(ValueAt<arrow::Int64Array>(column, row), slot, out);
    case Form::kFloat: return Store(ValueAt<arrow::FloatArray>(column, row), slot, out);
    case Form::kDouble: return Store(ValueAt<arrow::DoubleArray>(column, row), slot, out);
    case Form::kBytes: return StoreBytes(static_cast<const arrow::BinaryArray&>(column).GetView(row), slot, out);
    case Form::kShortDecimal: {
      const arrow::Decimal128 value(static_cast<const arrow::Decimal128Array&>(column).GetValue(row));
      return Store(static_cast<int64_t>(value.low_bits()), slot, out);
    }
    case Form::kLongDecimal:
      return StoreLongDecimal(arrow::Decimal128(static_cast<const arrow::Decimal128Array&>(column).GetValue(row)),
                              slot, out);
    case Form::kTimeMillis:
      return Store(static_cast<int32_t>(ValueAt<arrow::Time64Array>(column, row) / 1000), slot, out);
    case Form::kMillis: return Store(FloorDivide(ValueAt<arrow::TimestampArray>(column, row), 1000), slot, out);
    case Form::kMicros: {
      const int64_t units = ValueAt<arrow::TimestampArray>(column, row);
      const int64_t of_milli = UnitsPerSecond(field.type) / 1000;
      const int64_t millis = FloorDivide(units, of_milli);
      const size_t offset = ReserveLong(sizeof millis, slot, out);
      Store(millis, offset, out);
      const int64_t rest = units % of_milli + (units % of_milli < 0 ? of_milli : 0);
      return StoreOffset(offset, static_cast<size_t>(rest * (kNanosOfMilli / of_milli)), slot, out);
    }
  }
}

void BinaryRowCodec::Encode(const std::vector<std::shared_ptr<arrow::Array>>& columns, int64_t row,
                            std::string& out) const {
  const size_t bitmap = BitmapBytes();
  out.assign(bitmap + fields_.size() * kSlotBytes, '\0');
  for (size_t i = 0; i < fields_.size(); ++i) {
    const size_t slot = bitmap + i * kSlotBytes;
    if (!columns[i]->IsNull(row)) {
      SetCell(fields_[i], *columns[i], row, slot, out);
      continue;
    }
    out[(i + 8) / 8] = static_cast<char>(out[(i + 8) / 8] | 1 << (i + 8) % 8);
    if (fields_[i].form == Form::kLongDecimal) ReserveLong(kLongDecimalBytes, slot, out);
    if (fields_[i].form == Form::kMicros) ReserveLong(sizeof(int64_t), slot, out);
  }
}

std::string BinaryRowCodec::Serialize(const std::vector<std::shared_ptr<arrow::Array>>& columns, int64_t row) const {
  std::string cells, out(kArityBytes, '\0');
  Encode(columns, row, cells);
  for (size_t i = 0; i < kArityBytes; ++i) out[i] = static_cast<char>(fields_.size() >> 8 * (kArityBytes - 1 - i));
  return out + cells;
}

Result<std::shared_ptr<arrow::Scalar>> BinaryRowCodec::ParseCell(const Field& field, std::string_view row,
                                                                 size_t slot) const {
  const auto word = Load<uint64_t>(row, slot);
  const auto part = [&](size_t size) -> Result<std::string_view> {
    const size_t offset = word >> 32;
    if (offset > row.size() || size > row.size() - offset) return NoRow("ends inside of a value");
    return row.substr(offset, size);
  };
  const std::shared_ptr<arrow::DataType> type = field.type.ToArrow();
  const auto made = [&](auto&& value) -> Result<std::shared_ptr<arrow::Scalar>> {
    ARROW_TRY_SET(auto scalar, arrow::MakeScalar(type, std::forward<decltype(value)>(value)));
    return scalar;
  };
  switch (field.form) {
    case Form::kBoolean: return made((word & 0xFF) != 0);
    case Form::kInt8: return made(int32_t{Load<int8_t>(row, slot)});
    case Form::kInt16: return made(int32_t{Load<int16_t>(row, slot)});
    case Form::kInt32: return made(Load<int32_t>(row, slot));
    case Form::kInt64: return made(Load<int64_t>(row, slot));
    case Form::kFloat: return made(Load<float>(row, slot));
    case Form::kDouble: return made(Load<double>(row, slot));
    case Form::kBytes: {
      const auto mark = static_cast<uint8_t>(row[slot + kInlineBytes]);
      if (mark & kInlineMark) {
        if ((mark & ~kInlineMark) > kInlineBytes) return NoRow("has an inline value of more than 7 bytes");
        return made(std::string(row.substr(slot, mark & ~kInlineMark)));
      }
      TRY_SET(const std::string_view bytes, part(word & 0xFFFFFFFF));
      return made(std::string(bytes));
    }
    case Form::kShortDecimal: return made(arrow::Decimal128(static_cast<int64_t>(word)));
    case Form::kLongDecimal: {
      TRY_SET(const std::string_view bytes, part(word & 0xFFFFFFFF));
      auto value = arrow::Decimal128::FromBigEndian(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                    static_cast<int32_t>(bytes.size()));
      if (!value.ok()) return NoRow("has a decimal of no or too many bytes");
      return made(*value);
    }
    case Form::kTimeMillis: return made(int64_t{Load<int32_t>(row, slot)} * 1000);
    case Form::kMillis:
    case Form::kMicros: {
      const int64_t of_milli = UnitsPerSecond(field.type) / 1000;
      __int128 millis = static_cast<int64_t>(word), rest = 0;
      if (field.form != Form::kMillis) {
        TRY_SET(const std::string_view bytes, part(sizeof(int64_t)));
        millis = Load<int64_t>(bytes, 0);
        rest = static_cast<int64_t>(word & 0xFFFFFFFF) / (kNanosOfMilli / of_milli);
      }
      const __int128 units = millis * of_milli + rest;
      if (units == static_cast<int64_t>(units)) return made(static_cast<int64_t>(units));
      if (!HasNanos(field.type)) return NoRow("has a time that is beyond what microseconds can hold");
      return Unsupported(Str("a binary row has a time that 64 bits of nanoseconds do not hold: ", kNanosRange));
    }
  }
  return NoRow("has a field of unknown form");
}

Result<std::vector<std::shared_ptr<arrow::Scalar>>> BinaryRowCodec::Parse(std::string_view serialized) const {
  const size_t bitmap = BitmapBytes();
  if (serialized.size() < kArityBytes + bitmap + fields_.size() * kSlotBytes) return NoRow("is too short");
  const uint64_t arity = LoadBe(serialized.data(), kArityBytes);
  if (arity != fields_.size()) return NoRow(Str("has ", arity, " fields instead of ", fields_.size()).c_str());
  const std::string_view row = serialized.substr(kArityBytes);
  std::vector<std::shared_ptr<arrow::Scalar>> cells;
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (static_cast<uint8_t>(row[(i + 8) / 8]) >> (i + 8) % 8 & 1) {
      cells.push_back(arrow::MakeNullScalar(fields_[i].type.ToArrow()));
      continue;
    }
    TRY_SET(auto cell, ParseCell(fields_[i], row, bitmap + i * kSlotBytes));
    cells.push_back(std::move(cell));
  }
  return cells;
}

int32_t HashBinaryRow(std::string_view row) {
  uint32_t hash = 42;
  for (size_t i = 0; i + 4 <= row.size(); i += 4) {
    const uint32_t word = std::rotl(Load<uint32_t>(row, i) * 0xcc9e2d51, 15) * 0x1b873593;
    hash = std::rotl(hash ^ word, 13) * 5 + 0xe6546b64;
  }
  hash ^= static_cast<uint32_t>(row.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6b;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35;
  return static_cast<int32_t>(hash ^ hash >> 16);
}

}  // namespace sluice::paimon
