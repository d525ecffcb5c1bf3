// SPDX-License-Identifier: Apache-2.0
#include "lake/mirror/hive_publisher.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "lake/catalog/hadoop.h"
#include "lake/catalog/hive_objects.h"
#include "lake/paimon/hive_lock.h"
#include "lake/paimon/hive_table.h"

namespace sluice::mirror {
namespace {

namespace field = hive::table_field;

// Those of Iceberg's own tables that Hive does not read.
const hive::Formats kFormats = {"org.apache.hadoop.mapred.FileInputFormat", "org.apache.hadoop.mapred.FileOutputFormat",
                                "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"};
constexpr const char* kPlace = "metadata_location";
constexpr const char* kFormerPlace = "previous_metadata_location";
constexpr const char* kUuid = "uuid";
constexpr const char* kClientClass = "org.apache.hadoop.hive.metastore.HiveMetaStoreClient";
// Of `metadata.iceberg.`: what is the metadata's own affair, or has no effect.
constexpr std::array kOthers = {"storage", "storage-location", "database", "table", "format-version",
                                "delete-after-commit.enabled", "previous-versions-max", "manifest-compression",
                                "manifest-legacy-version", "compaction.min.file-num", "compaction.max.file-num",
                                "uri", "hive-conf-dir", "hive-client-class", "hive-skip-update-stats"};

std::string FolderOfUri(const std::string& uri) { return uri.substr(0, uri.rfind('/')); }

std::string Of(const TextMap& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::string() : found->second;
}

Result<std::vector<hive::Column>> ColumnsOf(const iceberg::TableMetadata& metadata) {
  TRY_SET(const iceberg::Schema schema, metadata.current_schema());
  std::vector<hive::Column> out;
  for (const iceberg::Field& column : schema.fields) {
    out.push_back({Lower(column.name), hive::TypeOf(column.type), column.doc});
  }
  return out;
}

// kUnsupported, kInvalid if the entry is somebody else's.
Status CheckOurs(const ThriftValue& table, const std::string& location) {
  const TextMap parameters = table.MapAt(field::kParameters);
  constexpr const char* kHint = "set metadata.iceberg.database or metadata.iceberg.table to a name that is free";
  if (Lower(Of(parameters, "table_type")) != "iceberg") {
    return Unsupported("the metastore has a table of this name that is not Iceberg's", kHint);
  }
  const std::string there = Of(parameters, kPlace);
  if (there.empty() || hive::HadoopPath(FolderOfUri(FolderOfUri(there))) == hive::HadoopPath(location)) return Ok();
  return Invalid(Str("the metastore has an Iceberg table of this name, at ", there, ", not in ", location), kHint);
}

}  // namespace

Result<std::unique_ptr<CatalogPublisher>> HivePublisher::Make(Env& env, const TableId& own,
                                                              const paimon::IcebergOptions& options) {
  for (const auto& [key, value] : options.given) {
    if (std::find(kOthers.begin(), kOthers.end(), key) != kOthers.end()) continue;
    return Unsupported(Str("table option metadata.iceberg.", key, " is not supported with hive-catalog"),
                       "leave it out");
  }
  const std::string client_class = Of(options.given, "hive-client-class");
  if (!client_class.empty() && client_class != kClientClass) {
    return Unsupported(Str("table option metadata.iceberg.hive-client-class: ", client_class, " is not supported"),
                       Str("leave it out, or use ", kClientClass));
  }
  TRY_SET(const std::string uris, hive::FindUris(env, Of(options.given, "uri"), Of(options.given, "hive-conf-dir"),
                                                 "metadata.iceberg.uri"));
  const auto names = NamesInCatalog(own, options);
  for (const TableId& name : names) {
    TRY(paimon::CheckHiveName("database", name.schema));
    TRY(paimon::CheckHiveName("table", name.table));
  }
  const bool skip_stats = Lower(Trim(Of(options.given, "hive-skip-update-stats"))) == "true";
  TRY_SET(auto client, hive::Client::Make(uris));
  return std::unique_ptr<CatalogPublisher>(new HivePublisher(env, std::move(client), names, skip_stats));
}

Status HivePublisher::Publish(const iceberg::TableMetadata& metadata, const std::string& file) {
  if (file == published_) return Ok();
  for (const TableId& name : names_) {
    // Held for two calls; the server takes it from a process that died.
    const paimon::HiveLockOptions lock{.enabled = true, .sleep_max_ms = 5'000, .timeout_ms = 180'000};
    Status done = paimon::WithHiveLock(env_, *client_, lock, name, [&] { return PublishTo(name, metadata, file); });
    if (!done.ok()) return std::move(done).error().With(Str("table ", name.ToString(), " of the Hive metastore"));
  }
  published_ = file;
  return Ok();
}

Status HivePublisher::PublishTo(const TableId& name, const iceberg::TableMetadata& metadata, const std::string& file) {
  auto table = client_->Table(name.schema, name.table);
  if (!table.ok() && table.error().code == ErrorCode::kNotFound) return Register(name, metadata, file);
  if (!table.ok()) return std::move(table).error();
  TRY(CheckOurs(*table, metadata.location()));
  const TextMap parameters = table->MapAt(field::kParameters);
  const std::string there = Of(parameters, kPlace);
  if (there == file) return Ok();
  // Another process of this table was faster, and has told of a version after this one.
  const bool newer = Of(parameters, kUuid) == metadata.uuid() && MetadataVersionOf(there) > MetadataVersionOf(file);
  return newer ? Ok() : Move(name, *std::move(table), metadata, file);
}

Status HivePublisher::Move(const TableId& name, ThriftValue table, const iceberg::TableMetadata& metadata,
                           const std::string& file) {
  TextMap parameters = table.MapAt(field::kParameters);
  const std::string there = Of(parameters, kPlace);
  parameters[kPlace] = file;
  parameters[kUuid] = metadata.uuid();
  if (!there.empty()) parameters[kFormerPlace] = there;
  table.Set(field::kParameters, ThriftValue::Map(parameters));
  // A metastore that does not know the expectation heeds the lock only.
  TextMap context = {{"DO_NOT_UPDATE_STATS", skip_stats_ ? "true" : "false"}, {"CASCADE", "true"}};
  if (!there.empty()) {
    context["expected_parameter_key"] = kPlace;
    context["expected_parameter_value"] = there;
  }
  TRY_SET(const auto columns, ColumnsOf(metadata));
  ThriftValue with_columns = table;
  hive::StorageOf(with_columns).Set(hive::storage_field::kColumns, hive::ColumnsOf(columns));
  Status moved = client_->AlterTable(name.schema, name.table, std::move(with_columns), context);
  if (moved.ok() || moved.error().code != ErrorCode::kInvalid) return moved;
  // The metastore compares columns by position. Readers of Iceberg take them from the metadata.
  TRY(client_->AlterTable(name.schema, name.table, std::move(table), context));
  LogWarn(Str("table ", name.ToString(), " of the Hive metastore keeps its former columns, Iceberg's metadata has the "
              "new ones: ", moved.error().message));
  return Ok();
}

Status HivePublisher::Register(const TableId& name, const iceberg::TableMetadata& metadata, const std::string& file) {
  TRY(MakeDatabase(name.schema, FolderOfUri(metadata.location())));
  TRY_SET(const auto columns, ColumnsOf(metadata));
  ThriftValue table = hive::NewTable(name, client_->user(), env_.NowMs(), /*external=*/true);
  hive::SetFormats(table, kFormats);
  ThriftValue& storage = hive::StorageOf(table);
  storage.Set(hive::storage_field::kColumns, hive::ColumnsOf(columns));
  storage.Set(hive::storage_field::kLocation, ThriftValue::Text(hive::HadoopPath(metadata.location())));
  const TextMap parameters = {{"DO_NOT_UPDATE_STATS", "true"}, {"EXTERNAL", "TRUE"}, {"table_type", "ICEBERG"},
                              {kPlace, file},                  {kUuid, metadata.uuid()}};
  table.Set(field::kParameters, ThriftValue::Map(parameters));
  return client_->CreateTable(std::move(table));
}

Status HivePublisher::MakeDatabase(const std::string& name, const std::string& location) {
  const auto found = client_->Database(name);
  if (found.ok()) return Ok();
  if (found.error().code != ErrorCode::kNotFound) return found.error();
  Status made = client_->CreateDatabase(hive::NewDatabase(name, hive::HadoopPath(location), client_->user()));
  const bool there = made.ok() || made.error().code == ErrorCode::kConflict;  // another was faster
  return there ? Ok() : std::move(made);
}

Status HivePublisher::Withdraw() {
  published_.clear();
  for (const TableId& name : names_) {
    const auto table = client_->Table(name.schema, name.table);
    if (!table.ok() && table.error().code == ErrorCode::kNotFound) continue;
    if (!table.ok()) return table.error();
    const std::string there = Of(table->MapAt(field::kParameters), kPlace);
    if (there.empty()) continue;  // none of ours
    Status dropped = client_->DropTable(name.schema, name.table, /*with_data=*/false);
    if (!dropped.ok() && dropped.error().code != ErrorCode::kNotFound) return dropped;
  }
  return Ok();
}

}  // namespace sluice::mirror
