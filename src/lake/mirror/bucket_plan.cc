// SPDX-License-Identifier: Apache-2.0
#include "lake/mirror/bucket_plan.h"

#include <utility>

#include "base/text.h"
#include "lake/catalog/uri.h"
#include "lake/iceberg/commit.h"
#include "lake/iceberg/delete_writer.h"
#include "lake/mirror/puffin.h"
#include "lake/paimon/rolling_writer.h"
#include "lake/paimon/visible_rows.h"

namespace sluice::mirror {
namespace {

constexpr std::string_view kMade = "merged-";

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Of a file of merged rows: "merged-<id of its bucket>-<uuid>-0.parquet".
std::string MadePrefix(uint64_t bucket) { return Str(kMade, bucket, "-"); }

int64_t DeletedRows(const iceberg::LiveFile& file) {
  int64_t rows = 0;
  for (const iceberg::DataFile& deletes : file.deletes) rows += deletes.record_count;
  return rows;
}

}  // namespace

Status BucketPlans::Run(std::vector<paimon::LiveFile> live, const std::vector<iceberg::LiveFile>& shown,
                        iceberg::TableChange& change) {
  if (!schema_.primary_keys.empty()) {
    TRY_SET(order_, paimon::MergeOrder::Of(schema_));
  }
  paimon::TableOptions without_key = options_;
  without_key.keyed = false;
  TRY_SET(made_layout_, paimon::RowLayout::Make(schema_, without_key));
  TRY(Gather(std::move(live), shown));
  for (const auto& [id, bucket] : buckets_) {
    Status added = IsShown(bucket) ? Ok() : Add(id, bucket, change);
    if (added.ok()) continue;
    for (const std::string& path : written_) (void)env_.Remove(path).ok();
    return added;
  }
  change.removed_deletes.assign(dropped_.begin(), dropped_.end());
  return Ok();
}

Status BucketPlans::Gather(std::vector<paimon::LiveFile> live, const std::vector<iceberg::LiveFile>& shown) {
  live = paimon::VisibleFiles(std::move(live), order_ ? &*order_ : nullptr);
  for (paimon::LiveFile& file : live) {
    const uint64_t id = iceberg::HashPath(FolderOf(file.path));
    buckets_[id].live.push_back(std::move(file));
  }
  for (const iceberg::LiveFile& file : shown) {
    TRY_SET(const std::string path, PathOfUri(file.data.path));
    const std::string name = NameOf(path);
    uint64_t id = 0;
    if (FolderOf(path) != folder_) {
      buckets_[iceberg::HashPath(FolderOf(path))].shown[file.data.path] = &file;
    } else if (name.starts_with(kMade) && ParseNumber(Split(name, '-')[1], id)) {
      buckets_[id].made.push_back(&file);
    } else {
      return Corrupt(Str("Iceberg metadata beside ", table_.folder(), " has data file ", path),
                     "remove the folder of the metadata: it is made anew with the next commit");
    }
  }
  return Ok();
}

// What is hidden is a function of the bucket's files, and, if they have deletion vectors, of those: a file's only grow.
bool BucketPlans::IsShown(const Bucket& bucket) const {
  if (bucket.live.size() != bucket.shown.size()) return false;
  for (const paimon::LiveFile& file : bucket.live) {
    const auto found = bucket.shown.find(UriOfPath(file.path));
    if (found == bucket.shown.end()) return false;
    if (!options_.deletion_vectors) continue;
    if (file.deletion && !file.deletion->cardinality) return false;
    if (DeletedRows(*found->second) != (file.deletion ? *file.deletion->cardinality : 0)) return false;
  }
  return true;
}

Status BucketPlans::Add(uint64_t id, const Bucket& bucket, iceberg::TableChange& change) {
  paimon::RowFileOptions made_files = paimon::RowFileOptions::Of(options_, folder_);
  made_files.prefix = MadePrefix(id);
  made_files.index = {};
  paimon::RollingWriter made(env_, made_layout_, made_files, options_.target_file_bytes);
  const auto take = [&](const arrow::RecordBatch& rows) { return made.Append(rows); };
  auto hidden = paimon::HiddenRows(env_, table_, order_ ? &*order_ : nullptr, bucket.live, take);
  Status closed = hidden.ok() ? made.Close() : Status(Error(hidden.error()));
  if (!closed.ok()) {
    made.Remove();
    return closed;
  }
  for (const paimon::DataFileMeta& meta : made.closed()) {
    const std::string path = Str(folder_, "/", meta.name);
    written_.push_back(path);
    TRY_SET(auto file, form_.Make({bucket.live[0].partition, bucket.live[0].bucket, path, meta, {}, {}}));
    change.added_data.push_back(std::move(file));
  }
  for (const iceberg::LiveFile* file : bucket.made) Drop(*file, change);
  auto left = bucket.shown;
  for (const paimon::LiveFile& live : bucket.live) {
    TRY_SET(iceberg::DataFile file, form_.Make(live));
    const DeleteSet& rows = (*hidden)[live.meta.name];
    const auto shown = left.find(file.path);
    const iceberg::LiveFile* there = shown == left.end() ? nullptr : shown->second;
    if (there == nullptr) {
      TRY_SET(const paimon::Schema* written, table_.SchemaOf(live.meta.schema_id));
      TRY(CheckColumns(env_, live.path, *written, names_));
      change.added_data.push_back(file);
    }
    if (there != nullptr) left.erase(shown);
    if (there != nullptr && DeletedRows(*there) == rows.count()) continue;
    for (size_t i = 0; there != nullptr && i < there->deletes.size(); ++i) dropped_.insert(there->deletes[i].path);
    if (!rows.empty()) TRY(Delete(file, rows, change));
  }
  for (const auto& [uri, file] : left) Drop(*file, change);
  return Ok();
}

Status BucketPlans::Delete(const iceberg::DataFile& file, const DeleteSet& rows, iceberg::TableChange& change) {
  const bool vector = change.vectors;
  const std::string path = Str(folder_, "/deletes-", env_.Uuid(), vector ? ".puffin" : ".parquet");
  written_.push_back(path);
  auto deletes = vector ? WriteDeletionVector(env_, path, UriOfPath(path), file, rows)
                        : iceberg::WritePositionDeletes(env_, path, file, rows, /*sync=*/true, UriOfPath(path));
  if (!deletes.ok()) return std::move(deletes).error();
  change.added_deletes.push_back(*std::move(deletes));
  return Ok();
}

void BucketPlans::Drop(const iceberg::LiveFile& file, iceberg::TableChange& change) {
  change.removed_data.push_back(file.data.path);
  for (const iceberg::DataFile& deletes : file.deletes) dropped_.insert(deletes.path);
}

}  // namespace sluice::mirror
