// SPDX-License-Identifier: Apache-2.0
// The CRC32 (IEEE, as zlib's), as at the end of every event of a binary log and in the seals of our own metadata files.
// Carry-less multiplication where the processor has it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

uint32_t Crc32(std::string_view bytes);

// A seal is the CRC32 of the file that holds it, as 8 lower-case hex digits; for the sum the digits count as zeros.
inline constexpr std::string_view kNoSeal = "00000000";
// Replaces the 8 bytes at `at` by the seal.
void Seal(std::string& bytes, size_t at);
// kCorrupt if the 8 bytes at `at` are not the seal.
Status CheckSeal(std::string_view bytes, size_t at);

}  // namespace sluice
