// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/file_choice.h"

#include <arrow/api.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "base/text.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/partition_path.h"
#include "lake/paimon/sort_order.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

constexpr std::string_view kMaxPt = "max_pt()", kMaxTwoPt = "max_two_pt()";

Result<PartitionFilter> FilterOf(const Schema& schema, std::vector<PartitionSpec> specs) {
  const std::string null = schema.Option("partition.default-name", PartitionPathStyle().default_name);
  for (PartitionSpec& spec : specs) {
    for (const std::string& key : schema.partition_keys) spec.emplace(key, null);
  }
  return PartitionFilter::Make(schema, specs);
}

Result<std::shared_ptr<arrow::RecordBatch>> OneRow(const std::vector<std::shared_ptr<arrow::Scalar>>& values) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const auto& value : values) {
    ARROW_TRY_SET(columns.emplace_back(), arrow::MakeArrayFromScalar(*value, 1));
    fields.push_back(arrow::field(Str(fields.size()), value->type));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), 1, std::move(columns));
}

Status CheckGreatest(const GreatestPartitions& greatest, const Schema& schema) {
  const std::vector<std::string>& keys = schema.partition_keys;
  if (keys.empty()) {
    return Invalid("scan.partitions: the table has no partitions", "leave the table out by tables.exclude");
  }
  const std::set<std::string> named(greatest.columns.begin(), greatest.columns.end());
  size_t leading = 0;
  while (leading < keys.size() && named.contains(keys[leading])) ++leading;
  if (leading == named.size()) return Ok();
  return Invalid(Str("scan.partitions: max_pt() of ", Join(greatest.columns, ", "), ": the table is partitioned by ",
                     Join(keys, ", ")), "name the first of its columns, or some of the first");
}

}  // namespace

Status FileChoice::Check(const Schema& schema) const {
  if (greatest) TRY(CheckGreatest(*greatest, schema));
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

Status FileChoice::ParsePartitions(std::string_view text) {
  const std::string word = Lower(Trim(text));
  if (word == kMaxPt || word == kMaxTwoPt) {
    greatest = GreatestPartitions{word == kMaxPt ? 1 : 2, {}};
    return Ok();
  }
  for (const std::string& part : Split(text, ';')) {
    if (Trim(part).empty()) continue;
    TRY_SET(partitions.emplace_back(), ParsePartitionSpec(part));
  }
  if (partitions.empty()) {
    return Invalid("no partition is named", "write them as in dt=2024-01-01,hh=8;dt=2024-01-02");
  }
  const auto is_max = [](const auto& value) { return Lower(Trim(value.second)) == kMaxPt; };
  const PartitionSpec& first = partitions[0];
  const bool any = std::any_of(partitions.begin(), partitions.end(), [&](const PartitionSpec& spec) {
    return std::any_of(spec.begin(), spec.end(), is_max);
  });
  if (!any) return Ok();
  if (partitions.size() > 1 || !std::all_of(first.begin(), first.end(), is_max)) {
    return Invalid("max_pt() goes with no other values", "write max_pt(), or dt=max_pt(),hh=max_pt()");
  }
  greatest = GreatestPartitions();
  for (const auto& [column, value] : first) greatest->columns.push_back(column);
  partitions.clear();
  return Ok();
}

Status FileChoice::FindGreatest(Table& table, const Snapshot& snapshot) {
  partitions.clear();
  const Schema& schema = table.newest_schema();
  TRY(Check(schema));
  TRY_SET(const PartitionReader reader, PartitionReader::Of(schema));
  TRY_SET(const auto types, table.PartitionTypes());
  TRY_SET(const BinaryRowCodec codec, BinaryRowCodec::Make(types));
  std::vector<FileColumn> columns;
  for (size_t i = 0; i < types.size(); ++i) columns.push_back({.name = schema.partition_keys[i], .type = types[i]});
  const auto order_by = [&](const std::vector<std::string>& names) {
    return SortOrder::Make(SortOrder::Curve::kOrder, names, columns);
  };
  TRY_SET(const SortOrder order, order_by(schema.partition_keys));
  TRY_SET(const SortOrder leading, order_by(greatest->columns.empty() ? schema.partition_keys : greatest->columns));
  TRY_SET(const auto live, table.LiveEntries(snapshot));
  std::set<std::string> rows;
  for (const ManifestEntry& entry : live) rows.insert(entry.partition);
  std::map<std::string, std::pair<std::string, std::string>, std::greater<>> sorted;  // by the order's key
  for (const std::string& row : rows) {
    TRY_SET(const auto values, codec.Parse(row));
    TRY_SET(const auto batch, OneRow(values));
    std::string key, first;
    order.Key(*batch, 0, key);
    leading.Key(*batch, 0, first);
    sorted[key] = {row, first};
  }
  for (const auto& [key, partition] : sorted) {
    const bool more = greatest->count > 0 ? partitions.size() < static_cast<size_t>(greatest->count)
                                          : partition.second == sorted.begin()->second.second;
    if (!more) break;
    TRY_SET(const auto texts, reader.Texts(partition.first));
    PartitionSpec& spec = partitions.emplace_back();
    for (size_t i = 0; i < texts.size(); ++i) spec[schema.partition_keys[i]] = texts[i];
  }
  return Ok();
}

}  // namespace sluice::paimon
