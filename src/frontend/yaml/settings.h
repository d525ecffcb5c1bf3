// SPDX-License-Identifier: Apache-2.0
// The options of the `pipeline` block (compat.md A.2) and Flink's own keys from -D. Descriptions only, and what they
// set. Pure; any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pipeline/pipeline_spec.h"

namespace sluice {

std::vector<OptionSpec> PipelineBlockOptions();
std::vector<OptionSpec> FlinkOptions();

// Sets the spec's members from both; the block wins.
Status ApplySettings(const std::map<std::string, Options::Value>& block, const FilePlace& block_place,
                     const std::vector<std::pair<std::string, std::string>>& dynamic, PipelineSpec& spec);

}  // namespace sluice
