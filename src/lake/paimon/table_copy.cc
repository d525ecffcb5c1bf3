// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/table_copy.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/failpoint.h"
#include "base/text.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/orphans.h"
#include "lake/paimon/snapshot_files.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {
namespace {

constexpr int kTriesMax = 3;
constexpr int64_t kBlockBytes = 4 << 20;

class FileCopier {
 public:
  FileCopier(Env& env, std::string from, std::string to, TableCopy& out)
      : env_(env), from_(std::move(from)), to_(std::move(to)), out_(out) {}

  // `path` is in the folder that is copied. One of the same size is taken for the same file: names are unique.
  Status Copy(const std::string& path) {
    const std::string target = to_ + path.substr(from_.size());
    TRY_SET(const auto source, env_.OpenFile(path));
    TRY_SET(const bool there, env_.Exists(target));
    if (there) {
      TRY_SET(const int64_t size, env_.FileSize(target));
      if (size == source->size()) return Ok();
    }
    const std::string folder = FolderOf(target);
    if (folders_.insert(folder).second) TRY(env_.MakeFolders(folder));
    TRY_SET(const auto file, env_.NewFile(target));
    std::string block;
    for (int64_t at = 0; at < source->size();) {
      block.resize(static_cast<size_t>(std::min(kBlockBytes, source->size() - at)));
      TRY_SET(const int64_t read, source->ReadAt(at, static_cast<int64_t>(block.size()), block.data()));
      if (read != static_cast<int64_t>(block.size())) return Corrupt(Str(path, " became shorter while it was read"));
      TRY(file->Append(block));
      at += read;
    }
    TRY(file->Sync());
    TRY(file->Close());
    ++out_.files;
    out_.bytes += source->size();
    return Ok();
  }
  Status Sync() {
    for (const std::string& folder : folders_) TRY(env_.SyncFolder(folder));
    return Ok();
  }

 private:
  Env& env_;
  const std::string from_, to_;
  TableCopy& out_;
  std::set<std::string> folders_;
};

class Copying {
 public:
  Copying(Env& env, Catalog& target, const TableId& to, TableCopy& out)
      : env_(env), target_(target), to_(to), out_(out) {}

  Status Run(const std::string& from_folder) {
    TRY_SET(source_, Table::Open(env_, from_folder));
    TRY(MakeTarget());
    TRY_SET(const auto latest, source_->LatestSnapshot());
    TRY_SET(const auto before, copy_->SnapshotIds());
    TRY(CheckOlder(before, latest));
    TRY(CopySchemas());
    if (!latest) return Ok();
    const bool known = std::find(before.begin(), before.end(), latest->id) != before.end();
    TRY(CopyFiles(*latest));
    PassFailpoint("copy.after_files");
    if (!known) {
      TRY_SET(const std::string text, env_.ReadFile(source_->SnapshotPath(latest->id)));
      TRY(env_.MakeFolders(FolderOf(copy_->SnapshotPath(latest->id))));
      TRY(env_.WriteNewFile(copy_->SnapshotPath(latest->id), text));
    }
    WriteHint(env_, *copy_, "EARLIEST", latest->id);
    WriteHint(env_, *copy_, "LATEST", latest->id);
    out_.snapshot = latest->id;
    return RemoveOlder(before, latest->id);
  }

 private:
  Status MakeTarget() {
    TRY_SET(const bool there, target_.Exists(to_));
    if (!there) {
      TRY(target_.Create(to_, source_->newest_schema()));
      out_.made = true;
    }
    TRY_SET(copy_, target_.Open(env_, to_));
    if (copy_->folder() == source_->folder()) {
      return Invalid(Str("table ", to_.ToString(), " would be copied onto itself"), "name another table or warehouse");
    }
    TRY_SET(const int64_t newest, CommitterOf(copy_->folder())->NewestSnapshot());
    if (newest == TableCommitter::kFilesSay) return Ok();
    return Unsupported("files cannot be copied into a REST catalog: its server makes schemas and snapshots",
                       "clone --clone_from paimon writes the rows");
  }

  // What the copy has must be what this table had.
  Status CheckOlder(const std::vector<int64_t>& before, const std::optional<Snapshot>& latest) {
    const Error other = Invalid(Str("table ", to_.ToString(), " is there, and is no copy of ", source_->folder()),
                                "drop it, or name another target");
    for (const int64_t id : before) {
      if (!latest || id > latest->id) return other;
      const auto theirs = env_.ReadFile(source_->SnapshotPath(id));
      if (!theirs.ok() && theirs.error().code == ErrorCode::kNotFound) continue;  // has expired since
      if (!theirs.ok()) return Error(theirs.error());
      TRY_SET(const std::string ours, env_.ReadFile(copy_->SnapshotPath(id)));
      if (ours != *theirs) return other;
    }
    return Ok();
  }

  Status CopySchemas() {
    const Schema& newest = source_->newest_schema();
    for (int64_t id = 0; id <= newest.id; ++id) {
      const auto text = env_.ReadFile(source_->SchemaPath(id));
      if (!text.ok() && text.error().code == ErrorCode::kNotFound) continue;
      if (!text.ok()) return Error(text.error());
      const auto there = env_.ReadFile(copy_->SchemaPath(id));
      TRY_SET(const bool same, there.ok() ? SameSchema(*there, *text) : Result<bool>(false));
      if (same) continue;
      if (there.ok()) {
        return Invalid(Str("table ", to_.ToString(), " is there, and its schema ", id, " is another than that of ",
                           source_->folder()), "drop it, or name another target");
      }
      if (there.error().code != ErrorCode::kNotFound) return Error(there.error());
      TRY(env_.WriteNewFile(copy_->SchemaPath(id), *text));
    }
    TRY(copy_->Refresh());
    return CommitterOf(copy_->folder())->OnSchema(env_, *copy_, copy_->newest_schema());
  }

  static Result<bool> SameSchema(const std::string& a, const std::string& b) {
    if (a == b) return true;
    TRY_SET(const Schema one, ParseSchema(a));
    TRY_SET(const Schema other, ParseSchema(b));
    return one.ToJson() == other.ToJson();
  }

  // Of its changelog what is there.
  Status CopyFiles(const Snapshot& snapshot) {
    TRY_SET(const auto live, source_->LiveEntries(snapshot));
    for (const ManifestEntry& entry : live) {
      if (!entry.file.external_path) continue;
      return Unsupported(Str("data file ", *entry.file.external_path, " is outside of the table"),
                         "run copy_files with Flink");
    }
    FileCopier copier(env_, source_->folder(), copy_->folder(), out_);
    TRY_SET(const auto own, FilesOf(*source_, snapshot));
    for (const std::string& path : own) TRY(copier.Copy(path));
    Snapshot changelog = snapshot;  // without the data files that it took away
    changelog.base_manifest_list.clear();
    changelog.delta_manifest_list.clear();
    TRY_SET(const auto beside, ChangelogFilesOf(*source_, changelog));
    for (const std::string& path : beside) {
      Status copied = copier.Copy(path);
      if (!copied.ok() && copied.error().code != ErrorCode::kNotFound) return copied;
    }
    return copier.Sync();
  }

  Status RemoveOlder(const std::vector<int64_t>& before, int64_t newest) {
    std::vector<std::string> files;
    for (const int64_t id : before) {
      if (id == newest) continue;
      TRY_SET(const Snapshot snapshot, copy_->SnapshotOf(id));
      for (const auto& of : {FilesOf(*copy_, snapshot), ChangelogFilesOf(*copy_, snapshot)}) {
        if (of.ok()) files.insert(files.end(), of->begin(), of->end());
      }
      TRY(env_.Remove(copy_->SnapshotPath(id)));
    }
    if (files.empty()) return Ok();
    std::sort(files.begin(), files.end());
    files.erase(std::unique(files.begin(), files.end()), files.end());
    const auto removed = RemoveUnreachable(env_, *copy_, files);
    return removed.ok() ? Ok() : Status(Error(removed.error()));
  }

  Env& env_;
  Catalog& target_;
  const TableId& to_;
  TableCopy& out_;
  std::unique_ptr<Table> source_, copy_;
};

}  // namespace

Result<TableCopy> CopyTable(Env& env, const std::string& from_folder, Catalog& target, const TableId& to) {
  TableCopy out;
  for (int tries = 1;; ++tries) {
    Status done = Copying(env, target, to, out).Run(from_folder);
    if (done.ok()) return out;
    // The snapshot has expired meanwhile.
    if (done.error().code != ErrorCode::kNotFound || tries == kTriesMax) return std::move(done).error();
  }
}

}  // namespace sluice::paimon
