// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/catalog.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/text.h"
#include "io/s3_config.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {
namespace {

std::string MetastoreOf(const Options& options) {
  const auto found = options.find("metastore");
  return found == options.end() ? "filesystem" : Lower(Trim(found->second));
}

const CatalogKind* FindKind(const Options& options) {
  const std::string metastore = MetastoreOf(options);
  for (const CatalogKind& kind : CatalogKinds()) {
    if (kind.metastore == metastore) return &kind;
  }
  return nullptr;
}

// A table is opened by its folder in many places; each of them must commit as its catalog wants it.
struct Committers {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<TableCommitter>> by_folder;  // guarded by mutex
};

Committers& Registered() {
  static Committers committers;
  return committers;
}

}  // namespace

Status TableCommitter::CommitSnapshot(Env& env, const Table& table, const Snapshot& next) {
  return env.WriteNewFile(table.SnapshotPath(next.id), next.ToJson());
}

Status TableCommitter::CommitSchema(Env& env, const Table& table, const Schema& schema, const std::string& text) {
  return env.WriteNewFile(table.SchemaPath(schema.id), text);
}

Result<std::unique_ptr<Table>> Catalog::Open(Env& env, const TableId& id) {
  TRY_SET(const std::string folder, TableFolder(id));
  return Table::Open(env, folder);
}

namespace {

Error NothingToRepair() {
  return Unsupported("there is nothing to repair: a filesystem catalog has the files alone, and the entries of a REST "
                     "catalog are its server's", "repair is for Hive and JDBC catalogs");
}

}  // namespace

Result<std::vector<TableId>> Catalog::ListFiles(const std::string&) { return NothingToRepair(); }

Result<Catalog::Repaired> Catalog::Repair(const TableId&) { return NothingToRepair(); }

Result<std::string> Catalog::TableFolder(const TableId& id) {
  TRY_SET(std::string folder, FolderOfTable(id));
  if (committers_.contains(folder)) return folder;
  auto committer = MakeCommitter(id);
  committers_[folder] = committer;
  if (committer == nullptr) return folder;
  std::lock_guard lock(Registered().mutex);
  Registered().by_folder[folder] = std::move(committer);
  return folder;
}

Catalog::~Catalog() {
  std::lock_guard lock(Registered().mutex);
  for (const auto& [folder, committer] : committers_) {
    const auto found = Registered().by_folder.find(folder);
    if (committer != nullptr && found != Registered().by_folder.end() && found->second == committer) {
      Registered().by_folder.erase(found);
    }
  }
}

std::shared_ptr<TableCommitter> CommitterOf(const std::string& table_folder) {
  static const auto plain = std::make_shared<TableCommitter>();
  std::lock_guard lock(Registered().mutex);
  const auto found = Registered().by_folder.find(table_folder);
  return found == Registered().by_folder.end() ? plain : found->second;
}

bool IsCatalogKey(const CatalogKind& kind, std::string_view key) {
  return std::any_of(kind.keys.begin(), kind.keys.end(), [&](const CatalogKey& taken) {
    const std::string_view name = taken.key;
    return name.ends_with('*') ? key.starts_with(name.substr(0, name.size() - 1)) : key == name;
  });
}

std::vector<std::string> ForeignCatalogKeys(const Options& options) {
  std::vector<std::string> out;
  const CatalogKind* kind = FindKind(options);
  for (const auto& [key, value] : options) {
    const bool general = key == "warehouse" || key == "metastore" || IsS3Option(key);
    if (!general && (kind == nullptr || !IsCatalogKey(*kind, key))) out.push_back(key);
  }
  return out;
}

bool HasNamedWarehouse(const Options& options) {
  const CatalogKind* kind = FindKind(options);
  return kind != nullptr && kind->places_tables;
}

Result<std::unique_ptr<Catalog>> OpenCatalog(Env& env, const Options& options) {
  if (const CatalogKind* kind = FindKind(options)) return kind->make(env, options);
  std::vector<std::string> known;
  for (const CatalogKind& kind : CatalogKinds()) known.push_back(kind.metastore);
  return Unsupported(Str("metastore `", MetastoreOf(options), "` is not supported yet"),
                     Str("kinds of catalogs that are: ", Join(known, ", ")));
}

}  // namespace sluice::paimon
