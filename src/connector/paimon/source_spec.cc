// SPDX-License-Identifier: Apache-2.0
// Keys of the warehouse as in the sink; the others are Paimon's table options of reading.
#include "connector/paimon/source_spec.h"

#include <utility>

#include "connector/paimon/spec.h"

namespace sluice {
namespace {

OptionSpec Moment(std::string key, OptionType type, std::string description) {
  return {.key = std::move(key), .type = type, .description = std::move(description)};
}

// Where each table begins.
void AddStart(std::vector<OptionSpec>& out) {
  out.push_back({.key = "scan.mode",
                 .type = OptionType::kEnum,
                 .default_value = "default",
                 .description = "where each table begins; default: as the option says that names a moment, else with "
                                "the rows of the newest snapshot (latest-full)",
                 .values = {"default", "latest-full", "full", "latest", "latest-delta", "compacted-full",
                            "from-timestamp", "from-creation-timestamp", "from-file-creation-time", "from-snapshot",
                            "from-snapshot-full", "incremental"}});
  out.push_back({.key = "scan.snapshot-id",
                 .type = OptionType::kLong,
                 .description = "the snapshot of from-snapshot and from-snapshot-full",
                 .least = 1});
  out.push_back(Moment("scan.timestamp-millis", OptionType::kLong,
                       "the time of from-timestamp, in milliseconds since 1970"));
  out.push_back(Moment("scan.timestamp", OptionType::kString,
                       "the same as a time on this machine's clock: 2024-01-31 20:15:00"));
  out.push_back(Moment("scan.tag-name", OptionType::kString, "BATCH: the tag whose rows are read"));
  out.push_back(Moment("scan.watermark", OptionType::kLong,
                       "BATCH: the first snapshot with this watermark or a later one"));
  out.push_back(Moment("scan.version", OptionType::kString,
                       "a snapshot by its number; BATCH: also by the name of a tag, or as watermark-N"));
  out.push_back(Moment("scan.file-creation-time-millis", OptionType::kLong,
                       "of the newest snapshot the rows of files that are not older, then what changes"));
  out.push_back(Moment("scan.creation-time-millis", OptionType::kLong,
                       "as from-snapshot with the first snapshot of that time, if there are older and younger ones; "
                       "else as scan.file-creation-time-millis"));
}

// Of a bounded pipeline.
void AddBetween(std::vector<OptionSpec>& out) {
  out.push_back(Moment("incremental-between", OptionType::kString,
                       "BATCH: the changes after the first snapshot or tag up to the second: 5,10"));
  out.push_back(Moment("incremental-between-timestamp", OptionType::kString, "BATCH: the same by two times"));
  out.push_back(Moment("incremental-to-auto-tag", OptionType::kString,
                       "BATCH: the changes from the tag of the period before up to this one"));
  out.push_back({.key = "incremental-between-scan-mode",
                 .type = OptionType::kEnum,
                 .default_value = "auto",
                 .description = "where the changes are taken from",
                 .values = {"auto", "delta", "changelog", "diff"}});
  out.push_back({.key = "incremental-between-tag-to-snapshot",
                 .type = OptionType::kBoolean,
                 .default_value = "false",
                 .description = "whether two tags stand for the numbers of their snapshots"});
}

void AddFollowing(std::vector<OptionSpec>& out) {
  out.push_back({.key = "streaming-read-overwrite",
                 .type = OptionType::kBoolean,
                 .default_value = "false",
                 .description = "whether what snapshots of kind OVERWRITE change is read"});
  out.push_back({.key = "streaming-read-append-overwrite",
                 .type = OptionType::kBoolean,
                 .default_value = "false",
                 .description = "the same of tables without a key, and only what they add"});
  out.push_back(Moment("streaming.read.snapshot.delay", OptionType::kDuration,
                       "younger snapshots are left for later"));
  out.push_back(Moment("scan.bounded.watermark", OptionType::kLong,
                       "the pipeline ends before the first snapshot with a greater watermark"));
  out.push_back({.key = "continuous.discovery-interval",
                 .type = OptionType::kDuration,
                 .default_value = "1 s",
                 .description = "time between two looks for new snapshots and tables"});
}

// Which rows of each table.
void AddChoice(std::vector<OptionSpec>& out) {
  out.push_back({.key = "branch", .description = "the branch of each table that is read; none: main"});
  out.push_back({.key = "scan.plan-auto-tag-for-read.time-retained",
                 .type = OptionType::kDuration,
                 .description = "BATCH: a tag keeps the rows while they are read, at most for so long"});
  out.push_back({.key = "scan.fallback-branch",
                 .description = "BATCH: the branch whose partitions come where the table has none; none: as it says"});
  out.push_back({.key = "scan.primary-branch",
                 .description = "BATCH: the branch whose partitions come first, and the table's where it has none; "
                                "none: as it says"});
  out.push_back({.key = "scan.partitions",
                 .description = "only these partitions: dt=2024-01-01,hh=8;dt=2024-01-02 (a column that is left out "
                                "is NULL), or max_pt(), max_two_pt(), dt=max_pt(): those with the greatest values when "
                                "a table is begun"});
  out.push_back({.key = "scan.bucket",
                 .type = OptionType::kInteger,
                 .description = "only this bucket of tables with a fixed number of buckets",
                 .least = 0});
}

void AddWithoutEffect(std::vector<OptionSpec>& out) {
  const auto none = [&](const char* key, const char* reason) {
    out.push_back({.key = key, .status = OptionStatus::kIgnored, .reason = reason});
  };
  for (const char* key : {"scan.parallelism", "scan.infer-parallelism", "scan.infer-parallelism.max",
                          "scan.manifest.parallelism", "scan.max-splits-per-task", "scan.max-snapshot.count",
                          "scan.split-enumerator.batch-size", "scan.split-enumerator.mode",
                          "scan.dedicated-split-generation", "scan.plan-sort-partition",
                          "source.split.target-size", "source.split.open-file-cost"}) {
    none(key, "one thread reads the tables, file by file");
  }
  for (const char* key : {"scan.watermark.alignment.group", "scan.watermark.alignment.max-drift",
                          "scan.watermark.alignment.update-interval", "scan.watermark.emit.strategy",
                          "scan.watermark.idle-timeout"}) {
    none(key, "a pipeline has no watermarks");
  }
  none("scan.remove-normalize", "nothing is put between the changes and the sink");
}

void AddRefused(std::vector<OptionSpec>& out) {
  out.push_back(Refused("consumer.expiration-time",
                        "it is an option of the table, whose writer takes consumers away that read no more"));
  out.push_back(Refused("consumer.changelog-only",
                        "it is an option of the table, whose writer lets snapshots expire"));
  out.push_back(Refused("scan.bounded", "execution.runtime-mode: BATCH says so"));
  for (const char* key : {"scan.ignore-corrupt-files", "scan.ignore-lost-files"}) {
    out.push_back(Refused(key, "a table with a damaged or lost file would be copied as if it were whole"));
  }
  out.push_back(Refused("scan.fallback-branch.read-fail-fast", "a branch that cannot be read is always an error"));
  for (const char* key : {"scan.fallback-snapshot-branch", "scan.fallback-delta-branch"}) {
    out.push_back(Refused(key, "chain tables are not supported"));
  }
  out.push_back(Refused("stream-scan-mode", "Paimon's own jobs set it: dedicated compaction, monitors of files"));
}

}  // namespace

std::vector<OptionSpec> PaimonSourceOptions() {
  std::vector<OptionSpec> out = PaimonCatalogOptions();
  out.push_back(
      {.key = "tables", .description = "tables to read, e.g. app_db.\\.*, shop.order_[0-9]+", .required = true});
  out.push_back({.key = "tables.exclude", .description = "tables of `tables` that are not read"});
  AddStart(out);
  AddBetween(out);
  AddFollowing(out);
  AddChoice(out);
  out.push_back({.key = "consumer-id",
                 .description = "name under which each table keeps the snapshots that are not read yet, and from which "
                                "a job without state goes on"});
  out.push_back({.key = "consumer.ignore-progress",
                 .type = OptionType::kBoolean,
                 .default_value = "false",
                 .description = "whether a job without state begins as scan.mode says all the same"});
  out.push_back({.key = "consumer.mode",
                 .type = OptionType::kEnum,
                 .default_value = "exactly-once",
                 .description = "how far the consumer is: what the sink has committed",
                 .values = {"exactly-once"}});
  AddWithoutEffect(out);
  AddRefused(out);
  return out;
}

}  // namespace sluice
