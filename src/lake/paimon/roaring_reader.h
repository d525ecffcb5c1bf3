// SPDX-License-Identifier: Apache-2.0
// Reads Roaring bitmaps of the portable form (RoaringFormatSpec) and their containers. Functions; any thread. A
// visitor is `bool visit(uint16_t first, uint16_t last)`, or with the container's key in front of that: members
// ascending, none twice. What is not well formed is false, as is what a visitor refuses.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace sluice::paimon {

constexpr uint32_t kRoaringNoRuns = 12346;   // first word of a bitmap without run containers
constexpr uint16_t kRoaringWithRuns = 12347;
constexpr uint32_t kRoaringArrayMost = 4096;  // members of an array container
constexpr size_t kRoaringBitsetWords = 1024;
constexpr uint32_t kRoaringNoOffsetsBelow = 4;  // containers, of a bitmap with runs

template <typename Visit>
bool ReadRoaringRuns(ByteReader& in, Visit&& visit) {
  uint32_t next = 0;
  for (uint16_t left = in.U16(); left > 0 && in.ok(); --left) {
    const uint32_t first = in.U16();
    const uint32_t last = first + in.U16();
    if (!in.ok() || first < next || last > 0xFFFF) return false;
    if (!visit(static_cast<uint16_t>(first), static_cast<uint16_t>(last))) return false;
    next = last + 1;
  }
  return in.ok();
}

template <typename Visit>
bool ReadRoaringArray(ByteReader& in, uint32_t members, Visit&& visit) {
  int32_t before = -1;
  for (uint32_t n = 0; n < members && in.ok(); ++n) {
    const uint16_t low = in.U16();
    if (!in.ok() || low <= before || !visit(low, low)) return false;
    before = low;
  }
  return in.ok();
}

template <typename Visit>
bool ReadRoaringBitset(ByteReader& in, Visit&& visit) {
  for (uint32_t word = 0; word < kRoaringBitsetWords && in.ok(); ++word) {
    for (uint64_t bits = in.U64(); bits != 0; bits &= bits - 1) {
      const auto low = static_cast<uint16_t>(word * 64 + static_cast<uint32_t>(std::countr_zero(bits)));
      if (!visit(low, low)) return false;
    }
  }
  return in.ok();
}

// A bitmap of 32 bits.
template <typename Visit>
bool ReadRoaring(ByteReader& in, Visit&& visit) {
  const uint32_t cookie = in.U32();
  const bool runs = (cookie & 0xFFFF) == kRoaringWithRuns;
  if (!runs && cookie != kRoaringNoRuns) return false;
  const uint32_t containers = runs ? (cookie >> 16) + 1 : in.U32();
  if (containers > 1 << 16) return false;
  const std::string_view run_marks = runs ? in.Bytes((containers + 7) / 8) : std::string_view();
  if (!in.ok()) return false;
  std::vector<std::pair<uint16_t, uint32_t>> headers;  // key, members
  for (uint32_t i = 0; i < containers && in.ok(); ++i) {
    const uint16_t key = in.U16();
    if (i > 0 && key <= headers.back().first) return false;  // ascending, else many could name the same members
    headers.emplace_back(key, uint32_t{in.U16()} + 1);
  }
  if (!runs || containers >= kRoaringNoOffsetsBelow) in.Skip(size_t{containers} * 4);
  for (uint32_t i = 0; i < containers && in.ok(); ++i) {
    const auto [key, members] = headers[i];
    const auto add = [&, at = key](uint16_t first, uint16_t last) { return visit(at, first, last); };
    const bool of_runs = runs && (static_cast<uint8_t>(run_marks[i / 8]) >> i % 8 & 1) != 0;
    const bool good = of_runs                        ? ReadRoaringRuns(in, add)
                      : members <= kRoaringArrayMost ? ReadRoaringArray(in, members, add)
                                                     : ReadRoaringBitset(in, add);
    if (!good) return false;
  }
  return in.ok();
}

}  // namespace sluice::paimon
