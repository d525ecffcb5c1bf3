// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/jdbc_catalog.h"

#include <utility>

#include "base/failpoint.h"
#include "base/text.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/jdbc_store.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_options.h"
#include "lake/paimon/warehouse.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kLockKeyMax = 4096;

class JdbcCommitter final : public TableCommitter {
 public:
  JdbcCommitter(std::shared_ptr<JdbcStore> store, TableId id) : store_(std::move(store)), id_(std::move(id)) {}

  Status CommitSnapshot(Env& env, const Table& table, const Snapshot& next) override {
    return store_->Locked(id_, [&] { return TableCommitter::CommitSnapshot(env, table, next); });
  }
  Status CommitSchema(Env& env, const Table& table, const Schema& schema, const std::string& text) override {
    return store_->Locked(id_, [&] { return TableCommitter::CommitSchema(env, table, schema, text); });
  }
  Status OnSchema(Env&, const Table&, const Schema& schema) override {
    return store_->keeps_properties() ? store_->SetProperties(id_, JdbcProperties(schema)) : Ok();
  }

 private:
  const std::shared_ptr<JdbcStore> store_;
  const TableId id_;
};

class JdbcCatalog final : public Catalog {
 public:
  JdbcCatalog(Env& env, Warehouse warehouse, JdbcSettings settings)
      : env_(env), warehouse_(std::move(warehouse)), store_(std::make_shared<JdbcStore>(env, std::move(settings))) {}

  const std::string& folder() const override { return warehouse_.folder(); }
  Status CheckAnswers() override {
    auto tables = store_->Tables();
    return tables.ok() ? Ok() : Status(std::move(tables).error());
  }
  Result<std::vector<TableId>> List() override {
    TRY_SET(const auto listed, store_->Tables());
    std::vector<TableId> out;
    for (const TableId& id : listed) {
      if (!warehouse_.TableFolder(id).ok()) continue;
      TRY_SET(const bool exists, warehouse_.Exists(id));
      if (exists) out.push_back(id);
    }
    return out;
  }
  Result<bool> Exists(const TableId& id) override {
    TRY_SET(const bool listed, store_->HasTable(id));
    return listed ? warehouse_.Exists(id) : Result<bool>(false);
  }
  // The schema first, as in Java: who finds the row finds a table.
  Status Create(const TableId& id, const Schema& schema) override {
    TRY_SET(const std::string folder, warehouse_.TableFolder(id));
    TRY(store_->MakeTables());
    TRY(store_->AddDatabase(id.schema, FolderOf(folder)));
    PassFailpoint("catalog.after_database");
    return store_->Locked(id, [&] { return CreateLocked(id, schema, folder); });
  }
  Result<std::vector<TableId>> ListFiles(const std::string& database) override {
    TRY_SET(const std::string folder, warehouse_.TableFolder({database, "t"}));
    TRY_SET(const auto names, Warehouse::TablesIn(env_, FolderOf(folder)));
    std::vector<TableId> out;
    for (const std::string& name : names) out.push_back({database, name});
    return out;
  }
  Result<Repaired> Repair(const TableId& id) override {
    TRY_SET(const std::string folder, warehouse_.TableFolder(id));
    TRY_SET(const auto table, Table::Open(env_, folder));
    TRY(store_->MakeTables());
    TRY(store_->AddDatabase(id.schema, FolderOf(folder)));
    Repaired out = Repaired::kNothing;
    TRY(store_->Locked(id, [&] { return RepairLocked(id, table->newest_schema(), out); }));
    return out;
  }

 protected:
  Result<std::string> FolderOfTable(const TableId& id) override { return warehouse_.TableFolder(id); }
  std::shared_ptr<TableCommitter> MakeCommitter(const TableId& id) override {
    return std::make_shared<JdbcCommitter>(store_, id);
  }

 private:
  Status CreateLocked(const TableId& id, const Schema& schema, const std::string& folder) {
    TRY_SET(const bool listed, store_->HasTable(id));
    TRY(CheckNoView(id));
    Status made = CreateTable(env_, folder, schema);
    if (!made.ok() && (listed || made.error().code != ErrorCode::kConflict)) return made;
    if (!made.ok()) TRY(CheckEmpty(id, folder));
    PassFailpoint("catalog.after_schema");
    TRY(store_->AddTable(id));
    PassFailpoint("catalog.after_entry");
    if (!made.ok() || !store_->keeps_properties()) return Ok();  // those of another schema: OnSchema
    return store_->SetProperties(id, JdbcProperties(schema));
  }

  Status RepairLocked(const TableId& id, const Schema& schema, Repaired& out) {
    TRY_SET(const bool listed, store_->HasTable(id));
    TRY(CheckNoView(id));
    if (!listed) TRY(store_->AddTable(id));
    if (store_->keeps_properties()) TRY(store_->SetProperties(id, JdbcProperties(schema)));
    out = !listed ? Repaired::kEntered : store_->keeps_properties() ? Repaired::kUpdated : Repaired::kNothing;
    return Ok();
  }

  Status CheckNoView(const TableId& id) {
    TRY_SET(const bool view, store_->HasView(id));
    if (!view) return Ok();
    return Unsupported(Str("table ", id.ToString(), ": the JDBC catalog has a view of that name"),
                       "give the table another name with a route");
  }

  // A process that was killed has left a schema. More than that is somebody's table, and its history may be this job's.
  Status CheckEmpty(const TableId& id, const std::string& folder) {
    TRY_SET(const auto table, Table::Open(env_, folder));
    TRY_SET(const auto latest, table->LatestSnapshot());
    if (!latest) return Ok();
    return Invalid(Str("table ", id.ToString(), ": the JDBC catalog does not know it, but ", folder, " has its rows"),
                   Str("enter it by sluice paimon repair --identifier ", id.ToString(), ", or remove the folder"));
  }

  Env& env_;
  const Warehouse warehouse_;
  const std::shared_ptr<JdbcStore> store_;
};

Result<bool> Flag(const Options& options, const std::string& key, bool otherwise) {
  const auto found = options.find(key);
  if (found == options.end()) return otherwise;
  const std::string text = Lower(Trim(found->second));
  if (text == "true" || text == "false") return text == "true";
  return Invalid(Str("option \"", key, "\": \"", text, "\" is not true or false"));
}

Result<JdbcSettings> SettingsOf(const Options& options, bool object_store) {
  JdbcSettings out;
  const auto uri = options.find("uri");
  if (uri == options.end()) {
    return Invalid("metastore jdbc lacks the option \"uri\"",
                   "write it as jdbc:mysql://host:3306/database, jdbc:postgresql://host:5432/database or "
                   "jdbc:sqlite:/folder/file");
  }
  std::vector<std::pair<std::string, std::string>> properties;
  for (const auto& [key, value] : options) {
    if (key.starts_with("jdbc.")) properties.emplace_back(key.substr(5), value);
  }
  TRY_SET(out.address, ParseJdbcAddress(uri->second, properties));
  if (const auto key = options.find("catalog-key"); key != options.end()) out.catalog_key = key->second;
  TRY_SET(out.locks, Flag(options, "lock.enabled", object_store));
  TRY_SET(out.properties, Flag(options, "sync-all-properties", true));
  if (const auto type = options.find("lock.type"); type != options.end() && type->second != "jdbc") {
    return Unsupported(Str("option \"lock.type\": ", type->second, " is not supported"), "leave it out, or use jdbc");
  }
  if (const auto most = options.find("lock-key-max-length"); most != options.end()) {
    const bool number = ParseNumber(Trim(most->second), out.lock_key_max);
    if (!number || out.lock_key_max < 1 || out.lock_key_max > kLockKeyMax) {
      return Invalid(Str("option \"lock-key-max-length\": \"", most->second, "\" is not between 1 and ", kLockKeyMax));
    }
  }
  for (auto [key, ms] : {std::pair("lock-check-max-sleep", &out.lock_sleep_max_ms),
                         std::pair("lock-acquire-timeout", &out.lock_timeout_ms)}) {
    const auto found = options.find(key);
    if (found == options.end()) continue;
    TRY_SET(*ms, ParseOptionTime(key, found->second));
  }
  return out;
}

Result<std::unique_ptr<Catalog>> MakeJdbcCatalog(Env& env, const Options& options) {
  const auto found = options.find("warehouse");
  TRY_SET(auto warehouse, Warehouse::Make(env, found == options.end() ? "" : found->second));
  TRY_SET(auto settings, SettingsOf(options, env.IsObjectStore(warehouse.folder())));
  return std::unique_ptr<Catalog>(new JdbcCatalog(env, std::move(warehouse), std::move(settings)));
}

}  // namespace

Options JdbcProperties(const Schema& schema) {
  Options out = schema.options;
  if (!schema.primary_keys.empty()) out["primary-key"] = Join(schema.primary_keys, ",");
  if (!schema.partition_keys.empty()) out["partition"] = Join(schema.partition_keys, ",");
  std::string bucket_key(Trim(schema.Option("bucket-key", "")));
  if (bucket_key.empty()) bucket_key = Join(schema.TrimmedKey(), ",");
  if (!bucket_key.empty()) out["bucket-key"] = bucket_key;
  return out;
}

CatalogKind JdbcCatalogKind() {
  CatalogKind kind{.metastore = "jdbc", .keys = {}, .make = MakeJdbcCatalog};
  kind.keys = {
      {"uri", "address of the catalog's server; of a JDBC catalog jdbc:mysql://host:port/database, "
              "jdbc:postgresql://host:port/database or jdbc:sqlite:file"},
      {"jdbc.user", "user of the database of a JDBC catalog"},
      {"jdbc.password", "password of that user", /*secret=*/true},
      {"jdbc.sslpassword", "password of the key of the client's certificate", /*secret=*/true},
      {"jdbc.*", "other properties of the driver: those of TLS (sslMode, sslmode), more of PostgreSQL and SQLite"},
      {"catalog-key", "name of a JDBC catalog in its database; jdbc by default"},
      {"lock.enabled", "whether commits take the catalog's lock; by default with a warehouse in S3"},
      {"lock.type", "kind of the lock: that of the catalog"},
      {"lock-key-max-length", "characters of the name of a lock; 255 by default"},
      {"lock-check-max-sleep", "longest pause between two tries to take a lock; 8 s by default"},
      {"lock-acquire-timeout", "how long a lock is waited for, and how long it lives at most; 8 min by default"},
      {"sync-all-properties", "whether the catalog keeps the options of tables too; true by default"},
  };
  return kind;
}

}  // namespace sluice::paimon
