// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/bit_slices.h"

#include <utility>

#include "base/check.h"
#include "lake/paimon/roaring_set.h"

namespace sluice::paimon {

std::optional<BitSlices> BitSlices::Of(RowBits present, std::vector<std::string_view> slices, uint64_t most) {
  for (std::string_view slice : slices) {
    RowBits rows(present.rows());
    ByteReader in(slice);
    if (!rows.AddRoaring(in) || in.remaining() > 0) return std::nullopt;
    if (!(rows -= present).empty()) return std::nullopt;
  }
  BitSlices out(std::move(present), std::move(slices));
  if (most < UINT64_MAX && !out.AtLeast(most + 1).empty()) return std::nullopt;
  return out;
}

RowBits BitSlices::Slice(size_t bit) const {
  RowBits out(present_.rows());
  ByteReader in(slices_[bit]);
  CHECK(out.AddRoaring(in));  // Of has read it
  return out;
}

RowBits BitSlices::Equal(uint64_t number) const {
  const size_t bits = slices_.size();
  if (bits < 64 && number >> bits != 0) return RowBits(present_.rows());
  RowBits out = present_;
  for (size_t bit = 0; bit < bits; ++bit) {
    if ((number >> bit & 1) != 0) {
      out &= Slice(bit);
    } else {
      out -= Slice(bit);
    }
  }
  return out;
}

// The higher bit decides, so that it comes last.
RowBits BitSlices::AtLeast(uint64_t number) const {
  const size_t bits = slices_.size();
  if (bits < 64 && number >> bits != 0) return RowBits(present_.rows());
  RowBits out = present_;
  for (size_t bit = 0; bit < bits; ++bit) {
    if ((number >> bit & 1) != 0) {
      out &= Slice(bit);
    } else {
      out |= Slice(bit);
    }
  }
  return out;
}

std::vector<std::string> SerializeSlices(std::span<const uint32_t> rows, std::span<const uint64_t> numbers, int bits) {
  std::vector<std::string> out;
  out.push_back(SerializeRoaring(RoaringWidth::k32, RoaringOf(rows)));
  std::vector<uint32_t> chosen;
  for (int bit = 0; bit < bits; ++bit) {
    chosen.clear();
    for (size_t i = 0; i < rows.size(); ++i) {
      if ((numbers[i] >> bit & 1) != 0) chosen.push_back(rows[i]);
    }
    out.push_back(SerializeRoaring(RoaringWidth::k32, RoaringOf(chosen)));
  }
  return out;
}

}  // namespace sluice::paimon
