// SPDX-License-Identifier: Apache-2.0
// Values of a BatchBuilder that need a rule (dates, texts, labels, geometries): one place for snapshot and log, so that
// both give equal rows. For row_plan.cc and text_row.cc only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "format/mysql/batch_builder.h"
#include "format/mysql/calendar.h"
#include "format/mysql/charset.h"
#include "format/mysql/short_decimal.h"

namespace sluice::mysql {

using ColumnData = BatchBuilder::ColumnData;

// A value that the type cannot hold: NULL and counted, in a key an error.
void SetMissing(BatchBuilder& out, ColumnData& column, int64_t row, CellError error, int64_t& counter);

inline void SetDate(BatchBuilder& out, ColumnData& column, int64_t row, int32_t year, uint32_t month, uint32_t day) {
  if (!IsRealDate(year, month, day)) {
    return SetMissing(out, column, row, CellError::kZeroDateInKey, column.replaced.zero_dates);
  }
  BatchBuilder::Set(column, row, DaysFromCivil(year, month, day));
}

inline void SetDatetime(BatchBuilder& out, ColumnData& column, int64_t row, const CivilTime& t) {
  if (!IsRealDate(t.year, t.month, t.day)) {
    return SetMissing(out, column, row, CellError::kZeroDateInKey, column.replaced.zero_dates);
  }
  BatchBuilder::Set(column, row, MicrosFromCivil(t));
}

// Seconds since the epoch; 0 with no fraction is the zero date.
inline void SetTimestamp(BatchBuilder& out, ColumnData& column, int64_t row, uint64_t seconds, uint32_t micros) {
  if (seconds == 0 && micros == 0) {
    return SetMissing(out, column, row, CellError::kZeroDateInKey, column.replaced.zero_dates);
  }
  BatchBuilder::Set(column, row, static_cast<int64_t>(seconds) * 1'000'000 + micros);
}

inline void SetTime(BatchBuilder& out, ColumnData& column, int64_t row, int64_t micros) {
  if (micros < 0 || micros >= kMicrosPerDay) {
    return SetMissing(out, column, row, CellError::kTimeInKey, column.replaced.time_range);
  }
  BatchBuilder::Set(column, row, micros);
}

// Bytes in the character set -> UTF-8.
void SetConverted(BatchBuilder& out, ColumnData& column, int64_t row, const Charset& charset, std::string_view bytes);

inline void SetUtf8(BatchBuilder& out, ColumnData& column, int64_t row, const Charset& charset,
                    std::string_view bytes) {
  uint8_t* to = out.ReserveBytes(column, static_cast<int64_t>(bytes.size()));
  if (to == nullptr) return;
  const auto* from = reinterpret_cast<const uint8_t*>(bytes.data());
  if (__builtin_expect(!CopyIfAscii(to, from, bytes.size()), 0) && !IsPlainUtf8(charset, bytes)) {
    return SetConverted(out, column, row, charset, bytes);
  }
  BatchBuilder::CommitBytes(column, row, static_cast<int64_t>(bytes.size()));
}

// ENUM by its number, from 1; 0 is the empty text.
inline void SetEnum(BatchBuilder& out, ColumnData& column, int64_t row, const std::vector<std::string>& labels,
                    uint64_t number) {
  if (number > labels.size()) return out.Fail(CellError::kMalformed);
  if (number == 0) return out.SetBytes(column, row, nullptr, 0);
  const std::string& label = labels[number - 1];
  out.SetBytes(column, row, label.data(), label.size());
}

void SetSet(BatchBuilder& out, ColumnData& column, int64_t row, const std::vector<std::string>& labels, uint64_t bits);
void SetGeometry(BatchBuilder& out, ColumnData& column, int64_t row, std::string_view value);
void SetVector(BatchBuilder& out, ColumnData& column, int64_t row, std::string_view floats);

// `raw` of up to 16 bytes (trailing zeros may be cut off) as the servers print it.
void SetUuid(BatchBuilder& out, ColumnData& column, int64_t row, std::string_view raw);
void SetInet4(BatchBuilder& out, ColumnData& column, int64_t row, std::string_view raw);
void SetInet6(BatchBuilder& out, ColumnData& column, int64_t row, std::string_view raw);

// The servers' packed decimal (`decimal2bin`).
__int128 UnpackDecimal(const uint8_t* at, uint32_t precision, uint32_t scale);
// The same as text: "-0.10", also beyond 38 digits.
void UnpackDecimalText(const uint8_t* at, uint32_t precision, uint32_t scale, std::string& out);

// A value of a COMPRESSED column: one byte of method, then the value or its size and a deflate stream. False if broken.
bool InflateColumn(std::string_view value, std::string& out);

// The message of an error of `column`, named "db.table".
Error CellFailure(CellError error, std::string_view table, std::string_view column);

}  // namespace sluice::mysql
