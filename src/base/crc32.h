// SPDX-License-Identifier: Apache-2.0
// The CRC32 (IEEE, as zlib's) at the end of every event. Carry-less multiplication where the processor has it. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::mysql {

uint32_t Crc32(std::string_view bytes);

}  // namespace sluice::mysql
