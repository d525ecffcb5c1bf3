// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/rollback.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "lake/paimon/catalog.h"
#include "lake/paimon/changelog_expiry.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/orphans.h"
#include "lake/paimon/snapshot_files.h"
#include "lake/paimon/tags.h"

namespace sluice::paimon {
namespace {

Result<Snapshot> Target(Env& env, Table& table, const std::string& version, const std::vector<Tag>& tags) {
  int64_t id = 0;
  if (!ParseNumber(version, id)) {
    TRY_SET(const Tag tag, ReadTag(env, table.folder(), version));
    return tag.snapshot;
  }
  auto snapshot = table.SnapshotOf(id);
  if (snapshot.ok() || snapshot.error().code != ErrorCode::kNotFound) return snapshot;
  for (const Tag& tag : tags) {
    if (tag.snapshot.id == id) return tag.snapshot;
  }
  return snapshot;
}

// By the server of the catalog, if it does so by itself.
Result<bool> LeftToCatalog(const Table& table, const std::vector<Tag>& tags, bool there, RolledBack& out) {
  HistoryChange change{HistoryChange::Kind::kRollBack, {}, out.snapshot, {}};
  for (const Tag& tag : tags) {
    if (!there && tag.snapshot.id == out.snapshot) change.tag = tag.name;
  }
  TRY_SET(const bool done, CommitterOf(table.folder())->ChangeHistory(change));
  for (const Tag& tag : tags) {
    if (done && tag.snapshot.id > out.snapshot) out.tags_gone.insert(tag.name);
  }
  return done;
}

}  // namespace

void AddJobsOf(const Snapshot& snapshot, std::set<std::string>& jobs) {
  const bool position = std::any_of(snapshot.properties.begin(), snapshot.properties.end(),
                                    [](const auto& property) { return property.first.starts_with("sluice."); });
  if (position) jobs.insert(snapshot.commit_user);
}

Result<int64_t> SnapshotAt(Table& table, int64_t time_ms) {
  TRY_SET(const auto ids, table.SnapshotIds());
  std::optional<int64_t> first_ms;
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    TRY_SET(const Snapshot snapshot, table.SnapshotOf(*id));
    if (snapshot.time_ms <= time_ms) return *id;
    first_ms = snapshot.time_ms;
  }
  return NotFound(Str("no snapshot of the table is as old as ", time_ms),
                  first_ms ? Str("the oldest one is of ", *first_ms, ", in milliseconds since 1970 in UTC")
                           : std::string("the table has none"));
}

Result<RolledBack> RollBackTo(Env& env, Table& table, const std::string& version) {
  TRY_SET(const auto tags, ListTags(env, table.folder()));
  TRY_SET(const Snapshot target, Target(env, table, version, tags));
  RolledBack out;
  out.snapshot = target.id;
  TRY_SET(auto ids, table.SnapshotIds());
  const bool there = std::find(ids.begin(), ids.end(), target.id) != ids.end();
  std::erase_if(ids, [&](int64_t id) { return id <= target.id; });
  std::vector<std::string> files;
  const auto take = [&](const Snapshot& snapshot, bool changelog) -> Status {
    TRY_SET(const auto own, FilesOf(table, snapshot));
    files.insert(files.end(), own.begin(), own.end());
    if (!changelog) return Ok();
    TRY_SET(const auto of_changelog, ChangelogFilesOf(table, snapshot));
    files.insert(files.end(), of_changelog.begin(), of_changelog.end());
    return Ok();
  };
  for (const int64_t id : ids) {
    TRY_SET(const Snapshot snapshot, table.SnapshotOf(id));
    AddJobsOf(snapshot, out.jobs);
    TRY(take(snapshot, true));
  }
  out.snapshots_gone = static_cast<int64_t>(ids.size());
  TRY_SET(const bool done, LeftToCatalog(table, tags, there, out));
  if (done) return out;
  // A tag's snapshot that has expired becomes one again, before the others go: the table is never without one.
  if (!there) TRY(env.WriteFileDurably(table.SnapshotPath(target.id), target.ToJson()));
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) TRY(env.Remove(table.SnapshotPath(*id)));
  TRY(env.SyncFolder(table.folder() + "/snapshot"));
  TRY(RemoveChangelogsAfter(env, table, target.id, files));
  if (!there) WriteHint(env, table, "EARLIEST", target.id);
  WriteHint(env, table, "LATEST", target.id);
  for (const Tag& tag : tags) {
    if (tag.snapshot.id <= target.id) continue;
    TRY(take(tag.snapshot, false));
    TRY(env.Remove(Str(table.folder(), "/tag/tag-", tag.name)));
    out.tags_gone.insert(tag.name);
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  const auto removed = RemoveUnreachable(env, table, files);
  if (!removed.ok()) return Error(removed.error());
  return out;
}

}  // namespace sluice::paimon
