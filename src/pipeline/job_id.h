// SPDX-License-Identifier: Apache-2.0
// The identity by which a job finds its own commits in a lake's tables. A pure function; any thread.
#pragma once

#include <string>

#include "pipeline/pipeline_spec.h"

namespace sluice {

// The prefix and a hash of the pipeline's name, its source and its warehouse: letters, digits, '-' and '_'.
std::string LakeJobId(const PipelineSpec& spec, const std::string& prefix);

}  // namespace sluice
