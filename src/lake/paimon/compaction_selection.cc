// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/compaction_selection.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/partition_filter.h"

namespace sluice::paimon {
namespace {

Status ByPartition(const CompactionRequest& request, const Schema& schema, std::vector<ManifestEntry>& entries) {
  std::vector<DataType> types;
  TRY_SET(const auto fields, SupportedFields(schema, schema.partition_keys));
  for (const Field* field : fields) types.push_back(field->type);
  TRY_SET(const BinaryRowCodec codec, BinaryRowCodec::Make(types));
  std::optional<PartitionFilter> filter;
  if (!request.partitions.empty()) {
    TRY_SET(filter, PartitionFilter::Make(schema, request.partitions));
  }
  std::map<std::string, bool> meant;
  for (const ManifestEntry& entry : entries) {
    const auto [known, fresh] = meant.emplace(entry.partition, true);
    if (!fresh) continue;
    if (filter) {
      TRY_SET(known->second, filter->Matches(entry.partition));
    }
    if (known->second && request.wanted) {
      TRY_SET(const auto values, codec.Parse(entry.partition));
      TRY_SET(known->second, request.wanted(values));
    }
  }
  std::erase_if(entries, [&](const ManifestEntry& entry) { return !meant.at(entry.partition); });
  return Ok();
}

}  // namespace

Result<std::set<int>> ParseBuckets(const std::string& text, int buckets) {
  std::set<int> out;
  const auto wrong = [&](const std::string& what) {
    return Invalid(Str("buckets \"", text, "\": ", what), "write it as 0-9,20");
  };
  for (const std::string& part : Split(text, ',')) {
    const std::vector<std::string> ends = Split(part, '-');
    int64_t from = 0, to = 0;
    if (ends.empty() || ends.size() > 2 || !ParseNumber(Trim(ends.front()), from) ||
        !ParseNumber(Trim(ends.back()), to)) {
      return wrong(Str("`", Trim(part), "` is no number and no range"));
    }
    if (from > to) return wrong(Str("the range ", Trim(part), " ends before it begins"));
    if (from < 0 || to >= buckets) return wrong(Str("the table has buckets 0 to ", buckets - 1));
    for (int64_t bucket = from; bucket <= to; ++bucket) out.insert(static_cast<int>(bucket));
  }
  return out;
}

Status Select(const CompactionRequest& request, const Schema& schema, const TableOptions& options, int64_t now_ms,
              std::vector<ManifestEntry>& entries) {
  if (!request.partitions.empty() || request.wanted) TRY(ByPartition(request, schema, entries));
  if (request.idle_ms) {
    std::map<std::string, int64_t> newest_ms;
    for (const ManifestEntry& entry : entries) {
      int64_t& newest = newest_ms[entry.partition];
      newest = std::max(newest, entry.file.creation_ms.value_or(0));
    }
    const int64_t before_ms = now_ms - *request.idle_ms;
    std::erase_if(entries, [&](const ManifestEntry& entry) { return newest_ms.at(entry.partition) > before_ms; });
  }
  if (!request.only.empty()) {
    std::erase_if(entries, [&](const auto& entry) { return !request.only.contains({entry.partition, entry.bucket}); });
  }
  if (request.buckets.empty()) return Ok();
  if (options.bucket_mode != BucketMode::kFixed) {
    return Invalid("buckets can be chosen only of a table with fixed buckets", "leave --buckets out");
  }
  TRY_SET(const auto buckets, ParseBuckets(request.buckets, options.buckets));
  std::erase_if(entries, [&](const ManifestEntry& entry) { return !buckets.contains(entry.bucket); });
  return Ok();
}

}  // namespace sluice::paimon
