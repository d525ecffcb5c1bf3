// SPDX-License-Identifier: Apache-2.0
// ORC's run length encodings (ORC Specification v1: "Run Length Encoding"): bytes of a stream -> values. Functions; any
// thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice {

inline constexpr int64_t kOrcAll = -1;
// `count` integers, or all if it is kOrcAll. `version` 1 or 2: of the column's encoding. kCorrupt: the stream has
// fewer, or is damaged.
Result<std::vector<int64_t>> DecodeOrcIntegers(std::string_view bytes, int64_t count, bool is_signed, int version);
// `count` booleans, a byte each.
Result<std::vector<uint8_t>> DecodeOrcBooleans(std::string_view bytes, int64_t count);

}  // namespace sluice
