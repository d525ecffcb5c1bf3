// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/branches.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "lake/paimon/catalog.h"
#include "lake/paimon/orphans.h"
#include "lake/paimon/snapshot_files.h"
#include "lake/paimon/tags.h"

namespace sluice::paimon {
namespace {

constexpr std::string_view kPrefix = "branch-";
constexpr std::string_view kMain = "main";

std::string FolderOfBranch(const std::string& table, const std::string& name) {
  return Str(table, "/branch/", kPrefix, name);
}

Status CheckName(const std::string& name) {
  const bool digits = name.find_first_not_of("0123456789") == std::string::npos;
  const bool path = name.find_first_of("/\\\n") != std::string::npos || !IsUtf8(name);
  if (!digits && !path && !Trim(name).empty() && name != kMain) return Ok();
  return Invalid(Str("\"", JsonEscape(name), "\" cannot be the name of a branch"), "use a name that is not main");
}

Status RemoveTree(Env& env, const std::string& path) {
  auto names = env.List(path);
  if (names.ok()) {
    for (const std::string& name : *names) TRY(RemoveTree(env, Str(path, "/", name)));
  } else if (names.error().code != ErrorCode::kNotFound) {
    return std::move(names).error();
  }
  return env.Remove(path);
}

Status CopySchemas(Env& env, Table& table, const std::string& folder, int64_t newest) {
  TRY(env.MakeFolders(folder));
  // An object store has no rename: there a killed process leaves a branch with some of the schemas, to be deleted.
  const bool rename = !env.IsObjectStore(folder);
  const std::string made = rename ? Str(folder, "/.schema-", env.Uuid()) : folder + "/schema";
  TRY(env.MakeFolders(made));
  for (int64_t id = 0; id <= newest; ++id) {
    auto text = env.ReadFile(table.SchemaPath(id));
    if (!text.ok() && text.error().code == ErrorCode::kNotFound) continue;
    if (!text.ok()) return std::move(text).error();
    TRY(env.WriteFile(Str(made, "/schema-", id), *text));
  }
  if (!rename) return Ok();
  TRY(env.SyncFolder(made));
  TRY(env.Move(made, folder + "/schema"));
  return env.SyncFolder(folder);
}

// A file of the branch, durably.
Status Put(Env& env, const std::string& folder, const std::string& name, const std::string& text) {
  TRY(env.MakeFolders(folder));
  return env.WriteFileDurably(Str(folder, "/", name), text);
}

}  // namespace

Result<std::vector<std::string>> ListBranches(Env& env, const std::string& folder) {
  std::vector<std::string> out;
  auto names = env.List(folder + "/branch");
  if (!names.ok() && names.error().code == ErrorCode::kNotFound) return out;
  if (!names.ok()) return std::move(names).error();
  for (const std::string& name : *names) {
    if (name.starts_with(kPrefix)) out.push_back(name.substr(kPrefix.size()));
  }
  return out;
}

Status CreateBranch(Env& env, Table& table, const std::string& name, const std::string& tag) {
  TRY(CheckName(name));
  const std::string folder = FolderOfBranch(table.folder(), name);
  auto schemas = env.List(folder + "/schema");  // come last: without one a killed process has left the folder
  if (schemas.ok() && !schemas->empty()) {
    return Conflict(Str("the table has a branch ", name, " already"), "delete that first, or give another name");
  }
  TRY_SET(const bool made, CommitterOf(table.folder())->ChangeHistory(
                               {HistoryChange::Kind::kCreateBranch, name, 0, tag}));
  if (made) return Ok();
  if (tag.empty()) return CopySchemas(env, table, folder, table.newest_schema().id);
  TRY_SET(const Tag from, ReadTag(env, table.folder(), tag));
  TRY_SET(const std::string text, env.ReadFile(Str(table.folder(), "/tag/tag-", tag)));
  TRY(Put(env, folder + "/tag", "tag-" + tag, text));
  TRY(Put(env, folder + "/snapshot", Str("snapshot-", from.snapshot.id), from.snapshot.ToJson()));
  return CopySchemas(env, table, folder, from.snapshot.schema_id);
}

Status DeleteBranch(Env& env, Table& table, const std::string& name) {
  TRY(CheckName(name));
  TRY_SET(const auto branches, ListBranches(env, table.folder()));
  if (std::find(branches.begin(), branches.end(), name) == branches.end()) {
    return NotFound(Str("the table has no branch ", name),
                    branches.empty() ? "it has no branches" : Str("its branches: ", Join(branches, ", ")));
  }
  TRY_SET(const bool gone, CommitterOf(table.folder())->ChangeHistory(
                               {HistoryChange::Kind::kDeleteBranch, name, 0, {}}));
  if (gone) return Ok();
  const std::string folder = FolderOfBranch(table.folder(), name);
  std::vector<std::string> files;
  auto snapshots = env.List(folder + "/snapshot");
  for (size_t i = 0; snapshots.ok() && i < snapshots->size(); ++i) {
    if (!(*snapshots)[i].starts_with("snapshot-")) continue;
    TRY_SET(const std::string text, env.ReadFile(Str(folder, "/snapshot/", (*snapshots)[i])));
    TRY_SET(const Snapshot snapshot, ParseSnapshot(text));
    TRY_SET(const auto own, FilesOf(table, snapshot));
    TRY_SET(const auto changelog, ChangelogFilesOf(table, snapshot));
    files.insert(files.end(), own.begin(), own.end());
    files.insert(files.end(), changelog.begin(), changelog.end());
  }
  TRY(RemoveTree(env, folder));
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  const auto removed = RemoveUnreachable(env, table, files);
  return removed.ok() ? Ok() : Status(Error(removed.error()));
}

}  // namespace sluice::paimon
