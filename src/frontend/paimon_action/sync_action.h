// SPDX-License-Identifier: Apache-2.0
// Paimon's sync actions (mysql_sync_table, mysql_sync_database; compat.md D.1) as the PipelineSpec that a pipeline file
// would give. Pure but for ${env:…} and ${file:…} in values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "frontend/paimon_action/words.h"
#include "pipeline/pipeline_spec.h"

namespace sluice {

// Actions whose source is not there yet: "kafka_sync_table" …
const std::vector<std::string>& MissingSyncActions();
// kUnsupported: names the source that is missing.
Error MissingSource(const std::string& action);

// kInvalid names the argument; without secrets.
Result<PipelineSpec> MakeSyncSpec(const ActionWords& words);

// The job's default state directory: .sluice/<database>[.<table>] in the warehouse.
Result<std::string> DefaultStateFolder(const ActionWords& words, const PipelineSpec& spec);

// What the action takes, for people.
std::string SyncActionHelp(const std::string& action);

// A regular expression over names as the option `tables` of a source writes it.
std::string ToSelector(std::string_view expression);

}  // namespace sluice
