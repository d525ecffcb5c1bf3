// SPDX-License-Identifier: Apache-2.0
// Keys of the warehouse as in the sink; the others are Paimon's table options of reading.
#include "connector/paimon/source_spec.h"

#include "connector/paimon/spec.h"

namespace sluice {
namespace {

void AddReading(std::vector<OptionSpec>& out) {
  out.push_back({.key = "scan.mode",
                 .type = OptionType::kEnum,
                 .default_value = "default",
                 .description = "where each table begins; default: as scan.snapshot-id or scan.timestamp say, else "
                                "with the rows of the newest snapshot (latest-full)",
                 .values = {"default", "latest-full", "full", "latest", "from-timestamp", "from-snapshot",
                            "from-snapshot-full"}});
  out.push_back({.key = "scan.snapshot-id",
                 .type = OptionType::kLong,
                 .description = "the snapshot of from-snapshot and from-snapshot-full",
                 .least = 1});
  out.push_back({.key = "scan.timestamp-millis",
                 .type = OptionType::kLong,
                 .description = "the time of from-timestamp, in milliseconds since 1970"});
  out.push_back({.key = "scan.timestamp",
                 .description = "the same as a time on this machine's clock: 2024-01-31 20:15:00"});
  out.push_back({.key = "streaming-read-overwrite",
                 .type = OptionType::kBoolean,
                 .default_value = "false",
                 .description = "whether what snapshots of kind OVERWRITE change is read"});
  out.push_back({.key = "continuous.discovery-interval",
                 .type = OptionType::kDuration,
                 .default_value = "1 s",
                 .description = "time between two looks for new snapshots and tables"});
}

}  // namespace

std::vector<OptionSpec> PaimonSourceOptions() {
  std::vector<OptionSpec> out = PaimonCatalogOptions();
  out.push_back(
      {.key = "tables", .description = "tables to read, e.g. app_db.\\.*, shop.order_[0-9]+", .required = true});
  out.push_back({.key = "tables.exclude", .description = "tables of `tables` that are not read"});
  AddReading(out);
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
  out.push_back(Refused("consumer.expiration-time",
                        "it is an option of the table, whose writer takes consumers away that read no more"));
  for (const char* key : {"scan.tag-name", "scan.watermark", "scan.bounded.watermark", "scan.version",
                          "scan.file-creation-time-millis", "incremental-between", "incremental-between-timestamp",
                          "incremental-between-scan-mode", "incremental-to-auto-tag"}) {
    out.push_back(Refused(key, "a source follows its tables; `sluice read` shows the rows of a moment and the changes "
                               "between two"));
  }
  for (const char* key : {"streaming.read.snapshot.delay", "streaming-read-append-overwrite", "stream-scan-mode",
                          "branch", "consumer.changelog-only"}) {
    out.push_back(Refused(key, "it is not supported yet"));
  }
  return out;
}

}  // namespace sluice
