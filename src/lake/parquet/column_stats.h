// SPDX-License-Identifier: Apache-2.0
// ColumnStats: sizes, counts and bounds of a column of a data file that was written, from the statistics in its Parquet
// footer. Values and functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/parquet/write_column.h"

namespace parquet {
class FileMetaData;
}

namespace sluice {

enum class MetricsKind : uint8_t { kNone, kCounts, kTruncate, kFull };

struct MetricsMode {
  MetricsKind kind = MetricsKind::kTruncate;
  int32_t length = 16;  // kTruncate: characters or bytes of a bound
  bool operator==(const MetricsMode&) const = default;
};

// "none", "counts", "truncate(16)", "full", in any case.
Result<MetricsMode> ParseMetricsMode(std::string_view text);

// Bounds are single-value bytes (Iceberg's specification, Appendix D) of what is stored: numbers little-endian (times
// in the unit of the file), decimals as few bytes as hold them, big-endian, all else as it is. No NaN is in them; a
// lower zero is -0.0, an upper one +0.0. A column whose values are not all in the footer's statistics has none.
struct ColumnStats {
  int64_t compressed_size = 0;  // bytes
  int64_t values = 0;           // NULLs included
  int64_t nulls = 0;
  int64_t nans = 0;  // float and double
  std::optional<std::string> lower, upper;

  bool operator==(const ColumnStats&) const = default;
};

// One a column. `modes`, `nan_counts`: one a column. kNone gives nothing, kCounts no bounds, a list its size only.
std::vector<ColumnStats> ReadColumnStats(const parquet::FileMetaData& footer, const std::vector<WriteColumn>& columns,
                                         const std::vector<MetricsMode>& modes,
                                         const std::vector<int64_t>& nan_counts);
// Where the row groups begin; empty if that is not ascending.
std::vector<int64_t> SplitOffsets(const parquet::FileMetaData& footer);

// Bounds of at most `length` code points or bytes. An upper bound is rounded up; none if that is impossible.
std::string TruncateText(std::string_view value, int32_t length);
std::optional<std::string> TruncateTextUp(std::string_view value, int32_t length);
std::optional<std::string> TruncateBytesUp(std::string_view value, int32_t length);

}  // namespace sluice
