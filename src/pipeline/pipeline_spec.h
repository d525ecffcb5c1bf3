// SPDX-License-Identifier: Apache-2.0
// PipelineSpec: what every front-end produces and the runtime runs. A value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pipeline/option.h"
#include "pipeline/table_shape.h"

namespace sluice {

// kMerge is that of Paimon's sync actions: sink tables take in what is new and wider, and nothing else.
enum class SchemaChangeBehavior : uint8_t { kException, kEvolve, kTryEvolve, kLenient, kIgnore, kMerge };
enum class RouteMode : uint8_t { kAllMatch, kFirstMatch };

struct ConnectorSpec {
  std::string type;  // "mysql", "iceberg"
  std::string name;  // free text, may be empty
  std::map<std::string, Options::Value> options;  // as in the file, secrets resolved
  FilePlace place;
};

struct RouteRule {
  std::string source_table;    // selector, compat.md A.3
  std::string sink_table;      // literal, with $1… or with replace_symbol
  std::string replace_symbol;  // empty = none
  std::string description;
  FilePlace place;
};

struct PipelineSpec {
  std::string file;
  std::string name = "Flink CDC Pipeline Job";
  ConnectorSpec source;
  ConnectorSpec sink;
  std::vector<RouteRule> routes;
  RouteMode route_mode = RouteMode::kAllMatch;
  SchemaChangeBehavior behavior = SchemaChangeBehavior::kLenient;
  std::set<std::string> sink_changes;  // tags that the sink receives (include minus exclude, expanded; A.6)
  std::optional<TableShape> shape;     // of the source's tables, before routing
  std::string local_time_zone = "systemDefault";
  int64_t checkpoint_interval_ms = 10'000;  // -D execution.checkpointing.interval
  int64_t parallelism = 1;
  bool bounded = false;                // execution.runtime-mode: BATCH
  std::vector<std::string> warnings;   // one sentence for each ignored key
  std::vector<std::string> secrets;    // values that must never be printed
};

}  // namespace sluice
