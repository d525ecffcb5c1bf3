// SPDX-License-Identifier: Apache-2.0
// Every key that Flink CDC's mysql source knows is known here, with a reason where it does nothing.
#include "connector/mysql/spec.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::map<std::string, Options::Value> Required() {
  return {{"hostname", {"h", {}}}, {"username", {"u", {}}}, {"password", {"p", {}}}, {"tables", {"a.b", {}}}};
}

TEST(MysqlSourceOptions, EveryKeyOfFlinkCdc) {
  std::map<std::string, std::string> examples = {{"port", "1"},
                                                 {"server-time-zone", "UTC"},
                                                 {"server-id", "5400-5404"},
                                                 {"scan.incremental.snapshot.chunk.size", "100"},
                                                 {"scan.snapshot.fetch.size", "1"},
                                                 {"connect.timeout", "5s"},
                                                 {"connection.pool.size", "5"},
                                                 {"connect.max-retries", "1"},
                                                 {"scan.startup.mode", "initial"},
                                                 {"scan.startup.specific-offset.file", "f"},
                                                 {"scan.startup.specific-offset.pos", "4"},
                                                 {"scan.startup.specific-offset.gtid-set", "0-1-1"},
                                                 {"scan.startup.specific-offset.skip-events", "1"},
                                                 {"scan.startup.specific-offset.skip-rows", "1"},
                                                 {"scan.startup.timestamp-millis", "1"},
                                                 {"heartbeat.interval", "30s"},
                                                 {"chunk-meta.group.size", "1"},
                                                 {"chunk-key.even-distribution.factor.upper-bound", "1000.0"},
                                                 {"split-key.even-distribution.factor.lower-bound", "0.1"},
                                                 {"scan.incremental.snapshot.chunk.key-column", "a.b:c"},
                                                 {"scan.incremental.close-idle-reader.enabled", "true"},
                                                 {"scan.newly-added-table.enabled", "true"},
                                                 {"schema-change.enabled", "true"},
                                                 {"tables.exclude", "a.c"},
                                                 {"scan.binlog.newly-added-table.enabled", "true"},
                                                 {"scan.parse.online.schema.changes.enabled", "true"},
                                                 {"include-comments.enabled", "true"},
                                                 {"treat-tinyint1-as-boolean.enabled", "false"},
                                                 {"use.legacy.json.format", "true"},
                                                 {"scan.incremental.snapshot.unbounded-chunk-first.enabled", "true"},
                                                 {"scan.incremental.snapshot.backfill.skip", "true"},
                                                 {"jdbc.properties.useSSL", "true"},
                                                 {"jdbc.properties.connectTimeout", "1"},
                                                 {"debezium.snapshot.mode", "x"},
                                                 {"debezium.max.batch.size", "1"}};
  auto given = Required();
  for (const auto& [key, text] : examples) given[key] = {text, {}};
  std::vector<std::string> warnings;
  auto options = Options::Check("source \"mysql\"", MysqlSourceOptions(), given, {}, warnings);
  ASSERT_TRUE(options.ok()) << options.error().ToString();
  EXPECT_GT(warnings.size(), 10u);
}

TEST(MysqlSourceOptions, RefusedKeysSayWhy) {
  for (const OptionSpec& spec : MysqlSourceOptions()) {
    if (spec.status == OptionStatus::kImplemented) {
      EXPECT_FALSE(spec.description.empty()) << spec.key;
    } else {
      EXPECT_FALSE(spec.reason.empty()) << spec.key;
    }
  }
  auto given = Required();
  given["metadata.list"] = {"op_ts", {}};
  std::vector<std::string> warnings;
  EXPECT_EQ(Options::Check("source", MysqlSourceOptions(), given, {}, warnings).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace sluice
