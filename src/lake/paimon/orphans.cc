// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/orphans.h"

#include <map>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "lake/paimon/reach.h"
#include "lake/paimon/references.h"

namespace sluice::paimon {
namespace {

// Of these all files may be a writer's; in other folders only those of buckets are.
constexpr const char* kFolders[] = {"changelog", "index", "manifest", "schema", "snapshot", "statistics"};
constexpr std::string_view kBucket = "bucket-";

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// What all snapshots that are there need, and what else has its place.
class TableReach {
 public:
  TableReach(Env& env, Table& table) : env_(env), table_(table), reach_(table) {}

  Result<Reach> Run() {
    reach_.AddName("LATEST");
    reach_.AddName("EARLIEST");
    TRY_SET(const auto schemas, env_.List(table_.folder() + "/schema"));
    for (const std::string& name : schemas) {
      if (name.starts_with("schema-")) reach_.AddName(name);
    }
    TRY_SET(const auto changelogs, table_.ChangelogIds());
    for (const int64_t id : changelogs) reach_.AddName(NameOf(table_.ChangelogPath(id)));
    put_off_ = !changelogs.empty() && !reach_.told();
    TRY_SET(const References references, ReadReferences(env_, table_.folder()));
    TRY(reach_.Add(references));
    TRY_SET(const auto ids, table_.SnapshotIds());
    bool follows = false;
    for (const int64_t id : ids) {
      reach_.AddName(NameOf(table_.SnapshotPath(id)));
      Status added = AddSnapshot(id, follows);
      follows = added.ok();
      if (added.ok()) continue;
      const auto there = env_.Exists(table_.SnapshotPath(id));
      const bool expired = added.error().code == ErrorCode::kNotFound && there.ok() && !*there;
      if (!expired) return std::move(added).error();
    }
    for (const auto& [user, file] : epoch_files_) reach_.AddName(file);
    return std::move(reach_);
  }

 private:
  // `follows`: the one before it is in. Its files are that one's, and those that it adds.
  Status AddSnapshot(int64_t id, bool follows) {
    TRY_SET(const Snapshot snapshot, table_.SnapshotOf(id));
    TRY(reach_.Add(snapshot, follows ? Reach::Data::kDelta : Reach::Data::kAll));
    TRY(reach_.AddChangelog(snapshot.changelog_manifest_list, false));
    if (put_off_) TRY(reach_.AddDelta(snapshot.delta_manifest_list));
    put_off_ = false;
    std::string epoch_file;
    bool of_job = false;
    for (const auto& [key, value] : snapshot.properties) {
      if (!key.starts_with("sluice.")) continue;
      of_job = true;
      if (key.ends_with(".epoch-file")) epoch_file = NameOf(value);
    }
    if (of_job) epoch_files_[snapshot.commit_user] = epoch_file;
    return Ok();
  }

  Env& env_;
  Table& table_;
  Reach reach_;
  bool put_off_ = false;  // what the oldest snapshot deleted goes when its changelog does
  std::map<std::string, std::string> epoch_files_;  // names; of the newest snapshot of each user
};

class FolderWalk {
 public:
  FolderWalk(Env& env, int64_t before_ms, std::vector<OrphanFile>& out) : env_(env), before_ms_(before_ms), out_(out) {}

  // Folders of partitions down to those of buckets. `depth`: how many partition columns are left.
  Status EnterPartitions(const std::string& folder, size_t depth) {
    TRY_SET(const auto names, ListOf(folder));
    for (const std::string& name : names) {
      const std::string path = Str(folder, "/", name);
      if (depth == 0 && name.starts_with(kBucket)) TRY(TakeFiles(path));
      if (depth > 0 && name.find('=') != std::string::npos) TRY(EnterPartitions(path, depth - 1));
    }
    return Ok();
  }
  Status TakeFiles(const std::string& folder) {
    TRY_SET(const auto names, ListOf(folder));
    for (const std::string& name : names) {
      std::string path = Str(folder, "/", name);
      const auto below = env_.List(path);
      if (below.ok()) continue;  // a folder
      // What cannot be looked at has just been removed by another process.
      const auto modified = env_.ModifiedMs(path);
      const auto bytes = env_.FileSize(path);
      if (modified.ok() && bytes.ok() && *modified < before_ms_) out_.push_back({std::move(path), *bytes, *modified});
    }
    return Ok();
  }

 private:
  // Of what is a file, or is not there, nothing.
  Result<std::vector<std::string>> ListOf(const std::string& folder) {
    auto names = env_.List(folder);
    if (!names.ok() && names.error().code == ErrorCode::kNotFound) return std::vector<std::string>();
    return names;
  }

  Env& env_;
  const int64_t before_ms_;
  std::vector<OrphanFile>& out_;
};

}  // namespace

Result<std::vector<OrphanFile>> FindOrphans(Env& env, const std::string& folder, int64_t before_ms) {
  TRY_SET(const auto table, Table::Open(env, folder));
  std::vector<OrphanFile> files;
  FolderWalk walk(env, before_ms, files);
  for (const char* sub : kFolders) TRY(walk.TakeFiles(Str(folder, "/", sub)));
  const Schema& schema = table->newest_schema();
  TRY(walk.EnterPartitions(BucketFolders::Root(folder, schema), schema.partition_keys.size()));
  // After the walk: what was committed meanwhile is named.
  TRY_SET(const Reach reach, TableReach(env, *table).Run());
  std::erase_if(files, [&](const OrphanFile& file) { return reach.Has(NameOf(file.path)); });
  return files;
}

Result<int64_t> RemoveUnreachable(Env& env, Table& table, const std::vector<std::string>& paths) {
  TRY_SET(const Reach reach, TableReach(env, table).Run());
  int64_t removed = 0;
  for (const std::string& path : paths) {
    if (reach.Has(NameOf(path))) continue;
    TRY(env.Remove(path));
    ++removed;
  }
  return removed;
}

}  // namespace sluice::paimon
