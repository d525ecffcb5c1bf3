// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/range_bitmap.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "lake/paimon/java_bytes.h"

namespace sluice::paimon {
namespace {

constexpr uint8_t kVersion = 1;
constexpr int kBitsWithoutValues = 64;  // Java counts those of -1

void AppendInt(std::string& out, size_t number) { AppendBe(out, static_cast<int32_t>(number)); }

// `head` behind its length.
void AppendHead(std::string_view head, std::string& out) {
  AppendInt(out, head.size());
  out += head;
}

int BitsFor(size_t values) {
  return values == 0 ? kBitsWithoutValues : std::max(1, static_cast<int>(std::bit_width(values - 1)));
}

}  // namespace

bool RangeBitmapBuilder::CanHold(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes:
    case TypeKind::kArray: return false;
    case TypeKind::kDecimal: return type.precision <= 18;
    default: return true;
  }
}

int64_t RangeBitmapBuilder::DefaultChunkBytes(const DataType& type) {
  const size_t width = IndexedWidth(type);
  return width == 1 || width == 2 ? 0 : 16 << 10;
}

void RangeBitmapBuilder::AppendValue(std::string_view value, std::string& out) const {
  if (IndexedWidth(values_.type()) == 0) AppendInt(out, value.size());
  out += value;
}

// Chunks with their first value, behind all chunks their other values; before them where each chunk begins.
std::string RangeBitmapBuilder::Dictionary(const Sorted& values) const {
  const size_t width = IndexedWidth(values_.type());
  const auto limit = static_cast<size_t>(chunk_bytes_);
  std::string starts, chunks, keys;
  for (size_t first = 0; first < values.size();) {
    AppendInt(starts, chunks.size());
    AppendBe(chunks, kVersion);
    AppendValue(*values[first].first, chunks);
    AppendInt(chunks, first);
    AppendInt(chunks, keys.size());
    std::string offsets, others;  // of text: where each of the others begins
    size_t next = first + 1;
    for (; next < values.size(); ++next) {
      const std::string& value = *values[next].first;
      const size_t bytes = width == 0 ? 4 + value.size() : width;
      if (others.size() + bytes > limit || (width == 0 && offsets.size() + 4 > limit)) break;
      if (width == 0) AppendInt(offsets, others.size());
      AppendValue(value, others);
    }
    AppendInt(chunks, next - first - 1);
    if (width == 0) AppendInt(chunks, offsets.size());
    AppendInt(chunks, others.size());
    if (width != 0) AppendInt(chunks, width);
    keys += offsets + others;
    first = next;
  }
  std::string head(1, static_cast<char>(kVersion)), out;
  AppendInt(head, starts.size() / 4);
  AppendInt(head, starts.size());
  AppendInt(head, chunks.size());
  AppendHead(head, out);
  return out + starts + chunks + keys;
}

std::string RangeBitmapBuilder::Slices(const Sorted& values) const {
  std::vector<uint64_t> codes(values.size());  // by number
  for (size_t code = 0; code < values.size(); ++code) codes[values[code].second] = code;
  std::vector<uint32_t> rows;
  std::vector<uint64_t> numbers;
  for (size_t row = 0; row < values_.rows().size(); ++row) {
    const uint32_t number = values_.rows()[row];
    if (number == IndexedValues::kNull) continue;
    rows.push_back(static_cast<uint32_t>(row));
    numbers.push_back(codes[number]);
  }
  const int bits = BitsFor(values.size());
  const auto slices = SerializeSlices(rows, numbers, bits);
  std::string head(1, static_cast<char>(kVersion)), body, out;
  head.push_back(static_cast<char>(bits));
  AppendInt(head, slices[0].size());
  AppendInt(head, 8 * static_cast<size_t>(bits));
  for (size_t i = 1; i < slices.size(); ++i) {
    AppendInt(head, body.size());
    AppendInt(head, slices[i].size());
    body += slices[i];
  }
  AppendHead(head, out);
  return out + slices[0] + body;
}

std::optional<std::string> RangeBitmapBuilder::Build() const {
  const Sorted values = values_.Sorted();
  const std::string dictionary = Dictionary(values);
  std::string head(1, static_cast<char>(kVersion)), out;
  AppendInt(head, values_.rows().size());
  AppendInt(head, values.size());
  if (!values.empty()) {
    AppendValue(*values.front().first, head);
    AppendValue(*values.back().first, head);
  }
  AppendInt(head, dictionary.size());
  AppendHead(head, out);
  out += dictionary + Slices(values);
  if (out.size() > INT32_MAX) return std::nullopt;
  return out;
}

// Each member takes a part; false: not well formed.
class RangeBitmapView::Reader {
 public:
  Reader(const DataType& type, int64_t rows) : type_(type), rows_(rows), width_(IndexedWidth(type)) {}

  bool ReadHead(ByteReader& in) {
    ByteReader head(in.Bytes(static_cast<uint32_t>(TakeBe32(in))));
    if (head.U8() != kVersion || TakeBe32(head) != rows_) return false;
    cardinality_ = TakeBe32(head);
    if (cardinality_ < 0 || cardinality_ > rows_) return false;
    if (cardinality_ > 0) least_ = TakeValue(head), greatest_ = TakeValue(head);
    dictionary_bytes_ = static_cast<uint32_t>(TakeBe32(head));
    return head.ok() && in.ok() && head.remaining() == 0;
  }

  bool ReadDictionary(ByteReader& in) {
    ByteReader all(in.Bytes(dictionary_bytes_));
    ByteReader head(all.Bytes(static_cast<uint32_t>(TakeBe32(all))));
    if (head.U8() != kVersion) return false;
    const auto chunks = static_cast<uint32_t>(TakeBe32(head)), starts = static_cast<uint32_t>(TakeBe32(head));
    const std::string_view offsets = all.Bytes(starts);
    const std::string_view of_chunks = all.Bytes(static_cast<uint32_t>(TakeBe32(head)));
    if (!head.ok() || !all.ok() || head.remaining() > 0 || starts != uint64_t{chunks} * 4) return false;
    ByteReader chunk(of_chunks), keys(all.Bytes(all.remaining()));
    const size_t keys_bytes = keys.remaining();
    for (uint32_t i = 0; i < chunks; ++i) {
      const auto place = static_cast<uint32_t>(LoadBe(offsets.data() + size_t{i} * 4, 4));
      if (place != of_chunks.size() - chunk.remaining()) return false;
      if (!ReadChunk(chunk, keys, keys_bytes - keys.remaining())) return false;
    }
    if (chunk.remaining() > 0 || keys.remaining() > 0) return false;
    return values_.size() == static_cast<size_t>(cardinality_) && HasEnds();
  }

  std::optional<BitSlices> ReadSlices(ByteReader& in) {
    ByteReader head(in.Bytes(static_cast<uint32_t>(TakeBe32(in))));
    if (head.U8() != kVersion || head.U8() != BitsFor(values_.size())) return std::nullopt;
    const int bits = BitsFor(values_.size());
    ByteReader present(in.Bytes(static_cast<uint32_t>(TakeBe32(head))));
    if (TakeBe32(head) != 8 * bits) return std::nullopt;
    std::vector<std::string_view> slices;
    uint32_t place = 0;
    for (int bit = 0; bit < bits; ++bit) {
      const auto offset = static_cast<uint32_t>(TakeBe32(head)), length = static_cast<uint32_t>(TakeBe32(head));
      if (offset != place) return std::nullopt;
      place += length;
      slices.push_back(in.Bytes(length));
    }
    if (!head.ok() || !in.ok() || head.remaining() > 0 || in.remaining() > 0) return std::nullopt;
    RowBits of(rows_);
    if (!of.AddRoaring(present) || present.remaining() > 0) return std::nullopt;
    if (of.empty() != (values_.size() == 0)) return std::nullopt;
    return BitSlices::Of(std::move(of), std::move(slices), std::max<uint64_t>(1, values_.size()) - 1);
  }

  Values values_;

 private:
  std::string_view TakeValue(ByteReader& in) const {
    return in.Bytes(width_ == 0 ? static_cast<uint32_t>(TakeBe32(in)) : width_);
  }

  // False: it is not above the one before.
  bool Add(std::string_view value) {
    if (width_ == 0) {
      if (!values_.texts.empty() && values_.texts.back() >= value) return false;
      values_.texts.push_back(value);
      return true;
    }
    const int64_t number = IndexedOrder(type_, value);
    if (!values_.numbers.empty() && values_.numbers.back() >= number) return false;
    values_.numbers.push_back(number);
    return true;
  }

  bool ReadChunk(ByteReader& chunk, ByteReader& keys, size_t keys_place) {
    if (chunk.U8() != kVersion) return false;
    const std::string_view first = TakeValue(chunk);
    if (!chunk.ok() || static_cast<size_t>(TakeBe32(chunk)) != values_.size() || !Add(first)) return false;
    if (static_cast<size_t>(TakeBe32(chunk)) != keys_place) return false;
    const auto others = static_cast<uint32_t>(TakeBe32(chunk));
    const uint32_t offsets = width_ == 0 ? static_cast<uint32_t>(TakeBe32(chunk)) : 0;
    const auto bytes = static_cast<uint32_t>(TakeBe32(chunk));
    if (width_ != 0 && static_cast<size_t>(TakeBe32(chunk)) != width_) return false;
    ByteReader starts(keys.Bytes(offsets)), values(keys.Bytes(bytes));
    if (!chunk.ok() || !keys.ok() || (width_ == 0 && offsets != uint64_t{others} * 4)) return false;
    for (uint32_t i = 0; i < others; ++i) {
      if (width_ == 0 && static_cast<size_t>(TakeBe32(starts)) != bytes - values.remaining()) return false;
      const std::string_view value = TakeValue(values);
      if (!values.ok() || !Add(value)) return false;
    }
    return values.remaining() == 0;
  }

  bool HasEnds() const {
    if (values_.size() == 0) return true;
    if (width_ == 0) return values_.texts.front() == least_ && values_.texts.back() == greatest_;
    return values_.numbers.front() == IndexedOrder(type_, least_) &&
           values_.numbers.back() == IndexedOrder(type_, greatest_);
  }

  const DataType& type_;
  const int64_t rows_;
  const size_t width_;
  int64_t cardinality_ = 0;
  std::string_view least_, greatest_;
  size_t dictionary_bytes_ = 0;
};

std::optional<RangeBitmapView> RangeBitmapView::Parse(const DataType& type, std::string_view bytes, int64_t rows) {
  Reader reader(type, rows);
  ByteReader in(bytes);
  if (!reader.ReadHead(in) || !reader.ReadDictionary(in)) return std::nullopt;
  auto slices = reader.ReadSlices(in);
  if (!slices) return std::nullopt;
  return RangeBitmapView(std::move(reader.values_), *std::move(slices));
}

std::pair<size_t, size_t> RangeBitmapView::Find(const Value& value) const {
  const auto find = [](const auto& values, const auto& wanted) {
    const auto [begin, end] = std::equal_range(values.begin(), values.end(), wanted);
    return std::pair(static_cast<size_t>(begin - values.begin()), static_cast<size_t>(end - values.begin()));
  };
  if (const auto* number = std::get_if<int64_t>(&value)) return find(values_.numbers, *number);
  return find(values_.texts, std::get<std::string_view>(value));
}

RowBits RangeBitmapView::From(size_t code) const {
  return code >= values_.size() ? RowBits(Present().rows()) : slices_.AtLeast(code);
}

RowBits RangeBitmapView::Equal(const Value& value) const {
  const auto [begin, end] = Find(value);
  return begin == end ? RowBits(Present().rows()) : slices_.Equal(begin);
}

RowBits RangeBitmapView::AtLeast(const Value& value) const { return From(Find(value).first); }

RowBits RangeBitmapView::AtMost(const Value& value) const {
  RowBits out = Present();
  return out -= From(Find(value).second);
}

}  // namespace sluice::paimon
