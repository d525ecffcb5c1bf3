// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/bloom_filter.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "lake/paimon/java_bytes.h"

#define XXH_INLINE_ALL
#include <arrow/vendored/xxhash.h>

namespace sluice::paimon {
namespace {

constexpr size_t kHeadBytes = 4;
constexpr int kFunctionsMax = 1 << 16;  // of one that is read

}  // namespace

// Thomas Wang's hash of 64 bits, with signed shifts.
uint64_t BloomHash(int64_t number) {
  const auto shifted = [](uint64_t key, int by) { return static_cast<uint64_t>(static_cast<int64_t>(key) >> by); };
  auto key = static_cast<uint64_t>(number);
  key = ~key + (key << 21);
  key ^= shifted(key, 24);
  key = key + (key << 3) + (key << 8);
  key ^= shifted(key, 14);
  key = key + (key << 2) + (key << 4);
  key ^= shifted(key, 28);
  return key + (key << 31);
}

uint64_t BloomHash(std::string_view bytes) { return XXH64(bytes.data(), bytes.size(), 0); }

bool BloomFilter::CanHold(const DataType& type) {
  return type.kind != TypeKind::kBoolean && type.kind != TypeKind::kDecimal && type.kind != TypeKind::kArray;
}

std::optional<int64_t> BloomFilter::BitsFor(int64_t items, double fpp) {
  const double bits = static_cast<double>(-items) * std::log(fpp) / (std::log(2.0) * std::log(2.0));
  if (!(bits >= 0 && bits < INT32_MAX - 8)) return std::nullopt;
  const auto whole = static_cast<int64_t>(bits);
  return whole + (8 - whole % 8);
}

BloomFilter::BloomFilter(int64_t items, double fpp) {
  const auto bits = BitsFor(items, fpp);
  CHECK(bits);
  const double functions = static_cast<double>(*bits) / static_cast<double>(items) * std::log(2.0);
  functions_ = std::max(1, static_cast<int>(std::floor(functions + 0.5)));
  AppendBe(bytes_, functions_);
  bytes_.resize(kHeadBytes + static_cast<size_t>(*bits / 8), '\0');
}

std::optional<BloomFilter> BloomFilter::Parse(std::string bytes) {
  if (bytes.size() <= kHeadBytes || bytes.size() > INT32_MAX / 8) return std::nullopt;
  ByteReader in(bytes);
  const int functions = TakeBe32(in);
  if (functions < 1 || functions > kFunctionsMax) return std::nullopt;
  BloomFilter out(std::move(bytes));
  out.functions_ = functions;
  return out;
}

template <typename Visit>
bool BloomFilter::VisitBits(uint64_t hash, Visit&& visit) const {
  const auto first = static_cast<uint32_t>(hash), step = static_cast<uint32_t>(hash >> 32);
  const auto bits = static_cast<uint32_t>(this->bits());
  for (uint32_t i = 1; i <= static_cast<uint32_t>(functions_); ++i) {
    uint32_t mixed = first + i * step;
    if (mixed >> 31 != 0) mixed = ~mixed;
    if (!visit(mixed % bits)) return false;
  }
  return true;
}

void BloomFilter::Add(uint64_t hash) {
  VisitBits(hash, [&](uint32_t bit) {
    char& byte = bytes_[kHeadBytes + bit / 8];
    byte = static_cast<char>(static_cast<uint8_t>(byte) | 1 << bit % 8);
    return true;
  });
}

bool BloomFilter::MayHold(uint64_t hash) const {
  return VisitBits(hash, [&](uint32_t bit) {
    return (static_cast<uint8_t>(bytes_[kHeadBytes + bit / 8]) >> bit % 8 & 1) != 0;
  });
}

}  // namespace sluice::paimon
