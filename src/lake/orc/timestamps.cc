// SPDX-License-Identifier: Apache-2.0
#include "lake/orc/timestamps.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "expr/time_zone.h"
#include "format/orc/rle.h"
#include "row/arrow_status.h"
#include "row/timestamp.h"

namespace sluice {
namespace {

constexpr int64_t kBase = 1'420'070'400;  // 2015-01-01 00:00:00: what seconds are counted from
constexpr int64_t kMicros = 1'000'000;
constexpr int64_t kNanosOfMilli = 1'000'000;
constexpr int kDirect = 0, kDirectV2 = 2;  // encodings of a column
constexpr std::string_view kUtcNames[] = {"", "UTC", "GMT", "Z", "Etc/UTC", "Etc/GMT"};

// The last three bits say how many zeros were cut off.
int64_t NanosOfStored(int64_t stored) {
  constexpr std::array<int64_t, 8> kFactors = {1, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};
  int64_t nanos = 0;
  return __builtin_mul_overflow(stored >> 3, kFactors[static_cast<size_t>(stored & 7)], &nanos) ? 0 : nanos;
}

// Seconds as the stripe's writer had them -> those of UTC, or of a clock.
class Clock {
 public:
  static Result<Clock> Of(const std::string& zone, bool instant) {
    Clock clock;
    const bool utc = std::find(std::begin(kUtcNames), std::end(kUtcNames), zone) != std::end(kUtcNames);
    if (instant || utc) return clock;
    TRY_SET(clock.zone_, TimeZone::Find(zone));
    clock.local_ = true;
    clock.base_ = kBase - clock.OffsetAt(kBase - clock.OffsetAt(kBase));  // when that zone's clocks showed it
    return clock;
  }
  int64_t SecondsOf(int64_t stored) const {
    const int64_t seconds = stored + base_;
    return local_ ? seconds + OffsetAt(seconds) : seconds;
  }

 private:
  int64_t OffsetAt(int64_t seconds) const {
    constexpr int64_t kMost = INT64_MAX / kMicros - 2 * 86'400;
    const int64_t micros = std::clamp(seconds, -kMost, kMost) * kMicros;
    return (zone_.ToLocal(micros) - micros) / kMicros;
  }

  bool local_ = false;
  TimeZone zone_;
  int64_t base_ = kBase;
};

// Writers round negative seconds towards zero.
Result<int64_t> UnitsOf(int64_t second, int64_t nano, bool nanos) {
  if (second < 0 && nano >= kNanosOfMilli) --second;
  int64_t micros = 0, out = 0;
  if (__builtin_mul_overflow(second, kMicros, &micros)) return Corrupt("orc: a timestamp is out of range");
  if (!nanos) return micros + MicrosOfNanos(nano);
  if (NanosOf(micros, nano, out)) return out;
  return Unsupported(Str("a time that 64 bits of nanoseconds do not hold: ", kNanosRange),
                     "leave the column out with --columns, or give it the type TIMESTAMP(6)");
}

}  // namespace

// `count`: how many cells are not NULL, or kOrcAll.
Result<std::vector<int64_t>> OrcTimestamps::Cells(const OrcStripeStreams& streams, int id, Form form,
                                                  int64_t count) const {
  const auto place = static_cast<size_t>(id);
  const int encoding = id >= 0 && place < streams.encodings.size() ? streams.encodings[place] : -1;
  if (encoding != kDirect && encoding != kDirectV2) return Corrupt("orc: a timestamp has an unknown encoding");
  const int version = encoding == kDirect ? 1 : 2;
  TRY_SET(const std::string data, file_.Bytes(streams, id, OrcStream::kData));
  TRY_SET(const std::string secondary, file_.Bytes(streams, id, OrcStream::kSecondary));
  TRY_SET(auto cells, DecodeOrcIntegers(data, count, /*is_signed=*/true, version));
  TRY_SET(const auto nanos, DecodeOrcIntegers(secondary, count, /*is_signed=*/false, version));
  if (cells.size() != nanos.size()) return Corrupt("orc: timestamps have more seconds than fractions, or fewer");
  TRY_SET(const Clock clock, Clock::Of(streams.writer_timezone, form.instant));
  for (size_t i = 0; i < cells.size(); ++i) {
    TRY_SET(cells[i], UnitsOf(clock.SecondsOf(cells[i]), NanosOfStored(nanos[i]), form.nanos));
  }
  return cells;
}

Result<std::vector<int64_t>> OrcTimestamps::ReadCells(size_t stripe, int id, Form form) const {
  if (stripe >= file_.stripes().size()) return Corrupt("orc: the footer has fewer stripes than the file");
  TRY_SET(const OrcStripeStreams streams, file_.Streams(file_.stripes()[stripe]));
  return Cells(streams, id, form, kOrcAll);
}

Result<std::shared_ptr<arrow::Array>> OrcTimestamps::Read(size_t stripe_number, size_t column, Form form) const {
  if (stripe_number >= file_.stripes().size() || column >= file_.columns().size()) {
    return Corrupt("orc: the footer has fewer stripes or columns than the file");
  }
  const OrcStripe& stripe = file_.stripes()[stripe_number];
  const int id = file_.columns()[column];
  TRY_SET(const OrcStripeStreams streams, file_.Streams(stripe));
  TRY_SET(const std::string present, file_.Bytes(streams, id, OrcStream::kPresent));
  std::vector<uint8_t> valid;
  int64_t count = stripe.rows;
  if (!present.empty()) {
    TRY_SET(valid, DecodeOrcBooleans(present, stripe.rows));
    count = std::count(valid.begin(), valid.end(), 1);
  }
  TRY_SET(const auto cells, Cells(streams, id, form, count));
  const auto unit = form.nanos ? arrow::TimeUnit::NANO : arrow::TimeUnit::MICRO;
  arrow::TimestampBuilder out(arrow::timestamp(unit), arrow::default_memory_pool());
  ARROW_TRY(out.Reserve(stripe.rows));
  size_t next = 0;
  for (int64_t row = 0; row < stripe.rows; ++row) {
    if (!valid.empty() && valid[static_cast<size_t>(row)] == 0) {
      out.UnsafeAppendNull();
    } else {
      out.UnsafeAppend(cells[next++]);
    }
  }
  ARROW_TRY_SET(std::shared_ptr<arrow::Array> array, out.Finish());
  return array;
}

}  // namespace sluice
