// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/table_compaction.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "lake/paimon/append_compaction.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/compaction.h"
#include "lake/paimon/compaction_selection.h"
#include "lake/paimon/deletion_index.h"
#include "lake/paimon/manifest_files.h"
#include "lake/paimon/postponed.h"
#include "lake/paimon/row_router.h"
#include "lake/paimon/sorted_buckets.h"
#include "lake/paimon/sorted_rows.h"
#include "lake/paimon/table.h"
#include "lake/paimon/universal_compaction.h"

namespace sluice::paimon {
namespace {

constexpr int kTriesMax = 3;

class Run {
 public:
  Run(Env& env, const CompactionRequest& request) : env_(env), request_(request) {}
  ~Run() {
    if (kept_) return;
    Remove(written_);
    Remove(beside_);
  }

  // Nothing: other writers were faster.
  Result<std::optional<CompactionReport>> Make(const std::string& folder) {
    TRY_SET(table_, Table::Open(env_, folder));
    schema_ = table_->newest_schema();
    for (const auto& [key, value] : request_.options) schema_.options[key] = value;
    TRY_SET(options_, TableOptions::Of(schema_));
    TRY(CheckSortable());
    if (options_.expiry) options_.expiry->SetNow(env_.NowMs());
    TRY_SET(layout_, RowLayout::Make(schema_, options_));
    TRY_SET(folders_, BucketFolders::Of(folder, schema_));
    TRY_SET(const auto snapshot, table_->LatestSnapshot());
    if (!snapshot) return std::optional(report_);
    TRY(CompactBuckets(*snapshot));
    const std::vector<ManifestEntry> entries = MergeEntries(entries_);
    ForgetPassing(entries);
    if (entries.empty()) return std::optional(report_);
    return Commit(entries, snapshot->id);
  }

 private:
  struct Bucket {
    std::vector<DataFileMeta> files;
    BucketDeletions deletions;
    int total_buckets = 0;
  };
  using Buckets = std::map<BucketId, Bucket>;

  Status CompactBuckets(const Snapshot& snapshot) {
    TRY_SET(auto live, table_->LiveEntries(snapshot));
    TRY(Select(request_, schema_, options_, env_.NowMs(), live));
    Buckets buckets;
    std::vector<LiveFile> located;
    if (options_.deletion_vectors) {
      TRY_SET(located, table_->Locate(snapshot, live));
    }
    for (ManifestEntry& entry : live) {
      Bucket& bucket = buckets[{entry.partition, entry.bucket}];
      bucket.total_buckets = entry.total_buckets;
      bucket.files.push_back(std::move(entry.file));
    }
    TRY(DistributePostponed(buckets));
    for (const LiveFile& file : located) {
      const auto bucket = buckets.find({file.partition, file.bucket});
      if (bucket != buckets.end()) TRY(bucket->second.deletions.Load(env_, file, !options_.keyed));
    }
    for (auto& [id, bucket] : buckets) {
      const size_t before = entries_.size();
      TRY(options_.keyed ? CompactKeyed(id, bucket) : CompactAppended(id, bucket));
      report_.buckets += entries_.size() > before;
    }
    return Ok();
  }

  Status DistributePostponed(Buckets& buckets) {
    std::vector<std::pair<BucketId, Bucket>> postponed;
    std::map<std::string, Distribution> of;  // by partition
    for (const auto& [id, bucket] : buckets) {
      Distribution& distribution = of[id.partition];
      if (id.bucket == kPostponedBucket) {
        postponed.emplace_back(id, bucket);
        continue;
      }
      distribution.buckets = bucket.total_buckets;
      for (const DataFileMeta& file : bucket.files) {
        distribution.first_sequence = std::max(distribution.first_sequence, file.max_sequence + 1);
      }
      distribution.partition = id.partition;  // has buckets
    }
    for (const auto& [id, bucket] : postponed) {
      buckets.erase(id);
      Distribution& distribution = of[id.partition];
      if (distribution.partition.empty()) distribution.buckets = BucketsFor(options_, bucket.files);
      distribution.partition = id.partition;
      distribution.files = bucket.files;
      TRY(TakeDistributed(id, bucket, distribution, buckets));
    }
    return Ok();
  }

  Status TakeDistributed(const BucketId& id, const Bucket& from, const Distribution& distribution, Buckets& buckets) {
    TRY_SET(const SchemasById schemas, SchemasOf(from.files));
    std::vector<DistributedFile> files;
    Status done = Distribute(env_, schema_, schemas, options_, layout_, *folders_, distribution, files);
    for (const DistributedFile& file : files) {
      written_[file.path.substr(file.path.rfind('/') + 1)] = file.path;  // also of one that is not complete
      for (const std::string& name : file.meta.extra_files) written_[name] = Str(FolderOf(file.path), "/", name);
    }
    TRY(std::move(done));
    for (const DataFileMeta& file : from.files) entries_.push_back(EntryOf(id, from, EntryKind::kDelete, file));
    for (DistributedFile& file : files) {
      const BucketId place{id.partition, file.bucket};
      Bucket& bucket = buckets[place];
      bucket.total_buckets = distribution.buckets;
      bucket.files.push_back(file.meta);
      folders_touched_.insert(FolderOf(file.path));
      entries_.push_back(EntryOf(place, bucket, EntryKind::kAdd, std::move(file.meta)));
    }
    ++report_.buckets;
    return Ok();
  }

  Status CompactKeyed(const BucketId& id, Bucket& bucket) {
    bool rewrites = request_.full && options_.rewrite_all;  // once
    while (true) {
      std::set<std::string> expired;
      if (std::exchange(rewrites, false)) expired = NamesOf(bucket.files);
      if (options_.expiry) {
        TRY_SET(const SchemasById written, SchemasOf(bucket.files));
        TRY_SET(const auto over, FilesWithExpired(*options_.expiry, written, bucket.files));
        expired.insert(over.begin(), over.end());
      }
      auto unit = PickCompaction(bucket.files, options_, request_.full, expired, env_.NowMs());
      if (!unit) break;
      unit->deletions = &bucket.deletions.of_files();
      TRY_SET(const RowFileOptions files, FilesOf(id));
      TRY_SET(const SchemasById schemas, SchemasOf(bucket.files));
      auto done = Compact(env_, schema_, schemas, options_, layout_, files, *unit);
      TRY(Take(id, bucket, std::move(done)));
    }
    return WriteVectors(id, bucket);
  }

  Status WriteVectors(const BucketId& id, Bucket& bucket) {
    TRY_SET(auto written, bucket.deletions.Write(env_, *table_, id, options_.wide_vectors));
    for (NewVectors& vectors : written) {
      if (!vectors.entry.name.empty()) beside_[vectors.entry.name] = table_->IndexPath(vectors.entry.name);
      change_.vectors.push_back(std::move(vectors));
    }
    return Ok();
  }

  Status CheckSortable() const {
    if (request_.order_by.empty()) return Ok();
    if (options_.bucket_mode == BucketMode::kUnaware) return Ok();
    return Unsupported(options_.keyed ? "a table with a primary key without dynamic buckets is sorted by that"
                                      : "rows in fixed buckets keep the order in which they came",
                       "leave the order out: it is for tables with bucket=-1");
  }

  Status SortAppended(const BucketId& id, Bucket& bucket) {
    TRY_SET(const SortOrder order, SortOrder::Make(request_.curve, request_.order_by, layout_->FileColumns()));
    const std::vector<DataFileMeta> all = bucket.files;
    TRY_SET(const RowFileOptions files, FilesOf(id));
    TRY_SET(SchemasById schemas, SchemasOf(all));
    schemas[schema_.id] = &schema_;
    const int64_t bytes = options_.write_buffer_bytes;
    const DeletionsByFile& deletions = bucket.deletions.of_files();
    TRY(Take(id, bucket, SortFiles(env_, schemas, options_, layout_, files, all, deletions, order, bytes)));
    return WriteVectors(id, bucket);
  }

  Status CompactAppended(const BucketId& id, Bucket& bucket) {
    if (!request_.order_by.empty()) return SortAppended(id, bucket);
    for (const auto& group : PickAppendCompactions(bucket.files, options_, bucket.deletions, request_.full)) {
      TRY_SET(const RowFileOptions files, FilesOf(id));
      TRY_SET(const SchemasById schemas, SchemasOf(group));
      TRY(Take(id, bucket, JoinFiles(env_, schemas, options_, layout_, files, group, bucket.deletions)));
    }
    return WriteVectors(id, bucket);
  }

  Status Take(const BucketId& id, Bucket& bucket, Result<CompactionResult> done) {
    if (!done.ok()) return std::move(done).error();
    std::set<std::string> before, after;
    for (const DataFileMeta& file : done->after) after.insert(file.name);
    for (const auto& [name, rows] : done->replaced) bucket.deletions.Add(name, rows);
    for (DataFileMeta& file : done->before) {
      before.insert(file.name);
      if (!after.contains(file.name)) bucket.deletions.Remove(file.name);
      std::erase_if(bucket.files, [&](const DataFileMeta& f) { return f.name == file.name && f.level == file.level; });
      entries_.push_back(EntryOf(id, bucket, EntryKind::kDelete, std::move(file)));
    }
    TRY_SET(const std::string folder, folders_->Folder(id.partition, id.bucket));
    for (DataFileMeta& file : done->after) {
      for (const std::string& name : before.contains(file.name) ? std::vector<std::string>() : file.Names()) {
        written_[name] = Str(folder, "/", name);
      }
      bucket.files.push_back(file);
      entries_.push_back(EntryOf(id, bucket, EntryKind::kAdd, std::move(file)));
    }
    for (DataFileMeta& file : done->changelog) {
      beside_[file.name] = Str(folder, "/", file.name);
      changelog_.push_back(EntryOf(id, bucket, EntryKind::kAdd, std::move(file)));
    }
    return Ok();
  }

  static ManifestEntry EntryOf(const BucketId& id, const Bucket& bucket, EntryKind kind, DataFileMeta file) {
    ManifestEntry entry;
    entry.kind = kind;
    entry.partition = id.partition;
    entry.bucket = id.bucket;
    entry.total_buckets = bucket.total_buckets;
    entry.file = std::move(file);
    return entry;
  }

  // Files that one compaction made and the next one took.
  void ForgetPassing(const std::vector<ManifestEntry>& entries) {
    std::map<std::string, std::string> passing = written_;
    for (const ManifestEntry& entry : entries) {
      for (const std::string& name : entry.file.Names()) passing.erase(name);
    }
    Remove(passing);
    for (const auto& [name, path] : passing) written_.erase(name);
  }

  Result<std::optional<CompactionReport>> Commit(const std::vector<ManifestEntry>& entries, int64_t base) {
    for (const ManifestEntry& entry : entries) {
      ++(entry.kind == EntryKind::kAdd ? report_.files_after : report_.files_before);
    }
    for (const std::string& folder : folders_touched_) TRY(env_.SyncFolder(folder));
    TRY_SET(change_.compacted, ToManifests(entries));
    TRY_SET(change_.compacted_changelog, ToManifests(changelog_));
    TRY(env_.SyncFolder(table_->folder() + "/manifest"));
    kept_ = true;  // whether an error comes before or after the commit is not known
    TRY_SET(const CommitOutcome outcome,
            CommitCompaction(env_, *table_, change_, {env_.Uuid(), INT64_MAX}, base));
    kept_ = outcome.compacted;
    report_.snapshot = outcome.snapshot;
    return outcome.compacted ? std::optional(report_) : std::nullopt;
  }

  Result<ChangedFiles> ToManifests(const std::vector<ManifestEntry>& entries) {
    TRY_SET(ChangedFiles out, WriteChangedFiles(env_, *table_, entries));
    for (const ManifestFile& file : out.manifests) written_[file.name] = table_->ManifestPath(file.name);
    return out;
  }

  Result<RowFileOptions> FilesOf(const BucketId& id) {
    TRY_SET(std::string folder, folders_->Folder(id.partition, id.bucket));
    folders_touched_.insert(folder);
    return RowFileOptions::Of(options_, std::move(folder));
  }

  Result<SchemasById> SchemasOf(const std::vector<DataFileMeta>& files) {
    SchemasById schemas;
    for (const DataFileMeta& file : files) {
      TRY_SET(schemas[file.schema_id], table_->SchemaOf(file.schema_id));
    }
    return schemas;
  }

  void Remove(const std::map<std::string, std::string>& files) {
    for (const auto& [name, path] : files) (void)env_.Remove(path).ok();
  }

  Env& env_;
  const CompactionRequest& request_;
  std::unique_ptr<Table> table_;
  Schema schema_;  // with the options of the request
  TableOptions options_;
  std::shared_ptr<const RowLayout> layout_;
  std::optional<BucketFolders> folders_;
  std::vector<ManifestEntry> entries_, changelog_;
  TableChange change_;
  std::map<std::string, std::string> written_;  // name -> path, of new files
  std::map<std::string, std::string> beside_;   // likewise, of changelogs and deletion vectors
  std::set<std::string> folders_touched_;
  CompactionReport report_;
  bool kept_ = false;  // the new files may be a snapshot's
};

}  // namespace

Result<CompactionReport> CompactTable(Env& env, const std::string& folder, const CompactionRequest& request) {
  if (!request.order_by.empty()) {
    TRY_SET(const bool sorted, HasSortedBuckets(env, folder, request));
    if (sorted) return SortBuckets(env, folder, request);
  }
  for (int tries = 0; tries < kTriesMax; ++tries) {
    TRY_SET(const auto report, Run(env, request).Make(folder));
    if (report) return *report;
  }
  return Conflict(Str(folder, ": other writers compacted the same files ", kTriesMax, " times"),
                  "try again, or set write-only=true on the table so that only this compacts it");
}

}  // namespace sluice::paimon
