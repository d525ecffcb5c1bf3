// SPDX-License-Identifier: Apache-2.0
// The explicit list of what this binary can connect to. Free functions; any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "pipeline/pipeline_spec.h"
#include "pipeline/sink.h"
#include "pipeline/source.h"

namespace sluice {

// kInvalid at the option's place in the file. `warnings` gets a sentence for each option that has no effect here.
Result<std::unique_ptr<Source>> MakeSource(const PipelineSpec& spec, std::vector<std::string>& warnings);
Result<std::unique_ptr<Sink>> MakeSink(Env& env, const PipelineSpec& spec, std::vector<std::string>& warnings);

// Every option of the file is checked without connecting to anything.
Status CheckOptions(const PipelineSpec& spec, std::vector<std::string>& warnings);

}  // namespace sluice
