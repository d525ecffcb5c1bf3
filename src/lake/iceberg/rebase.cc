// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/rebase.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "lake/catalog/catalog.h"
#include "lake/parquet/data_reader.h"
#include "lake/iceberg/delete_writer.h"
#include "lake/iceberg/key_index.h"
#include "lake/iceberg/scan.h"

namespace sluice::iceberg {
namespace {

constexpr int kTries = 3;
constexpr char kHint[] =
    "the job starts again from its last checkpoint; if this comes back, stop the other writer or "
    "remove the state directory, so that the job resumes from the position in its tables";

class Rebase {
 public:
  Rebase(Env& env, Table& table, const TableChange& change) : env_(env), table_(table), old_(change), new_(change) {}

  // Without a base the table was empty.
  Result<TableChange> Run(std::optional<int64_t> base) {
    std::vector<LiveFile> before;
    if (base) {
      if (table_.metadata().snapshot(*base) == nullptr) {
        return Conflict(Str("snapshot ", *base, ", on which the change was made, has expired"), kHint);
      }
      TRY_SET(before, table_.LiveFiles(base));
    }
    TRY_SET(live_, table_.LiveFiles());
    for (LiveFile& file : before) before_.emplace(file.data.path, std::move(file));
    for (LiveFile& file : live_) live_paths_.insert(file.data.path);
    for (const DataFile& file : old_.added_data) live_paths_.insert(file.path);
    TRY(FindKeyFields());
    if (key_.fields.empty()) {
      if (base) TRY(RemoveRewritten(*base));  // else the change removes nothing that others could have rewritten
      return std::move(new_);
    }
    TRY(CollectKeys());
    TRY(CollectAddedKeys());
    TRY(DeleteInNewFiles());
    DropWhatIsGone();
    return std::move(new_);
  }

 private:
  Status FindKeyFields() {
    TRY_SET(Schema schema, table_.metadata().current_schema());
    if (old_.schema) schema = *old_.schema;
    std::vector<std::shared_ptr<arrow::DataType>> types;
    for (int id : schema.identifier_field_ids) {
      const Field* field = schema.FindId(id);
      if (field == nullptr) continue;
      key_.fields.push_back(*field);
      types.push_back(field->type.ToArrow());
    }
    if (key_.fields.empty()) return Ok();
    TRY_SET(auto hasher, KeyHasher::Make(types, env_.Random()));
    hasher_ = std::move(hasher);
    keys_.emplace(hasher_->exact());
    return Ok();
  }

  // Without a key: a change that removes every file of its base (TRUNCATE, a new column's default) removes those that
  // a compaction made of them instead. Which those are can only be told if nobody added rows before it.
  Status RemoveRewritten(int64_t base) {
    const std::set<std::string> removed(old_.removed_data.begin(), old_.removed_data.end());
    const bool all = std::all_of(before_.begin(), before_.end(),
                                 [&](const auto& file) { return removed.contains(file.first); });
    std::set<int64_t> rewrites;  // sequence numbers of the snapshots that may have made such files
    bool mixed = false;
    const Snapshot* at = table_.metadata().current_snapshot();
    for (; at != nullptr && at->id != base; at = at->parent_id ? table_.metadata().snapshot(*at->parent_id) : nullptr) {
      auto operation = at->summary.find("operation");
      const bool rewrite = operation != at->summary.end() && operation->second == "replace";
      if (rewrite) rewrites.insert(at->sequence_number);
      mixed |= !rewrite && !rewrites.empty();
    }
    if (!all || mixed || at == nullptr || !old_.added_deletes.empty()) {
      return Conflict("the table has no primary key to find the rows again", kHint);
    }
    const int64_t oldest = at->sequence_number;
    for (const LiveFile& file : live_) {
      const bool rewritten = rewrites.contains(file.sequence_number) || file.sequence_number <= oldest;
      if (!before_.contains(file.data.path) && rewritten) new_.removed_data.push_back(file.data.path);
    }
    DropWhatIsGone();
    return Ok();
  }

  // Keys of the rows that this change deletes in files that are gone.
  Status CollectKeys() {
    for (const DataFile& deletes : old_.added_deletes) {
      std::string path = deletes.DeletesOf();
      if (live_paths_.contains(path)) continue;
      auto file = before_.find(path);
      if (file == before_.end()) return Conflict(Str("data file ", path, " is not in the table"), kHint);
      TRY_SET(std::string local, LocalPath(deletes.path));
      TRY_SET(DeleteSet now, ReadPositionDeletes(env_, local, deletes, path, file->second.data.record_count));
      TRY(CollectKeysOf(file->second, &now));
    }
    for (const std::string& path : old_.removed_data) {
      if (live_paths_.contains(path)) continue;
      auto file = before_.find(path);
      if (file == before_.end()) return Conflict(Str("data file ", path, " is not in the table"), kHint);
      TRY(CollectKeysOf(file->second, nullptr));
    }
    return Ok();
  }

  Status CollectAddedKeys() {
    for (const DataFile& data : old_.added_data) {
      LiveFile file;
      file.data = data;
      TRY(ForEachBatch(file, nullptr, [&](const DataBatch&, const std::vector<KeyHash>& hashes) {
        for (const KeyHash& hash : hashes) Mark(hash);
      }));
    }
    return Ok();
  }

  void Mark(const KeyHash& hash) {
    RowLocation marked{0, 0}, ignored;
    keys_->Apply(&hash, &marked, &ignored, 1);
  }

  // Of rows that were live in the base and are in `now` (null: of all that were live).
  Status CollectKeysOf(const LiveFile& file, const DeleteSet* now) {
    TRY_SET(DeleteSet before, LoadDeletes(env_, file));
    return ForEachBatch(file, &before, [&](const DataBatch& batch, const std::vector<KeyHash>& hashes) {
      for (size_t row = 0; row < hashes.size(); ++row) {
        if (now != nullptr && !now->Contains(batch.position(static_cast<int64_t>(row)))) continue;
        Mark(hashes[row]);
      }
    });
  }

  Status DeleteInNewFiles() {
    for (const LiveFile& file : live_) {
      if (before_.contains(file.data.path)) continue;
      TRY_SET(DeleteSet deletes, LoadDeletes(env_, file));
      DeleteSet all = deletes;
      TRY(ForEachBatch(file, &deletes, [&](const DataBatch& batch, const std::vector<KeyHash>& hashes) {
        for (size_t row = 0; row < hashes.size(); ++row) {
          if (keys_->Find(hashes[row]).file != kNoFile) all.Add(batch.position(static_cast<int64_t>(row)));
        }
      }));
      if (all.count() == deletes.count()) continue;
      std::string name = Str(env_.Uuid(), "-deletes.parquet");
      std::string location =
          table_.metadata().property("write.data.path", table_.metadata().location() + "/data") + "/";
      TRY_SET(std::string folder, LocalPath(location));
      if (!folder.ends_with('/')) folder += '/';
      TRY_SET(DataFile added, WritePositionDeletes(env_, folder + name, file.data, all, true, location + name));
      TRY(env_.SyncFolder(folder));
      new_.added_deletes.push_back(std::move(added));
      for (const DataFile& old : file.deletes) {
        if (old.DeletesOf() == file.data.path) replaced_.insert(old.path);
      }
    }
    return Ok();
  }

  template <typename Visit>
  Status ForEachBatch(const LiveFile& file, const DeleteSet* deletes, Visit visit) {
    TRY_SET(std::string path, LocalPath(file.data.path));
    ReadOptions options;
    options.deletes = deletes;
    auto opened = DataFileReader::Open(env_, path, FileColumns(key_), options);
    if (!opened.ok() && opened.error().code == ErrorCode::kNotFound) {
      return Conflict(Str("data file ", file.data.path, " has been removed from the disk"), kHint);
    }
    TRY_SET(auto reader, std::move(opened));
    std::vector<KeyHash> hashes;
    for (DataBatch batch;;) {
      TRY_SET(bool more, reader->Next(batch));
      if (!more) return Ok();
      TRY(hasher_->Hash(batch.rows->columns(), hashes));
      visit(batch, hashes);
    }
  }

  void DropWhatIsGone() {
    std::erase_if(new_.added_deletes, [&](const DataFile& deletes) {
      std::string path = deletes.DeletesOf();
      return !live_paths_.contains(path) && before_.contains(path);
    });
    std::erase_if(new_.removed_data, [&](const std::string& path) { return !live_paths_.contains(path); });
    std::set<std::string> deletes;
    for (const LiveFile& file : live_) {
      for (const DataFile& old : file.deletes) deletes.insert(old.path);
    }
    std::erase_if(new_.removed_deletes, [&](const std::string& path) { return !deletes.contains(path); });
    new_.removed_deletes.insert(new_.removed_deletes.end(), replaced_.begin(), replaced_.end());
  }

  Env& env_;
  Table& table_;
  const TableChange& old_;
  TableChange new_;
  std::vector<LiveFile> live_;
  std::map<std::string, LiveFile> before_;
  std::set<std::string> live_paths_;
  std::set<std::string> replaced_;
  Schema key_;
  std::optional<KeyHasher> hasher_;
  std::optional<KeyIndex> keys_;
};

// Another writer has committed since the base, and rows of the change may have keys of rows that it added.
Result<bool> MayMeet(const Table& table, const TableChange& change, std::optional<int64_t> base) {
  const Snapshot* current = table.metadata().current_snapshot();
  if (current == nullptr || base == current->id || change.added_data.empty()) return false;
  if (base && table.metadata().snapshot(*base) == nullptr) return false;  // nothing to compare with
  TRY_SET(Schema schema, table.metadata().current_schema());
  return !schema.identifier_field_ids.empty();
}

}  // namespace

Result<int64_t> CommitOrRebase(Env& env, Table& table, const TableChange& change, const CommitGuard& guard,
                               std::optional<int64_t> base) {
  const std::string name = Str("table ", table.id().ToString());
  bool rebase = false;
  if (!table.IsDone(guard)) {
    TRY(table.Refresh());
    TRY_SET(rebase, MayMeet(table, change, base));
  }
  for (int tries = 0;; ++tries) {
    TableChange rebased;
    if (rebase && !table.IsDone(guard)) {
      auto made = Rebase(env, table, change).Run(base);
      if (!made.ok()) return std::move(made).error().With(name);
      rebased = *std::move(made);
    }
    auto committed = table.Commit(rebase ? rebased : change, guard);
    if (committed.ok() || committed.error().code != ErrorCode::kConflict) return committed;
    if (tries == kTries || !base) {
      Error error = std::move(committed).error();
      if (error.hint.empty()) error.hint = kHint;
      return error;
    }
    LogWarn(Str(name, ": ", committed.error().message, "; finding the deleted rows again by their keys"));
    TRY(table.Refresh());
    rebase = true;
  }
}

}  // namespace sluice::iceberg
