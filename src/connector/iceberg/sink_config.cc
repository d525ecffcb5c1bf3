// SPDX-License-Identifier: Apache-2.0
// The sink block of a pipeline file -> IcebergSink.
#include <set>

#include "base/text.h"
#include "connector/iceberg/partitions.h"
#include "connector/iceberg/sink.h"
#include "connector/iceberg/spec.h"
#include "lake/iceberg/data_writer.h"
#include "pipeline/job_id.h"
#include "pipeline/lake_sink.h"

namespace sluice {
namespace {

constexpr std::string_view kTableProperties = "table.properties.";

Result<Options> ReadOptions(const PipelineSpec& spec, std::vector<std::string>& warnings) {
  return Options::Check("sink \"iceberg\"", IcebergSinkOptions(), spec.sink.options, spec.sink.place, warnings);
}

Error At(const FilePlace& place, Error error) { return std::move(error).With(place.ToString()); }

Status ReadTableProperties(const Options& options, iceberg::Properties& out) {
  iceberg::Properties checked;  // without those of single columns, which are not known yet
  for (auto& [key, value] : options.WithPrefix(kTableProperties)) {
    if (key == "format-version") {
      if (value.text == "2") continue;
      return At(value.place, Unsupported(Str("table.properties.format-version: ", value.text, " is not supported"),
                                         "leave it out or set 2"));
    }
    out[key] = value.text;
    if (!key.starts_with("write.metadata.metrics.column.")) checked[key] = value.text;
    auto valid = iceberg::WriteOptions::FromProperties(checked, iceberg::Schema());
    if (!valid.ok()) return At(value.place, std::move(valid).error());
    Status known = iceberg::CheckProperty(key, value.text);
    if (!known.ok()) return At(value.place, std::move(known).error());
  }
  return Ok();
}

Result<std::vector<iceberg::TablePartitioning>> ReadPartitions(const Options& options) {
  auto partitions = iceberg::ParsePartitionKey(options.Text("partition.key"));
  if (!partitions.ok()) return At(options.PlaceOf("partition.key"), std::move(partitions).error());
  return partitions;
}

}  // namespace

Result<iceberg::PartitionSpec> PartitionSpecOf(const std::vector<iceberg::TablePartitioning>& partitions,
                                               const TableId& id, const iceberg::Schema& schema) {
  iceberg::PartitionSpec out;
  for (const iceberg::TablePartitioning& partitioning : partitions) {
    if (partitioning.table != id.ToString()) continue;
    auto spec = iceberg::ToPartitionSpec(partitioning.terms, schema);
    if (!spec.ok()) return std::move(spec).error().With(Str("partition.key of ", partitioning.table));
    out = *std::move(spec);
  }
  return out;
}

std::vector<std::string> PartitionedTables(const std::vector<iceberg::TablePartitioning>& partitions) {
  std::vector<std::string> out;
  for (const iceberg::TablePartitioning& partitioning : partitions) out.push_back(partitioning.table);
  return out;
}

Status CheckIcebergTables(const PipelineSpec& spec, const std::map<TableId, TableSchema>& tables,
                          std::vector<std::string>& notes) {
  std::vector<std::string> told;
  TRY_SET(const Options options, ReadOptions(spec, told));
  TRY_SET(const auto partitions, ReadPartitions(options));
  std::set<std::string> names;
  for (const auto& [id, schema] : tables) {
    names.insert(id.ToString());
    auto made = PartitionSpecOf(partitions, id, iceberg::FromTableSchema(schema));
    if (!made.ok()) return At(options.PlaceOf("partition.key"), std::move(made).error());
  }
  for (const std::string& note : IdlePartitions(PartitionedTables(partitions), names)) {
    notes.push_back(Str(options.PlaceOf("partition.key").ToString(), ": ", note));
  }
  return Ok();
}

Result<std::string> IcebergJobId(const PipelineSpec& spec) {
  std::vector<std::string> ignored;
  TRY_SET(const Options options, ReadOptions(spec, ignored));
  return LakeJobId(spec, options.Text("job.id.prefix"));
}

Result<std::unique_ptr<Sink>> MakeIcebergSink(Env& env, const PipelineSpec& spec, std::vector<std::string>& warnings) {
  TRY_SET(const Options options, ReadOptions(spec, warnings));
  IcebergSinkConfig config;
  std::string catalog = Lower(options.Text("catalog.properties.type"));
  if (catalog != "hadoop") {
    return At(
        options.PlaceOf("catalog.properties.type"),
        Unsupported(Str("catalog type `", catalog, "` is not supported yet"), "use catalog.properties.type: hadoop"));
  }
  config.warehouse = options.Text("catalog.properties.warehouse");
  config.job = LakeJobId(spec, options.Text("job.id.prefix"));
  config.backfill = options.Boolean("add-column.backfill");
  TRY(ReadTableProperties(options, config.table_properties));
  TRY_SET(config.partitions, ReadPartitions(options));
  auto sink = IcebergSink::Make(env, std::move(config));
  if (!sink.ok()) return At(options.PlaceOf("catalog.properties.warehouse"), std::move(sink).error());
  return std::unique_ptr<Sink>(*std::move(sink));
}

}  // namespace sluice
