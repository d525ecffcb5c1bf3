// SPDX-License-Identifier: Apache-2.0
// For tests: random cells of each type.
#pragma once

#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "row/timestamp.h"

namespace sluice::paimon {

using Cell = std::shared_ptr<arrow::Scalar>;

class Random {
 public:
  explicit Random(uint64_t seed) : random_(seed) {}
  uint64_t operator()(uint64_t below) { return random_() % below; }
  bool OneIn(uint64_t n) { return random_() % n == 0; }
  template <typename T>
  T Of(std::vector<T> choices) { return choices[random_() % choices.size()]; }
  uint64_t Bits() { return random_(); }

  bool whole_old_seconds = false;  // times before 1970 have no fractions: ORC cannot hold them

 private:
  std::mt19937_64 random_;
};

inline std::string RandomText(Random& random, int length) {
  static const char* kPieces[] = {"a", "b", "Z", " ", "ä", "€", "😀", "\x7f", "the same beginning ", "0", "%", "/"};
  std::string out;
  const auto points = static_cast<int>(random(static_cast<uint64_t>(std::min(length, 8)) + 1));
  int used = 0;
  for (int i = 0; i < points; ++i) {
    const std::string piece = kPieces[random(std::size(kPieces))];
    used += piece.size() > 4 ? static_cast<int>(piece.size()) : 1;
    if (used > length) break;
    out += piece;
  }
  return out;
}

inline int64_t Power10(int exponent) { return exponent == 0 ? 1 : 10 * Power10(exponent - 1); }

// A value of the type; often one near zero, sometimes an extreme one.
inline Cell RandomValue(Random& random, const DataType& type) {
  const auto arrow_type = type.ToArrow();
  const int64_t small = static_cast<int64_t>(random(41)) - 20;
  const auto wide = static_cast<int64_t>(random.Bits());
  const auto made = [&](auto value) { return arrow::MakeScalar(arrow_type, value).ValueOrDie(); };
  const bool near = random(3) != 0;
  switch (type.kind) {
    case TypeKind::kBoolean: return made(random.OneIn(2));
    case TypeKind::kTinyInt: return made(static_cast<int32_t>(near ? small : wide % 128));
    case TypeKind::kSmallInt: return made(static_cast<int32_t>(near ? small : wide % 32768));
    case TypeKind::kInt: return made(static_cast<int32_t>(near ? small : wide));
    case TypeKind::kBigInt: return made(near ? small : wide);
    case TypeKind::kFloat:
      return made(random.OneIn(20) ? NAN : static_cast<float>(small) / (random.OneIn(5) ? -0.0f : 4.0f));
    case TypeKind::kDouble:
      return made(random.OneIn(20) ? -0.0 : random.OneIn(20) ? double{NAN} : static_cast<double>(small) / 3);
    case TypeKind::kDecimal: {
      arrow::Decimal128 value(near ? small : wide % Power10(std::min<int>(type.precision, 18)));
      if (type.precision > 20 && !near) value *= arrow::Decimal128(Power10(type.precision - 19));
      return made(value);
    }
    case TypeKind::kDate: return made(static_cast<int32_t>(near ? small : wide % 1'000'000));
    case TypeKind::kTime:
      return made((wide & INT64_MAX) % 86'400 * 1'000'000 + (type.precision == 0 ? 0 : 20'000 + small * 1000));
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      const int64_t second = UnitsPerSecond(type), unit = Power10((HasNanos(type) ? 9 : 6) - type.precision);
      const int64_t most = HasNanos(type) ? 9'000'000'000'000'000'000 : 10'000'000'000'000'000;
      const int64_t value = (near ? small : wide % most) / unit * unit + small * unit;
      return made(value < 0 && random.whole_old_seconds ? value / second * second : value);
    }
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes: {
      std::string bytes;
      for (uint64_t i = random(static_cast<uint64_t>(type.length == 0 ? 30 : type.length) + 1); i > 0; --i) {
        bytes += static_cast<char>(random.OneIn(3) ? 0xFF : random(256));
      }
      return std::make_shared<arrow::BinaryScalar>(arrow::Buffer::FromString(bytes));
    }
    case TypeKind::kArray: {
      arrow::StringBuilder items;
      for (uint64_t i = random(3); i > 0; --i) (void)items.Append(RandomText(random, 5)).ok();
      return std::make_shared<arrow::ListScalar>(items.Finish().ValueOrDie(), arrow_type);
    }
    default: return made(RandomText(random, type.length == 0 ? 40 : type.length));
  }
}

}  // namespace sluice::paimon
