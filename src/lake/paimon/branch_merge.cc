// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/branch_merge.h"

#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "base/text.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/manifest_files.h"
#include "lake/paimon/once_writer.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {
namespace {

constexpr const char* kMain = "main";

// Without persisted lineage only whole histories of appends tell that no file of the one was taken away in the other.
Status CheckHistory(Table& table, const std::string& name) {
  if (!table.newest_schema().primary_keys.empty()) {
    return Unsupported(Str(name, " has a primary key: only tables without one can be merged, as in Paimon"),
                       "fast_forward takes a branch over as a whole");
  }
  if (Lower(table.newest_schema().Option("data-evolution.enabled", "false")) == "true") {
    return Unsupported(Str(name, " has data-evolution.enabled=true, and cannot be merged, as in Paimon"));
  }
  TRY_SET(const auto ids, table.SnapshotIds());
  if (ids.empty()) return Invalid(Str(name, " has no snapshot"), "write to it first");
  if (ids.front() != 1) {
    return Unsupported(Str(name, " begins at snapshot ", ids.front(), ": older ones have expired, or it was made of a ",
                           "later tag"), "merge_branch needs all snapshots from 1 on, as in Paimon");
  }
  for (const int64_t id : ids) {
    TRY_SET(const Snapshot snapshot, table.SnapshotOf(id));
    if (snapshot.commit_kind == "APPEND" || snapshot.commit_kind == "ANALYZE") continue;
    return Unsupported(Str(name, ": snapshot ", id, " is of kind ", snapshot.commit_kind),
                       "merge_branch is for tables that were only appended to, as in Paimon");
  }
  return Ok();
}

auto IdentityOf(const ManifestEntry& entry) {
  return std::make_tuple(entry.partition, entry.bucket, entry.file.level, entry.file.name, entry.file.extra_files,
                         entry.file.embedded_index);
}

// What the one has and the other has not.
Result<std::vector<ManifestEntry>> Missing(Table& target, Table& source) {
  TRY_SET(const auto ours, target.LatestSnapshot());
  TRY_SET(const auto theirs, source.LatestSnapshot());
  TRY_SET(const auto there, target.LiveEntries(*ours));
  TRY_SET(auto entries, source.LiveEntries(*theirs));
  std::set<decltype(IdentityOf(entries[0]))> known;
  for (const ManifestEntry& entry : there) known.insert(IdentityOf(entry));
  std::erase_if(entries, [&](const ManifestEntry& entry) { return known.contains(IdentityOf(entry)); });
  std::set<std::string> names;
  for (ManifestEntry& entry : entries) {
    entry.kind = EntryKind::kAdd;
    entry.file.first_row_id.reset();
    names.insert(entry.file.name);
  }
  TRY_SET(const auto indexes, source.ReadIndexManifest(theirs->index_manifest));
  for (const IndexEntry& index : indexes) {
    for (const DeletionRange& range : index.deletions) {
      if (!names.contains(range.data_file)) continue;
      return Unsupported(Str("rows of file ", range.data_file, " are deleted (deletion vectors)"),
                         "merge_branch takes whole files: compact the branch into a table of its own");
    }
  }
  return entries;
}

Status CheckSchemas(Env& env, Table& target, Table& source, const std::vector<ManifestEntry>& entries) {
  std::set<int64_t> ids;
  for (const ManifestEntry& entry : entries) ids.insert(entry.file.schema_id);
  for (const int64_t id : ids) {
    const auto ours = env.ReadFile(target.SchemaPath(id));
    TRY_SET(const std::string theirs, env.ReadFile(source.SchemaPath(id)));
    if (!ours.ok() && ours.error().code != ErrorCode::kNotFound) return Error(ours.error());
    if (ours.ok() && *ours == theirs) continue;
    return Invalid(Str("schema ", id, " of the files that would come is another one where they come to"),
                   "the columns of both must have been altered alike");
  }
  return Ok();
}

std::string Named(const std::string& branch) { return branch == kMain ? "the table" : Str("branch ", branch); }

Result<std::unique_ptr<Table>> Open(Env& env, const std::string& folder, const std::string& branch) {
  return branch == kMain ? Table::Open(env, folder) : Table::OpenBranch(env, folder, branch);
}

// False: another writer came in between.
Result<bool> MergeOnce(Env& env, const std::string& folder, const std::string& from, const std::string& to,
                       BranchMerge& out) {
  out = {};
  TRY_SET(const auto target, Open(env, folder, to));
  TRY_SET(const auto source, Open(env, folder, from));
  TRY(CheckHistory(*source, Named(from)));
  TRY(CheckHistory(*target, Named(to)));
  if (target->newest_schema().fields != source->newest_schema().fields) {
    return Invalid(Str("the columns of ", Named(from), " are not those of ", Named(to)), "alter them alike");
  }
  TRY_SET(const auto base, target->LatestSnapshot());
  TRY_SET(const auto entries, Missing(*target, *source));
  if (entries.empty()) return true;
  TRY(CheckSchemas(env, *target, *source, entries));
  TableChange change;
  TRY_SET(change.added, WriteChangedFiles(env, *target, entries));
  TRY(env.SyncFolder(folder + "/manifest"));
  const auto made = CommitChange(env, *target, change, {env.Uuid(), 0, /*alone=*/true}, base->id);
  if (!made.ok() && made.error().code == ErrorCode::kConflict) {
    for (const ManifestFile& file : change.added.manifests) (void)env.Remove(target->ManifestPath(file.name)).ok();
    return false;
  }
  if (!made.ok()) return Error(made.error());
  out = {static_cast<int64_t>(entries.size()), change.added.rows, made->snapshot};
  return true;
}

}  // namespace

Result<BranchMerge> MergeBranch(Env& env, const std::string& folder, const std::string& from, const std::string& to) {
  BranchMerge out;
  if (from == to) return Invalid(Str("branch ", from, " cannot be merged into itself"));
  TRY(UntilAlone(folder, [&] { return MergeOnce(env, folder, from, to, out); }));
  return out;
}

}  // namespace sluice::paimon
