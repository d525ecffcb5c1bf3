// SPDX-License-Identifier: Apache-2.0
// The source block of a pipeline file -> PaimonSource.
#include <algorithm>

#include "base/text.h"
#include "connector/paimon/source.h"
#include "connector/paimon/source_spec.h"
#include "connector/paimon/spec.h"
#include "lake/paimon/evolve.h"
#include "lake/paimon/local_time.h"
#include "pipeline/wanted_tables.h"

namespace sluice {
namespace {

using paimon::FeedStart;

Status SetTables(const Options& options, PaimonSourceConfig& config) {
  TRY_SET(WantedTables tables, WantedTables::Of(options));
  config.tables_text = std::move(tables.text);
  config.wanted = std::move(tables.wanted);
  return Ok();
}

Status SetTimestamp(const Options& options, PaimonSourceConfig& config) {
  if (options.Has("scan.timestamp-millis")) {
    config.feed.timestamp_ms = options.Integer("scan.timestamp-millis");
    return Ok();
  }
  if (!options.Has("scan.timestamp")) {
    return options.At("scan.mode", "scan.mode: from-timestamp needs scan.timestamp or scan.timestamp-millis");
  }
  const std::string text = options.Text("scan.timestamp");
  const auto local = paimon::ParseLocal(Trim(text));
  if (!local) {
    return options.At("scan.timestamp", Str("\"", text, "\" is no time"), "write it as 2024-01-31 20:15:00");
  }
  config.feed.timestamp_ms = paimon::UtcOfLocal(*local);
  return Ok();
}

Status SetStart(const Options& options, PaimonSourceConfig& config) {
  std::string mode = options.Text("scan.mode");
  const bool timed = options.Has("scan.timestamp") || options.Has("scan.timestamp-millis");
  const bool numbered = options.Has("scan.snapshot-id");
  if (mode == "default") mode = timed ? "from-timestamp" : numbered ? "from-snapshot" : "latest-full";
  config.feed.start = mode == "latest"               ? FeedStart::kLatest
                      : mode == "from-snapshot"      ? FeedStart::kFromSnapshot
                      : mode == "from-snapshot-full" ? FeedStart::kFromSnapshotFull
                      : mode == "from-timestamp"     ? FeedStart::kFromTimestamp
                                                     : FeedStart::kLatestFull;
  const bool by_number = mode.starts_with("from-snapshot"), by_time = mode == "from-timestamp";
  if (by_number && !numbered) return options.At("scan.mode", Str("scan.mode: ", mode, " needs scan.snapshot-id"));
  if (numbered && !by_number) {
    return options.At("scan.snapshot-id", Str("scan.snapshot-id does not go with scan.mode: ", mode));
  }
  if (timed && !by_time) {
    return options.At("scan.mode", Str("scan.timestamp does not go with scan.mode: ", mode));
  }
  if (config.bounded && config.feed.start != FeedStart::kLatestFull &&
      config.feed.start != FeedStart::kFromSnapshotFull) {
    return options.At("scan.mode", Str("scan.mode: ", mode, " does not go with execution.runtime-mode: BATCH"),
                      "use latest-full or from-snapshot-full, or leave execution.runtime-mode at STREAMING");
  }
  if (numbered) config.feed.snapshot = options.Integer("scan.snapshot-id");
  return by_time ? SetTimestamp(options, config) : Ok();
}

Result<PaimonSourceConfig> ReadConfig(const PipelineSpec& spec, std::vector<std::string>& warnings) {
  TRY_SET(const Options options, Options::Check("source \"paimon\"", PaimonSourceOptions(), spec.source.options,
                                                spec.source.place, warnings));
  PaimonSourceConfig config;
  config.warehouse = options.Text("catalog.properties.warehouse");
  config.catalog = PaimonCatalogOf(options);
  TRY(CheckCatalogKeys(options));
  config.bounded = spec.bounded;
  TRY(SetTables(options, config));
  TRY(SetStart(options, config));
  config.feed.overwrites = options.Boolean("streaming-read-overwrite");
  config.feed.ignore_consumer = options.Boolean("consumer.ignore-progress");
  config.discovery_ms = std::max<int64_t>(1, options.DurationMs("continuous.discovery-interval"));
  if (options.Has("consumer-id")) {
    config.feed.consumer = options.Text("consumer-id");
    if (Trim(config.feed.consumer).empty() || config.feed.consumer.find('/') != std::string::npos) {
      return options.At("consumer-id", Str("\"", config.feed.consumer, "\" cannot be the id of a consumer"));
    }
  }
  return config;
}

}  // namespace

Result<std::unique_ptr<Source>> MakePaimonSource(Env& env, const PipelineSpec& spec,
                                                 std::vector<std::string>& warnings) {
  TRY_SET(PaimonSourceConfig config, ReadConfig(spec, warnings));
  auto source = PaimonSource::Make(env, std::move(config));
  if (!source.ok()) return std::move(source).error().With(spec.source.place.ToString());
  return std::unique_ptr<Source>(*std::move(source));
}

Result<std::map<TableId, TableSchema>> InspectPaimonSource(Env& env, const PipelineSpec& spec) {
  std::vector<std::string> told;
  TRY_SET(const PaimonSourceConfig config, ReadConfig(spec, told));
  TRY_SET(const auto catalog, paimon::OpenCatalog(env, config.catalog));
  TRY_SET(const auto tables, catalog->List());
  std::map<TableId, TableSchema> out;
  for (const TableId& id : tables) {
    if (!config.wanted(id)) continue;
    TRY_SET(const auto table, catalog->Open(env, id));
    TRY_SET(const auto rules, paimon::ChangeRules::Of(table->newest_schema()));
    TRY(rules.CheckFollowable(id.ToString()));
    out[id] = paimon::ToTableSchema(table->newest_schema());
  }
  return out;
}

}  // namespace sluice
