// SPDX-License-Identifier: Apache-2.0
// The sink block of a pipeline file -> PaimonSink.
#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "connector/paimon/partition_keys.h"
#include "connector/paimon/sink.h"
#include "connector/paimon/spec.h"
#include "lake/mirror/iceberg_form.h"
#include "lake/paimon/evolve.h"
#include "lake/paimon/java_rules.h"
#include "lake/paimon/table_options.h"
#include "pipeline/job_id.h"
#include "pipeline/lake_sink.h"

namespace sluice {
namespace {

constexpr std::string_view kTableProperties = "table.properties.";
constexpr std::string_view kTexts[] = {"-delimiter", "-formatter", "-pattern", "default-name", "default-value"};

Error At(const FilePlace& place, Error error) { return std::move(error).With(place.ToString()); }

Result<Options> ReadOptions(const PipelineSpec& spec, std::vector<std::string>& warnings) {
  return Options::Check("sink \"paimon\"", PaimonSinkOptions(), spec.sink.options, spec.sink.place, warnings);
}

// Whether blanks at its ends are part of an option's value; in numbers and names Java does not take them.
bool HasBlanks(std::string_view key) {
  return std::any_of(std::begin(kTexts), std::end(kTexts), [&](auto text) { return key.ends_with(text); });
}

// Those of a prefix, where `out` has none.
Status TakeTableOptions(const Options& options, std::string_view prefix, paimon::Options& out) {
  for (auto& [key, value] : options.WithPrefix(prefix)) {
    if (out.contains(key)) continue;
    Status valid = paimon::CheckOption(key, value.text);
    paimon::Schema alone;
    alone.options[key] = value.text;
    if (valid.ok()) valid = PaimonUpkeep::Check(alone);
    if (!valid.ok()) return At(value.place, std::move(valid).error());
    out[key] = HasBlanks(key) ? value.text : std::string(Trim(value.text));
  }
  return Ok();
}

// Of tables that are made: the pipeline's, then the catalog's.
Status ReadTableOptions(const Options& options, paimon::Options& out) {
  TRY(TakeTableOptions(options, kTableProperties, out));
  return TakeTableOptions(options, kTableDefaults, out);
}

Result<PartitionKeys> ReadPartitionKeys(const Options& options) {
  auto keys = ParsePartitionKeys(options.Text("partition.key"));
  if (!keys.ok()) return At(options.PlaceOf("partition.key"), std::move(keys).error());
  return keys;
}

// Those of mysql_sync_database.
std::vector<std::string> AllPartitionKeys(const PipelineSpec& spec) {
  return spec.shape ? spec.shape->partition_keys : std::vector<std::string>();
}

}  // namespace

Result<PartitionKeys> ParsePartitionKeys(const std::string& text) {
  PartitionKeys out;
  for (const std::string& entry : Split(text, ';')) {
    if (Trim(entry).empty()) continue;
    const size_t colon = entry.find(':');
    const std::string table(Trim(std::string_view(entry).substr(0, colon)));
    std::vector<std::string> columns;
    for (const std::string& column : Split(colon == std::string::npos ? "" : entry.substr(colon + 1), ',')) {
      if (!Trim(column).empty()) columns.emplace_back(Trim(column));
    }
    if (table.empty() || columns.empty()) {
      return Invalid(Str("partition.key: \"", Trim(entry), "\" names no table and columns"),
                     "write it as db.table1:column1,column2;db.table2:column3");
    }
    if (!out.emplace(table, columns).second) return Invalid(Str("partition.key names ", table, " twice"));
  }
  return out;
}

namespace {

// Java has no sequence.field with such a key, and its actions no dynamic buckets.
void KeepKey(const TableSchema& source, const paimon::TableOptions& options, paimon::Schema& made) {
  const bool fits = options.bucket_mode == paimon::BucketMode::kFixed ||
                    options.bucket_mode == paimon::BucketMode::kPostponed;
  if (!fits || source.primary_key.empty() || !options.sequence.empty()) return;
  made.primary_keys = source.primary_key;
  for (paimon::Field& field : made.fields) {
    const int column = source.Find(field.name);
    if (!source.IsKey(field.name)) field.type.nullable = source.columns[static_cast<size_t>(column)].type.nullable;
  }
}

}  // namespace

Result<paimon::Schema> PaimonSchemaOf(const PartitionKeys& keys, const std::vector<std::string>& all,
                                      const TableId& id, const TableSchema& schema, const paimon::Options& options,
                                      bool keep_key) {
  auto found = keys.find(id.ToString());
  std::vector<std::string> columns = found == keys.end() ? all : found->second;
  const auto missing = [&](const std::string& name) { return schema.Find(name) < 0; };
  if (found == keys.end() && std::any_of(columns.begin(), columns.end(), missing)) columns.clear();
  auto made = paimon::FromTableSchema(schema, columns, options);
  if (!made.ok()) return std::move(made).error().With(Str("table ", id.ToString()));
  auto valid = paimon::TableOptions::Of(*made);
  if (!valid.ok()) return std::move(valid).error().With(Str("table ", id.ToString()));
  if (keep_key) KeepKey(schema, *valid, *made);
  const std::string left_out = paimon::LeaveOutForKeyless(*made);
  if (!left_out.empty()) LogInfo(Str("table ", id.ToString(), " has no primary key and does without ", left_out));
  Status kept = paimon::CheckJavaRules(*made);
  if (kept.ok()) kept = PaimonUpkeep::Check(*made);
  if (!kept.ok()) return std::move(kept).error().With(Str("table ", id.ToString()));
  return made;
}

std::vector<std::string> PartitionedTables(const PartitionKeys& keys) {
  std::vector<std::string> out;
  for (const auto& [table, columns] : keys) out.push_back(table);
  return out;
}

Status CheckPaimonTables(const PipelineSpec& spec, const std::map<TableId, TableSchema>& tables,
                         std::vector<std::string>& notes) {
  std::vector<std::string> told;
  TRY_SET(const Options options, ReadOptions(spec, told));
  TRY_SET(const PartitionKeys keys, ReadPartitionKeys(options));
  paimon::Options table_options;
  TRY(ReadTableOptions(options, table_options));
  std::set<std::string> names;
  for (const auto& [id, schema] : tables) {
    names.insert(id.ToString());
    auto made = PaimonSchemaOf(keys, AllPartitionKeys(spec), id, schema, table_options,
                               spec.shape.has_value());
    if (!made.ok()) return At(spec.sink.place, std::move(made).error());
  }
  for (const std::string& note : IdlePartitions(PartitionedTables(keys), names)) {
    notes.push_back(Str(options.PlaceOf("partition.key").ToString(), ": ", note));
  }
  return Ok();
}

DataType PaimonStoredType(const paimon::Options& table_options, const DataType& type) {
  const auto storage = table_options.find("metadata.iceberg.storage");
  const bool mirrored = storage != table_options.end() && Lower(Trim(storage->second)) != "disabled";
  return mirrored ? mirror::ShownType(type) : type;
}

Result<std::function<DataType(const DataType&)>> PaimonStoredTypes(const PipelineSpec& spec) {
  std::vector<std::string> ignored;
  TRY_SET(const Options options, ReadOptions(spec, ignored));
  paimon::Options table_options;
  TRY(ReadTableOptions(options, table_options));
  return std::function<DataType(const DataType&)>([table_options = std::move(table_options)](const DataType& type) {
    return PaimonStoredType(table_options, type);
  });
}

Result<std::unique_ptr<paimon::Catalog>> OpenPaimonCatalog(Env& env, const PipelineSpec& spec) {
  std::vector<std::string> ignored;
  TRY_SET(const Options options, ReadOptions(spec, ignored));
  return paimon::OpenCatalog(env, PaimonCatalogOf(options));
}

Result<std::string> PaimonJobId(const PipelineSpec& spec) {
  std::vector<std::string> ignored;
  TRY_SET(const Options options, ReadOptions(spec, ignored));
  return LakeJobId(spec, options.Text("commit.user-prefix"));
}

Result<std::unique_ptr<Sink>> MakePaimonSink(Env& env, const PipelineSpec& spec, std::vector<std::string>& warnings) {
  TRY_SET(const Options options, ReadOptions(spec, warnings));
  PaimonSinkConfig config;
  config.catalog = PaimonCatalogOf(options);
  TRY(CheckCatalogKeys(options));
  config.warehouse = options.Text("catalog.properties.warehouse");
  config.job = LakeJobId(spec, options.Text("commit.user-prefix"));
  config.backfill = options.Boolean("add-column.backfill");
  TRY(TakeTableOptions(options, kTableProperties, config.own_options));
  TRY(ReadTableOptions(options, config.table_options));
  TRY_SET(config.partition_keys, ReadPartitionKeys(options));
  config.all_partition_keys = AllPartitionKeys(spec);
  config.alter_options = spec.shape.has_value();
  config.take_columns = spec.behavior == SchemaChangeBehavior::kMerge;
  auto sink = PaimonSink::Make(env, std::move(config));
  const bool by_kind = !sink.ok() && options.Has("catalog.properties.metastore");
  const char* place = by_kind ? "catalog.properties.metastore" : "catalog.properties.warehouse";
  if (!sink.ok()) return At(options.PlaceOf(place), std::move(sink).error());
  return std::unique_ptr<Sink>(*std::move(sink));
}

}  // namespace sluice
