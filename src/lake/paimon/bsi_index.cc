// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/bsi_index.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/bytes.h"
#include "lake/paimon/java_bytes.h"

namespace sluice::paimon {
namespace {

constexpr uint8_t kVersion = 1;

uint64_t Magnitude(int64_t number) {
  const auto bits = static_cast<uint64_t>(number);
  return number < 0 ? ~bits + 1 : bits;
}

int64_t TakeBe64(ByteReader& in) {
  const std::string_view bytes = in.Bytes(8);
  return bytes.empty() ? 0 : static_cast<int64_t>(LoadBe(bytes.data(), 8));
}

}  // namespace

bool BsiIndexBuilder::CanHold(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
    case TypeKind::kDate:
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: return true;
    case TypeKind::kDecimal: return type.precision <= 18;
    default: return false;
  }
}

void BsiIndexBuilder::Add(int64_t number) {
  fits_ = fits_ && number != INT64_MIN;
  Part& part = number < 0 ? negative_ : positive_;
  part.rows.push_back(rows_++);
  part.numbers.push_back(Magnitude(number));
}

// Java's least number is 0, whatever the rows have.
void BsiIndexBuilder::Part::AppendTo(std::string& out) const {
  AppendBe(out, static_cast<uint8_t>(rows.empty() ? 0 : 1));
  if (rows.empty()) return;
  const uint64_t most = *std::max_element(numbers.begin(), numbers.end());
  const int bits = static_cast<int>(std::bit_width(most));
  const auto slices = SerializeSlices(rows, numbers, bits);
  AppendBe(out, kVersion);
  AppendBe(out, int64_t{0});
  AppendBe(out, most);
  out += slices[0];
  AppendBe(out, static_cast<int32_t>(bits));
  for (size_t i = 1; i < slices.size(); ++i) out += slices[i];
}

std::optional<std::string> BsiIndexBuilder::Build() const {
  if (!fits_) return std::nullopt;
  std::string out;
  AppendBe(out, kVersion);
  AppendBe(out, rows_);
  positive_.AppendTo(out);
  negative_.AppendTo(out);
  if (out.size() > INT32_MAX) return std::nullopt;
  return out;
}

std::optional<BsiIndexView::Part> BsiIndexView::ReadPart(ByteReader& in, int64_t rows) {
  RowBits present(rows);
  std::vector<std::string_view> slices;
  const uint8_t there = in.U8();
  if (!in.ok() || there > 1) return std::nullopt;
  if (there == 0) return Part{0, 0, *BitSlices::Of(std::move(present), {}, 0)};
  if (in.U8() != kVersion) return std::nullopt;
  const int64_t least = TakeBe64(in), most = TakeBe64(in);
  if (!in.ok() || least < 0 || most < least || !present.AddRoaring(in)) return std::nullopt;
  const auto range = static_cast<uint64_t>(most - least);
  const int bits = static_cast<int>(std::bit_width(range));
  if (TakeBe32(in) != bits) return std::nullopt;
  for (int bit = 0; bit < bits; ++bit) {
    const std::string_view rest(reinterpret_cast<const char*>(in.at()), in.remaining());
    RowBits passed(rows);
    if (!passed.AddRoaring(in)) return std::nullopt;
    slices.push_back(rest.substr(0, rest.size() - in.remaining()));
  }
  auto of = BitSlices::Of(std::move(present), std::move(slices), range);
  if (!of || of->present().empty()) return std::nullopt;
  return Part{static_cast<uint64_t>(least), static_cast<uint64_t>(most), *std::move(of)};
}

std::optional<BsiIndexView> BsiIndexView::Parse(std::string_view bytes, int64_t rows) {
  ByteReader in(bytes);
  if (in.U8() != kVersion || TakeBe32(in) != rows || !in.ok()) return std::nullopt;
  auto positive = ReadPart(in, rows);
  if (!positive) return std::nullopt;
  auto negative = ReadPart(in, rows);
  if (!negative || in.remaining() > 0) return std::nullopt;
  RowBits both = positive->slices.present();
  if (!(both &= negative->slices.present()).empty()) return std::nullopt;
  return BsiIndexView(*std::move(positive), *std::move(negative));
}

RowBits BsiIndexView::Part::Equal(uint64_t number) const {
  if (number < least || number > most) return RowBits(slices.present().rows());
  return slices.Equal(number - least);
}

RowBits BsiIndexView::Part::AtLeast(uint64_t number) const {
  if (number <= least) return slices.present();
  if (number > most) return RowBits(slices.present().rows());
  return slices.AtLeast(number - least);
}

RowBits BsiIndexView::Part::AtMost(uint64_t number) const {
  RowBits out = slices.present();
  return out -= AtLeast(number + 1);  // a number is at most 2^63
}

RowBits BsiIndexView::Present() const {
  RowBits out = positive_.slices.present();
  return out |= negative_.slices.present();
}

RowBits BsiIndexView::Equal(int64_t number) const {
  return (number < 0 ? negative_ : positive_).Equal(Magnitude(number));
}

RowBits BsiIndexView::AtLeast(int64_t number) const {
  if (number >= 0) return positive_.AtLeast(Magnitude(number));
  RowBits out = negative_.AtMost(Magnitude(number));
  return out |= positive_.slices.present();
}

RowBits BsiIndexView::AtMost(int64_t number) const {
  if (number < 0) return negative_.AtLeast(Magnitude(number));
  RowBits out = positive_.AtMost(Magnitude(number));
  return out |= negative_.slices.present();
}

}  // namespace sluice::paimon
