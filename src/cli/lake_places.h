// SPDX-License-Identifier: Apache-2.0
// Tables and warehouses in S3: gives LakeEnv() the servers and keys of those that a pipeline or a command line names.
// Called before any of their files is touched; one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/catalog.h"
#include "pipeline/pipeline_spec.h"

namespace sluice {

// Of the source's and the sink's warehouse: options s3.* of their blocks, else the environment. `warnings` gets a
// sentence for each of them that has no effect.
Status MountLakes(const PipelineSpec& spec, std::vector<std::string>& warnings);

// The Env's path of a table or warehouse of the command line; relative local paths become absolute. `options`: s3.*.
Result<std::string> MountLocation(const std::string& location, const std::map<std::string, std::string>& options = {});

// A Paimon catalog of the command line, its warehouse as above.
Result<std::unique_ptr<paimon::Catalog>> OpenActionCatalog(Env& env, paimon::Options options);

// The catalog that tables of `source` (the options of another one) are copied to. kUnsupported if the Env could not
// tell their warehouses in S3 apart.
Result<std::unique_ptr<paimon::Catalog>> OpenTargetCatalog(Env& env, paimon::Options options,
                                                           const paimon::Options& source);

// The same of a table: `catalog` is empty, or key=value of the options of a Paimon catalog, which has the table
// database.table. kNotFound.
Result<std::string> MountTable(const std::string& table, const std::vector<std::string>& catalog);

}  // namespace sluice
