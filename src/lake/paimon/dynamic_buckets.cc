// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/dynamic_buckets.h"

#include "base/bytes.h"

namespace sluice::paimon {
namespace {

constexpr uint64_t kUsed = uint64_t{1} << 63;
constexpr size_t kFirstSlots = 1024;
constexpr size_t kHashBytes = 4;

uint64_t SlotValue(int32_t hash, int bucket) {
  return kUsed | uint64_t{static_cast<uint32_t>(bucket)} << 32 | static_cast<uint32_t>(hash);
}

}  // namespace

size_t DynamicBuckets::SlotOf(int32_t hash) const {
  const size_t mask = slots_.size() - 1;
  const auto bits = static_cast<uint32_t>(hash);
  size_t slot = (bits * uint64_t{0x9E3779B97F4A7C15} >> 32) & mask;
  while (slots_[slot] != 0 && static_cast<uint32_t>(slots_[slot]) != bits) slot = (slot + 1) & mask;
  return slot;
}

void DynamicBuckets::Grow() {
  std::vector<uint64_t> old(slots_.empty() ? kFirstSlots : slots_.size() * 2);
  old.swap(slots_);
  for (uint64_t value : old) {
    if (value != 0) slots_[SlotOf(static_cast<int32_t>(static_cast<uint32_t>(value)))] = value;
  }
}

void DynamicBuckets::Put(int32_t hash, int bucket) {
  if ((used_ + 1) * 4 > slots_.size() * 3) Grow();
  uint64_t& slot = slots_[SlotOf(hash)];
  used_ += slot == 0;
  slot = SlotValue(hash, bucket);
  const auto index = static_cast<size_t>(bucket);
  if (index >= hashes_.size()) hashes_.resize(index + 1);
  hashes_[index].push_back(hash);
}

Result<DynamicBuckets> DynamicBuckets::OfBoth(std::string_view first, std::string_view second) {
  DynamicBuckets both(INT64_MAX), other(INT64_MAX);
  TRY(both.Load(0, first));
  TRY(other.Load(0, second));
  for (const auto& hashes : other.hashes_) {
    for (int32_t hash : hashes) (void)both.Assign(hash);
  }
  return both;
}

Status DynamicBuckets::Load(int bucket, std::string_view bytes) {
  if (bytes.size() % kHashBytes != 0 || bucket < 0 || bucket > INT16_MAX) {
    return Corrupt("an index file of hashes has a size or a bucket that none can have");
  }
  for (size_t i = 0; i < bytes.size(); i += kHashBytes) {
    Put(static_cast<int32_t>(static_cast<uint32_t>(LoadBe(bytes.data() + i, kHashBytes))), bucket);
  }
  return Ok();
}

int DynamicBuckets::Assign(int32_t hash) {
  if (!slots_.empty()) {
    const uint64_t found = slots_[SlotOf(hash)];
    if (found != 0) return static_cast<int>((found & ~kUsed) >> 32);
  }
  while (filling_ < hashes_.size() && static_cast<int64_t>(hashes_[filling_].size()) >= target_rows_) ++filling_;
  auto bucket = static_cast<int>(filling_);
  if (bucket >= buckets_max_) {
    if (buckets_max_ == kMost) return -1;
    bucket = static_cast<int>(static_cast<uint32_t>(hash) % hashes_.size());
  }
  Put(hash, bucket);
  changed_.insert(bucket);
  return bucket;
}

std::string DynamicBuckets::IndexFile(int bucket) const {
  std::string out;
  for (int32_t hash : hashes_[static_cast<size_t>(bucket)]) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(static_cast<uint32_t>(hash) >> shift);
  }
  return out;
}

}  // namespace sluice::paimon
