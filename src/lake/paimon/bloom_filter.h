// SPDX-License-Identifier: Apache-2.0
// BloomFilter: which values a data file may have (Paimon's BloomFilter64, FastHash, and the bytes of
// BloomFilterFileIndex). A value; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "row/type.h"

namespace sluice::paimon {

uint64_t BloomHash(int64_t number);
uint64_t BloomHash(std::string_view bytes);

class BloomFilter {
 public:
  static bool CanHold(const DataType& type);
  // Bits for so many different values with that share of false answers; nothing: more than Java counts.
  static std::optional<int64_t> BitsFor(int64_t items, double fpp);

  BloomFilter(int64_t items, double fpp);  // which BitsFor has bits for
  // Nothing: not well formed.
  static std::optional<BloomFilter> Parse(std::string bytes);

  void Add(uint64_t hash);
  bool MayHold(uint64_t hash) const;
  const std::string& bytes() const { return bytes_; }  // as they are in an index

 private:
  explicit BloomFilter(std::string bytes) : bytes_(std::move(bytes)) {}
  int64_t bits() const { return static_cast<int64_t>(bytes_.size() - 4) * 8; }
  // visit(bit): false ends it.
  template <typename Visit>
  bool VisitBits(uint64_t hash, Visit&& visit) const;

  int functions_ = 1;
  std::string bytes_;  // their number, big-endian, then the bits
};

}  // namespace sluice::paimon
