// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/hive_catalog.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "lake/catalog/hive_client.h"
#include "lake/catalog/hive_objects.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/hive_lock.h"
#include "lake/paimon/hive_table.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_options.h"
#include "lake/paimon/warehouse.h"

namespace sluice::paimon {
namespace {

struct Settings {
  std::string uris;
  HiveStyle style;
  HiveLockOptions lock;
  TextMap alter_context;  // of alter_table
};

// What the catalog and its tables' committers share.
struct Metastore {
  Env& env;
  std::unique_ptr<hive::Client> client;
  Settings settings;

  // Nothing if there is none.
  Result<std::optional<ThriftValue>> Find(const TableId& id) {
    auto table = client->Table(id.schema, id.table);
    if (table.ok()) return std::optional(*std::move(table));
    if (table.error().code == ErrorCode::kNotFound) return std::optional<ThriftValue>();
    return std::move(table).error();
  }
  Status Locked(const TableId& id, const std::function<Status()>& change) {
    return WithHiveLock(env, *client, settings.lock, id, change);
  }
};

bool HasSchema(Env& env, const std::string& folder) {
  const auto names = env.List(folder + "/schema");
  return names.ok() && std::any_of(names->begin(), names->end(),
                                   [](const std::string& name) { return name.starts_with("schema-"); });
}

// False if the entry is what the schema says.
Result<bool> BringUpToDate(const Metastore& metastore, const TableId& id, const Schema& schema) {
  hive::Client& client = *metastore.client;
  TRY_SET(ThriftValue table, client.Table(id.schema, id.table));
  auto changed = UpdateHiveTable(table, schema, metastore.settings.style);
  if (!changed.ok()) return std::move(changed).error().With(Str("table ", id.ToString()));
  if (!*changed) return false;
  Status altered = client.AlterTable(id.schema, id.table, table, metastore.settings.alter_context);
  if (altered.ok()) return true;
  Error error = std::move(altered).error().With(
      Str("the columns of table ", id.ToString(), " in the metastore do not follow schema ", schema.id));
  if (error.message.find("incompatible") != std::string::npos) {
    error.hint = "set hive.metastore.disallow.incompatible.col.type.changes to false in the metastore, as Paimon's "
                 "Hive catalog needs it too, and start again";
  }
  return error;
}

class HiveCommitter final : public TableCommitter {
 public:
  HiveCommitter(std::shared_ptr<Metastore> metastore, TableId id)
      : metastore_(std::move(metastore)), id_(std::move(id)) {}

  Status CommitSnapshot(Env& env, const Table& table, const Snapshot& next) override {
    return metastore_->Locked(id_, [&] { return TableCommitter::CommitSnapshot(env, table, next); });
  }
  Status CommitSchema(Env& env, const Table& table, const Schema& schema, const std::string& text) override {
    return metastore_->Locked(id_, [&] { return TableCommitter::CommitSchema(env, table, schema, text); });
  }
  Status OnSchema(Env&, const Table&, const Schema& schema) override {
    const auto changed = BringUpToDate(*metastore_, id_, schema);
    return changed.ok() ? Ok() : Status(changed.error());
  }

 private:
  const std::shared_ptr<Metastore> metastore_;
  const TableId id_;
};

class HiveCatalog final : public Catalog {
 public:
  HiveCatalog(std::string warehouse, std::string folder, std::shared_ptr<Metastore> metastore)
      : warehouse_(std::move(warehouse)), folder_(std::move(folder)), metastore_(std::move(metastore)) {}

  const std::string& folder() const override { return folder_; }
  Result<std::vector<TableId>> List() override;
  Result<bool> Exists(const TableId& id) override;
  Status Create(const TableId& id, const Schema& schema) override;
  Result<std::vector<TableId>> ListFiles(const std::string& database) override;
  Result<Repaired> Repair(const TableId& id) override;

 protected:
  Result<std::string> FolderOfTable(const TableId& id) override;
  std::shared_ptr<TableCommitter> MakeCommitter(const TableId& id) override {
    return std::make_shared<HiveCommitter>(metastore_, id);
  }

 private:
  const HiveStyle& style() const { return metastore_->settings.style; }
  Result<std::string> LocationOf(const TableId& id, const ThriftValue& table) const;
  Result<std::string> LocationOfNew(const TableId& id);
  Status MakeDatabase(const std::string& name);
  Status CreateLocked(const TableId& id, const Schema& schema, const std::string& location);
  Status Enter(const TableId& id, const std::string& folder, const std::string& location);

  const std::string warehouse_;  // as Hadoop writes it
  const std::string folder_;
  const std::shared_ptr<Metastore> metastore_;
  std::map<TableId, std::string> folders_;  // of tables that were found: a commit needs no metastore to know its place
};

Status CheckNames(const TableId& id) {
  TRY(CheckHiveName("database", id.schema));
  return CheckHiveName("table", id.table);
}

Result<std::string> HiveCatalog::LocationOf(const TableId& id, const ThriftValue& table) const {
  if (!IsPaimonTable(table)) {
    return Unsupported(Str("table ", id.ToString(), ": the Hive metastore has another table of that name, which is not "
                           "Paimon's"),
                       "give the table another name with a route, or drop that one");
  }
  const std::string location = HiveLocation(table, style().location_in_properties);
  if (location.empty()) {
    return Invalid(Str("table ", id.ToString(), " has no location in the Hive metastore"),
                   "is location-in-properties set as it was when the table was made?");
  }
  return location;
}

Result<std::string> HiveCatalog::LocationOfNew(const TableId& id) {
  auto database = metastore_->client->Database(id.schema);
  std::string location;
  if (database.ok()) location = HiveLocation(*database, style().location_in_properties);
  if (!database.ok() && database.error().code != ErrorCode::kNotFound) return std::move(database).error();
  if (location.empty()) location = Str(warehouse_, "/", id.schema, ".db");
  return Str(location, "/", id.table);
}

Result<std::string> HiveCatalog::FolderOfTable(const TableId& id) {
  if (const auto known = folders_.find(id); known != folders_.end()) return known->second;
  TRY_SET(const auto table, metastore_->Find(id));
  TRY_SET(const std::string location, table ? LocationOf(id, *table) : LocationOfNew(id));
  TRY_SET(std::string folder, FolderOfLocation(location));
  if (table) folders_[id] = folder;
  return folder;
}

Result<std::vector<TableId>> HiveCatalog::List() {
  std::vector<TableId> out;
  TRY_SET(const auto databases, metastore_->client->Databases());
  for (const std::string& database : databases) {
    TRY_SET(const auto tables, metastore_->client->TablesOf(database));
    for (const ThriftValue& table : tables) {
      const TableId id{database, table.TextAt(hive::table_field::kName)};
      if (!IsPaimonTable(table)) continue;
      const auto folder = FolderOfLocation(HiveLocation(table, style().location_in_properties));
      if (!folder.ok() || !HasSchema(metastore_->env, *folder)) continue;  // where this program does not come
      folders_[id] = *folder;
      out.push_back(id);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<bool> HiveCatalog::Exists(const TableId& id) {
  TRY(CheckNames(id));
  folders_.erase(id);  // it may have been made again elsewhere
  TRY_SET(const auto table, metastore_->Find(id));
  if (!table) return false;
  TRY_SET(const std::string folder, FolderOfTable(id));
  return HasSchema(metastore_->env, folder);
}

Status HiveCatalog::MakeDatabase(const std::string& name) {
  const auto found = metastore_->client->Database(name);
  if (found.ok()) return Ok();
  if (found.error().code != ErrorCode::kNotFound) return found.error();
  const std::string location = Str(warehouse_, "/", name, ".db");
  ThriftValue database = hive::NewDatabase(name, style().location_in_properties ? "" : location,
                                           metastore_->client->user());
  if (style().location_in_properties) {
    database.Set(hive::database_field::kParameters, ThriftValue::Map({{"paimon_location", location}}));
  }
  Status made = metastore_->client->CreateDatabase(std::move(database));
  if (!made.ok() && made.error().code != ErrorCode::kConflict) return made;  // else another was faster
  return Ok();
}

// The schema first, as in Java: who finds the entry finds a table.
Status HiveCatalog::Create(const TableId& id, const Schema& schema) {
  TRY(CheckNames(id));
  auto possible = MakeHiveTable(id, schema, "", "", 0, style());  // before anything is made
  if (!possible.ok()) return std::move(possible).error().With(Str("table ", id.ToString()));
  TRY(MakeDatabase(id.schema));
  PassFailpoint("catalog.after_database");
  TRY_SET(const auto there, metastore_->Find(id));
  if (there) {
    TRY_SET(const std::string at, LocationOf(id, *there));
    TRY_SET(const std::string folder, FolderOfLocation(at));
    if (HasSchema(metastore_->env, folder)) return Conflict(Str("table ", id.ToString(), " is there"));
    return Invalid(Str("table ", id.ToString(), " is in the Hive metastore, but its files are not: ", at),
                   "drop it there, and it is made anew");
  }
  TRY_SET(const std::string location, LocationOfNew(id));
  return metastore_->Locked(id, [&] { return CreateLocked(id, schema, location); });
}

Status HiveCatalog::CreateLocked(const TableId& id, const Schema& schema, const std::string& location) {
  Env& env = metastore_->env;
  TRY_SET(const std::string folder, FolderOfLocation(location));
  Status made = CreateTable(env, folder, schema);
  if (!made.ok() && made.error().code != ErrorCode::kConflict) return made;
  if (!made.ok()) LogWarn(Str(folder, " was a table that the Hive metastore did not know: it is added to it"));
  PassFailpoint("catalog.after_schema");
  return Enter(id, folder, location);
}

Status HiveCatalog::Enter(const TableId& id, const std::string& folder, const std::string& location) {
  Env& env = metastore_->env;
  TRY_SET(const auto table, Table::Open(env, folder));
  TRY_SET(ThriftValue entry, MakeHiveTable(id, table->newest_schema(), location, metastore_->client->user(),
                                           env.NowMs(), style()));
  TRY(metastore_->client->CreateTable(std::move(entry)));
  PassFailpoint("catalog.after_entry");
  return Ok();
}

Result<std::vector<TableId>> HiveCatalog::ListFiles(const std::string& database) {
  TRY_SET(const std::string location, LocationOfNew({database, "t"}));
  TRY_SET(const std::string folder, FolderOfLocation(location));
  TRY_SET(const auto names, Warehouse::TablesIn(metastore_->env, FolderOf(folder)));
  std::vector<TableId> out;
  for (const std::string& name : names) out.push_back({database, name});
  return out;
}

Result<Catalog::Repaired> HiveCatalog::Repair(const TableId& id) {
  TRY(CheckNames(id));
  TRY_SET(const auto there, metastore_->Find(id));
  TRY_SET(const std::string location, there ? LocationOf(id, *there) : LocationOfNew(id));
  TRY_SET(const std::string folder, FolderOfLocation(location));
  if (!there) {
    TRY_SET(const auto table, Table::Open(metastore_->env, folder));  // before anything is made
    TRY(MakeDatabase(id.schema));
    TRY(metastore_->Locked(id, [&] { return Enter(id, folder, location); }));
    return Repaired::kEntered;
  }
  TRY_SET(const auto table, Table::Open(metastore_->env, folder));
  TRY_SET(const bool changed, BringUpToDate(*metastore_, id, table->newest_schema()));
  return changed ? Repaired::kUpdated : Repaired::kNothing;
}

Error BadOption(const std::string& key, const std::string& value, std::string_view wanted) {
  return Invalid(Str("option \"", key, "\": \"", value, "\" is not ", wanted),
                 "write it so, or leave it out");
}

class OptionReader {
 public:
  explicit OptionReader(const Options& options) : options_(options) {}

  std::string Text(const std::string& key) const {
    const auto found = options_.find(key);
    return found == options_.end() ? "" : std::string(Trim(found->second));
  }
  Status Flag(const std::string& key, bool& out) const {
    const std::string text = Lower(Text(key));
    if (text.empty()) return Ok();
    if (text != "true" && text != "false") return BadOption(key, text, "true or false");
    out = text == "true";
    return Ok();
  }
  Status Time(const std::string& key, int64_t& out) const {
    if (Text(key).empty()) return Ok();
    TRY_SET(out, ParseOptionTime(key, Text(key)));
    return Ok();
  }
  Status Only(const std::string& key, std::string_view supported) const {
    const std::string text = Text(key);
    if (text.empty() || text == supported) return Ok();
    return Unsupported(Str("option \"", key, "\": ", text, " is not supported"),
                       supported.empty() ? "leave it out" : Str("leave it out, or use ", supported));
  }

 private:
  const Options& options_;
};

Result<Settings> SettingsOf(Env& env, const Options& given, bool object_store) {
  const OptionReader options(given);
  Settings out;
  TRY(hive::CheckClientSettings(given));
  TRY(options.Only("hadoop-conf-dir", ""));
  TRY(options.Only("metastore.client.class", "org.apache.hadoop.hive.metastore.HiveMetaStoreClient"));
  TRY(options.Only("lock.type", "hive"));
  std::string uris = options.Text("uri");
  if (uris.empty()) uris = options.Text("hive.metastore.uris");
  TRY_SET(out.uris, hive::FindUris(env, uris, options.Text("hive-conf-dir"), "uri"));
  TRY(options.Flag("location-in-properties", out.style.location_in_properties));
  TRY(options.Flag("sync-all-properties", out.style.all_properties));
  TRY(options.Flag("case-sensitive", out.style.case_sensitive));
  const std::string type = Lower(options.Text("table.type"));
  if (!type.empty() && type != "managed" && type != "external") {
    return BadOption("table.type", type, "managed or external");
  }
  out.style.external = type == "external";
  bool cascade = true, skip_stats = false;
  TRY(options.Flag("alter-table-cascade", cascade));
  TRY(options.Flag("hive.skip-update-stats", skip_stats));
  out.alter_context["DO_NOT_UPDATE_STATS"] = skip_stats ? "true" : "false";
  if (cascade) out.alter_context["CASCADE"] = "true";
  out.lock.enabled = object_store;  // as Java: there its commits are not atomic without
  TRY(options.Flag("lock.enabled", out.lock.enabled));
  TRY(options.Time("lock-check-max-sleep", out.lock.sleep_max_ms));
  TRY(options.Time("lock-acquire-timeout", out.lock.timeout_ms));
  return out;
}

Result<std::unique_ptr<Catalog>> MakeHiveCatalog(Env& env, const Options& options) {
  const auto found = options.find("warehouse");
  const std::string warehouse = found == options.end() ? "" : found->second;
  TRY_SET(std::string folder, FolderOfLocation(warehouse));
  TRY_SET(Settings settings, SettingsOf(env, options, env.IsObjectStore(folder)));
  TRY_SET(auto client, hive::Client::Make(settings.uris));
  auto metastore = std::make_shared<Metastore>(Metastore{env, std::move(client), std::move(settings)});
  return std::unique_ptr<Catalog>(
      new HiveCatalog(hive::HadoopPath(warehouse), std::move(folder), std::move(metastore)));
}

}  // namespace

CatalogKind HiveCatalogKind() {
  CatalogKind kind{.metastore = "hive", .keys = {}, .make = MakeHiveCatalog};
  kind.keys = {
      {"uri", "address of the catalog's server; of a Hive metastore thrift://host:port, or several"},
      {"hive-conf-dir", "folder of a hive-site.xml that says hive.metastore.uris"},
      {"hadoop-conf-dir", "not supported"},
      {"location-in-properties", "whether a Hive metastore has places of tables as their property paimon_location"},
      {"table.type", "managed (default) or external, of tables that are made in a Hive metastore"},
      {"case-sensitive", "whether columns may have upper case letters, which a Hive metastore shows in lower case"},
      {"alter-table-cascade", "whether a Hive metastore changes the columns of partitions too; true by default"},
      {"metastore.client.class", "that of Hive only"},
      {"hive.*", "of Hive's client: those that would need SASL, Kerberos, TLS or frames are refused"},
      {"lock.enabled", "whether commits take the catalog's lock; by default with a warehouse in S3"},
      {"lock.type", "kind of the lock: that of the catalog"},
      {"lock-check-max-sleep", "longest pause between two tries to take a lock; 8 s by default"},
      {"lock-acquire-timeout", "how long a lock is waited for; 8 min by default"},
      {"sync-all-properties", "whether the catalog keeps the options of tables too; true by default"},
  };
  return kind;
}

}  // namespace sluice::paimon
