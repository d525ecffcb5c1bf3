// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/scan.h"

#include "base/text.h"
#include "lake/catalog/catalog.h"
#include "lake/iceberg/delete_writer.h"

namespace sluice::iceberg {

Result<DeleteSet> LoadDeletes(Env& env, const LiveFile& file) {
  DeleteSet out;
  for (const DataFile& deletes : file.deletes) {
    TRY_SET(std::string path, LocalPath(deletes.path));
    TRY_SET(DeleteSet part, ReadPositionDeletes(env, path, deletes, file.data.path, file.data.record_count));
    out.Merge(part);
  }
  return out;
}

Result<TableScan> TableScan::Make(Env& env, Table& table, std::optional<int64_t> snapshot,
                                  const std::vector<std::string>& columns) {
  TRY_SET(Schema all, table.metadata().current_schema());
  if (snapshot) {
    const Snapshot* found = table.metadata().snapshot(*snapshot);
    if (found == nullptr) {
      return NotFound(Str("the table has no snapshot ", *snapshot), "expired snapshots cannot be read any more");
    }
    if (found->schema_id) {
      TRY_SET(all, table.metadata().schema(*found->schema_id));
    }
  }
  Schema wanted = all;
  if (!columns.empty()) {
    wanted.fields.clear();
    for (const std::string& name : columns) {
      const Field* field = all.Find(name);
      if (field == nullptr) return NoColumnOf(name, all.fields);
      wanted.fields.push_back(*field);
    }
  }
  TRY_SET(auto files, table.LiveFiles(snapshot));
  for (const LiveFile& file : files) TRY(CheckReadable(file));
  return TableScan(env, std::move(wanted), std::move(files));
}

Result<bool> TableScan::Next(DataBatch& out) {
  while (true) {
    if (reader_ != nullptr) {
      TRY_SET(bool more, reader_->Next(out));
      if (more) return true;
      reader_.reset();
    }
    if (next_file_ == files_.size()) return false;
    const LiveFile& file = files_[next_file_++];
    TRY_SET(DeleteSet deletes, LoadDeletes(*env_, file));
    deletes_ = std::make_unique<DeleteSet>(std::move(deletes));
    ReadOptions options;
    options.deletes = deletes_->empty() ? nullptr : deletes_.get();
    TRY_SET(std::string path, LocalPath(file.data.path));
    TRY_SET(reader_, DataFileReader::Open(*env_, path, FileColumns(schema_), options));
  }
}

}  // namespace sluice::iceberg
