// SPDX-License-Identifier: Apache-2.0
// RoaringSet: the numbers of a column of rbm32 or rbm64, which are serialised Roaring bitmaps as Java's RoaringBitmap
// (the portable form) and Roaring64Bitmap (a radix tree of keys, then containers) write them: docs/formats/paimon.md;
// the rows of a value in a bitmap index, too.
// A value; any thread. Memory: 4 bytes a run of numbers, at most 16 times that of the bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::paimon {

struct RoaringRun {
  uint16_t first = 0, last = 0;
  bool operator==(const RoaringRun&) const = default;
};

struct RoaringContainer {
  uint64_t key = 0;              // the numbers' upper 16 or 48 bits
  std::vector<RoaringRun> runs;  // of the lower 16: ascending, not adjacent, at least one
  bool operator==(const RoaringContainer&) const = default;
};

using RoaringSet = std::vector<RoaringContainer>;  // by key

enum class RoaringWidth : uint8_t { k32, k64 };

// False if the bytes are not well formed; those behind the bitmap do not count, as in Java.
bool ParseRoaring(RoaringWidth width, std::string_view bytes, RoaringSet& out);
std::string SerializeRoaring(RoaringWidth width, const RoaringSet& set);

RoaringSet RoaringOf(std::span<const uint32_t> members);  // ascending
RoaringSet UnionOf(RoaringSet a, RoaringSet b);

}  // namespace sluice::paimon
