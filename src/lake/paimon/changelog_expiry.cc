// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/changelog_expiry.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "lake/paimon/reach.h"
#include "lake/paimon/references.h"
#include "lake/paimon/snapshot.h"
#include "lake/paimon/snapshot_files.h"

namespace sluice::paimon {
namespace {

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// How many of the oldest go. The bounds are those of Java's ExpireChangelogImpl; a snapshot that is there needs what
// its changelog has.
Result<size_t> Choose(Env& env, Table& table, const TableOptions& options, std::span<const int64_t> ids,
                      std::span<const int64_t> snapshots, std::optional<int64_t> consumed) {
  const int64_t spare = snapshots.back() - options.changelogs_max + 1;  // those before go at any age
  const int64_t end = std::min({snapshots.back() - options.changelogs_min + 1, ids.back(), snapshots.front(),
                                ids.front() + options.snapshot_expire_limit, consumed.value_or(ids.back())});
  const int64_t oldest_ms = env.NowMs() - options.changelog_time_ms;
  size_t count = 0;
  for (; count < ids.size() && ids[count] < end; ++count) {
    if (ids[count] < spare) continue;
    TRY_SET(const Snapshot changelog, table.ChangelogOf(ids[count]));
    if (changelog.time_ms >= oldest_ms) break;
  }
  return count;
}

// What of the changelogs from `first` on, before `end`, others need. A manifest of theirs that a later changelog has is
// in `end`, too, as one that any snapshot has is in the oldest; those of changelog files are nobody else's. `end` may
// be the oldest snapshot.
Result<Reach> Needed(Table& table, References references, int64_t first, int64_t end, int64_t oldest_snapshot) {
  Reach reach(table);
  TRY_SET(const Snapshot oldest, table.SnapshotOf(oldest_snapshot));
  TRY(reach.Add(oldest, Reach::Data::kNone));
  TRY_SET(const Snapshot next, end == oldest_snapshot ? table.SnapshotOf(end) : table.ChangelogOf(end));
  TRY(reach.AddManifests(next.base_manifest_list));
  TRY(reach.AddManifests(next.delta_manifest_list));
  NarrowTags(references.tags, first - 1, end);
  TRY(reach.Add(references));
  return reach;
}

// The JSON files go first: a changelog that is there is whole.
Status RemoveJson(Env& env, Table& table, std::span<const int64_t> ids) {
  for (const int64_t id : ids) TRY(env.Remove(table.ChangelogPath(id)));
  return ids.empty() ? Ok() : env.SyncFolder(table.folder() + "/changelog");
}

// The files that nothing needs when the first `count` have gone. Without changelog files the oldest snapshot's
// deletions were put off for the sake of these.
Result<std::set<std::string>> GoneFiles(Table& table, References references, std::span<const int64_t> ids,
                                        size_t count, int64_t oldest_snapshot) {
  const int64_t end = count < ids.size() ? ids[count] : oldest_snapshot;
  TRY_SET(const Reach needed, Needed(table, std::move(references), ids.front(), end, oldest_snapshot));
  std::set<std::string> files;
  const auto add = [&](const Snapshot& gone) -> Status {
    TRY_SET(const auto own, FilesGoneWith(table, gone));
    for (const std::string& path : own) {
      if (!needed.Has(NameOf(path))) files.insert(path);
    }
    return Ok();
  };
  for (const int64_t id : ids.first(count)) {
    TRY_SET(const Snapshot changelog, table.ChangelogOf(id));
    TRY(add(changelog));
  }
  if (count < ids.size() || needed.told()) return files;
  TRY_SET(const Snapshot oldest, table.SnapshotOf(oldest_snapshot));
  TRY(add(oldest));
  return files;
}

}  // namespace

Result<int64_t> ExpireChangelogs(Env& env, Table& table, const TableOptions& options) {
  TRY_SET(const auto ids, table.ChangelogIds());
  TRY_SET(const auto snapshots, table.SnapshotIds());
  if (ids.size() < 2 || snapshots.empty()) return 0;
  TRY_SET(References references, ReadReferences(env, table.folder(), false));
  TRY_SET(const size_t count, Choose(env, table, options, ids, snapshots, references.consumed));
  if (count == 0) return 0;
  TRY_SET(const auto files, GoneFiles(table, std::move(references), ids, count, snapshots.front()));
  TRY(RemoveJson(env, table, std::span(ids).first(count)));
  PassFailpoint("upkeep.after_changelog_files");
  WriteChangelogHint(env, table, "EARLIEST", ids[count]);
  for (const std::string& path : files) TRY(env.Remove(path));
  return static_cast<int64_t>(count);
}

Result<int64_t> DropChangelogs(Env& env, Table& table) {
  TRY_SET(const auto ids, table.ChangelogIds());
  TRY_SET(const auto snapshots, table.SnapshotIds());
  if (ids.empty() || snapshots.empty()) return 0;
  TRY_SET(References references, ReadReferences(env, table.folder(), false));
  TRY_SET(const auto files, GoneFiles(table, std::move(references), ids, ids.size(), snapshots.front()));
  for (const char* name : {"LATEST", "EARLIEST"}) TRY(env.Remove(Str(table.folder(), "/changelog/", name)));
  TRY(RemoveJson(env, table, ids));
  for (const std::string& path : files) TRY(env.Remove(path));
  return static_cast<int64_t>(ids.size());
}

Status RemoveChangelogsAfter(Env& env, Table& table, int64_t id, std::vector<std::string>& files) {
  TRY_SET(const auto ids, table.ChangelogIds());
  const auto from = std::upper_bound(ids.begin(), ids.end(), id);
  if (from == ids.end()) return Ok();
  for (auto gone = from; gone != ids.end(); ++gone) {
    TRY_SET(const Snapshot changelog, table.ChangelogOf(*gone));
    TRY_SET(const auto own, ChangelogFilesOf(table, changelog));
    files.insert(files.end(), own.begin(), own.end());
  }
  TRY(RemoveJson(env, table, std::span(from, ids.end())));
  if (from != ids.begin()) WriteChangelogHint(env, table, "LATEST", *std::prev(from));
  if (from != ids.begin()) return Ok();
  for (const char* name : {"LATEST", "EARLIEST"}) TRY(env.Remove(Str(table.folder(), "/changelog/", name)));
  return Ok();
}

void WriteChangelogHint(Env& env, const Table& table, const char* name, int64_t id) {
  const std::string path = Str(table.folder(), "/changelog/", name);
  Status status = env.WriteFileDurably(path, Str(id));
  if (!status.ok()) LogWarn(Str(path, " could not be written: ", status.error().message));
}

}  // namespace sluice::paimon
