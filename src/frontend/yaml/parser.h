// SPDX-License-Identifier: Apache-2.0
// Flink CDC pipeline files (compat.md A.1, A.2): text to PipelineSpec. Every key is implemented, ignored with a warning
// or refused, each by name; every error stands at file:line:column and shows no secret. One thread; reads the
// environment and the files that values refer to, nothing else.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline_spec.h"

namespace sluice {

// `dynamic`: Flink's configuration keys from -D key=value. What the file says itself wins over them.
Result<PipelineSpec> ParsePipelineYaml(const std::string& file_name, std::string_view text,
                                       const std::vector<std::pair<std::string, std::string>>& dynamic);

}  // namespace sluice
