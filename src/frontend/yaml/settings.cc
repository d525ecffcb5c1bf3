// SPDX-License-Identifier: Apache-2.0
// Pipeline options and -D keys.
#include "frontend/yaml/settings.h"

#include "base/text.h"
#include "frontend/yaml/document.h"
#include "frontend/yaml/values.h"

namespace sluice {
namespace {

OptionSpec Ignored(std::string key, std::string reason, OptionType type = OptionType::kString) {
  return {.key = std::move(key), .type = type, .status = OptionStatus::kIgnored, .reason = std::move(reason)};
}

constexpr const char* kFlinkOnly = "it configures Flink's own processes, and sluice runs without Flink";
constexpr const char* kZone =
    "times of day go to the sink as they are and points in time in UTC; no conversion here depends on a session's zone";
constexpr const char* kBlockFlink =
    "Flink CDC does not read Flink's configuration from the pipeline block either; give it with -D";

// Families of Flink's configuration that mean nothing to one native process.
const std::vector<std::string>& FlinkFamilies() {
  static const std::vector<std::string> kFamilies = {"akka",
                                                     "blob",
                                                     "classloader",
                                                     "client",
                                                     "cluster",
                                                     "containerized",
                                                     "env",
                                                     "execution",
                                                     "external-resource",
                                                     "fs",
                                                     "heartbeat",
                                                     "high-availability",
                                                     "historyserver",
                                                     "io",
                                                     "job",
                                                     "jobmanager",
                                                     "jobstore",
                                                     "kubernetes",
                                                     "local-recovery",
                                                     "metrics",
                                                     "minibatch",
                                                     "parallelism",
                                                     "pekko",
                                                     "pipeline",
                                                     "plugin",
                                                     "process",
                                                     "python",
                                                     "queryable-state",
                                                     "resourcemanager",
                                                     "rest",
                                                     "restart-strategy",
                                                     "s3",
                                                     "security",
                                                     "slot",
                                                     "slotmanager",
                                                     "sql-client",
                                                     "sql-gateway",
                                                     "state",
                                                     "table",
                                                     "task",
                                                     "taskmanager",
                                                     "web",
                                                     "yarn",
                                                     "zookeeper"};
  return kFamilies;
}

std::string ReasonOfFamily(const std::string& family) {
  if (family == "state") return "the state is a few KB in the --state directory; there is no state backend to choose";
  if (family == "restart-strategy")
    return "sluice restarts by itself from the last checkpoint after errors that time can heal";
  if (family == "metrics") return "Flink's metric reporters are not used here";
  return kFlinkOnly;
}

Result<SchemaChangeBehavior> BehaviorOf(const std::string& text) {
  if (text == "EXCEPTION") return SchemaChangeBehavior::kException;
  if (text == "EVOLVE") return SchemaChangeBehavior::kEvolve;
  if (text == "TRY_EVOLVE") return SchemaChangeBehavior::kTryEvolve;
  if (text == "IGNORE") return SchemaChangeBehavior::kIgnore;
  return SchemaChangeBehavior::kLenient;
}

Status ApplyBlock(const Options& options, PipelineSpec& spec) {
  spec.name = options.Text("name");
  spec.parallelism = options.Integer("parallelism");
  spec.bounded = options.Text("execution.runtime-mode") == "BATCH";
  spec.local_time_zone = options.Text("local-time-zone");
  TRY_SET(spec.behavior, BehaviorOf(options.Text("schema.change.behavior")));
  spec.route_mode = options.Text("route-mode") == "FIRST_MATCH" ? RouteMode::kFirstMatch : RouteMode::kAllMatch;
  return Ok();
}

// Whether a -D key counts; says so if the file's own key wins.
bool Counts(const Options& flink, const char* key, const Options& block, const char* own, PipelineSpec& spec) {
  if (!flink.Has(key)) return false;
  if (!block.Has(own)) return true;
  spec.warnings.push_back(
      Str("option \"", key, "\" of -D has no effect: the file sets ", own, " (", block.PlaceOf(own).ToString(), ")"));
  return false;
}

Status ApplyDynamic(const Options& flink, const Options& block, PipelineSpec& spec) {
  if (flink.Has("execution.checkpointing.interval")) {
    spec.checkpoint_interval_ms = flink.DurationMs("execution.checkpointing.interval");
    if (spec.checkpoint_interval_ms == 0) {
      const char* key = "execution.checkpointing.interval";
      return ErrorAt(flink.PlaceOf(key), Str("option \"", key, "\" must be greater than 0"));
    }
  }
  if (Counts(flink, "parallelism.default", block, "parallelism", spec)) {
    spec.parallelism = flink.Integer("parallelism.default");
  }
  if (Counts(flink, "pipeline.name", block, "name", spec)) spec.name = flink.Text("pipeline.name");
  if (Counts(flink, "execution.runtime-mode", block, "execution.runtime-mode", spec)) {
    spec.bounded = flink.Text("execution.runtime-mode") == "BATCH";
  }
  if (Counts(flink, "table.local-time-zone", block, "local-time-zone", spec)) {
    std::string zone = flink.Text("table.local-time-zone");
    spec.local_time_zone = zone == "default" ? "systemDefault" : zone;
  }
  return Ok();
}

}  // namespace

std::vector<OptionSpec> PipelineBlockOptions() {
  std::vector<OptionSpec> out = {
      {.key = "name", .default_value = "Flink CDC Pipeline Job", .description = "name of the job"},
      {.key = "parallelism",
       .type = OptionType::kInteger,
       .default_value = "1",
       .description = "how much of the initial copy is read at the same time",
       .least = 1},
      {.key = "execution.runtime-mode",
       .type = OptionType::kEnum,
       .default_value = "STREAMING",
       .description = "BATCH: copy and end",
       .values = {"STREAMING", "BATCH"}},
      {.key = "local-time-zone",
       .default_value = "systemDefault",
       .description = "zone of the session",
       .status = OptionStatus::kIgnored,
       .reason = kZone},
      {.key = "schema.change.behavior",
       .type = OptionType::kEnum,
       .default_value = "LENIENT",
       .description = "what happens when a source table changes",
       .values = {"EXCEPTION", "EVOLVE", "TRY_EVOLVE", "LENIENT", "IGNORE"}},
      {.key = "route-mode",
       .type = OptionType::kEnum,
       .default_value = "ALL_MATCH",
       .description = "all matching routes, or the first",
       .values = {"ALL_MATCH", "FIRST_MATCH"}},
      Ignored("operator.uid.prefix", "there are no Flink operators whose state is mapped by uid"),
      Ignored("schema.operator.uid", "there is no schema operator; schema changes travel between the rows"),
      Ignored("schema-operator.rpc-timeout", "schema changes travel between the rows, nobody waits for a coordinator",
              OptionType::kDuration),
      {.key = "sink.partitioning.strategy",
       .type = OptionType::kEnum,
       .description = "which sink task writes a row",
       .status = OptionStatus::kIgnored,
       .reason = "one writer per table keeps the order of each key by itself",
       .values = {"SINK_DEFINED", "PRIMARY_KEY", "TABLE_ID"}},
      {.key = "transform.decimal.precision.mode",
       .type = OptionType::kEnum,
       .description = "precision in expressions",
       .status = OptionStatus::kIgnored,
       .reason = "it only matters with transform, which is not supported yet",
       .values = {"UP_TO_19", "UP_TO_38"}},
  };
  for (const std::string& family : FlinkFamilies()) {
    if (family != "pipeline" && family != "parallelism") out.push_back(Ignored(family + ".*", kBlockFlink));
  }
  return out;
}

std::vector<OptionSpec> FlinkOptions() {
  std::vector<OptionSpec> out = {
      {.key = "execution.checkpointing.interval",
       .type = OptionType::kDuration,
       .default_value = "10 s",
       .description = "time between two epochs"},
      {.key = "parallelism.default",
       .type = OptionType::kInteger,
       .default_value = "1",
       .description = "as pipeline.parallelism of the file",
       .least = 1},
      {.key = "pipeline.name", .description = "name of the job"},
      {.key = "execution.runtime-mode",
       .type = OptionType::kEnum,
       .default_value = "STREAMING",
       .description = "BATCH: copy and end",
       .values = {"STREAMING", "BATCH", "AUTOMATIC"}},
      {.key = "table.local-time-zone",
       .default_value = "default",
       .description = "zone of the session",
       .status = OptionStatus::kIgnored,
       .reason = kZone},
  };
  for (const std::string& family : FlinkFamilies()) {
    out.push_back(Ignored(family + ".*", ReasonOfFamily(family)));
    if (family == "restart-strategy" || family == "high-availability")
      out.push_back(Ignored(family, ReasonOfFamily(family)));
  }
  return out;
}

Status ApplySettings(const std::map<std::string, Options::Value>& block, const FilePlace& block_place,
                     const std::vector<std::pair<std::string, std::string>>& dynamic, PipelineSpec& spec) {
  TRY_SET(Options options, Options::Check("pipeline", PipelineBlockOptions(), block, block_place, spec.warnings));
  TRY(ApplyBlock(options, spec));
  std::map<std::string, Options::Value> given;
  FilePlace place{"command line", 0, 0};
  for (const auto& [key, text] : dynamic) {
    TRY_SET(Options::Value value, ResolveValue(key, text, place, spec.secrets));
    given[key] = std::move(value);  // the last one counts, as in Flink
  }
  TRY_SET(Options flink, Options::Check("-D", FlinkOptions(), given, place, spec.warnings));
  return ApplyDynamic(flink, options, spec);
}

}  // namespace sluice
