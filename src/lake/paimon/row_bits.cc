// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/row_bits.h"

#include "lake/paimon/roaring_reader.h"

namespace sluice::paimon {

RowBits::RowBits(int64_t rows, bool all)
    : rows_(rows), words_(static_cast<size_t>((rows + 63) / 64), all ? UINT64_MAX : 0) {
  Cut();
}

void RowBits::Cut() {
  if (rows_ % 64 != 0) words_.back() &= (uint64_t{1} << rows_ % 64) - 1;
}

bool RowBits::AddRoaring(ByteReader& in) {
  return ReadRoaring(in, [&](uint16_t key, uint16_t first, uint16_t last) {
    const int64_t base = int64_t{key} << 16;
    if (base + last >= rows_) return false;
    int64_t row = base + first;
    for (const int64_t end = base + last + 1; row < end;) {
      const int64_t in_word = std::min(64 - row % 64, end - row);
      const uint64_t bits = in_word == 64 ? UINT64_MAX : (uint64_t{1} << in_word) - 1;
      words_[static_cast<size_t>(row / 64)] |= bits << row % 64;
      row += in_word;
    }
    return true;
  });
}

RowBits& RowBits::operator|=(const RowBits& other) {
  for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  return *this;
}

RowBits& RowBits::operator&=(const RowBits& other) {
  for (size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  return *this;
}

RowBits& RowBits::operator-=(const RowBits& other) {
  for (size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
  return *this;
}

void RowBits::Flip() {
  for (uint64_t& word : words_) word = ~word;
  Cut();
}

int64_t RowBits::count() const {
  int64_t out = 0;
  for (uint64_t word : words_) out += std::popcount(word);
  return out;
}

bool RowBits::empty() const {
  return std::all_of(words_.begin(), words_.end(), [](uint64_t word) { return word == 0; });
}

bool RowBits::AnyIn(int64_t first, int64_t count) const { return Next(first, true) < first + count; }

int64_t RowBits::Next(int64_t row, bool there) const {
  while (row < rows_) {
    const uint64_t word = words_[static_cast<size_t>(row / 64)];
    const uint64_t left = (there ? word : ~word) >> row % 64;
    if (left != 0) return std::min(rows_, row + std::countr_zero(left));
    row += 64 - row % 64;
  }
  return rows_;
}

}  // namespace sluice::paimon
