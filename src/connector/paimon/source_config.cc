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

// Takes $branch_NAME, which Paimon has at the names of tables, out of them; the branch of all. `\$` is a `$`, too.
Result<std::string> TakeBranch(const Options& options, std::string& tables) {
  constexpr std::string_view kMark = "$branch_";
  std::string branch;
  std::vector<std::string> names;
  for (const std::string& each : Split(tables, ',')) {
    const size_t mark = each.find(kMark);
    const std::string found(mark == std::string::npos ? "" : Trim(std::string_view(each).substr(mark + kMark.size())));
    if (names.empty()) branch = found;
    if (found != branch || (mark != std::string::npos && found.empty())) {
      return options.At("tables", Str("\"", tables, "\" names several branches, or tables with and without one"),
                        "one source reads the same branch of all its tables: make another pipeline for the others");
    }
    std::string name = each.substr(0, mark);
    if (mark != std::string::npos && name.ends_with('\\')) name.pop_back();
    names.push_back(std::move(name));
  }
  if (!branch.empty() && options.Has("branch")) {
    return options.At("branch", Str("tables: \"", tables, "\" names a branch already"), "keep one of them");
  }
  tables = Join(names, ",");
  return branch;
}

Status SetTables(const Options& options, PaimonSourceConfig& config) {
  std::string text = options.Text("tables");
  TRY_SET(config.feed.branch, TakeBranch(options, text));
  TRY_SET(WantedTables tables, WantedTables::Of(options, std::move(text)));
  config.tables_text = std::move(tables.text);
  config.wanted = std::move(tables.wanted);
  return Ok();
}

// What each of these says, and where `scan.mode: default` then begins.
struct Chooser {
  const char* key;
  const char* mode;
};
constexpr Chooser kChoosers[] = {{"scan.timestamp-millis", "from-timestamp"},
                                 {"scan.timestamp", "from-timestamp"},
                                 {"scan.snapshot-id", "from-snapshot"},
                                 {"scan.tag-name", "from-snapshot"},
                                 {"scan.watermark", "from-snapshot"},
                                 {"scan.version", "from-snapshot"},
                                 {"scan.file-creation-time-millis", "from-file-creation-time"},
                                 {"scan.creation-time-millis", "from-creation-timestamp"},
                                 {"incremental-between", "incremental"},
                                 {"incremental-between-timestamp", "incremental"},
                                 {"incremental-to-auto-tag", "incremental"}};
constexpr const char* kBatch = "execution.runtime-mode: BATCH";

Result<int64_t> TimeOf(const Options& options, const char* key, std::string_view text) {
  int64_t number = 0;
  if (ParseNumber(Trim(text), number)) return number;
  if (const auto local = paimon::ParseLocal(Trim(text))) return paimon::UtcOfLocal(*local);
  return options.At(key, Str("\"", text, "\" is no time"),
                    "write it as 2024-01-31 20:15:00, or as milliseconds since 1970");
}

// The option that says where, of those that are given; empty: none.
Result<std::string> GivenChooser(const Options& options) {
  std::string found;
  for (const Chooser& chooser : kChoosers) {
    if (!options.Has(chooser.key)) continue;
    if (!found.empty()) return options.At(chooser.key, Str(chooser.key, " and ", found, " do not go together"));
    found = chooser.key;
  }
  return found;
}

Result<std::string> ModeOf(const Options& options, const std::string& chooser) {
  std::string implied = "latest-full";
  for (const Chooser& each : kChoosers) {
    if (chooser == each.key) implied = each.mode;
  }
  std::string mode = options.Text("scan.mode");
  if (mode == "default") return implied;
  if (mode == "full") return std::string("latest-full");
  const bool full = mode == "from-snapshot-full" && (chooser == "scan.snapshot-id" || chooser == "scan.version");
  if (!chooser.empty() && mode != implied && !full) {
    return options.At(chooser, Str(chooser, " does not go with scan.mode: ", mode));
  }
  std::string needs;
  for (const Chooser& each : kChoosers) {
    const bool fits = mode == each.mode || (mode == "from-snapshot-full" && each.mode == std::string("from-snapshot"));
    if (fits) needs += Str(needs.empty() ? "" : " or ", each.key);
  }
  if (chooser.empty() && !needs.empty()) return options.At("scan.mode", Str("scan.mode: ", mode, " needs ", needs));
  return mode;
}

FeedStart StartOf(const std::string& mode) {
  if (mode == "compacted-full") return FeedStart::kCompactedFull;
  if (mode == "latest") return FeedStart::kLatest;
  if (mode == "latest-delta") return FeedStart::kLatestDelta;
  if (mode == "from-snapshot") return FeedStart::kFromSnapshot;
  if (mode == "from-snapshot-full") return FeedStart::kFromSnapshotFull;
  if (mode == "from-timestamp") return FeedStart::kFromTimestamp;
  if (mode == "from-file-creation-time") return FeedStart::kFromFileCreation;
  if (mode == "from-creation-timestamp") return FeedStart::kFromCreation;
  if (mode == "incremental") return FeedStart::kIncremental;
  return FeedStart::kLatestFull;
}

Status SetMoment(const Options& options, const std::string& chooser, paimon::FeedOptions& feed) {
  if (chooser == "scan.snapshot-id") feed.snapshot = options.Integer(chooser);
  if (chooser == "scan.tag-name") feed.tag = options.Text(chooser);
  if (chooser == "scan.watermark") feed.watermark = options.Integer(chooser);
  if (chooser == "scan.version") feed.version = options.Text(chooser);
  if (chooser == "scan.timestamp") {
    TRY_SET(feed.timestamp_ms, TimeOf(options, "scan.timestamp", options.Text(chooser)));
  }
  for (const char* key : {"scan.timestamp-millis", "scan.file-creation-time-millis", "scan.creation-time-millis"}) {
    if (chooser == key) feed.timestamp_ms = options.Integer(key);
  }
  if (chooser == "incremental-between") feed.between = options.Text(chooser);
  if (chooser == "incremental-to-auto-tag") feed.to_auto_tag = options.Text(chooser);
  if (chooser == "incremental-between-timestamp") {
    const std::string text = options.Text(chooser);
    const auto parts = Split(text, ',');
    if (parts.size() != 2) {
      return options.At(chooser, Str("\"", text, "\" is no pair of times"), "give two times with a comma between");
    }
    TRY_SET(const int64_t from, TimeOf(options, "incremental-between-timestamp", parts[0]));
    TRY_SET(const int64_t to, TimeOf(options, "incremental-between-timestamp", parts[1]));
    feed.between_ms = {from, to};
  }
  return Ok();
}

Status SetBetween(const Options& options, paimon::FeedOptions& feed) {
  for (const char* key : {"incremental-between-scan-mode", "incremental-between-tag-to-snapshot"}) {
    if (options.Has(key) && feed.start != FeedStart::kIncremental) {
      return options.At(key, Str(key, " goes with incremental-between and incremental-between-timestamp only"));
    }
  }
  const std::string scan = options.Text("incremental-between-scan-mode");
  feed.between_scan = scan == "delta"       ? paimon::ChangeScan::kDelta
                      : scan == "changelog" ? paimon::ChangeScan::kChangelog
                      : scan == "diff"      ? paimon::ChangeScan::kDiff
                                            : paimon::ChangeScan::kAuto;
  feed.tags_as_snapshots = options.Boolean("incremental-between-tag-to-snapshot");
  if (feed.start == FeedStart::kLatestDelta) feed.between_scan = paimon::ChangeScan::kDelta;
  return Ok();
}

Status SetChoice(const Options& options, paimon::FeedOptions& feed) {
  if (options.Has("branch")) feed.branch = options.Text("branch");
  if (feed.branch.find('/') != std::string::npos) {
    return options.At("branch", Str("\"", feed.branch, "\" cannot be the name of a branch"));
  }
  const char* kept = "scan.plan-auto-tag-for-read.time-retained";
  if (options.Has(kept)) feed.read_tag_ms = options.DurationMs(kept);
  if (options.Has(kept) && (!feed.bounded || !feed.branch.empty())) {
    return options.At(kept, Str(kept, " goes with ", kBatch, ", and not with branch"),
                      feed.bounded ? "" : "consumer-id keeps what is not read yet");
  }
  feed.fallback = options.Text("scan.fallback-branch");
  if (options.Has("scan.fallback-branch") && (!feed.bounded || !feed.branch.empty())) {
    return options.At("scan.fallback-branch", Str("scan.fallback-branch goes with ", kBatch, ", and not with branch"));
  }
  feed.primary = options.Text("scan.primary-branch");
  if (options.Has("scan.primary-branch") && (!feed.bounded || !feed.branch.empty() || !feed.fallback.empty())) {
    return options.At("scan.primary-branch",
                      Str("scan.primary-branch goes with ", kBatch, ", not with branch or scan.fallback-branch"));
  }
  if (options.Has("scan.bucket")) feed.choice.bucket = static_cast<int>(options.Integer("scan.bucket"));
  if (!options.Has("scan.partitions")) return Ok();
  Status parsed = feed.choice.ParsePartitions(options.Text("scan.partitions"));
  if (parsed.ok()) return parsed;
  return options.At("scan.partitions", Str("scan.partitions: ", parsed.error().message), parsed.error().hint);
}

// The options of these keys that are given, as in the file.
std::string GivenText(const Options& options, const std::vector<std::string>& keys) {
  std::string out;
  for (const std::string& key : keys) {
    const auto given = options.Find(key);
    if (given) out += Str(out.empty() ? "" : ", ", key, ": ", given->secret ? "(not shown)" : given->text);
  }
  return out;
}

paimon::Begun BegunWith(const Options& options, const std::string& mode) {
  std::vector<std::string> moments = {"incremental-between-scan-mode", "incremental-between-tag-to-snapshot"};
  for (const Chooser& each : kChoosers) moments.emplace_back(each.key);
  const std::string moment = GivenText(options, moments);
  return {Str("scan.mode: ", mode, moment.empty() ? "" : ", ", moment),
          GivenText(options, {"branch", "scan.fallback-branch", "scan.primary-branch", "scan.partitions",
                              "scan.bucket"})};
}

// As Java refuses them.
Status CheckRuntimeMode(const Options& options, const std::string& mode, const std::string& chooser, bool bounded) {
  if (bounded) {
    for (const char* key : {"scan.bounded.watermark", "streaming.read.snapshot.delay"}) {
      if (options.Has(key)) return options.At(key, Str(key, " does not go with ", kBatch));
    }
    return Ok();
  }
  if (mode == "incremental" || mode == "latest-delta") {
    const std::string key = chooser.empty() ? "scan.mode" : chooser;
    return options.At(key, Str(chooser.empty() ? Str("scan.mode: ", mode) : chooser, " needs ", kBatch),
                      "leave it out to follow the tables; or set it, to read what changed between two snapshots once");
  }
  if (chooser == "scan.tag-name" || chooser == "scan.watermark") {
    return options.At(chooser, Str(chooser, " needs ", kBatch),
                      "leave it out to follow the tables; or set it, to read the rows of that moment once");
  }
  return Ok();
}

Status SetStart(const Options& options, PaimonSourceConfig& config) {
  TRY_SET(const std::string chooser, GivenChooser(options));
  TRY_SET(const std::string mode, ModeOf(options, chooser));
  TRY(CheckRuntimeMode(options, mode, chooser, config.feed.bounded));
  config.feed.start = StartOf(mode);
  config.begun = BegunWith(options, mode);
  if (!chooser.empty()) TRY(SetMoment(options, chooser, config.feed));
  return SetBetween(options, config.feed);
}

Status SetFollowing(const Options& options, paimon::FeedOptions& feed) {
  feed.overwrites = options.Boolean("streaming-read-overwrite");
  feed.append_overwrites = options.Boolean("streaming-read-append-overwrite");
  feed.ignore_consumer = options.Boolean("consumer.ignore-progress");
  if (options.Has("scan.bounded.watermark")) feed.end_watermark = options.Integer("scan.bounded.watermark");
  if (options.Has("streaming.read.snapshot.delay")) feed.delay_ms = options.DurationMs("streaming.read.snapshot.delay");
  if (!options.Has("consumer-id")) return Ok();
  feed.consumer = options.Text("consumer-id");
  if (!Trim(feed.consumer).empty() && feed.consumer.find('/') == std::string::npos) return Ok();
  return options.At("consumer-id", Str("\"", feed.consumer, "\" cannot be the id of a consumer"));
}

Result<PaimonSourceConfig> ReadConfig(const PipelineSpec& spec, std::vector<std::string>& warnings) {
  TRY_SET(const Options options, Options::Check("source \"paimon\"", PaimonSourceOptions(), spec.source.options,
                                                spec.source.place, warnings));
  PaimonSourceConfig config;
  config.warehouse = options.Text("catalog.properties.warehouse");
  config.catalog = PaimonCatalogOf(options);
  TRY(CheckCatalogKeys(options));
  config.feed.bounded = spec.bounded;
  TRY(SetTables(options, config));
  TRY(SetStart(options, config));
  TRY(SetFollowing(options, config.feed));
  TRY(SetChoice(options, config.feed));
  config.discovery_ms = std::max<int64_t>(1, options.DurationMs("continuous.discovery-interval"));
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

Result<PaimonSourceTables> OpenPaimonSourceTables(Env& env, const PipelineSpec& spec) {
  std::vector<std::string> told;
  TRY_SET(const PaimonSourceConfig config, ReadConfig(spec, told));
  TRY_SET(auto catalog, paimon::OpenCatalog(env, config.catalog));
  return PaimonSourceTables{std::move(catalog), config.feed};
}

Result<std::unique_ptr<paimon::Table>> PaimonSourceTables::Open(Env& env, const TableId& id,
                                                                 const std::string& branch) const {
  TRY_SET(const std::string folder, catalog->TableFolder(id));
  auto table = paimon::OpenHistory(env, folder, feed, branch);
  if (!table.ok()) return std::move(table).error().With(Str("table ", id.ToString()));
  return table;
}

Result<std::map<TableId, TableSchema>> InspectPaimonSource(Env& env, const PipelineSpec& spec) {
  std::vector<std::string> told;
  TRY_SET(const PaimonSourceConfig config, ReadConfig(spec, told));
  TRY_SET(const auto source, OpenPaimonSourceTables(env, spec));
  TRY_SET(const auto tables, source.catalog->List());
  std::map<TableId, TableSchema> out;
  for (const TableId& id : tables) {
    if (!config.wanted(id)) continue;
    TRY_SET(const auto table, source.Open(env, id));
    TRY(paimon::ChangeRules::Of(table->newest_schema()));
    out[id] = paimon::ToTableSchema(table->newest_schema());
  }
  return out;
}

}  // namespace sluice
