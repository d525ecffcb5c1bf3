// SPDX-License-Identifier: Apache-2.0
// Tables and warehouses in S3: gives LakeEnv() the servers and keys of those that a pipeline or a command line names.
// Called before any of their files is touched; one thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline_spec.h"

namespace sluice {

// Of the source's and the sink's warehouse: options s3.* of their blocks, else the environment. `warnings` gets a
// sentence for each of them that has no effect.
Status MountLakes(const PipelineSpec& spec, std::vector<std::string>& warnings);

// The Env's path of a table or warehouse of the command line; relative local paths become absolute. `options`: s3.*.
Result<std::string> MountLocation(const std::string& location, const std::map<std::string, std::string>& options = {});

}  // namespace sluice
