// SPDX-License-Identifier: Apache-2.0
// Keys of Flink CDC's ValuesDataSinkOptions.
#include "connector/values/spec.h"

namespace sluice {

std::vector<OptionSpec> ValuesSinkOptions() {
  return {
      {.key = "print.enabled",
       .type = OptionType::kBoolean,
       .default_value = "true",
       .description = "whether rows and schema changes are printed"},
      {.key = "error.on.schema.change",
       .type = OptionType::kBoolean,
       .default_value = "false",
       .description = "refuses every schema change but create.table, to try out schema.change.behavior"},
      {.key = "materialized.in.memory",
       .type = OptionType::kBoolean,
       .default_value = "false",
       .description = "keeps the rows for tests of Flink CDC",
       .status = OptionStatus::kIgnored,
       .reason = "nobody in this process could read the rows"},
      {.key = "sink.api",
       .description = "Flink's interface for sinks",
       .status = OptionStatus::kIgnored,
       .reason = "there is only one interface for sinks"},
  };
}

}  // namespace sluice
