// SPDX-License-Identifier: Apache-2.0
// VerifyPaimonSource: `sluice verify` of a pipeline whose source is Paimon: each of its tables as it was at the
// snapshot that the sink holds, beside the tables of the sink. One thread.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "pipeline/pipeline_spec.h"

namespace sluice {

// Prints what it finds; true if all tables are equal, and hold the snapshots that were the newest at the start.
// `wait_ms`: how long they may take to come there.
Result<bool> VerifyPaimonSource(const PipelineSpec& spec, int64_t wait_ms);

}  // namespace sluice
