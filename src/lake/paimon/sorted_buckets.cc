// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/sorted_buckets.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "lake/paimon/compaction_selection.h"
#include "lake/paimon/once_writer.h"
#include "lake/paimon/row_sorter.h"
#include "lake/paimon/scan.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {
namespace {

Schema WithOptions(const Schema& schema, const Options& options) {
  Schema out = schema;
  for (const auto& [key, value] : options) out.options[key] = value;
  return out;
}

// Java's: a key of another partition would have to be looked for in all of them.
Status CheckKey(const Schema& schema) {
  for (const std::string& name : schema.partition_keys) {
    if (std::find(schema.primary_keys.begin(), schema.primary_keys.end(), name) != schema.primary_keys.end()) continue;
    return Unsupported(Str("partition column ", name, " is not in the primary key: rows cannot be sorted into buckets"),
                       "leave the order out, as in Paimon");
  }
  return Ok();
}

class Run {
 public:
  Run(Env& env, const std::string& folder, const CompactionRequest& request, CompactionReport& report)
      : env_(env), folder_(folder), request_(request), report_(report) {}

  // False: another writer came in between.
  Result<bool> Make() {
    TRY_SET(table_, Table::Open(env_, folder_));
    TRY(CheckKey(table_->newest_schema()));
    TRY_SET(const auto base, table_->LatestSnapshot());
    if (!base) return true;
    const Schema schema = WithOptions(table_->newest_schema(), request_.options);
    TRY_SET(options_, TableOptions::Of(schema));
    TRY_SET(auto live, table_->LiveEntries(*base));
    TRY(Select(request_, schema, options_, env_.NowMs(), live));
    for (const ManifestEntry& entry : live) meant_.insert(entry.partition);
    report_.files_before = static_cast<int64_t>(live.size());
    if (meant_.empty()) return true;
    TableWriterOptions writes = OnceWriter::InPlaceOf(options_, meant_);
    for (const auto& [key, value] : request_.options) writes.overrides.emplace(key, value);
    TRY_SET(const auto writer, OnceWriter::Make(env_, *table_, base->id, std::move(writes)));
    TRY(WriteSorted(*base, *writer));
    TRY_SET(const auto made, writer->Commit());
    if (!made) return false;
    report_.snapshot = *made;
    return Count();
  }

 private:
  Status WriteSorted(const Snapshot& base, OnceWriter& writer) {
    const Schema& schema = table_->newest_schema();
    ScanOptions scanned;
    scanned.schema = &schema;
    scanned.every_level = true;
    scanned.wanted = [&](const LiveFile& file) { return meant_.contains(file.partition); };
    TRY_SET(TableScan scan, TableScan::OfSnapshot(env_, *table_, base, {}, scanned));
    // The sorter's files hold whole rows, in no order of the key.
    Schema plain = schema;
    plain.primary_keys.clear();
    plain.partition_keys.clear();
    plain.options = {{"bucket", "-1"}};
    TRY_SET(const TableOptions plainly, TableOptions::Of(plain));
    TRY_SET(auto layout, RowLayout::Make(plain, plainly));
    TRY_SET(const SortOrder order, SortOrder::Make(request_.curve, request_.order_by, layout->FileColumns()));
    TRY_SET(const BucketFolders folders, BucketFolders::Of(folder_, schema));
    TRY_SET(std::string beside, folders.Folder(*meant_.begin(), 0));
    TRY(env_.MakeFolders(beside));
    RowSorter sorter(env_, std::move(layout), RowFileOptions::Of(plainly, std::move(beside)), plain, order,
                     options_.write_buffer_bytes);
    for (DataBatch batch;;) {
      TRY_SET(const bool more, scan.Next(batch));
      if (!more) break;
      TRY(sorter.Add(batch.rows));
    }
    return sorter.Sort([&](const auto& rows) { return writer.Write(rows, {}); });
  }

  Result<bool> Count() {
    TRY_SET(const auto newest, table_->LatestSnapshot());
    TRY_SET(const auto live, table_->LiveEntries(*newest));
    std::set<std::pair<std::string, int>> buckets;
    for (const ManifestEntry& entry : live) {
      if (!meant_.contains(entry.partition)) continue;
      ++report_.files_after;
      buckets.emplace(entry.partition, entry.bucket);
    }
    report_.buckets = static_cast<int64_t>(buckets.size());
    return true;
  }

  Env& env_;
  const std::string& folder_;
  const CompactionRequest& request_;
  CompactionReport& report_;
  std::unique_ptr<Table> table_;
  TableOptions options_;
  std::set<std::string> meant_;  // partitions
};

}  // namespace

Result<bool> HasSortedBuckets(Env& env, const std::string& folder, const CompactionRequest& request) {
  TRY_SET(const auto table, Table::Open(env, folder));
  TRY_SET(const TableOptions options, TableOptions::Of(WithOptions(table->newest_schema(), request.options)));
  return options.bucket_mode == BucketMode::kDynamic;
}

Result<CompactionReport> SortBuckets(Env& env, const std::string& folder, const CompactionRequest& request) {
  CompactionReport report;
  TRY(UntilAlone(folder, [&] {
    report = {};
    return Run(env, folder, request, report).Make();
  }));
  return report;
}

}  // namespace sluice::paimon
