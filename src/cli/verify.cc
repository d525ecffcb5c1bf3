// SPDX-License-Identifier: Apache-2.0
// `sluice verify`: source and Iceberg tables, row by row, at one position of the source's log.
#include <algorithm>
#include <cstdio>
#include <map>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/registry.h"
#include "connector/mysql/table_reader.h"
#include "lake/catalog/hadoop.h"
#include "lake/iceberg/row_digest.h"
#include "lake/iceberg/scan.h"
#include "pipeline/router.h"
#include "pipeline/schema_evolver.h"

namespace sluice {
namespace {

struct SinkTable {
  std::unique_ptr<iceberg::Table> table;
  iceberg::Schema schema;
  std::unique_ptr<RowDigests> digests;
  std::vector<std::string> columns;          // compared
  std::vector<std::string> missing_columns;  // of the source, not in the sink
};

class Verifier {
 public:
  Verifier(mysql::SourceConfig config, std::unique_ptr<HadoopCatalog> catalog, SchemaEvolver evolver, Router router)
      : config_(std::move(config)), catalog_(std::move(catalog)), evolver_(std::move(evolver)),
        router_(std::move(router)) {}

  // True if all tables are equal.
  Result<bool> Run() {
    mysql::ReadVisitor visitor;
    visitor.table = [this](const TableId& id, const TableSchema& schema) { return Announce(id, schema); };
    visitor.rows = [this](const ChangeBatch& batch) { return AddSource(batch); };
    visitor.end = [](const TableId&) { return Ok(); };
    TRY_SET(mysql::BinlogPosition position, mysql::ReadAllTables(config_, visitor));
    std::printf("source read at %s\n", position.ToString().c_str());
    bool equal = true;
    for (auto& [id, sink] : sinks_) {
      TRY_SET(bool same, Compare(id, sink));
      equal &= same;
    }
    if (sinks_.empty()) return NotFound("no table to compare", "check the option `tables`");
    std::printf(equal ? "equal: %zu tables\n"
                      : "DIFFERENT (%zu tables compared); a sink that is behind catches up with "
                        "`sluice run FILE --until caught-up`\n",
                sinks_.size());
    return equal;
  }

 private:
  // Opens the sink tables of a source table; merged shards share one. Rows are compared in the sink's types.
  Status Announce(const TableId& id, const TableSchema& schema) {
    for (const TableId& sink_id : router_.Route(id)) {
      if (sinks_.contains(sink_id)) continue;
      SinkTable sink;
      TRY_SET(sink.table, iceberg::Table::Open(PosixEnv(), *catalog_, sink_id));
      TRY_SET(sink.schema, sink.table->metadata().current_schema());
      evolver_.Seed(sink_id, iceberg::ToTableSchema(sink.schema));
      sinks_[sink_id] = std::move(sink);
    }
    SchemaChange create;
    create.table = id;
    create.schema = std::make_shared<const TableSchema>(schema);
    TRY(evolver_.OnSchemaChange(create));
    for (const TableId& sink_id : router_.Route(id)) Describe(id, schema, sinks_[sink_id]);
    return Ok();
  }

  static void Describe(const TableId& id, const TableSchema& schema, SinkTable& sink) {
    std::vector<std::string> columns;
    for (const Column& column : schema.columns) {
      if (sink.schema.Find(column.name) != nullptr) {
        columns.push_back(column.name);
      } else {
        sink.missing_columns.push_back(Str(id.ToString(), ".", column.name));
      }
    }
    if (sink.digests != nullptr) return;
    sink.columns = columns;
    sink.digests = std::make_unique<RowDigests>(schema.primary_key, columns);
  }

  Status AddSource(const ChangeBatch& batch) {
    TRY_SET(auto routed, evolver_.Route(batch));
    for (const ChangeBatch& part : routed) sinks_.at(part.table).digests->AddLeft(*part.rows);
    return Ok();
  }

  Result<bool> Compare(const TableId& id, SinkTable& sink) {
    TRY_SET(auto scan, iceberg::TableScan::Make(PosixEnv(), *sink.table, {}, sink.columns));
    iceberg::DataBatch batch;
    while (true) {
      TRY_SET(bool more, scan.Next(batch));
      if (!more) break;
      sink.digests->AddRight(*batch.rows);
    }
    RowDigests& digests = *sink.digests;
    digests.Finish();
    bool same = digests.differences() == 0 && sink.missing_columns.empty();
    std::printf("%s  %s  rows %lld / %lld  checksum %016llx / %016llx\n", same ? "equal    " : "DIFFERENT",
                id.ToString().c_str(), static_cast<long long>(digests.left_rows()),
                static_cast<long long>(digests.right_rows()), static_cast<unsigned long long>(digests.left_checksum()),
                static_cast<unsigned long long>(digests.right_checksum()));
    for (const std::string& column : sink.missing_columns) {
      std::printf("    column %s is not in the sink\n", column.c_str());
    }
    for (const std::string& example : digests.examples()) std::printf("    %s\n", example.c_str());
    int64_t more = digests.differences() - static_cast<int64_t>(digests.examples().size());
    if (more > 0) std::printf("    and %lld more\n", static_cast<long long>(more));
    return same;
  }

  mysql::SourceConfig config_;
  std::unique_ptr<HadoopCatalog> catalog_;
  SchemaEvolver evolver_;
  Router router_;
  std::map<TableId, SinkTable> sinks_;
};

Result<bool> Verify(const PipelineSpec& spec) {
  std::vector<std::string> warnings;
  if (spec.sink.type != "iceberg") {
    return Unsupported(Str("a sink of type `", spec.sink.type, "` cannot be compared"), "verify reads iceberg sinks");
  }
  TRY_SET(mysql::SourceConfig config, mysql::MakeSourceConfig(spec, warnings));
  TRY_SET(auto catalog, HadoopCatalog::Make(PosixEnv(), spec.sink.options.at("catalog.properties.warehouse").text));
  TRY_SET(SchemaEvolver evolver, SchemaEvolver::Make(spec));
  TRY_SET(Router router, Router::Make(spec.routes, spec.route_mode));
  return Verifier(std::move(config), std::move(catalog), std::move(evolver), std::move(router)).Run();
}

}  // namespace

int VerifyCommand(const FileArguments& arguments) {
  std::vector<std::string> warnings;
  auto spec = LoadAndCheck(arguments, warnings);
  if (!spec) return 2;
  auto equal = Verify(*spec);
  std::fflush(stdout);
  if (!equal.ok()) return PrintError(equal.error(), &*spec);
  return *equal ? 0 : 1;
}

}  // namespace sluice
