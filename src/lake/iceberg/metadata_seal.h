// SPDX-License-Identifier: Apache-2.0
// The seal (base/crc32.h) of a metadata file that sluice wrote: the property "sluice.metadata-crc" is "v<N>-<seal>",
// N the version of the file. A flipped bit may well give valid JSON, of other columns or files. Other writers copy the
// property into their versions, where N tells that it is not theirs. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lake/json.h"

namespace sluice::iceberg {

// The text of a document that becomes version N, sealed; of version 0, which is not known, without a seal.
std::string Sealed(Json& json, int64_t version);

// kCorrupt if the text has a seal for this version and does not fit it.
Status CheckSeal(std::string_view text, int64_t version);

}  // namespace sluice::iceberg
