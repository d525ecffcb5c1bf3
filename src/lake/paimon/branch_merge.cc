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

// What the branch has and the table has not.
Result<std::vector<ManifestEntry>> Missing(Table& table, Table& branch) {
  TRY_SET(const auto ours, table.LatestSnapshot());
  TRY_SET(const auto theirs, branch.LatestSnapshot());
  TRY_SET(const auto there, table.LiveEntries(*ours));
  TRY_SET(auto entries, branch.LiveEntries(*theirs));
  std::set<decltype(IdentityOf(entries[0]))> known;
  for (const ManifestEntry& entry : there) known.insert(IdentityOf(entry));
  std::erase_if(entries, [&](const ManifestEntry& entry) { return known.contains(IdentityOf(entry)); });
  std::set<std::string> names;
  for (ManifestEntry& entry : entries) {
    entry.kind = EntryKind::kAdd;
    entry.file.first_row_id.reset();
    names.insert(entry.file.name);
  }
  TRY_SET(const auto indexes, branch.ReadIndexManifest(theirs->index_manifest));
  for (const IndexEntry& index : indexes) {
    for (const DeletionRange& range : index.deletions) {
      if (!names.contains(range.data_file)) continue;
      return Unsupported(Str("rows of file ", range.data_file, " of the branch are deleted (deletion vectors)"),
                         "merge_branch takes whole files: compact the branch into a table of its own");
    }
  }
  return entries;
}

Status CheckSchemas(Env& env, Table& table, Table& branch, const std::vector<ManifestEntry>& entries) {
  std::set<int64_t> ids;
  for (const ManifestEntry& entry : entries) ids.insert(entry.file.schema_id);
  for (const int64_t id : ids) {
    const auto ours = env.ReadFile(table.SchemaPath(id));
    TRY_SET(const std::string theirs, env.ReadFile(branch.SchemaPath(id)));
    if (!ours.ok() && ours.error().code != ErrorCode::kNotFound) return Error(ours.error());
    if (ours.ok() && *ours == theirs) continue;
    return Invalid(Str("schema ", id, " of the branch's files is another one in the table"),
                   "the columns of both must have been altered alike");
  }
  return Ok();
}

// False: another writer came in between.
Result<bool> MergeOnce(Env& env, const std::string& folder, const std::string& name, BranchMerge& out) {
  out = {};
  TRY_SET(const auto table, Table::Open(env, folder));
  TRY_SET(const auto branch, Table::OpenBranch(env, folder, name));
  TRY(CheckHistory(*branch, Str("branch ", name)));
  TRY(CheckHistory(*table, "the table"));
  if (table->newest_schema().fields != branch->newest_schema().fields) {
    return Invalid(Str("the columns of branch ", name, " are not the table's"), "alter them alike");
  }
  TRY_SET(const auto base, table->LatestSnapshot());
  TRY_SET(const auto entries, Missing(*table, *branch));
  if (entries.empty()) return true;
  TRY(CheckSchemas(env, *table, *branch, entries));
  TableChange change;
  TRY_SET(change.added, WriteChangedFiles(env, *table, entries));
  TRY(env.SyncFolder(folder + "/manifest"));
  const auto made = CommitChange(env, *table, change, {env.Uuid(), 0, /*alone=*/true}, base->id);
  if (!made.ok() && made.error().code == ErrorCode::kConflict) {
    for (const ManifestFile& file : change.added.manifests) (void)env.Remove(table->ManifestPath(file.name)).ok();
    return false;
  }
  if (!made.ok()) return Error(made.error());
  out = {static_cast<int64_t>(entries.size()), change.added.rows, made->snapshot};
  return true;
}

}  // namespace

Result<BranchMerge> MergeBranch(Env& env, const std::string& folder, const std::string& branch) {
  BranchMerge out;
  TRY(UntilAlone(folder, [&] { return MergeOnce(env, folder, branch, out); }));
  return out;
}

}  // namespace sluice::paimon
