// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/rescale.h"

#include <arrow/record_batch.h>

#include <set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "lake/paimon/once_writer.h"
#include "lake/paimon/scan.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {
namespace {

Result<int64_t> BucketsOf(const TableOptions& options, const RescaleRequest& request) {
  if (options.bucket_mode == BucketMode::kDynamic) {
    return Unsupported("the table has dynamic buckets (bucket=-1): they grow by themselves",
                       "dynamic-bucket.target-row-num says how many rows one gets");
  }
  if (options.bucket_mode == BucketMode::kUnaware) {
    return Unsupported("the table has no buckets (bucket=-1, no primary key)", "there is nothing to do");
  }
  if (request.buckets) return *request.buckets;
  if (options.bucket_mode == BucketMode::kFixed) return options.buckets;
  return Invalid("argument --bucket_num is missing: the table's buckets are postponed (bucket=-2)",
                 "say how many buckets the rows get");
}

// The serialized rows of those that are meant and have rows in buckets.
Result<std::set<std::string>> PartitionsMeant(Table& table, const Snapshot& base, const PartitionSpec& spec) {
  std::optional<PartitionFilter> filter;
  if (!spec.empty()) {
    TRY_SET(filter, PartitionFilter::Make(table.newest_schema(), {spec}));
  }
  std::set<std::string> out;
  TRY_SET(const auto live, table.LiveEntries(base));
  for (const ManifestEntry& entry : live) {
    if (entry.bucket < 0 || out.contains(entry.partition)) continue;
    bool meant = true;
    if (filter) {
      TRY_SET(meant, filter->Matches(entry.partition));
    }
    if (meant) out.insert(entry.partition);
  }
  return out;
}

// False: another writer came in between.
Result<bool> RescaleOnce(Env& env, const std::string& folder, const RescaleRequest& request, RescaleReport& report) {
  report = {};
  TRY_SET(const auto table, Table::Open(env, folder));
  TRY_SET(const TableOptions options, TableOptions::Of(table->newest_schema()));
  TRY_SET(report.buckets, BucketsOf(options, request));
  report.option = options.buckets;
  TRY_SET(const auto base, table->LatestSnapshot());
  if (!base) return Invalid(Str(folder, " has no snapshot"), "there is nothing to rescale");
  TRY_SET(const auto meant, PartitionsMeant(*table, *base, request.partition));
  if (meant.empty()) {
    return Invalid(Str(folder, request.partition.empty() ? " has no rows in buckets" : " has no such partition"),
                   "there is nothing to rescale");
  }
  report.partitions = static_cast<int64_t>(meant.size());
  ScanOptions scanned;
  scanned.schema = &table->newest_schema();
  scanned.every_level = true;
  scanned.wanted = [&](const LiveFile& file) { return file.bucket >= 0 && meant.contains(file.partition); };
  TRY_SET(TableScan scan, TableScan::OfSnapshot(env, *table, *base, {}, scanned));
  TableWriterOptions writes = OnceWriter::InPlaceOf(options, meant);
  writes.overrides["bucket"] = Str(report.buckets);
  TRY_SET(const auto writer, OnceWriter::Make(env, *table, base->id, std::move(writes)));
  DataBatch batch;
  while (true) {
    TRY_SET(const bool more, scan.Next(batch));
    if (!more) break;
    report.rows += batch.rows->num_rows();
    TRY(writer->Write(batch.rows, {}));
  }
  TRY_SET(const auto made, writer->Commit());
  if (made) report.snapshot = *made;
  return made.has_value();
}

}  // namespace

Result<RescaleReport> Rescale(Env& env, const std::string& folder, const RescaleRequest& request) {
  RescaleReport report;
  TRY(UntilAlone(folder, [&] { return RescaleOnce(env, folder, request, report); }));
  return report;
}

}  // namespace sluice::paimon
