// SPDX-License-Identifier: Apache-2.0
// Catalog: which Paimon tables there are and where, and what their commits have to go through. Kinds: docs of Paimon,
// "Catalogs"; which of them there are here: catalog_kinds.cc. Borrows the Env; one thread, as its tables.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/snapshot.h"
#include "row/table_id.h"

namespace sluice::paimon {

class Table;

// What a catalog's server may want to do by itself instead of leaving it to the files.
struct HistoryChange {
  enum class Kind { kRollBack, kCreateBranch, kDeleteBranch, kFastForward };
  Kind kind;
  std::string branch;
  int64_t snapshot = 0;  // of a rollback, without a tag
  std::string tag;       // of a rollback or a new branch; may be empty
};

// What a commit to a table goes through. This one is that of a table nobody else keeps a record of: a file that only
// one writer can make. A catalog with locks or a server of its own derives from it.
class TableCommitter {
 public:
  virtual ~TableCommitter() = default;
  // Makes `next` the newest snapshot. kConflict: another writer made one of that number; nothing changed.
  // kUnknownOutcome: look whether the snapshot is there.
  virtual Status CommitSnapshot(Env& env, const Table& table, const Snapshot& next);
  // Makes the version `text` of the schema, whose content is `schema`. kConflict: there is one of that id.
  virtual Status CommitSchema(Env& env, const Table& table, const Schema& schema, const std::string& text);
  // The files of the newest schema are there. Called again for those that were found, after a crash perhaps: a catalog
  // that keeps a copy of the schema brings it up to date.
  virtual Status OnSchema(Env&, const Table&, const Schema&) { return Ok(); }
  // The number of the newest snapshot by the catalog's word, 0: it has none. Files of later ones do not count.
  static constexpr int64_t kFilesSay = -1;
  virtual Result<int64_t> NewestSnapshot() { return kFilesSay; }
  // False: it is to be done by files.
  virtual Result<bool> ChangeHistory(const HistoryChange&) { return false; }
};

class Catalog {
 public:
  Catalog() = default;
  virtual ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;
  // The warehouse; empty if the catalog's server alone knows where tables are.
  virtual const std::string& folder() const = 0;
  // Whether its server, if it has one, answers.
  virtual Status CheckAnswers() { return Ok(); }
  // All tables, sorted.
  virtual Result<std::vector<TableId>> List() = 0;
  // Whether it can be opened: the catalog has it, and so has the file system.
  virtual Result<bool> Exists(const TableId& id) = 0;
  // Of a table, or of one that could be made; from now on commits to a table in it go through the catalog, as long as
  // that lives. kUnsupported for a name that cannot be.
  Result<std::string> TableFolder(const TableId& id);
  // With its database if there is none. kConflict: another process made it. What one that was killed meanwhile left is
  // completed: the table then may have another schema, which is the caller's to evolve.
  virtual Status Create(const TableId& id, const Schema& schema) = 0;
  // kNotFound.
  Result<std::unique_ptr<Table>> Open(Env& env, const TableId& id);

  enum class Repaired : uint8_t { kNothing, kEntered, kUpdated };
  // The tables in the folder of a database, sorted, also those that the catalog has no entry of. kUnsupported of a
  // catalog that keeps no entries beside the files.
  virtual Result<std::vector<TableId>> ListFiles(const std::string& database);
  // Makes the catalog's entry of a table what its files say. kNotFound if these are not there.
  virtual Result<Repaired> Repair(const TableId& id);

 protected:
  virtual Result<std::string> FolderOfTable(const TableId& id) = 0;
  virtual std::shared_ptr<TableCommitter> MakeCommitter(const TableId&) { return nullptr; }  // null: files alone

 private:
  std::map<std::string, std::shared_ptr<TableCommitter>> committers_;  // by the tables' folders
};

// Of the catalog that a table in this folder belongs to; that of files alone if there is none. Any thread.
std::shared_ptr<TableCommitter> CommitterOf(const std::string& table_folder);

// An option of a catalog beside `warehouse`, `metastore` and those of S3. A key that ends with '*' is a family.
struct CatalogKey {
  std::string key;
  std::string description;
  bool secret = false;
};

struct CatalogKind {
  std::string metastore;
  std::vector<CatalogKey> keys;
  // Checks the options, connects to nothing. `env` outlives the catalog.
  std::function<Result<std::unique_ptr<Catalog>>(Env& env, const Options& options)> make;
  bool places_tables = false;  // its server says where they lie; `warehouse` is a name that it knows
};

// The explicit list of the kinds that can be opened.
const std::vector<CatalogKind>& CatalogKinds();

// Of `metastore` (none: filesystem), without a connection. `options` are Paimon's catalog options: `warehouse`, `uri`,
// and so on. kUnsupported names a kind that is not there.
Result<std::unique_ptr<Catalog>> OpenCatalog(Env& env, const Options& options);
// Keys of `options` that its kind of catalog does not take.
std::vector<std::string> ForeignCatalogKeys(const Options& options);
// Whether `warehouse` of these options is no place: CatalogKind::places_tables.
bool HasNamedWarehouse(const Options& options);
bool IsCatalogKey(const CatalogKind& kind, std::string_view key);

}  // namespace sluice::paimon
