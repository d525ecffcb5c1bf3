// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/source_config.h"

#include <algorithm>
#include <memory>
#include <random>

#include "base/crc32.h"
#include "base/text.h"
#include "connector/mysql/spec.h"
#include "pipeline/wanted_tables.h"

namespace sluice::mysql {
namespace {

Result<uint32_t> ChooseServerId(const Options& options, int64_t parallelism) {
  uint32_t low = 5400;
  uint32_t high = 6400;
  if (options.Has("server-id")) {
    std::string text = options.Text("server-id");
    std::vector<std::string> parts = Split(text, '-');
    high = 0;
    bool ok = parts.size() <= 2 && ParseNumber(Trim(parts[0]), low) && low > 0;
    if (parts.size() == 2) ok = ok && ParseNumber(Trim(parts[1]), high) && high >= low;
    if (!ok) {
      return options.At("server-id", Str("the value of option 'server-id' is invalid: '", text, "'"),
                        "write a number (5400) or a range (5400-5408)");
    }
    if (parallelism > 1 && parts.size() == 2 && high - low + 1 < parallelism) {
      return options.At("server-id",
                        Str("the range ", text, " has fewer ids than the parallelism of ", parallelism));
    }
    return low;  // one reader of the log: the first id of the range is enough
  }
  std::random_device random;
  return low + random() % (high - low + 1);
}

// The same for every run of a file, and unlike that of other jobs.
std::string JobOf(const PipelineSpec& spec) {
  std::string text = Str(spec.name, '\n', spec.sink.type);
  for (const auto* block : {&spec.source.options, &spec.sink.options}) {
    for (const auto& [key, value] : *block) {
      if (!value.secret && key != "server-id") text += Str('\n', key, '=', value.text);
    }
  }
  return Str(Crc32(text));
}

Status SetStartup(const Options& options, bool bounded, SourceConfig& config) {
  std::string mode = options.Text("scan.startup.mode");
  config.mode = mode == "snapshot"          ? StartupMode::kSnapshot
                : mode == "latest-offset"   ? StartupMode::kLatest
                : mode == "earliest-offset" ? StartupMode::kEarliest
                : mode == "specific-offset" ? StartupMode::kSpecific
                : mode == "timestamp"       ? StartupMode::kTimestamp
                                            : StartupMode::kInitial;
  if (bounded && config.mode != StartupMode::kSnapshot) {
    return options.At("scan.startup.mode",
                      "only \"snapshot\" of scan.startup.mode is supported with execution.runtime-mode: BATCH",
                      "set scan.startup.mode: snapshot, or leave execution.runtime-mode at STREAMING");
  }
  if (config.mode == StartupMode::kTimestamp) {
    if (!options.Has("scan.startup.timestamp-millis")) {
      return options.At("scan.startup.mode", "scan.startup.mode: timestamp needs scan.startup.timestamp-millis");
    }
    config.start_ms = options.Integer("scan.startup.timestamp-millis");
  }
  if (config.mode != StartupMode::kSpecific) return Ok();
  bool file = options.Has("scan.startup.specific-offset.file") && options.Has("scan.startup.specific-offset.pos");
  bool gtid = options.Has("scan.startup.specific-offset.gtid-set");
  if (!file && !gtid) {
    return options.At("scan.startup.mode",
                      "unable to find a valid binlog offset: either scan.startup.specific-offset.gtid-set, or "
                      "scan.startup.specific-offset.file and scan.startup.specific-offset.pos are required");
  }
  if (gtid) {
    config.start_gtids = options.Text("scan.startup.specific-offset.gtid-set");
    auto parsed = GtidSet::Parse(config.start_gtids);
    if (!parsed.ok()) return options.At("scan.startup.specific-offset.gtid-set", parsed.error().message,
                                        "MariaDB's form is domain-server-sequence: 0-1-100");
  } else {
    config.start_file = options.Text("scan.startup.specific-offset.file");
    config.start_offset = static_cast<uint64_t>(options.Integer("scan.startup.specific-offset.pos"));
  }
  if (options.Has("scan.startup.specific-offset.skip-events")) {
    config.skip_events = options.Integer("scan.startup.specific-offset.skip-events");
  }
  if (options.Has("scan.startup.specific-offset.skip-rows")) {
    config.skip_rows = options.Integer("scan.startup.specific-offset.skip-rows");
  }
  return Ok();
}

Status SetTables(const Options& options, SourceConfig& config) {
  TRY_SET(WantedTables tables, WantedTables::Of(options));
  config.tables_text = std::move(tables.text);
  config.databases = std::move(tables.schemas);
  config.wanted = std::move(tables.wanted);
  return Ok();
}

Status SetTls(const Options& options, SourceConfig& config) {
  auto text = [&](std::string_view key) {
    auto found = options.Find(key);
    return found ? Lower(found->text) : std::string();
  };
  if (text("jdbc.properties.useSSL") == "true") config.connect.tls = TlsMode::kRequired;
  if (text("jdbc.properties.useSSL") == "false") config.connect.tls = TlsMode::kDisabled;
  std::string mode = text("jdbc.properties.sslMode");
  if (mode.empty()) return Ok();
  if (mode == "disabled" || mode == "disable") config.connect.tls = TlsMode::kDisabled;
  else if (mode == "preferred") config.connect.tls = TlsMode::kPreferred;
  else if (mode == "required" || mode == "trust") config.connect.tls = TlsMode::kRequired;
  else if (mode == "verify_identity" || mode == "verify-full") config.connect.tls = TlsMode::kVerifyIdentity;
  else {
    return options.At("jdbc.properties.sslMode", Str("unknown or unsupported sslMode `", mode, "`"),
                      "use DISABLED, PREFERRED, REQUIRED or VERIFY_IDENTITY");
  }
  return Ok();
}

}  // namespace

Result<SourceConfig> MakeSourceConfig(const PipelineSpec& spec, std::vector<std::string>& warnings) {
  TRY_SET(Options options, Options::Check(Str("source \"", spec.source.type, "\""), MysqlSourceOptions(),
                                          spec.source.options, spec.source.place, warnings));
  SourceConfig config;
  config.connect.host = options.Text("hostname");
  config.connect.port = static_cast<uint16_t>(options.Integer("port"));
  config.connect.user = options.Text("username");
  config.connect.password = options.Text("password");
  config.connect.connect_timeout_ms = options.DurationMs("connect.timeout");
  config.connect_retries = static_cast<int>(options.Integer("connect.max-retries"));
  TRY(SetTls(options, config));
  TRY(SetTables(options, config));
  TRY(SetStartup(options, spec.bounded, config));
  config.mapping.tinyint1_is_boolean = options.Boolean("treat-tinyint1-as-boolean.enabled");
  config.mapping.comments = options.Boolean("include-comments.enabled");
  if (spec.shape) {
    config.mapping.as_sync_action = true;
    config.mapping.longtext_is_bytes = spec.shape->Has(TypeRule::kLongtextToBytes);
    config.mapping.bigint_unsigned_is_bigint = spec.shape->Has(TypeRule::kBigintUnsignedToBigint);
    const auto& metadata = spec.shape->metadata;
    config.exact_times = std::find(metadata.begin(), metadata.end(), "op_ts") != metadata.end();
  }
  TRY_SET(config.reader.server_id, ChooseServerId(options, spec.parallelism));
  config.reader.given = options.Has("server-id");
  config.reader.job = JobOf(spec);
  config.epoch_ms = spec.checkpoint_interval_ms;
  if (options.Has("scan.incremental.snapshot.chunk.size")) {
    config.chunk_rows = options.Integer("scan.incremental.snapshot.chunk.size");
  }
  config.connections = static_cast<int>(std::max<int64_t>(2, std::min<int64_t>(spec.parallelism, 16)));
  config.scan_new_tables = options.Boolean("scan.newly-added-table.enabled");
  if (config.scan_new_tables && options.Has("scan.binlog.newly-added-table.enabled") &&
      options.Boolean("scan.binlog.newly-added-table.enabled")) {
    return options.At(
        "scan.newly-added-table.enabled",
        "if both scan.binlog.newly-added-table.enabled and scan.newly-added-table.enabled are true, data maybe "
        "duplicate after restore",
        "keep one of them");
  }
  config.schema_changes = options.Boolean("schema-change.enabled");
  if (options.Has("scan.binlog.newly-added-table.enabled")) {
    config.capture_new_tables = options.Boolean("scan.binlog.newly-added-table.enabled");
  }
  return config;
}

}  // namespace sluice::mysql
