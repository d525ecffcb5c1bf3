// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/file_choice.h"

#include <map>
#include <utility>

#include "base/text.h"
#include "lake/paimon/partition_path.h"

namespace sluice::paimon {
namespace {

Result<PartitionFilter> FilterOf(const Schema& schema, std::vector<PartitionSpec> specs) {
  const std::string null = schema.Option("partition.default-name", PartitionPathStyle().default_name);
  for (PartitionSpec& spec : specs) {
    for (const std::string& key : schema.partition_keys) spec.emplace(key, null);
  }
  return PartitionFilter::Make(schema, specs);
}

}  // namespace

Status FileChoice::Check(const Schema& schema) const {
  if (!partitions.empty()) {
    auto filter = FilterOf(schema, partitions);
    if (!filter.ok() && filter.error().hint.empty()) {
      return Invalid(Str("scan.partitions: ", filter.error().message), "leave the table out by tables.exclude");
    }
    if (!filter.ok()) return std::move(filter).error().With("scan.partitions");
  }
  if (!bucket) return Ok();
  int count = 0;
  if (ParseNumber(Trim(schema.Option("bucket", "-1")), count) && count > 0) return Ok();
  return Invalid(Str("scan.bucket: the table has bucket='", schema.Option("bucket", "-1"),
                     "': its rows have no bucket that is known beforehand"),
                 "leave it out; tables with a number of buckets have it");
}

Status FileChoice::Keep(const Schema& schema, std::vector<LiveFile>& files) const {
  if (bucket) std::erase_if(files, [&](const LiveFile& file) { return file.bucket != *bucket; });
  if (partitions.empty()) return Ok();
  TRY_SET(const PartitionFilter filter, FilterOf(schema, partitions));
  std::map<std::string, bool> meant;  // by partition: a table has fewer of them than files
  for (const LiveFile& file : files) {
    if (meant.contains(file.partition)) continue;
    TRY_SET(meant[file.partition], filter.Matches(file.partition));
  }
  std::erase_if(files, [&](const LiveFile& file) { return !meant[file.partition]; });
  return Ok();
}

Result<std::vector<PartitionSpec>> ParsePartitionSpecs(std::string_view text) {
  std::vector<PartitionSpec> out;
  for (const std::string& part : Split(text, ';')) {
    if (Trim(part).empty()) continue;
    if (Trim(part).ends_with("()")) {
      return Unsupported(Str(Trim(part), ": the partitions with the greatest values are not looked for"),
                         "name them, as in dt=2024-01-01,hh=8;dt=2024-01-02");
    }
    TRY_SET(out.emplace_back(), ParsePartitionSpec(part));
  }
  if (out.empty()) return Invalid("no partition is named", "write them as in dt=2024-01-01,hh=8;dt=2024-01-02");
  return out;
}

}  // namespace sluice::paimon
