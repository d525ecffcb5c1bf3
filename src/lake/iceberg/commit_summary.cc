// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "base/text.h"
#include "lake/iceberg/commit.h"

namespace sluice::iceberg {
namespace {

// Sums of the files of one side of a change (lake-formats.md 1.2).
struct Sums {
  int64_t data_files = 0, delete_files = 0, position_delete_files = 0, equality_delete_files = 0;
  int64_t records = 0, files_size = 0, position_deletes = 0, equality_deletes = 0;

  void Add(const DataFile& file) {
    files_size += file.size;
    switch (file.content) {
      case FileContent::kData:
        ++data_files;
        records += file.record_count;
        break;
      case FileContent::kPositionDeletes:
        ++delete_files;
        ++position_delete_files;
        position_deletes += file.record_count;
        break;
      case FileContent::kEqualityDeletes:
        ++delete_files;
        ++equality_delete_files;
        equality_deletes += file.record_count;
        break;
    }
  }
};

void Put(Properties& out, const char* key, int64_t value) {
  if (value > 0) out[key] = Str(value);
}

std::string PartitionText(const DataFile& file) {
  std::string out = Str(file.spec_id);
  for (const PartitionValue& value : file.partition) out += Str("/", value.index(), ":", SingleValueBytes(value));
  return out;
}

}  // namespace

Properties TableCommit::Summary() const {
  Sums added, removed;
  std::set<std::string> partitions;
  for (const auto* files : {&change_.added_data, &change_.added_deletes}) {
    for (const DataFile& file : *files) {
      added.Add(file);
      partitions.insert(PartitionText(file));
    }
  }
  for (const DataFile& file : removed_) {
    removed.Add(file);
    partitions.insert(PartitionText(file));
  }
  Properties out = change_.summary;
  const bool only_added = change_.added_deletes.empty() && removed_.empty();
  out["operation"] = change_.replace                ? "replace"
                     : !change_.touches_files()     ? "append"
                     : change_.added_data.empty()   ? "delete"
                     : only_added                   ? "append"
                                                    : "overwrite";
  Put(out, "added-data-files", added.data_files);
  Put(out, "deleted-data-files", removed.data_files);
  Put(out, "added-delete-files", added.delete_files);
  Put(out, "removed-delete-files", removed.delete_files);
  Put(out, "added-position-delete-files", added.position_delete_files);
  Put(out, "removed-position-delete-files", removed.position_delete_files);
  Put(out, "added-equality-delete-files", added.equality_delete_files);
  Put(out, "removed-equality-delete-files", removed.equality_delete_files);
  Put(out, "added-records", added.records);
  Put(out, "deleted-records", removed.records);
  Put(out, "added-files-size", added.files_size);
  Put(out, "removed-files-size", removed.files_size);
  Put(out, "added-position-deletes", added.position_deletes);
  Put(out, "removed-position-deletes", removed.position_deletes);
  Put(out, "added-equality-deletes", added.equality_deletes);
  Put(out, "removed-equality-deletes", removed.equality_deletes);
  Put(out, "changed-partition-count", static_cast<int64_t>(partitions.size()));
  const Snapshot* current = table_.metadata().current_snapshot();
  auto total = [&](const char* key, int64_t plus, int64_t minus) {
    int64_t before = 0;
    if (current != nullptr) {
      auto it = current->summary.find(key);
      if (it == current->summary.end() || !ParseNumber(it->second, before)) return;  // not known: leave it out
    }
    out[key] = Str(before + plus - minus);
  };
  total("total-data-files", added.data_files, removed.data_files);
  total("total-delete-files", added.delete_files, removed.delete_files);
  total("total-records", added.records, removed.records);
  total("total-files-size", added.files_size, removed.files_size);
  total("total-position-deletes", added.position_deletes, removed.position_deletes);
  total("total-equality-deletes", added.equality_deletes, removed.equality_deletes);
  out["engine-name"] = "sluice";
  out["engine-version"] = SLUICE_VERSION;
  if (!guard_.writer.empty()) {
    out["sluice.job"] = guard_.writer;
    out["sluice.epoch"] = Str(guard_.epoch);
  }
  return out;
}

}  // namespace sluice::iceberg
