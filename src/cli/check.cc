// SPDX-License-Identifier: Apache-2.0
// `sluice check`: the file, the server, the plan, and what is missing for it.
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/registry.h"
#include "connector/iceberg/sink.h"
#include "connector/paimon/sink.h"
#include "connector/paimon/source.h"
#include "connector/mysql/inspect.h"
#include "io/routing_env.h"
#include "io/s3_config.h"
#include "lake/catalog/catalog.h"
#include "lake/iceberg/schema.h"
#include "lake/paimon/warehouse.h"
#include "pipeline/router.h"
#include "pipeline/schema_evolver.h"
#include "pipeline/table_shaper.h"

namespace sluice {
namespace {

void Print(const std::string& line) { std::fputs((line + "\n").c_str(), stdout); }

void PrintColumns(const TableSchema& schema, bool iceberg) {
  for (const Column& column : schema.columns) {
    std::string type = iceberg ? iceberg::ToIcebergType(column.type) : column.type.ToString();
    if (iceberg && !column.type.nullable) type += " required";
    Print(Str("      ", column.name, "  ", type, schema.IsKey(column.name) ? "  key" : ""));
  }
}

Status PrintIdleRules(const PipelineSpec& spec, const std::vector<TableId>& tables) {
  TRY_SET(const Router router, Router::Make(spec.routes, spec.route_mode));
  for (size_t idle : router.Idle(tables)) {
    const RouteRule& rule = spec.routes[idle];
    Print(Str("note: ", rule.place.ToString(), ": no table matches source-table: ", rule.source_table));
  }
  return Ok();
}

// As the job routes it; null: it does not.
Result<std::shared_ptr<const TableSchema>> ShapeOf(const PipelineSpec& spec, const mysql::InspectedTable& table) {
  auto schema = std::make_shared<const TableSchema>(table.schema);
  if (!spec.shape) return std::shared_ptr<const TableSchema>(std::move(schema));
  TRY_SET(const TableShaper shaper, TableShaper::Make(*spec.shape, [] { return PosixEnv().NowMs(); }));
  TRY_SET(const auto plan, shaper.Plan(table.id, std::move(schema), /*known=*/false));
  return plan ? plan->schema : nullptr;
}

// What the rows of these tables become at the sink.
Status PrintSink(const PipelineSpec& spec, const std::vector<TableId>& tables,
                 const std::vector<SchemaChange>& creates) {
  TRY_SET(SchemaEvolver evolver, SchemaEvolver::Make(spec));
  if (spec.sink.type == "paimon") {
    TRY_SET(auto stored, PaimonStoredTypes(spec));
    evolver.StoreAs(std::move(stored));
  }
  std::map<TableId, TableSchema> sink_tables;
  TRY_SET(auto changes, evolver.OnTables(creates));
  for (const SchemaChange& change : changes) {
    if (change.schema != nullptr) sink_tables[change.table] = *change.schema;
  }
  Print(Str("sink tables (", sink_tables.size(), ", ", spec.sink.type, "):"));
  for (const auto& [id, schema] : sink_tables) {
    Print(Str("  ", id.ToString(), schema.primary_key.empty() ? "  append-only" : ""));
    PrintColumns(schema, spec.sink.type == "iceberg");
  }
  TRY(PrintIdleRules(spec, tables));
  std::vector<std::string> notes;
  if (spec.sink.type == "iceberg") TRY(CheckIcebergTables(spec, sink_tables, notes));
  if (spec.sink.type == "paimon") TRY(CheckPaimonTables(spec, sink_tables, notes));
  for (const std::string& note : notes) Print(Str("note: ", note));
  return Ok();
}

Status PrintPlan(const PipelineSpec& spec, const mysql::Inspection& source) {
  std::vector<TableId> tables;
  std::vector<SchemaChange> creates;
  Print(Str("source tables (", source.tables.size(), "):"));
  for (const mysql::InspectedTable& table : source.tables) {
    tables.push_back(table.id);
    Print(Str("  ", table.id.ToString(), "  about ", table.rows, " rows, read ", table.how));
    PrintColumns(table.schema, false);
    SchemaChange create;
    create.table = table.id;
    TRY_SET(create.schema, ShapeOf(spec, table));
    if (create.schema == nullptr) {
      Print("      it has no primary key: left out");
      continue;
    }
    creates.push_back(std::move(create));
  }
  return PrintSink(spec, tables, creates);
}

// The plan of a source of Paimon tables.
Status PrintPaimonPlan(const PipelineSpec& spec) {
  TRY_SET(const auto found, InspectPaimonSource(LakeEnv(), spec));
  if (found.empty()) {
    return NotFound("no table of the source's warehouse matches `tables`", "tables are named database.table");
  }
  std::vector<TableId> tables;
  std::vector<SchemaChange> creates;
  Print(Str("source tables (", found.size(), "):"));
  for (const auto& [id, schema] : found) {
    tables.push_back(id);
    Print(Str("  ", id.ToString(), schema.primary_key.empty() ? "  append-only" : ""));
    PrintColumns(schema, false);
    SchemaChange create;
    create.table = id;
    create.schema = std::make_shared<const TableSchema>(schema);
    creates.push_back(std::move(create));
  }
  return PrintSink(spec, tables, creates);
}

int PrintFindings(const std::vector<mysql::Finding>& findings) {
  int fatal = 0;
  for (const mysql::Finding& finding : findings) {
    Print(Str(finding.fatal ? "missing: " : "note: ", finding.text));
    if (!finding.fix.empty()) Print(Str("   fix: ", finding.fix));
    fatal += finding.fatal ? 1 : 0;
  }
  return fatal;
}

// `fatal`: things that are missing.
Status PrintMysqlPlan(const PipelineSpec& spec, int& fatal) {
  std::vector<std::string> told;
  TRY_SET(const auto config, mysql::MakeSourceConfig(spec, told));
  TRY_SET(const auto source, mysql::Inspect(config));
  Print(Str("server: ", source.version, source.position.empty() ? "" : Str(", log at ", source.position)));
  fatal = PrintFindings(source.findings);
  return PrintPlan(spec, source);
}

// Without making anything: the folder, or the nearest one above it, must be writable.
Status CheckWarehouse(const PipelineSpec& spec) {
  auto found = spec.sink.options.find("catalog.properties.warehouse");
  if (found == spec.sink.options.end()) return Ok();
  const bool paimon = spec.sink.type == "paimon";
  if (paimon && spec.sink.options.contains("catalog.properties.metastore")) {  // its server answers
    TRY_SET(const auto catalog, OpenPaimonCatalog(LakeEnv(), spec));
    TRY(catalog->CheckAnswers());
    if (catalog->folder().empty()) return Ok();
  }
  TRY_SET(std::string folder, paimon ? paimon::FolderOfLocation(found->second.text) : LocalPath(found->second.text));
  if (IsS3Path(folder)) {  // it answers, and the keys are good; only a write tells about rights to write
    const auto names = LakeEnv().List(folder);
    return names.ok() || names.error().code == ErrorCode::kNotFound ? Ok() : Status(names.error());
  }
  std::filesystem::path path = folder;
  std::error_code error;
  while (!std::filesystem::exists(path, error) && path.has_parent_path() && path != path.parent_path()) {
    path = path.parent_path();
  }
  if (std::filesystem::is_directory(path, error) && ::access(path.c_str(), W_OK) == 0) return Ok();
  return Invalid(
      Str("warehouse ", folder, " cannot be written: ", path.string(), " is not a folder that this user may write to"),
      "catalog.properties.warehouse must be a folder that sluice may write to");
}

}  // namespace

int CheckLoaded(const PipelineSpec& spec, const std::vector<std::string>& warnings) {
  Print(Str("file: ", spec.file, "  job \"", spec.name, "\": ", spec.source.type, " -> ", spec.sink.type));
  for (const std::string& warning : warnings) Print(Str("note: ", warning));
  int fatal = 0;
  Status planned = spec.source.type == "paimon" ? PrintPaimonPlan(spec) : PrintMysqlPlan(spec, fatal);
  if (!planned.ok()) return PrintError(planned.error(), &spec);
  Status writable = CheckWarehouse(spec);
  if (!writable.ok()) return PrintError(writable.error(), &spec);
  Print(fatal == 0 ? "ok: this pipeline can run" : Str(fatal, " thing(s) missing: this pipeline cannot run"));
  return FinishOutput(fatal == 0 ? 0 : 1);
}

int CheckCommand(const FileArguments& arguments) {
  std::vector<std::string> warnings;
  const auto spec = LoadAndCheck(arguments, warnings);
  return spec ? CheckLoaded(*spec, warnings) : 2;
}

}  // namespace sluice
