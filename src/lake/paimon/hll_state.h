// SPDX-License-Identifier: Apache-2.0
// What an HLL sketch of Apache DataSketches holds while values are put in: up to 8 coupons in the order that they came
// in, then a hash set of coupons, then a register for each of 2^k slots. A coupon is a value of 6 bits above a hash of
// 26 bits. The arithmetic is Java's, in its order. Not thread-safe. ADR 0023.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::paimon {

enum class HllMode : uint8_t { kList = 0, kSet = 1, kRegisters = 2 };  // as serialised

constexpr int kHllLgKLeast = 4, kHllLgKMost = 21;
constexpr int kHllListLgSlots = 3, kHllSetLgSlots = 5;
constexpr uint32_t kHllValueShift = 26;
constexpr uint8_t kHllValueMost = 63;

// Slots of a hash table with open addressing, as Java probes them: 0 is an empty one.
class HllSlots {
 public:
  explicit HllSlots(int lg_slots) : lg_slots_(lg_slots), slots_(size_t{1} << lg_slots) {}
  // A table as another one left it.
  HllSlots(int lg_slots, std::vector<uint32_t> slots);

  int lg_slots() const { return lg_slots_; }
  const std::vector<uint32_t>& slots() const { return slots_; }
  size_t count() const { return count_; }
  bool IsCrowded() const { return 4 * count_ > 3 * slots_.size(); }

  // Of what `mask` leaves of an entry; false if it is there. The table must have an empty slot.
  bool Insert(uint32_t entry, uint32_t mask);
  void Append(uint32_t entry) { slots_[count_++] = entry; }  // without hashing
  void Grow(uint32_t mask);

 private:
  int lg_slots_;
  std::vector<uint32_t> slots_;
  size_t count_ = 0;
};

struct HllState {
  explicit HllState(int lg) : lg_k(lg) {}

  int lg_k;
  HllMode mode = HllMode::kList;
  HllSlots coupons{kHllListLgSlots};
  // Of kRegisters: how many different values there were, if all came one by one; and K times the probability that a
  // new one changes a register, by values below 32 and others.
  std::vector<uint8_t> registers;
  double hip = 0, kxq0 = 0, kxq1 = 0;
  bool out_of_order = false;  // hip is none

  bool IsEmpty() const { return mode != HllMode::kRegisters && coupons.count() == 0; }
  void Add(uint32_t coupon);
  void AddAllOf(const HllSlots& others);
  // For registers that did not come by Add.
  void CountRegisters();
  // Of a state with registers, with fewer of them.
  HllState Smaller(int lg) const;
  // The higher one of each register counts. The other state has as many or more registers.
  void Unite(const HllState& other);

 private:
  void AddToRegisters(uint32_t slot, uint8_t value);
  void MakeRegisters();
};

}  // namespace sluice::paimon
