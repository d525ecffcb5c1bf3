// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/tracked_files.h"

#include <map>

#include "base/check.h"
#include "base/text.h"
#include "lake/catalog/catalog.h"
#include "lake/iceberg/delete_writer.h"

namespace sluice::iceberg {
namespace {

// What a commit needs of a file that is in the table already: path, rows, partition.
void DropMetrics(DataFile& file) {
  DataFile slim;
  slim.content = file.content;
  slim.path = std::move(file.path);
  slim.spec_id = file.spec_id;
  slim.partition = std::move(file.partition);
  slim.record_count = file.record_count;
  slim.size = file.size;
  slim.referenced_data_file = std::move(file.referenced_data_file);
  file = std::move(slim);
}

}  // namespace

Status TrackedFiles::Load() {
  if (loaded_) return Ok();
  TRY_SET(auto live, table_.LiveFiles());
  for (auto& file : live) {
    if (Status readable = CheckReadable(file); !readable.ok()) {
      return std::move(readable).error().With(Str("table ", table_.id().ToString()));
    }
    TrackedFile tracked;
    tracked.data = std::move(file.data);
    tracked.committed = true;
    for (auto& deletes : file.deletes) {
      deletes.referenced_data_file = deletes.DeletesOf();
      DropMetrics(deletes);
      tracked.delete_files.push_back(std::move(deletes));
    }
    DropMetrics(tracked.data);
    tracked.deletes_loaded = tracked.delete_files.empty();
    files_.push_back(std::move(tracked));
  }
  loaded_ = true;
  return Ok();
}

Status TrackedFiles::LoadDeletes(uint32_t ordinal) {
  TrackedFile& file = files_[ordinal];
  if (file.deletes_loaded) return Ok();
  for (auto& deletes : file.delete_files) {
    TRY_SET(auto path, LocalPath(deletes.path));
    TRY_SET(auto set, ReadPositionDeletes(env_, path, deletes, file.data.path, file.data.record_count));
    file.deletes.Merge(set);
  }
  file.deletes_loaded = true;
  return Ok();
}

uint32_t TrackedFiles::Add() {
  if (free_.empty()) {
    files_.emplace_back();
    files_.back().open = true;
    return static_cast<uint32_t>(files_.size() - 1);
  }
  const uint32_t ordinal = free_.back();
  free_.pop_back();
  files_[ordinal] = TrackedFile();
  files_[ordinal].open = true;
  return ordinal;
}

std::vector<uint32_t> TrackedFiles::LiveOrdinals() const {
  std::vector<uint32_t> out;
  for (uint32_t ordinal = 0; ordinal < files_.size(); ++ordinal) {
    if (files_[ordinal].live) out.push_back(ordinal);
  }
  return out;
}

void TrackedFiles::Close(uint32_t ordinal, DataFile data) {
  files_[ordinal].open = false;
  files_[ordinal].data = std::move(data);
}

void TrackedFiles::Delete(uint32_t ordinal, uint32_t position) {
  TrackedFile& file = files_[ordinal];
  CHECK(file.deletes_loaded && file.live);
  CHECK(file.deletes.Add(position));  // the index names live rows only
  file.touched = true;
}

void TrackedFiles::Remove(uint32_t ordinal) { files_[ordinal].live = false; }

void TrackedFiles::RemoveAll() {
  for (auto& file : files_) {
    CHECK(!file.open);
    file.live = false;
  }
}

int64_t TrackedFiles::live_rows() const {
  int64_t rows = 0;
  for (auto& file : files_) rows += file.live ? file.data.record_count : 0;
  return rows;
}

Status TrackedFiles::Finish(const std::string& folder, const std::string& location, TableChange& change) {
  for (auto& file : files_) {
    CHECK(!file.open);
    if (file.live && file.touched && file.deletes.count() == file.data.record_count) file.live = false;
    if (!file.live && !file.committed) {  // written and emptied within the epoch
      if (file.data.path.empty()) continue;
      TRY_SET(auto path, LocalPath(file.data.path));
      TRY(env_.Remove(path));
      file = TrackedFile();
      file.live = false;
      continue;
    }
    if (!file.live) {
      if (file.data.path.empty()) continue;  // left in an earlier epoch
      change.removed_data.push_back(file.data.path);
    } else {
      if (!file.committed) change.added_data.push_back(file.data);
      if (!file.touched) continue;
      std::string name = Str(env_.Uuid(), "-deletes.parquet");
      TRY_SET(auto added, WritePositionDeletes(env_, folder + name, file.data, file.deletes, true, location + name));
      change.added_deletes.push_back(std::move(added));
    }
    for (auto& old : file.delete_files) {
      // A delete file for several data files stays: its positions are also in ours, which does no harm.
      if (old.referenced_data_file == file.data.path) change.removed_deletes.push_back(old.path);
    }
  }
  return Ok();
}

void TrackedFiles::Committed(const TableChange& change, bool keep) {
  if (!keep) {
    Forget();
    return;
  }
  std::map<std::string, const DataFile*> deletes;
  for (auto& added : change.added_deletes) deletes[added.referenced_data_file] = &added;
  free_.clear();
  for (uint32_t ordinal = 0; ordinal < files_.size(); ++ordinal) {
    TrackedFile& file = files_[ordinal];
    if (!file.live) {
      file = TrackedFile();
      file.live = false;
      free_.push_back(ordinal);
      continue;
    }
    file.committed = true;
    DropMetrics(file.data);
    if (!file.touched) continue;
    file.touched = false;
    auto added = deletes.find(file.data.path);
    CHECK(added != deletes.end());
    std::erase_if(file.delete_files, [&](auto& old) { return old.referenced_data_file == file.data.path; });
    file.delete_files.push_back(*added->second);
    DropMetrics(file.delete_files.back());
  }
}

void TrackedFiles::Forget() {
  files_.clear();
  free_.clear();
  loaded_ = false;
}

void TrackedFiles::DiscardEpoch() {
  for (auto& file : files_) {
    if (file.committed || file.data.path.empty()) continue;
    auto path = LocalPath(file.data.path);
    if (path.ok()) (void)env_.Remove(*path).ok();
  }
}

}  // namespace sluice::iceberg
