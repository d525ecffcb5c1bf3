// SPDX-License-Identifier: Apache-2.0
// Dates, times and timestamps of old files as what their column became.
#include <algorithm>

#include "base/text.h"
#include "lake/cast_cells.h"
#include "row/format_value.h"

namespace sluice {
namespace {

constexpr int64_t kMicrosOfDay = int64_t{86'400'000'000};

int64_t FloorDivide(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

// Fewer digits behind the second, cut as Java cuts them: whole milliseconds towards 1970.
int64_t CutClock(int64_t micros, int precision) {
  int64_t unit = 1;
  for (int i = precision; i < 6; ++i) unit *= 10;
  if (micros % unit == 0) return micros;
  const int64_t millis = FloorDivide(micros, 1000);
  if (precision <= 3) return millis / (unit / 1000) * unit;
  return millis * 1000 + (micros - millis * 1000) / unit * unit;
}

// `nanos`: of the microsecond.
void AppendClock(int64_t micros, int64_t nanos, int precision, std::string& out) {
  std::string text;
  AppendTimestamp(micros, /*zoned=*/false, text);
  text[text.find('T')] = ' ';
  if (nanos != 0) {
    if (text.find('.') == std::string::npos) text += '.';
    text.append(text.find('.') + kMicrosDigits + 1 - text.size(), '0');
    const std::string three = Str(1000 + nanos);
    text.append(three, 1, 3);
    while (text.back() == '0') text.pop_back();
  }
  const size_t point = text.find('.');
  const size_t digits = point == std::string::npos ? 0 : text.size() - point - 1;
  if (digits == 0 && precision > 0) text += '.';
  if (digits < static_cast<size_t>(precision)) text.append(static_cast<size_t>(precision) - digits, '0');
  out += text;
}

// Nanoseconds with 7 to 9 digits, cut to fewer of them, or from microseconds.
Result<CellArray> ToNanos(const CastJob& job) {
  const int64_t* values = job.in.data()->GetValues<int64_t>(1);
  int64_t unit = 1;
  for (int i = std::max(job.to.precision, kMicrosDigits); i < 9; ++i) unit *= 10;
  return MakeCells<int64_t, arrow::TimestampBuilder>(job, [&](int64_t row, int64_t& out) {
    if (!HasNanos(job.from)) return NanosOf(values[row], 0, out) ? Cell::kValue : Cell::kNone;
    out = values[row];
    return __builtin_sub_overflow(out, out % unit + (out % unit < 0 ? unit : 0), &out) ? Cell::kNone : Cell::kValue;
  });
}

Result<CellArray> FromTimestamp(const CastJob& job) {
  if (HasNanos(job.to)) return ToNanos(job);
  const int64_t* cells = job.in.data()->GetValues<int64_t>(1);
  const bool nanos = HasNanos(job.from);
  const auto micros_at = [&](int64_t row) { return nanos ? MicrosOfNanos(cells[row]) : cells[row]; };
  if (IsInteger(job.to.kind)) {
    return MakeIntegers(job, [&](int64_t row, int64_t& out) {
      out = FloorDivide(micros_at(row), 1000) / 1000;
      return Cell::kValue;
    });
  }
  switch (job.to.kind) {
    case TypeKind::kDate:
      return MakeCells<int32_t, arrow::Date32Builder>(job, [&](int64_t row, int32_t& out) {
        out = static_cast<int32_t>(FloorDivide(micros_at(row), kMicrosOfDay));
        return Cell::kValue;
      });
    case TypeKind::kTime:
      return MakeMicros(job, [&](int64_t row, int64_t& out) {
        out = micros_at(row) - FloorDivide(micros_at(row), kMicrosOfDay) * kMicrosOfDay;
        out -= out % 1000;
        return Cell::kValue;
      });
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return MakeMicros(job, [&](int64_t row, int64_t& out) {
        const bool cuts = job.from.precision > job.to.precision;
        out = cuts ? CutClock(micros_at(row), job.to.precision) : micros_at(row);
        return Cell::kValue;
      });
    default:
      return MakeTexts(job, [&](int64_t row, std::string& out) {
        const int64_t rest = nanos ? cells[row] % 1000 + (cells[row] % 1000 < 0 ? 1000 : 0) : 0;
        AppendClock(micros_at(row), rest, job.from.precision, out);
      });
  }
}

// At least one digit behind the point if the type has any, then none after the last that is not 0.
void AppendTimeOfDay(int64_t micros, int precision, std::string& out) {
  AppendTime(micros / 1'000'000 * 1'000'000, out);
  int64_t millis = micros / 1000 % 1000;
  if (precision > 0) out += '.';
  while (precision-- > 0) {
    out += static_cast<char>('0' + millis / 100);
    millis = millis % 100 * 10;
    if (millis == 0) break;
  }
}

Result<CellArray> FromDateOrTime(const CastJob& job) {
  if (job.from.kind == TypeKind::kDate) {
    const int32_t* days = job.in.data()->GetValues<int32_t>(1);
    if (IsText(job.to.kind)) {
      return MakeTexts(job, [&](int64_t row, std::string& out) { AppendDate(days[row], out); });
    }
    return MakeMicros(job, [&](int64_t row, int64_t& out) {
      return __builtin_mul_overflow(int64_t{days[row]}, kMicrosOfDay, &out) ? Cell::kNone : Cell::kValue;
    });
  }
  const int64_t* micros = job.in.data()->GetValues<int64_t>(1);
  if (IsText(job.to.kind)) {
    return MakeTexts(job,
                     [&](int64_t row, std::string& out) { AppendTimeOfDay(micros[row], job.from.precision, out); });
  }
  return MakeMicros(job, [&](int64_t row, int64_t& out) {
    out = micros[row] - micros[row] % 1000;
    return Cell::kValue;
  });
}

}  // namespace

Result<CellArray> CastMoments(const CastJob& job) {
  const bool instant = job.from.kind == TypeKind::kTimestamp || job.from.kind == TypeKind::kTimestampLtz;
  return instant ? FromTimestamp(job) : FromDateOrTime(job);
}

}  // namespace sluice
