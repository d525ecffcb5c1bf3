// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/orphans.h"

#include <set>

#include "base/text.h"
#include "lake/json.h"
#include "lake/iceberg/manifest.h"

namespace sluice::iceberg {
namespace {

constexpr int kDepthMax = 64;

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

class FolderWalk {
 public:
  FolderWalk(Env& env, int64_t before_ms, std::vector<OrphanFile>& out) : env_(env), before_ms_(before_ms), out_(out) {}

  Status Enter(const std::string& folder, int depth) {
    auto names = env_.List(folder);
    if (!names.ok()) return names.error().code == ErrorCode::kNotFound ? Ok() : std::move(names).error();
    if (depth > kDepthMax) return Invalid(Str(folder, " is nested too deep"));
    if (depth > 0) {
      TRY_SET(bool another, env_.Exists(folder + "/metadata/version-hint.text"));
      if (another) return Ok();
    }
    for (const std::string& name : *names) {
      if (name.starts_with('.')) continue;
      std::string path = Str(folder, "/", name);
      auto below = env_.List(path);
      if (below.ok()) {
        TRY(Enter(path, depth + 1));
      } else if (below.error().code == ErrorCode::kNotFound) {
        Take(std::move(path));
      } else {
        return std::move(below).error();
      }
    }
    return Ok();
  }

 private:
  // What cannot be looked at has just been removed by another process.
  void Take(std::string path) {
    auto modified = env_.ModifiedMs(path);
    auto bytes = env_.FileSize(path);
    if (modified.ok() && bytes.ok() && *modified < before_ms_) out_.push_back({std::move(path), *bytes, *modified});
  }

  Env& env_;
  const int64_t before_ms_;
  std::vector<OrphanFile>& out_;
};

}  // namespace

// All live entries of all snapshots; a manifest that several snapshots share is read once.
class TableReach {
 public:
  explicit TableReach(Table& table) : table_(table) {}

  Result<std::set<std::string>> Run() {
    const TableMetadata& metadata = table_.metadata();
    names_ = {"version-hint.text", NameOf(table_.version().file)};
    for (const std::string& file : metadata.metadata_log()) names_.insert(NameOf(file));
    TRY(AddStatistics(metadata.ToJson()));
    for (const auto& [key, value] : metadata.properties()) {
      if (key.starts_with("sluice.") && key.ends_with(".epoch-file")) names_.insert(NameOf(value));
    }
    for (const Snapshot& snapshot : metadata.snapshots()) {
      names_.insert(NameOf(snapshot.manifest_list));
      TRY_SET(auto manifests, table_.ReadManifests(snapshot));
      for (const ManifestFile& manifest : manifests) TRY(AddManifest(manifest));
    }
    return std::move(names_);
  }

 private:
  Status AddManifest(const ManifestFile& manifest) {
    if (!names_.insert(NameOf(manifest.path)).second) return Ok();
    TRY_SET(auto entries, table_.ReadEntries(manifest));
    for (const ManifestEntry& entry : entries) {
      if (entry.status != EntryStatus::kDeleted) names_.insert(NameOf(entry.file.path));
    }
    return Ok();
  }

  Status AddStatistics(const std::string& text) {
    TRY_SET(Json json, ParseJson(text));
    for (const char* key : {"statistics", "partition-statistics"}) {
      TRY_SET(const Json* list, ListMember(json, key));
      for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
        TRY_SET(std::string path, TextMember((*list)[i], "statistics-path"));
        names_.insert(NameOf(path));
      }
    }
    return Ok();
  }

  Table& table_;
  std::set<std::string> names_;
};

Result<std::vector<OrphanFile>> FindOrphans(Env& env, const std::string& folder, int64_t before_ms) {
  TRY_SET(auto given, Table::OpenAt(env, folder));
  TRY_SET(std::string location, LocalPath(given->metadata().location()));
  std::vector<OrphanFile> files;
  TRY(FolderWalk(env, before_ms, files).Enter(location, 0));
  // The newest metadata, and after the walk: what was committed meanwhile is reachable.
  TRY_SET(auto table, Table::OpenAt(env, location));
  if (!table->metadata().FlagProperty("gc.enabled", true)) {
    return Unsupported(Str("table ", location, " has gc.enabled = false: its files may belong to other tables too"),
                       "set the property to true if they do not");
  }
  TRY_SET(auto reachable, TableReach(*table).Run());
  std::erase_if(files, [&](const OrphanFile& file) { return reachable.contains(NameOf(file.path)); });
  return files;
}

Result<int64_t> RemoveUnreachable(Env& env, Table& table, const std::vector<std::string>& paths) {
  TRY_SET(auto reachable, TableReach(table).Run());
  int64_t removed = 0;
  for (const std::string& path : paths) {
    if (reachable.contains(NameOf(path))) continue;
    TRY(env.Remove(path));
    ++removed;
  }
  return removed;
}

}  // namespace sluice::iceberg
