// SPDX-License-Identifier: Apache-2.0
// Keys of Flink CDC 3.6's MySqlDataSourceOptions and their meaning here.
#include "connector/mysql/spec.h"

namespace sluice {
namespace {

OptionSpec Ignored(std::string key, OptionType type, std::string default_value, std::string reason) {
  return {.key = std::move(key),
          .type = type,
          .default_value = std::move(default_value),
          .status = OptionStatus::kIgnored,
          .reason = std::move(reason)};
}

void AddConnection(std::vector<OptionSpec>& out) {
  out.push_back({.key = "hostname", .description = "name or address of the database server", .required = true});
  out.push_back({.key = "port",
                 .type = OptionType::kInteger,
                 .default_value = "3306",
                 .description = "its TCP port",
                 .least = 1,
                 .most = 65535});
  out.push_back({.key = "username", .description = "user to log in as", .required = true});
  out.push_back({.key = "password", .description = "password of the user", .required = true, .secret = true});
  out.push_back(
      {.key = "server-id",
       .description =
           "id of this reader among the server's replicas, e.g. 5400 or 5400-5408; the first of a range is used"});
  out.push_back(
      {.key = "connect.timeout",
       .type = OptionType::kDuration,
       .default_value = "30 s",
       .description =
           "longest wait for a connection; the log's is made anew when it is silent for so long, at least 10 s"});
  out.push_back({.key = "connect.max-retries",
                 .type = OptionType::kInteger,
                 .default_value = "3",
                 .description = "how often the first connection is tried again",
                 .least = 0});
  out.push_back(
      Ignored("server-time-zone", OptionType::kString, "",
              "TIMESTAMP is an instant in the log, and the initial copy reads it in UTC, so no zone is needed"));
  out.push_back(Ignored("connection.pool.size", OptionType::kInteger, "20",
                        "each reader keeps one connection; there is no pool"));
  out.push_back(Ignored("heartbeat.interval", OptionType::kDuration, "30 s",
                        "the position moves with every transaction of the server, also of tables that are not read"));
}

void AddTables(std::vector<OptionSpec>& out) {
  out.push_back(
      {.key = "tables", .description = "tables to read, e.g. app_db.\\.*, shop.order_[0-9]+", .required = true});
  out.push_back({.key = "tables.exclude", .description = "tables of `tables` that are not read"});
  out.push_back({.key = "schema-change.enabled",
                 .type = OptionType::kBoolean,
                 .default_value = "true",
                 .description = "whether changes of the tables' columns are passed on"});
  out.push_back({.key = "scan.binlog.newly-added-table.enabled",
                 .type = OptionType::kBoolean,
                 .default_value = "false",
                 .description = "whether tables that are created later are read from the log"});
  out.push_back({.key = "treat-tinyint1-as-boolean.enabled",
                 .type = OptionType::kBoolean,
                 .default_value = "true",
                 .description = "TINYINT(1) is BOOLEAN"});
  out.push_back({.key = "include-comments.enabled",
                 .type = OptionType::kBoolean,
                 .default_value = "false",
                 .description = "comments of tables and columns go to the sink"});
  out.push_back(
      {.key = "scan.newly-added-table.enabled",
       .type = OptionType::kBoolean,
       .default_value = "false",
       .description = "whether tables that a resumed job did not know are copied"});
  out.push_back({.key = "scan.parse.online.schema.changes.enabled",
                 .type = OptionType::kBoolean,
                 .default_value = "false",
                 .status = OptionStatus::kIgnored,
                 .reason = "the table swaps of gh-ost and pt-osc are always followed"});
  out.push_back({.key = "use.legacy.json.format",
                 .type = OptionType::kBoolean,
                 .default_value = "true",
                 .status = OptionStatus::kIgnored,
                 .reason = "MariaDB keeps JSON as the text that was written, and it is passed on as it is"});
  out.push_back(Refused("metadata.list", "metadata columns need transform, which is not supported yet"));
}

void AddSnapshot(std::vector<OptionSpec>& out) {
  out.push_back({.key = "scan.incremental.snapshot.chunk.size",
                 .type = OptionType::kInteger,
                 .default_value = "8096",
                 .description = "rows of one chunk of the initial copy; chosen by the table's size if not given",
                 .least = 1});
  out.push_back(Ignored("scan.snapshot.fetch.size", OptionType::kInteger, "1024",
                        "rows are read as they arrive, without a cursor"));
  for (const char* bound : {"upper-bound", "lower-bound"}) {
    OptionSpec spec = Ignored(std::string("chunk-key.even-distribution.factor.") + bound, OptionType::kDouble,
                              bound[0] == 'u' ? "1000" : "0.05",
                              "chunks are cut by the rows they hold, so their keys need not be spread evenly");
    spec.aliases = {std::string("split-key.even-distribution.factor.") + bound};
    out.push_back(std::move(spec));
  }
  out.push_back(Ignored("chunk-meta.group.size", OptionType::kInteger, "1000",
                        "the list of chunks is not sent between processes"));
  out.push_back(Ignored("scan.incremental.snapshot.chunk.key-column", OptionType::kString, "",
                        "chunks are cut by the primary key, because only its order is known to be exact"));
  out.push_back(Ignored("scan.incremental.close-idle-reader.enabled", OptionType::kBoolean, "false",
                        "the readers of the initial copy always end with it"));
  out.push_back(Ignored("scan.incremental.snapshot.unbounded-chunk-first.enabled", OptionType::kBoolean, "false",
                        "a chunk is never held in memory as a whole, so their order does not matter"));
  out.push_back(Ignored("scan.incremental.snapshot.backfill.skip", OptionType::kBoolean, "false",
                        "there is no backfill to skip: each chunk knows the exact log position it reflects"));
}

void AddStartup(std::vector<OptionSpec>& out) {
  out.push_back(
      {.key = "scan.startup.mode",
       .type = OptionType::kEnum,
       .default_value = "initial",
       .description = "where reading begins",
       .values = {"initial", "earliest-offset", "latest-offset", "timestamp", "specific-offset", "snapshot"}});
  out.push_back({.key = "scan.startup.specific-offset.file", .description = "log file to begin with"});
  out.push_back({.key = "scan.startup.specific-offset.pos",
                 .type = OptionType::kLong,
                 .description = "offset in that file",
                 .least = 0});
  out.push_back({.key = "scan.startup.specific-offset.gtid-set", .description = "GTID set to begin after"});
  out.push_back({.key = "scan.startup.specific-offset.skip-events",
                 .type = OptionType::kLong,
                 .description = "events to skip after that",
                 .least = 0});
  out.push_back({.key = "scan.startup.specific-offset.skip-rows",
                 .type = OptionType::kLong,
                 .description = "rows to skip after that",
                 .least = 0});
  out.push_back({.key = "scan.startup.timestamp-millis",
                 .type = OptionType::kLong,
                 .description = "time to begin at, in ms since 1970",
                 .least = 0});
}

void AddPassThrough(std::vector<OptionSpec>& out) {
  out.push_back(
      {.key = "jdbc.properties.useSSL", .type = OptionType::kBoolean, .description = "whether TLS must be used"});
  out.push_back({.key = "jdbc.properties.sslMode", .description = "DISABLED, PREFERRED, REQUIRED or VERIFY_IDENTITY"});
  for (const char* key :
       {"trustCertificateKeyStoreUrl", "trustCertificateKeyStorePassword", "trustCertificateKeyStoreType",
        "clientCertificateKeyStoreUrl", "clientCertificateKeyStorePassword", "clientCertificateKeyStoreType"}) {
    OptionSpec spec = Refused(std::string("jdbc.properties.") + key,
                              "Java key stores cannot be read; the system's certificate authorities are used");
    spec.secret = true;
    out.push_back(std::move(spec));
  }
  out.push_back(Ignored("jdbc.properties.*", OptionType::kString, "", "there is no JDBC driver"));
  for (const char* key : {"debezium.snapshot.mode", "debezium.snapshot.locking.mode", "debezium.snapshot.fetch.size"}) {
    out.push_back(Ignored(key, OptionType::kString, "", "Debezium is not used, and the initial copy takes no locks"));
  }
  out.push_back(Refused("debezium.column.exclude.list", "leaving out columns is not supported yet"));
  out.push_back(Refused("debezium.column.include.list", "leaving out columns is not supported yet"));
  out.push_back(
      Refused("debezium.skipped.operations", "leaving out operations would make the sink differ from the source"));
  out.push_back(Refused("debezium.event.processing.failure.handling.mode",
                        "an event that cannot be read always stops the job; skipping it would lose rows"));
  out.push_back(Ignored("debezium.*", OptionType::kString, "", "Debezium is not used: the log is decoded here"));
}

}  // namespace

std::vector<OptionSpec> MysqlSourceOptions() {
  std::vector<OptionSpec> out;
  AddConnection(out);
  AddTables(out);
  AddSnapshot(out);
  AddStartup(out);
  AddPassThrough(out);
  return out;
}

}  // namespace sluice
