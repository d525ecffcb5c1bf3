// SPDX-License-Identifier: Apache-2.0
// DecodeValue: one value of a row image -> a BatchBuilder, by its CellOp. For row_plan.cc and column_decode.cc only.
#pragma once

#include "base/bytes.h"
#include "format/mysql/cell.h"
#include "format/mysql/cell_op.h"

namespace sluice::mysql {

// The length of 1 to 4 bytes before a value.
inline uint32_t LoadLength(const uint8_t* at, uint32_t bytes) {
  switch (bytes) {
    case 1: return *at;
    case 2: return LoadLe<uint16_t>(at);
    case 3: return static_cast<uint32_t>(LoadLe<uint16_t>(at) | at[2] << 16);
    default: return LoadLe<uint32_t>(at);
  }
}

// Bytes of the value and, added to `at`, those of the length before it. False if they are beyond `end`.
inline bool CellSize(const CellOp& op, const uint8_t*& at, const uint8_t* end, uint32_t& size) {
  const auto left = static_cast<size_t>(end - at);
  size = op.width;
  if (op.length_bytes == 0) return size <= left;
  if (left < op.length_bytes) return false;
  size = LoadLength(at, op.length_bytes);
  at += op.length_bytes;
  return size <= left - op.length_bytes;
}

inline int32_t LoadInt24(const uint8_t* at) {
  const int32_t value = LoadLe<uint16_t>(at) | at[2] << 16;
  return (value ^ 0x800000) - 0x800000;
}
inline uint32_t LoadUint24(const uint8_t* at) { return static_cast<uint32_t>(LoadLe<uint16_t>(at) | at[2] << 16); }

// Fraction of a second, big-endian with (digits + 1) / 2 bytes, in microseconds.
inline uint32_t LoadFraction(const uint8_t* at, uint8_t digits) {
  switch ((digits + 1) / 2) {
    case 0: return 0;
    case 1: return at[0] * 10000u;
    case 2: return static_cast<uint32_t>(LoadBe(at, 2)) * 100u;
    default: return static_cast<uint32_t>(LoadBe(at, 3));
  }
}

// DATETIME2: 40 bits, offset by 2^39: year*13+month, day, hour, minute, second; then the fraction.
inline CivilTime UnpackDatetime2(const uint8_t* at, uint8_t digits) {
  const uint64_t packed = LoadBe(at, 5) & 0x7FFFFFFFFF;
  const auto months = static_cast<uint32_t>(packed >> 22);
  return {.year = static_cast<int32_t>(months / 13), .month = months % 13,
          .day = static_cast<uint32_t>(packed >> 17 & 31), .hour = static_cast<uint32_t>(packed >> 12 & 31),
          .minute = static_cast<uint32_t>(packed >> 6 & 63),
          .second = static_cast<uint32_t>(packed & 63), .micros = LoadFraction(at + 5, digits)};
}

// DATETIME of old servers: the decimal number YYYYMMDDhhmmss.
inline CivilTime UnpackDatetime(const uint8_t* at) {
  const uint64_t number = LoadLe<uint64_t>(at);
  const uint64_t date = number / 1'000'000 % 100'000'000;
  const auto time = static_cast<uint32_t>(number % 1'000'000);
  return {.year = static_cast<int32_t>(date / 10000), .month = static_cast<uint32_t>(date / 100 % 100),
          .day = static_cast<uint32_t>(date % 100), .hour = time / 10000, .minute = time / 100 % 100,
          .second = time % 100, .micros = 0};
}

// TIME2: 24 bits, offset by 2^23: hours (10 bits), minutes, seconds; then the fraction; all as one signed number.
inline int64_t UnpackTime2(const uint8_t* at, uint8_t digits) {
  const uint32_t fraction_bytes = (digits + 1u) / 2;
  int64_t packed = static_cast<int64_t>(LoadBe(at, 3 + fraction_bytes));
  packed -= int64_t{1} << (23 + 8 * fraction_bytes);
  const bool negative = packed < 0;
  if (negative) packed = -packed;
  const int64_t whole = packed >> (8 * fraction_bytes);
  int64_t fraction = packed & ((int64_t{1} << (8 * fraction_bytes)) - 1);
  fraction *= fraction_bytes == 1 ? 10000 : fraction_bytes == 2 ? 100 : 1;
  const int64_t micros = (((whole >> 12 & 1023) * 60 + (whole >> 6 & 63)) * 60 + (whole & 63)) * 1'000'000 + fraction;
  return negative ? -micros : micros;
}

// TIME of old servers: the decimal number hhmmss.
inline int64_t UnpackTime(const uint8_t* at) {
  const int64_t number = LoadInt24(at);
  const int64_t value = number < 0 ? -number : number;
  const int64_t micros = ((value / 10000 * 60) + value / 100 % 100) * 60'000'000 + value % 100 * 1'000'000;
  return number < 0 ? -micros : micros;
}

inline void SetInflated(const CellOp& op, BatchBuilder& out, ColumnData& column, int64_t row, std::string_view value) {
  std::string& text = out.scratch2();
  if (!InflateColumn(value, text)) return out.Fail(CellError::kMalformed);
  if (op.kind == CellKind::kCompressedBytes) return out.SetBytes(column, row, text.data(), text.size());
  const auto form = op.charset->form;
  const bool plain = form == Charset::Form::kUtf8 || form == Charset::Form::kAscii;
  if (plain) return SetUtf8(out, column, row, *op.charset, text);
  SetConverted(out, column, row, *op.charset, text);
}

// BINARY(n) is logged without its trailing zeros.
inline void SetFixedBytes(BatchBuilder& out, ColumnData& column, int64_t row, std::string_view value, uint32_t size) {
  if (value.size() > size) return out.Fail(CellError::kMalformed);
  uint8_t* to = out.ReserveBytes(column, size);
  if (to == nullptr) return;
  std::memcpy(to, value.data(), value.size());
  std::memset(to + value.size(), 0, size - value.size());
  BatchBuilder::CommitBytes(column, row, size);
}

inline void DecodeLong(const CellOp& op, const uint8_t* at, uint32_t size, BatchBuilder& out, ColumnData& column,
                       int64_t row) {
  const std::string_view value(reinterpret_cast<const char*>(at), size);
  switch (op.kind) {
    case CellKind::kUint24Long: return BatchBuilder::Set(column, row, int64_t{LoadUint24(at)});
    case CellKind::kUint64Long: {
      const auto number = LoadLe<uint64_t>(at);
      if (number > INT64_MAX) return out.Fail(CellError::kUnsignedRange);
      return BatchBuilder::Set(column, row, static_cast<int64_t>(number));
    }
    case CellKind::kDecimalText:
      out.scratch().clear();
      UnpackDecimalText(at, op.precision, op.scale, out.scratch());
      return out.SetBytes(column, row, out.scratch().data(), out.scratch().size());
    case CellKind::kTime: return SetTime(out, column, row, UnpackTime(at));
    case CellKind::kTime2: return SetTime(out, column, row, UnpackTime2(at, op.precision));
    case CellKind::kDatetime: return SetDatetime(out, column, row, UnpackDatetime(at));
    case CellKind::kTimestamp: return SetTimestamp(out, column, row, LoadLe<uint32_t>(at), 0);
    case CellKind::kTimestamp2:
      return SetTimestamp(out, column, row, LoadBe(at, 4), LoadFraction(at + 4, op.precision));
    case CellKind::kText: return SetConverted(out, column, row, *op.charset, value);
    case CellKind::kFixedBytes: return SetFixedBytes(out, column, row, value, op.size);
    case CellKind::kEnum: return SetEnum(out, column, row, *op.labels, op.width == 1 ? *at : LoadLe<uint16_t>(at));
    case CellKind::kSet: {
      uint64_t bits = 0;
      std::memcpy(&bits, at, size);
      return SetSet(out, column, row, *op.labels, bits);
    }
    case CellKind::kGeometry: return SetGeometry(out, column, row, value);
    case CellKind::kUuid: return SetUuid(out, column, row, value);
    case CellKind::kInet4: return SetInet4(out, column, row, value);
    case CellKind::kInet6: return SetInet6(out, column, row, value);
    case CellKind::kVector: return SetVector(out, column, row, value);
    case CellKind::kCompressedText:
    case CellKind::kCompressedBytes: return SetInflated(op, out, column, row, value);
    default: return out.Fail(CellError::kMalformed);
  }
}

__attribute__((always_inline)) inline void DecodeValue(const CellOp& op, const uint8_t* at, uint32_t size,
                                                       BatchBuilder& out, ColumnData& column, int64_t row) {
  using B = BatchBuilder;
  switch (op.kind) {
    case CellKind::kInt8: return B::Set(column, row, int32_t{static_cast<int8_t>(*at)});
    case CellKind::kUint8: return B::Set(column, row, int32_t{*at});
    case CellKind::kInt16: return B::Set(column, row, int32_t{LoadLe<int16_t>(at)});
    case CellKind::kUint16: return B::Set(column, row, int32_t{LoadLe<uint16_t>(at)});
    case CellKind::kInt24: return B::Set(column, row, LoadInt24(at));
    case CellKind::kUint24: return B::Set(column, row, static_cast<int32_t>(LoadUint24(at)));
    case CellKind::kInt32: return B::Set(column, row, LoadLe<int32_t>(at));
    case CellKind::kUint32: return B::Set(column, row, int64_t{LoadLe<uint32_t>(at)});
    case CellKind::kInt64: return B::Set(column, row, LoadLe<int64_t>(at));
    case CellKind::kUint64: return B::Set(column, row, static_cast<__int128>(LoadLe<uint64_t>(at)));
    case CellKind::kBool8: return B::SetBit(column, row, *at != 0);
    case CellKind::kBoolBit: return B::SetBit(column, row, *at & 1);
    case CellKind::kFloat: return B::Set(column, row, LoadLe<float>(at));
    case CellKind::kFloatAsDouble: return B::Set(column, row, static_cast<double>(LoadLe<float>(at)));
    case CellKind::kDouble: return B::Set(column, row, LoadLe<double>(at));
    case CellKind::kDecimal: return B::Set(column, row, UnpackDecimal(at, op.precision, op.scale));
    case CellKind::kYear: return B::Set(column, row, int32_t{*at == 0 ? 0 : 1900 + *at});
    case CellKind::kDate: {
      const uint32_t packed = LoadUint24(at);
      return SetDate(out, column, row, static_cast<int32_t>(packed >> 9), packed >> 5 & 15, packed & 31);
    }
    case CellKind::kDatetime2: return SetDatetime(out, column, row, UnpackDatetime2(at, op.precision));
    case CellKind::kUtf8:
      return SetUtf8(out, column, row, *op.charset, {reinterpret_cast<const char*>(at), size});
    case CellKind::kBit:
    case CellKind::kBytes: return out.SetBytes(column, row, at, size);
    default: return DecodeLong(op, at, size, out, column, row);
  }
}

}  // namespace sluice::mysql
