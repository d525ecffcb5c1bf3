// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/hll_state.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sluice::paimon {
namespace {

constexpr uint32_t kHashMask = (uint32_t{1} << kHllValueShift) - 1;
constexpr uint32_t kWholeCoupon = ~uint32_t{0};
constexpr int kLeastLgKOfSets = 8;

// How many values gave so many coupons of 26 bits: points of a curve, which goes on above what a set can hold.
constexpr size_t kPoints = 8;
constexpr double kCoupons[kPoints] = {0, 1, 20, 400, 8000, 160000, 300000, 600000};
constexpr double kValues[kPoints] = {0.0,
                                     1.0,
                                     20.0000009437402611,
                                     400.0003963713384110,
                                     8000.1589294602090376,
                                     160063.6067763759638183,
                                     300223.7071597663452849,
                                     600895.5933856170158833};

// The cubic through the two points on either side, as far as there are such.
double ValuesOf(size_t coupons) {
  const double x = static_cast<double>(coupons);
  size_t left = 0;
  while (kCoupons[left + 1] <= x) ++left;
  const size_t from = left == 0 ? 0 : std::min(left - 1, kPoints - 4);
  const double *xs = kCoupons + from, *ys = kValues + from;
  double sum = 0;
  for (size_t i = 0; i < 4; ++i) {
    double above = 1, below = 1;
    for (size_t j = 0; j < 4; ++j) {
      if (j == i) continue;
      above *= x - xs[j];
      below *= xs[i] - xs[j];
    }
    sum += ys[i] * above / below;
  }
  return std::max(sum, x);
}

double PowerOfHalf(uint8_t value) { return std::ldexp(1.0, -int{value}); }

}  // namespace

HllSlots::HllSlots(int lg_slots, std::vector<uint32_t> slots) : lg_slots_(lg_slots), slots_(std::move(slots)) {
  count_ = slots_.size() - static_cast<size_t>(std::count(slots_.begin(), slots_.end(), 0U));
}

bool HllSlots::Insert(uint32_t entry, uint32_t mask) {
  const uint32_t places = static_cast<uint32_t>(slots_.size()) - 1;
  const uint32_t stride = (entry & mask & kHashMask) >> lg_slots_ | 1;  // odd: all slots are met
  uint32_t at = entry & places;
  for (; slots_[at] != 0; at = (at + stride) & places) {
    if (((slots_[at] ^ entry) & mask) == 0) return false;
  }
  slots_[at] = entry;
  ++count_;
  return true;
}

void HllSlots::Grow(uint32_t mask) {
  HllSlots larger(lg_slots_ + 1);
  for (const uint32_t entry : slots_) {
    if (entry != 0) larger.Insert(entry, mask);
  }
  *this = std::move(larger);
}

void HllState::Add(uint32_t coupon) {
  if (coupon == 0) return;
  if (mode == HllMode::kRegisters) {
    AddToRegisters(coupon & ((uint32_t{1} << lg_k) - 1), static_cast<uint8_t>(coupon >> kHllValueShift));
    return;
  }
  if (mode == HllMode::kList) {
    const auto& slots = coupons.slots();
    const auto end = slots.begin() + static_cast<std::ptrdiff_t>(coupons.count());
    if (std::find(slots.begin(), end, coupon) != end) return;
    coupons.Append(coupon);
    if (coupons.count() < slots.size()) return;
    if (lg_k < kLeastLgKOfSets) return MakeRegisters();
    const HllSlots list = std::exchange(coupons, HllSlots(kHllSetLgSlots));
    mode = HllMode::kSet;
    return AddAllOf(list);
  }
  if (!coupons.Insert(coupon, kWholeCoupon) || !coupons.IsCrowded()) return;
  if (coupons.lg_slots() == lg_k - 3) return MakeRegisters();
  coupons.Grow(kWholeCoupon);
}

void HllState::AddAllOf(const HllSlots& others) {
  for (const uint32_t coupon : others.slots()) Add(coupon);
}

void HllState::AddToRegisters(uint32_t slot, uint8_t value) {
  uint8_t& old = registers[slot];
  if (value <= old) return;
  hip += static_cast<double>(registers.size()) / (kxq0 + kxq1);
  (old < 32 ? kxq0 : kxq1) -= PowerOfHalf(old);
  (value < 32 ? kxq0 : kxq1) += PowerOfHalf(value);
  old = value;
}

void HllState::MakeRegisters() {
  const HllSlots all = std::exchange(coupons, HllSlots(0));
  mode = HllMode::kRegisters;
  registers.assign(size_t{1} << lg_k, 0);
  CountRegisters();
  AddAllOf(all);
  hip = ValuesOf(all.count());
}

// All sums are exact, in any order.
void HllState::CountRegisters() {
  kxq0 = kxq1 = 0;
  for (const uint8_t value : registers) (value < 32 ? kxq0 : kxq1) += PowerOfHalf(value);
}

HllState HllState::Smaller(int lg) const {
  HllState out(lg);
  out.mode = HllMode::kRegisters;
  out.registers.assign(size_t{1} << lg, 0);
  out.Unite(*this);
  out.hip = out_of_order ? 0 : hip;
  out.out_of_order = out_of_order;
  return out;
}

void HllState::Unite(const HllState& other) {
  const size_t mask = registers.size() - 1;
  for (size_t i = 0; i < other.registers.size(); ++i) {
    registers[i & mask] = std::max(registers[i & mask], other.registers[i]);
  }
  CountRegisters();
  hip = 0;
  out_of_order = true;
}

}  // namespace sluice::paimon
