// SPDX-License-Identifier: Apache-2.0
// What TableWriter does with files that are there: compaction, deletion vectors, filling with defaults.
#include <arrow/scalar.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "lake/paimon/append_compaction.h"
#include "lake/paimon/key_range.h"
#include "lake/paimon/lone_files.h"
#include "lake/paimon/snapshot_order.h"
#include "lake/paimon/table_writer.h"
#include "lake/paimon/table_writer_parts.h"

namespace sluice::paimon {
namespace {

constexpr int kAgeMax = 5;  // epochs, as Java's writer scans for files

}  // namespace

// Readers show NULL for a column that a file has not, so the files are written again with the value in them.
Status TableWriter::Backfill(const std::string& column, const std::shared_ptr<arrow::Scalar>& value) {
  const FilledColumn filled{static_cast<int>(schema_.Find(column) - schema_.fields.data()), value};
  newest_schema_used_ = true;
  filled_ = true;
  int64_t rows = 0;
  for (auto& [id, bucket] : buckets_) {
    if (bucket.files.empty()) continue;
    CompactionUnit unit;
    unit.files = bucket.files;
    unit.output_level = table_options_.keyed ? table_options_.levels - 1 : 0;
    for (const DataFileMeta& file : bucket.files) {
      unit.output_level = std::max(unit.output_level, file.level);
      rows += file.row_count;
    }
    unit.drop_deletes = true;
    TRY(CompactBucket(id, bucket, unit, &filled));
  }
  LogInfo(Str("table ", options_.name, ": column ", column, " filled with its default in ", rows, " rows"));
  return Ok();
}

// What a compaction of this epoch has made is of no use.
void TableWriter::RemoveCompacted() {
  for (const ManifestEntry& entry : compacted_) {
    if (rewritten_.contains(entry.file.name)) RemoveFile({entry.partition, entry.bucket}, entry.file);
  }
  for (const ManifestEntry& entry : compacted_changelog_) {
    RemoveFile({entry.partition, entry.bucket}, entry.file);
  }
  compacted_.clear();
  compacted_changelog_.clear();
  rewritten_.clear();
}

Status TableWriter::CompactBuckets() {
  if (table_options_.write_only || table_options_.bucket_mode == BucketMode::kPostponed) return Ok();
  if (table_options_.by_snapshot && !options_.once_on) return Ok();  // its new files have no number yet
  const int full_epochs = table_options_.full_compaction_epochs;
  const bool full = full_epochs > 0 && ++epochs_since_full_ >= full_epochs;
  if (full) epochs_since_full_ = 0;
  auto& expiry = table_options_.expiry;
  if (expiry) expiry->SetNow(env_.NowMs());
  for (auto& [id, bucket] : buckets_) {
    const bool touched = std::exchange(bucket.touched, false);
    if (!table_options_.keyed) {
      TRY(JoinSmallFiles(id, bucket, touched));
      continue;
    }
    if (touched) TRY(RaiseLoneFiles(id, bucket));
    bool rewrites = full && table_options_.rewrite_all;  // once
    while (full || touched) {
      std::set<std::string> expired;
      if (std::exchange(rewrites, false)) expired = NamesOf(bucket.files);
      if (expiry) {
        TRY_SET(const SchemasById schemas, SchemasOf(bucket.files));
        TRY_SET(const auto over, FilesWithExpired(*expiry, schemas, bucket.files));
        expired.insert(over.begin(), over.end());
      }
      auto unit = PickCompaction(bucket.files, table_options_, full, expired, env_.NowMs());
      if (!unit) break;
      TRY(CompactBucket(id, bucket, *std::move(unit), nullptr));
    }
  }
  return Ok();
}

std::set<BucketId> TableWriter::BucketsToRest() const {
  std::set<BucketId> due;
  if (stale_ || finished_ || dirty()) return due;
  for (const auto& [id, bucket] : buckets_) {
    if (credit_.IsDue(id, bucket.files, table_options_)) due.insert(id);
  }
  return due;
}

// The files are other ones now.
void TableWriter::Rested(const std::set<BucketId>& ids) {
  credit_.Spend(ids);
  stale_ = true;
}

// All rows of a snapshot have its number: none of its files has a key of another one. Who writes once knows the number.
Status TableWriter::OrderBySnapshot() {
  std::map<BucketId, std::vector<DataFileMeta>> of;
  for (const ManifestEntry& entry : added_) of[{entry.partition, entry.bucket}].push_back(entry.file);
  TRY_SET(const BinaryRowCodec codec, KeyRange::Codec(schema_));
  for (const auto& [id, files] : of) {
    std::vector<KeyRange> ranges;
    for (const DataFileMeta& file : files) {
      TRY_SET(ranges.emplace_back(), KeyRange::Of(codec, file));
    }
    for (const std::vector<size_t>& section : SectionsOf(ranges)) {
      std::vector<DataFileMeta> joined;
      for (size_t i : section) joined.push_back(files[i]);
      if (joined.size() > 1) TRY(JoinNewFiles(id, joined));
    }
  }
  if (options_.once_on) NumberNew(*options_.once_on + 1);
  return Ok();
}

Status TableWriter::JoinNewFiles(const BucketId& id, const std::vector<DataFileMeta>& files) {
  Bucket& bucket = buckets_[id];
  CompactionUnit unit;
  unit.files = files;
  unit.output_level = 0;
  unit.drop_deletes = false;
  TableOptions plain = table_options_;  // the rows have numbers of their own, and replace none but each other
  plain.by_snapshot = plain.deletion_vectors = false;
  plain.changelog = ChangelogProducer::kNone;
  plain.expiry.reset();
  TRY_SET(const SchemasById schemas, SchemasOf(files));
  TRY_SET(const RowFileOptions written, FilesOf(id, bucket));
  auto done = Compact(env_, schema_, schemas, plain, layout_, written, unit);
  if (!done.ok()) return std::move(done).error().With(Str("table ", options_.name));
  for (const DataFileMeta& file : done->before) {
    std::erase_if(bucket.files, [&](const DataFileMeta& f) { return f.name == file.name; });
    std::erase_if(added_, [&](const ManifestEntry& entry) { return entry.file.name == file.name; });
    RemoveFile(id, file);
  }
  for (DataFileMeta& file : done->after) {
    file.source = FileSource::kAppend;
    stats_.bytes_written += file.size;
    bucket.files.push_back(file);
    added_.push_back(EntryOf(id, EntryKind::kAdd, std::move(file)));
  }
  return Ok();
}

void TableWriter::NumberNew(int64_t snapshot) {
  NumberNewFiles(snapshot, added_);
  for (const ManifestEntry& entry : added_) {
    for (DataFileMeta& file : buckets_[{entry.partition, entry.bucket}].files) {
      if (file.name == entry.file.name) NumberNewFile(snapshot, file);
    }
  }
}

// Before a compaction is chosen: they are no runs of level 0 then.
Status TableWriter::RaiseLoneFiles(const BucketId& id, Bucket& bucket) {
  CompactionResult raised;
  TRY_SET(raised.before, LoneFiles(schema_, table_options_, bucket.files));
  raised.after = raised.before;
  for (DataFileMeta& file : raised.after) file.level = table_options_.levels - 1;
  return TakeCompaction(id, bucket, std::move(raised));
}

Result<SchemasById> TableWriter::SchemasOf(const std::vector<DataFileMeta>& files) {
  SchemasById schemas;
  for (const DataFileMeta& file : files) {
    const auto found = schemas_of_epoch_.find(file.schema_id);
    if (found != schemas_of_epoch_.end()) {
      schemas[file.schema_id] = &found->second;
      continue;
    }
    TRY_SET(schemas[file.schema_id], table_->SchemaOf(file.schema_id));
  }
  return schemas;
}

Status TableWriter::CompactBucket(const BucketId& id, Bucket& bucket, CompactionUnit unit,
                                  const FilledColumn* filled) {
  unit.deletions = &bucket.deletions.of_files();
  TRY_SET(const RowFileOptions files, FilesOf(id, bucket));
  std::vector<DataFileMeta> read = unit.files;
  read.insert(read.end(), unit.below.begin(), unit.below.end());
  TRY_SET(const SchemasById schemas, SchemasOf(read));
  if (pages_ == nullptr) pages_ = std::make_unique<PageIndexCache>(table_options_.lookup_cache_bytes);
  unit.pages = pages_.get();
  auto done = Compact(env_, schema_, schemas, table_options_, layout_, files, unit, filled);
  for (const DataFileMeta& file : done.ok() ? done->before : std::vector<DataFileMeta>()) {
    pages_->Forget(Str(files.folder, "/", file.name));
  }
  return TakeCompacted(id, bucket, std::move(done));
}

// Small files that are too few wait for more, but not for ever.
std::vector<std::vector<DataFileMeta>> TableWriter::FilesToJoin(const BucketId& id, const Bucket& bucket,
                                                                bool touched) {
  if (touched) ages_[id] = 0;
  const auto age = ages_.find(id);
  if (age == ages_.end()) return {};
  auto groups = PickAppendCompactions(bucket.files, table_options_, bucket.deletions);
  if (!groups.empty() || ++age->second <= kAgeMax) return groups;
  ages_.erase(age);
  auto all = PickAged(bucket.files, table_options_, bucket.deletions);
  if (!all.empty()) groups.push_back(std::move(all));
  return groups;
}

Status TableWriter::JoinSmallFiles(const BucketId& id, Bucket& bucket, bool touched) {
  for (const std::vector<DataFileMeta>& group : FilesToJoin(id, bucket, touched)) {
    TRY_SET(const RowFileOptions files, FilesOf(id, bucket));
    TRY_SET(const SchemasById schemas, SchemasOf(group));
    TRY(TakeCompacted(id, bucket, JoinFiles(env_, schemas, table_options_, layout_, files, group, bucket.deletions)));
  }
  return Ok();
}

Status TableWriter::TakeCompacted(const BucketId& id, Bucket& bucket, Result<CompactionResult> done) {
  if (!done.ok()) return Overtaken(std::move(done).error()).With(Str("table ", options_.name, ": compaction"));
  PassFailpoint("paimon.after_compaction");
  for (const DataFileMeta& file : done->after) stats_.bytes_written += file.schema_id == schema_.id ? file.size : 0;
  return TakeCompaction(id, bucket, *std::move(done));
}

// One change must not name a file as come and gone: what this epoch's compactions made goes without a word.
Status TableWriter::TakeCompaction(const BucketId& id, Bucket& bucket, CompactionResult result) {
  std::set<std::string> kept;
  for (const DataFileMeta& file : result.after) kept.insert(file.name);
  for (DataFileMeta& file : result.before) {
    std::erase_if(bucket.files, [&](const DataFileMeta& f) { return f.name == file.name && f.level == file.level; });
    const ManifestEntry gone = EntryOf(id, EntryKind::kDelete, file);
    auto made = std::find_if(compacted_.begin(), compacted_.end(), [&](const ManifestEntry& entry) {
      return entry.kind == EntryKind::kAdd && entry.partition == gone.partition && entry.bucket == gone.bucket &&
             entry.file.name == file.name && entry.file.level == file.level;
    });
    if (made == compacted_.end()) {
      compacted_.push_back(gone);
      continue;
    }
    compacted_.erase(made);
    if (rewritten_.contains(file.name) && !kept.contains(file.name)) {
      rewritten_.erase(file.name);
      RemoveFile(id, file);
    }
  }
  std::set<std::string> before;
  for (const DataFileMeta& file : result.before) {
    before.insert(file.name);
    if (!kept.contains(file.name)) bucket.deletions.Remove(file.name);
  }
  for (const auto& [name, rows] : result.replaced) bucket.deletions.Add(name, rows);
  for (DataFileMeta& file : result.changelog) {
    compacted_changelog_.push_back(EntryOf(id, EntryKind::kAdd, std::move(file)));
  }
  for (DataFileMeta& file : result.after) {
    if (!before.contains(file.name)) rewritten_.insert(file.name);
    bucket.files.push_back(file);
    compacted_.push_back(EntryOf(id, EntryKind::kAdd, std::move(file)));
  }
  return Ok();
}

// One snapshot, since none may show the rows without their default. Files of this epoch that were written again are in
// none.
std::vector<ManifestEntry> TableWriter::AddedAndFilled() {
  std::vector<ManifestEntry> all = added_;
  all.insert(all.end(), compacted_.begin(), compacted_.end());
  all = MergeEntries(all);
  std::set<std::string> names;
  for (const ManifestEntry& entry : all) names.insert(entry.file.name);
  for (const ManifestEntry& entry : added_) {
    if (!names.contains(entry.file.name)) RemoveFile({entry.partition, entry.bucket}, entry.file);
  }
  return all;
}

Result<std::vector<NewVectors>> TableWriter::WriteVectors() {
  std::vector<NewVectors> out;
  for (auto& [id, bucket] : buckets_) {
    if (!bucket.deletions.changed()) continue;
    TRY_SET(auto vectors, bucket.deletions.Write(env_, *table_, id, table_options_.wide_vectors));
    std::move(vectors.begin(), vectors.end(), std::back_inserter(out));
  }
  return out;
}

}  // namespace sluice::paimon
