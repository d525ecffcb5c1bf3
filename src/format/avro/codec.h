// SPDX-License-Identifier: Apache-2.0
// Codecs of Avro's blocks, and the header of its files: what container.h and blocks.h share. Functions; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice {

inline constexpr std::string_view kAvroMagic("Obj\x01", 4);
inline constexpr size_t kAvroSyncBytes = 16;

// Entries of the header, up to the sync marker.
Status ReadAvroHeader(ByteReader& reader, std::map<std::string, std::string>& header);

// null, deflate, zstandard, snappy; kUnsupported for others.
Result<std::string> UncompressAvro(std::string_view payload, const std::string& codec);
// The same. `level`: of zstandard.
Result<std::string> CompressAvro(std::string_view bytes, const std::string& codec, int level);

}  // namespace sluice
