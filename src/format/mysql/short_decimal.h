// SPDX-License-Identifier: Apache-2.0
// The servers' packed decimals (`decimal2bin`): groups of nine digits in four bytes, the digits that are left over at
// both ends in fewer. Pure values; any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace sluice::mysql {

inline constexpr uint8_t kDigitBytes[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};

constexpr uint32_t PackedDecimalSize(uint32_t precision, uint32_t scale) {
  const uint32_t whole = precision - scale;
  return whole / 9 * 4 + kDigitBytes[whole % 9] + scale / 9 * 4 + kDigitBytes[scale % 9];
}

// A packed decimal of at most 18 digits and 8 bytes: loaded as one word, of which each group of digits is a field.
class ShortDecimal {
 public:
  ShortDecimal() = default;
  ShortDecimal(uint32_t precision, uint32_t scale) : bytes_(PackedDecimalSize(precision, scale)) {
    if (precision > 18 || bytes_ > 8) return;
    fits_ = true;
    const uint32_t whole = precision - scale;
    if (whole % 9 != 0) Add(whole % 9);
    for (uint32_t i = 0; i < whole / 9; ++i) Add(9);
    for (uint32_t i = 0; i < scale; i += 9) Add(std::min(scale - i, 9u));
  }
  bool fits() const { return fits_; }
  size_t bytes() const { return bytes_; }
  // `word`: the bytes as they stand in memory, then anything.
  int64_t Unpack(uint64_t word) const {
    word = __builtin_bswap64(word) ^ uint64_t{1} << 63;  // the sign is inverted,
    const auto sign = static_cast<uint64_t>(static_cast<int64_t>(word) >> 63);
    word ^= sign;                                        // and so are all bits of a negative number
    uint64_t value = 0;
    for (const Group& group : groups_) value = value * group.power + (word >> group.shift & group.mask);
    return static_cast<int64_t>((value ^ sign) - sign);
  }

 private:
  struct Group {
    uint64_t power = 1, mask = 0;
    uint32_t shift = 0;
  };
  void Add(uint32_t digits) {
    Group& group = groups_[count_++];
    const uint32_t bits = 8 * PackedDecimalSize(digits, 0);
    left_ -= bits;
    group.shift = left_;
    group.mask = (uint64_t{1} << bits) - 1;
    for (uint32_t i = 0; i < digits; ++i) group.power *= 10;
  }

  size_t bytes_ = 0;
  bool fits_ = false;
  uint32_t count_ = 0, left_ = 64;
  Group groups_[3];  // 8 bytes hold no more
};

}  // namespace sluice::mysql
