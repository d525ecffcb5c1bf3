// SPDX-License-Identifier: Apache-2.0
// DeleteSet: the deleted row positions of one data file, as a bitmap that grows to the highest position (125 kB for a
// million rows). A value; one thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice {

class DeleteSet {
 public:
  // False if the position was there already. Positions are at most 2^31 - 2, the limit of the format.
  bool Add(int64_t position) {
    size_t word = static_cast<size_t>(position) / 64;
    if (word >= words_.size()) Grow(word);
    uint64_t bit = uint64_t{1} << (position % 64);
    if (words_[word] & bit) return false;
    words_[word] |= bit;
    ++count_;
    return true;
  }
  bool Contains(int64_t position) const {
    size_t word = static_cast<size_t>(position) / 64;
    return word < words_.size() && (words_[word] >> (position % 64) & 1) != 0;
  }
  // Adds all positions of `other`.
  void Merge(const DeleteSet& other) {
    if (other.words_.size() > words_.size()) words_.resize(other.words_.size());
    count_ = 0;
    for (size_t i = 0; i < words_.size(); ++i) {
      if (i < other.words_.size()) words_[i] |= other.words_[i];
      count_ += std::popcount(words_[i]);
    }
  }

  int64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  size_t memory_bytes() const { return words_.capacity() * sizeof(uint64_t); }

  // visit(int64_t position), ascending.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (size_t i = 0; i < words_.size(); ++i) {
      for (uint64_t left = words_[i]; left != 0; left &= left - 1) {
        visit(static_cast<int64_t>(i * 64 + static_cast<size_t>(std::countr_zero(left))));
      }
    }
  }

  bool operator==(const DeleteSet& other) const {
    const auto& small = words_.size() < other.words_.size() ? words_ : other.words_;
    const auto& large = words_.size() < other.words_.size() ? other.words_ : words_;
    for (size_t i = 0; i < large.size(); ++i) {
      if (large[i] != (i < small.size() ? small[i] : 0)) return false;
    }
    return true;
  }

 private:
  // Doubles at first, then by an eighth: a set is kept for every data file of the table.
  void Grow(size_t word) {
    size_t wanted = word + 1;
    if (wanted > words_.capacity()) words_.reserve(wanted + (wanted < 1024 ? wanted : wanted / 8));
    words_.resize(wanted);
  }

  std::vector<uint64_t> words_;
  int64_t count_ = 0;
};

}  // namespace sluice
