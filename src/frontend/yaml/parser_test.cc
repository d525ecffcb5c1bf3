// SPDX-License-Identifier: Apache-2.0
// Flink CDC pipeline files: what is read from them, and that every mistake is named at its place.
#include "frontend/yaml/parser.h"

#include <gtest/gtest.h>
#include <cstdlib>
#include <fstream>

#include "base/text.h"

namespace sluice {
namespace {

using Dynamic = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kEnds = R"(source:
  type: mysql
  hostname: db
sink:
  type: iceberg
)";

PipelineSpec Parse(const std::string& text, const Dynamic& dynamic = {}) {
  auto spec = ParsePipelineYaml("a.yaml", text, dynamic);
  EXPECT_TRUE(spec.ok()) << spec.error().ToString();
  return spec.ok() ? *std::move(spec) : PipelineSpec();
}
std::string ErrorOf(const std::string& text, const Dynamic& dynamic = {}) {
  auto spec = ParsePipelineYaml("a.yaml", text, dynamic);
  return spec.ok() ? "fine" : spec.error().ToString();
}
std::string WithPipeline(const std::string& lines) { return std::string(kEnds) + "pipeline:\n" + lines; }
std::string Tags(const std::string& sink_lines, const std::string& behavior) {
  auto spec = ParsePipelineYaml("a.yaml",
                                Str("source: {type: mysql}\nsink:\n  type: iceberg\n", sink_lines,
                                    "pipeline: {schema.change.behavior: ", behavior, "}\n"),
                                {});
  if (!spec.ok()) return spec.error().message;
  return Join({spec->sink_changes.begin(), spec->sink_changes.end()}, " ");
}
constexpr const char* kAll =
    "add.column alter.column.type alter.table.comment create.table drop.column drop.table rename.column truncate.table";

TEST(ParsePipelineYaml, WholeFile) {
  PipelineSpec spec = Parse(R"yaml(
source:
  type: mysql
  name: shop
  hostname: 127.0.0.1
  port: 3306
  password: 0012
  tables: app_db.\.*
  server-id: 5400-5404
  treat-tinyint1-as-boolean.enabled: false
sink:
  type: iceberg
  catalog.properties.type: hadoop
  partition.key: "db.t1:year(ts),bucket[16](id)"
route:
  - source-table: app_db.order_\.*
    sink-table: ods.orders
    description: shards
  - {source-table: 'app_db.\.*', sink-table: ods_<>, replace-symbol: <>}
transform: []
pipeline:
  name: Sync
  parallelism: 4
  schema.change.behavior: evolve
  route-mode: FIRST_MATCH
  local-time-zone: Europe/Berlin
  execution.runtime-mode: BATCH
)yaml");
  EXPECT_EQ(spec.name, "Sync");
  EXPECT_EQ(spec.source.type, "mysql");
  EXPECT_EQ(spec.source.name, "shop");
  EXPECT_EQ(spec.source.options.at("port").text, "3306");
  EXPECT_EQ(spec.source.options.at("password").text, "0012");
  EXPECT_TRUE(spec.source.options.at("password").secret);
  EXPECT_EQ(spec.source.options.at("tables").text, "app_db.\\.*");
  EXPECT_EQ(spec.source.options.at("tables").place.ToString(), "a.yaml:8:3");
  EXPECT_EQ(spec.source.options.at("treat-tinyint1-as-boolean.enabled").text, "false");
  EXPECT_FALSE(spec.source.options.contains("type"));
  EXPECT_EQ(spec.sink.options.at("partition.key").text, "db.t1:year(ts),bucket[16](id)");
  ASSERT_EQ(spec.routes.size(), 2u);
  EXPECT_EQ(spec.routes[0].sink_table, "ods.orders");
  EXPECT_EQ(spec.routes[1].replace_symbol, "<>");
  EXPECT_EQ(spec.route_mode, RouteMode::kFirstMatch);
  EXPECT_EQ(spec.behavior, SchemaChangeBehavior::kEvolve);
  EXPECT_EQ(spec.parallelism, 4);
  EXPECT_TRUE(spec.bounded);
  EXPECT_EQ(spec.local_time_zone, "Europe/Berlin");
  EXPECT_EQ(spec.checkpoint_interval_ms, 10'000);
  EXPECT_EQ(spec.secrets, std::vector<std::string>{"0012"});
  ASSERT_EQ(spec.warnings.size(), 1u);
  EXPECT_NE(spec.warnings[0].find("a.yaml:26:3: option \"local-time-zone\" of pipeline has no effect: times of day"),
            std::string::npos);
}

TEST(ParsePipelineYaml, TopLevelMistakes) {
  EXPECT_EQ(ErrorOf(std::string(kEnds) + "sorce: {}\n"),
            "a.yaml:6:1: unexpected key `sorce` in YAML top-level block. Allowed keys in this context are: "
            "[pipeline, route, sink, source, transform]\nhint: did you mean `source`?");
  EXPECT_NE(ErrorOf(std::string(kEnds) + "execution.checkpointing.interval: 3s\n").find("-D key=value"),
            std::string::npos);
  EXPECT_EQ(ErrorOf("sink: {type: iceberg}\n"),
            "a.yaml:1:1: missing required field \"source\" in top-level configuration");
  EXPECT_EQ(ErrorOf("source: {type: mysql}\n"),
            "a.yaml:1:1: missing required field \"sink\" in top-level configuration");
  EXPECT_NE(
      ErrorOf("source: {hostname: x}\nsink: {type: iceberg}\n").find("a.yaml:1:1: missing required field \"type\""),
      std::string::npos);
  EXPECT_NE(ErrorOf("").find("not a pipeline file"), std::string::npos);
  EXPECT_NE(ErrorOf("- a\n").find("not a pipeline file"), std::string::npos);
  EXPECT_NE(ErrorOf("source: mysql\nsink: {type: x}\n").find("a.yaml:1:1: `source` must be a map"), std::string::npos);
}

TEST(ParsePipelineYaml, BadYaml) {
  EXPECT_EQ(ErrorOf("source:\n  type: mysql\n  type: mysql\nsink: {type: x}\n"),
            "a.yaml:3:3: duplicate key \"type\"\nhint: it is given first at a.yaml:2:3; keep one of them");
  EXPECT_EQ(ErrorOf("source:\n\ttype: mysql\n").substr(0, 42), "a.yaml:2:1: a tab is used as indentation\nh");
  EXPECT_EQ(ErrorOf("source:\n  name: caf\xE9\n").substr(0, 37), "a.yaml:2:12: the text is not UTF-8\nhi");
  EXPECT_NE(ErrorOf("source: {type: mysql\nsink: [").find("not valid YAML"), std::string::npos);
  EXPECT_NE(ErrorOf("a: *nope\n").find("a.yaml:1:"), std::string::npos);
  EXPECT_NE(ErrorOf(std::string(kEnds) + "---\nsource: {}\n").find("more text after the end"), std::string::npos);
  EXPECT_NE(ErrorOf("source:\n  ? [a]\n  : b\n").find("a key must be plain text"), std::string::npos);
  EXPECT_NE(ErrorOf(std::string(5000, '[')).find("a.yaml:"), std::string::npos);
  for (const char* stray : {"]", "}", "a: b\n]\nc: d\n", "[a]\n]", "{a: b}}", "a: b\n...\nc", "%\n]", "- a\n}"}) {
    EXPECT_NE(ErrorOf(stray).find("a.yaml:"), std::string::npos) << stray;
  }
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += Str("a", i, ": &a", i, " [");
    for (int j = 0; j < 10; ++j) bomb += Str(j > 0 ? "," : "", "*a", i - 1);
    bomb += "]\n";
  }
  EXPECT_NE(ErrorOf(bomb).find("too many values"), std::string::npos);
}

TEST(ParsePipelineYaml, ConnectorValues) {
  EXPECT_EQ(ErrorOf("source:\n  type: mysql\n  jdbc.properties:\n    useSSL: x\nsink: {type: x}\n"),
            "a.yaml:3:3: \"jdbc.properties\" has nested values, but options are flat\n"
            "hint: write them with dots: jdbc.properties.…: value");
  EXPECT_NE(
      ErrorOf("source:\n  type: mysql\n  tables: [a.b]\nsink: {type: x}\n").find("a.yaml:3:3: \"tables\" is a list"),
      std::string::npos);
  EXPECT_NE(
      ErrorOf("source:\n  type: mysql\n  password:\nsink: {type: x}\n").find("a.yaml:3:3: \"password\" has no value"),
      std::string::npos);
  EXPECT_EQ(Parse("source: {type: mysql, password: ''}\nsink: {type: x}\n").source.options.at("password").text, "");
}

TEST(ParsePipelineYaml, Routes) {
  EXPECT_NE(ErrorOf(std::string(kEnds) + "route: {source-table: a}\n").find("a.yaml:6:1: `route` must be a YAML array"),
            std::string::npos);
  EXPECT_NE(ErrorOf(std::string(kEnds) + "route:\n  - source-table: a.b\n    sink-tabel: c\n")
                .find("a.yaml:8:5: unexpected key `sink-tabel` in YAML route block"),
            std::string::npos);
  EXPECT_NE(ErrorOf(std::string(kEnds) + "route:\n  - source-table: a.b\n")
                .find("a.yaml:7:5: missing required field \"sink-table\""),
            std::string::npos);
  EXPECT_NE(ErrorOf(std::string(kEnds) + "route:\n  - source-table: a.(b\n    sink-table: c\n")
                .find("a.yaml:7:5: source-table \"a.(b\""),
            std::string::npos);
  EXPECT_NE(ErrorOf(std::string(kEnds) + "route: [x]\n").find("must be a map"), std::string::npos);
}

TEST(ParsePipelineYaml, NotSupportedYet) {
  auto transform =
      ParsePipelineYaml("a.yaml", std::string(kEnds) + "transform:\n  - source-table: a.b\n    projection: id\n", {});
  ASSERT_FALSE(transform.ok());
  EXPECT_EQ(transform.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(transform.error().message, "a.yaml:6:1: transform is not supported yet");
  EXPECT_NE(ErrorOf(std::string(kEnds) + "transform:\n  - projecton: id\n").find("did you mean `projection`?"),
            std::string::npos);
  EXPECT_NE(ErrorOf(WithPipeline("  user-defined-function:\n    - {name: f, classpath: a.B}\n"))
                .find("a.yaml:7:3: user-defined-function is not supported"),
            std::string::npos);
  EXPECT_NE(ErrorOf(WithPipeline("  model: {model-name: m}\n")).find("a.yaml:7:3: model is not supported"),
            std::string::npos);
  Parse(WithPipeline("  user-defined-function: []\n"));
}

TEST(ParsePipelineYaml, OpenQuotes) {
  for (const char* value :
       {"\"shop\n  schema.change.behavior: exception\n", "'shop", "'it''s", "\"a\\\"", "!!str 'shop\n"}) {
    EXPECT_NE(ErrorOf(WithPipeline(Str("  name: ", value)))
                  .find("a.yaml:7:9: the quote that is opened here is never closed"),
              std::string::npos)
        << value << ErrorOf(WithPipeline(Str("  name: ", value)));
  }
  EXPECT_NE(ErrorOf("source:\n  \"type: mysql\n").find("a.yaml:2:3: the quote that is opened here is never closed"),
            std::string::npos);
  for (const char* value :
       {"\"sh\\\"op\"", "'it''s'", "\"two\n    lines\"", "it's", "a \"b", "!!str 'shop'", "''", "\"\""}) {
    Parse(WithPipeline(Str("  name: ", value, "\n")));
  }
}

TEST(ParsePipelineYaml, PipelineOptions) {
  EXPECT_EQ(ErrorOf(WithPipeline("  paralelism: 2\n")),
            "a.yaml:7:3: unknown option \"paralelism\" of pipeline\nhint: did you mean \"parallelism\"?");
  EXPECT_NE(ErrorOf(WithPipeline("  parallelism: two\n"))
                .find("a.yaml:7:3: option \"parallelism\" of pipeline wants a whole number"),
            std::string::npos);
  EXPECT_NE(ErrorOf(WithPipeline("  parallelism: 0\n")).find("wants a whole number, at least 1, but is \"0\""),
            std::string::npos);
  EXPECT_NE(ErrorOf(WithPipeline("  schema.change.behavior: evolv\n")).find("did you mean \"EVOLVE\"?"),
            std::string::npos);
  PipelineSpec spec =
      Parse(WithPipeline("  schema-operator.rpc-timeout: 5 min\n  sink.partitioning.strategy: TABLE_ID\n"
                         "  execution.checkpointing.interval: 3s\n"));
  ASSERT_EQ(spec.warnings.size(), 3u);
  EXPECT_NE(spec.warnings[0].find("a.yaml:9:3: option \"execution.checkpointing.interval\" of pipeline has no effect"),
            std::string::npos);
  EXPECT_EQ(spec.checkpoint_interval_ms, 10'000);
  EXPECT_EQ(Parse(std::string(kEnds) + "pipeline:\n").name, "Flink CDC Pipeline Job");
  for (const char* mode : {"exception", "EVOLVE", "try_evolve", "LENIENT", "ignore"}) {
    Parse(WithPipeline(Str("  schema.change.behavior: ", mode, "\n")));
  }
}

TEST(ParsePipelineYaml, DynamicKeys) {
  PipelineSpec spec = Parse(kEnds, {{"execution.checkpointing.interval", "250ms"},
                                    {"parallelism.default", "3"},
                                    {"pipeline.name", "x"},
                                    {"execution.runtime-mode", "batch"},
                                    {"table.local-time-zone", "UTC"},
                                    {"state.backend.type", "rocksdb"},
                                    {"restart-strategy", "none"}});
  EXPECT_EQ(spec.checkpoint_interval_ms, 250);
  EXPECT_EQ(spec.parallelism, 3);
  EXPECT_EQ(spec.name, "x");
  EXPECT_TRUE(spec.bounded);
  EXPECT_EQ(spec.local_time_zone, "UTC");
  ASSERT_EQ(spec.warnings.size(), 3u);
  EXPECT_NE(spec.warnings[1].find("command line: option \"state.backend.type\" of -D has no effect"),
            std::string::npos);
  EXPECT_NE(spec.warnings[2].find("command line: option \"table.local-time-zone\" of -D has no effect"),
            std::string::npos);
  EXPECT_EQ(ErrorOf(kEnds, {{"checkpoint.interval", "1s"}}).substr(0, 60),
            "command line: unknown option \"checkpoint.interval\" of -D\nhin");
  EXPECT_NE(ErrorOf(kEnds, {{"execution.checkpointing.interval", "0"}}).find("greater than 0"), std::string::npos);
  spec = Parse(WithPipeline("  name: own\n"), {{"pipeline.name", "x"}});
  EXPECT_EQ(spec.name, "own");
  EXPECT_EQ(spec.warnings.size(), 1u);
}

TEST(ParsePipelineYaml, TyposInsideAnIgnoredFamily) {
  EXPECT_EQ(ErrorOf(kEnds, {{"execution.checkpointing.intervall", "5s"}}),
            "command line: unknown option \"execution.checkpointing.intervall\" of -D\n"
            "hint: did you mean \"execution.checkpointing.interval\"?");
  EXPECT_NE(ErrorOf(kEnds, {{"table.local-timezone", "UTC"}}).find("did you mean \"table.local-time-zone\"?"),
            std::string::npos);
  EXPECT_NE(ErrorOf(WithPipeline("  execution.runtime-mod: BATCH\n")).find("did you mean \"execution.runtime-mode\"?"),
            std::string::npos);
  // Flink's own keys of the family stay what they are.
  for (const char* key : {"execution.checkpointing.timeout", "execution.checkpointing.mode", "pipeline.jars",
                          "execution.checkpointing.min-pause", "parallelism.max"}) {
    EXPECT_EQ(Parse(kEnds, {{key, "1"}}).warnings.size(), 1u) << key;
  }
}

TEST(ParsePipelineYaml, SchemaChangeTags) {
  EXPECT_EQ(Tags("", "evolve"), kAll);
  EXPECT_EQ(Tags("", "lenient"),
            "add.column alter.column.type alter.table.comment create.table drop.column rename.column");
  EXPECT_EQ(Tags("  exclude.schema.changes: []\n", "lenient"), kAll);
  EXPECT_EQ(Tags("  include.schema.changes: [create.table, column]\n  exclude.schema.changes: [drop]\n", "evolve"),
            "add.column alter.column.type create.table rename.column");
  EXPECT_EQ(Tags("  include.schema.changes: [add]\n", "evolve"), "add.column create.table");
  EXPECT_EQ(Tags("  include.schema.changes: [none]\n", "evolve"), "create.table");
  EXPECT_EQ(Tags("  include.schema.changes: [ad.column]\n", "evolve"),
            "a.yaml:4:28: unknown schema change event type \"ad.column\"");
  EXPECT_NE(Tags("  exclude.schema.changes: [table]\n", "evolve").find("leaves out create.table"), std::string::npos);
  EXPECT_NE(Tags("  exclude.schema.changes: drop\n", "evolve").find("must be a list"), std::string::npos);
}

TEST(ParsePipelineYaml, References) {
  ASSERT_EQ(setenv("SLUICE_TEST_SECRET", "hunter2secret", 1), 0);
  std::string path = testing::TempDir() + "sluice_parser_test_secret";
  std::ofstream(path) << "from file\n";
  PipelineSpec spec =
      Parse(Str("source:\n  type: mysql\n  password: x${env:SLUICE_TEST_SECRET}y\n  username: ${file:", path,
                "}\nsink: {type: x, a: '${other}'}\n"));
  EXPECT_EQ(spec.source.options.at("password").text, "xhunter2secrety");
  EXPECT_EQ(spec.source.options.at("username").text, "from file");
  EXPECT_TRUE(spec.source.options.at("username").secret);
  EXPECT_EQ(spec.sink.options.at("a").text, "${other}");
  EXPECT_EQ(spec.secrets, (std::vector<std::string>{"hunter2secret", "xhunter2secrety", "from file"}));
  EXPECT_NE(ErrorOf("source:\n  type: mysql\n  password: ${env:SLUICE_TEST_NOT_SET}\n")
                .find("missing required field \"sink\""),
            std::string::npos);
  EXPECT_NE(ErrorOf("source:\n  type: mysql\n  password: ${env:SLUICE_TEST_NOT_SET}\nsink: {type: x}\n")
                .find("a.yaml:3:3: the environment variable SLUICE_TEST_NOT_SET is not set"),
            std::string::npos);
  EXPECT_NE(ErrorOf("source:\n  type: mysql\n  password: ${file:/nope}\nsink: {type: x}\n")
                .find("${file:/nope} cannot be read"),
            std::string::npos);
  EXPECT_NE(ErrorOf("source:\n  type: mysql\n  a: ${env:X\nsink: {type: x}\n").find("closing }"), std::string::npos);
}

TEST(ParsePipelineYaml, SecretsStayOutOfErrors) {
  ASSERT_EQ(setenv("SLUICE_TEST_SECRET", "hunter2secret", 1), 0);
  for (const std::string& text :
       {WithPipeline("  parallelism: ${env:SLUICE_TEST_SECRET}\n"),
        WithPipeline("  schema.change.behavior: ${env:SLUICE_TEST_SECRET}\n"),
        std::string(kEnds) + "route:\n  - source-table: a.(${env:SLUICE_TEST_SECRET}\n    sink-table: c\n"}) {
    std::string error = ErrorOf(text);
    EXPECT_NE(error, "fine");
    EXPECT_EQ(error.find("hunter2secret"), std::string::npos) << error;
  }
  std::string error = ErrorOf(kEnds, {{"parallelism.default", "${env:SLUICE_TEST_SECRET}"}});
  EXPECT_EQ(error.find("hunter2secret"), std::string::npos) << error;
}

}  // namespace
}  // namespace sluice
