// SPDX-License-Identifier: Apache-2.0
// Column metrics of a data file, as its manifest entry holds them: from the statistics in the Parquet footer.
// (spec: "Column Metrics", Appendix D.) Functions; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/iceberg/data_file.h"
#include "lake/iceberg/schema.h"

namespace parquet {
class FileMetaData;
}

namespace sluice::iceberg {

enum class MetricsKind : uint8_t { kNone, kCounts, kTruncate, kFull };

struct MetricsMode {
  MetricsKind kind = MetricsKind::kTruncate;
  int32_t length = 16;  // kTruncate: characters or bytes of a bound
  bool operator==(const MetricsMode&) const = default;
};

// "none", "counts", "truncate(16)", "full", in any case.
Result<MetricsMode> ParseMetricsMode(std::string_view text);

// Fills record_count, the maps and split_offsets of `file`. `nan_counts`: one a field, for float and double. `modes`:
// one a field. Fields inside of lists have no counts and bounds, as in other writers.
void FillMetrics(const parquet::FileMetaData& footer, const Schema& schema, const std::vector<MetricsMode>& modes,
                 const std::vector<int64_t>& nan_counts, DataFile& file);

// Bounds of at most `length` code points or bytes. An upper bound is rounded up; none if that is impossible.
std::string TruncateText(std::string_view value, int32_t length);
std::optional<std::string> TruncateTextUp(std::string_view value, int32_t length);
std::optional<std::string> TruncateBytesUp(std::string_view value, int32_t length);

}  // namespace sluice::iceberg
