// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/bitmap_index.h"

#include <algorithm>
#include <utility>

#include "lake/paimon/java_bytes.h"
#include "lake/paimon/roaring_set.h"

namespace sluice::paimon {
namespace {

constexpr size_t kEntryBytes = 8;  // beside the value: offset and length

// 0: bytes behind their length.
size_t WidthOf(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
    case TypeKind::kTinyInt: return 1;
    case TypeKind::kSmallInt: return 2;
    case TypeKind::kInt:
    case TypeKind::kFloat:
    case TypeKind::kDate:
    case TypeKind::kTime: return 4;
    case TypeKind::kChar:
    case TypeKind::kVarChar:
    case TypeKind::kString: return 0;
    default: return 8;
  }
}

// What orders the numbers as Java's compare does.
int64_t OrderOf(const DataType& type, const std::string& value) {
  const size_t width = value.size();
  const int unused = static_cast<int>(64 - width * 8);
  const auto number = static_cast<int64_t>(LoadBe(value.data(), width) << unused) >> unused;
  const bool real = type.kind == TypeKind::kFloat || type.kind == TypeKind::kDouble;
  return real && number < 0 ? number ^ INT64_MAX : number;
}

std::string BitmapOf(std::span<const uint32_t> rows) { return SerializeRoaring(RoaringWidth::k32, RoaringOf(rows)); }

}  // namespace

std::string BitmapValue(const DataType& type, int64_t number) {
  std::string out;
  AppendBe(out, number);
  return out.substr(8 - WidthOf(type));
}

bool BitmapIndexBuilder::CanHold(const DataType& type) {
  const bool binary = type.kind >= TypeKind::kBinary && type.kind <= TypeKind::kBytes;
  return !binary && type.kind != TypeKind::kDecimal && type.kind != TypeKind::kArray;
}

void BitmapIndexBuilder::Add(int64_t number) {
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(static_cast<uint64_t>(number) >> (56 - 8 * i));
  const size_t width = WidthOf(type_);
  Add(std::string_view(bytes + 8 - width, width));
}

void BitmapIndexBuilder::Add(std::string_view bytes) {
  auto found = values_.find(bytes);
  if (found == values_.end()) found = values_.emplace(bytes, static_cast<uint32_t>(values_.size())).first;
  rows_.push_back(found->second);
}

size_t BitmapIndexBuilder::BytesOf(const std::string& value) const {
  const size_t width = WidthOf(type_);
  return width == 0 ? 4 + value.size() : width;
}

std::vector<BitmapIndexBuilder::Entry> BitmapIndexBuilder::Sorted() const {
  std::vector<uint32_t> begins(values_.size() + 2, 0);  // of each value's rows in `rows`; NULL is the last one
  const auto number_of = [&](uint32_t value) { return value == kNull ? values_.size() : value; };
  for (uint32_t value : rows_) ++begins[number_of(value) + 1];
  for (size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
  std::vector<uint32_t> rows(rows_.size()), next(begins.begin(), begins.end() - 1);
  for (size_t row = 0; row < rows_.size(); ++row) rows[next[number_of(rows_[row])]++] = static_cast<uint32_t>(row);
  const auto entry_of = [&](const std::string* value, size_t number) {
    const auto begin = rows.begin() + begins[number], end = rows.begin() + begins[number + 1];
    Entry entry{value, {}, *begin, 0};
    if (end - begin > 1) entry.bitmap = BitmapOf({begin, end});
    return entry;
  };
  std::vector<std::pair<const std::string*, uint32_t>> values;
  for (const auto& [value, number] : values_) values.emplace_back(&value, number);
  std::sort(values.begin(), values.end(), [&](const auto& a, const auto& b) {
    if (WidthOf(type_) == 0) return *a.first < *b.first;
    return OrderOf(type_, *a.first) < OrderOf(type_, *b.first);
  });
  std::vector<Entry> out;
  if (begins[values_.size()] < rows.size()) out.push_back(entry_of(nullptr, values_.size()));
  for (const auto& [value, number] : values) out.push_back(entry_of(value, number));
  return out;
}

void BitmapIndexBuilder::AppendEntry(const Entry& entry, std::string& out) const {
  if (WidthOf(type_) == 0) AppendBe(out, static_cast<int32_t>(entry.value->size()));
  out += *entry.value;
  AppendBe(out, entry.offset);
}

// Blocks of entries with lengths, before them the first value of each and where it begins.
void BitmapIndexBuilder::AppendBlocks(std::span<const Entry> entries, std::string& out) const {
  std::vector<std::pair<size_t, size_t>> blocks;  // first entry, place
  size_t place = 0, in_block = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    const size_t bytes = kEntryBytes + BytesOf(*entries[i].value);
    if (i == 0 || in_block + bytes > static_cast<size_t>(block_bytes_)) {
      blocks.emplace_back(i, place);
      in_block = 4;
      place += 4;
    }
    in_block += bytes;
    place += bytes;
  }
  AppendBe(out, static_cast<int32_t>(blocks.size()));
  for (const auto& [first, at] : blocks) {
    Entry entry{entries[first].value, {}, 0, static_cast<int32_t>(at)};
    AppendEntry(entry, out);
  }
  AppendBe(out, static_cast<int32_t>(place));
  for (size_t block = 0; block < blocks.size(); ++block) {
    const size_t end = block + 1 < blocks.size() ? blocks[block + 1].first : entries.size();
    AppendBe(out, static_cast<int32_t>(end - blocks[block].first));
    for (size_t i = blocks[block].first; i < end; ++i) {
      AppendEntry(entries[i], out);
      const bool one = entries[i].offset < 0;
      AppendBe(out, one ? -1 : static_cast<int32_t>(entries[i].bitmap.size()));
    }
  }
}

std::optional<std::string> BitmapIndexBuilder::Build() const {
  std::vector<Entry> entries = Sorted();
  size_t body = 0, head = 0;
  for (Entry& entry : entries) {
    const bool one = entry.bitmap.empty();
    entry.offset = one ? -1 - static_cast<int32_t>(entry.row) : static_cast<int32_t>(body);
    body += entry.bitmap.size();
    head += 2 * (kEntryBytes + (entry.value == nullptr ? 0 : BytesOf(*entry.value)));
    if (body + head > INT32_MAX) return std::nullopt;
  }
  const bool has_null = !entries.empty() && entries[0].value == nullptr;
  std::string out(1, static_cast<char>(version_));
  AppendBe(out, static_cast<int32_t>(rows_.size()));
  AppendBe(out, static_cast<int32_t>(values_.size()));
  out.push_back(has_null ? 1 : 0);
  if (has_null) AppendBe(out, entries[0].offset);
  if (has_null && version_ == 2) {
    const bool one = entries[0].bitmap.empty();
    const size_t length = one ? BitmapOf({&entries[0].row, 1}).size() : entries[0].bitmap.size();
    AppendBe(out, static_cast<int32_t>(length));
  }
  const auto of_values = std::span<const Entry>(entries).subspan(has_null ? 1 : 0);
  if (version_ == 2) {
    AppendBlocks(of_values, out);
  } else {
    for (const Entry& entry : of_values) AppendEntry(entry, out);
  }
  for (const Entry& entry : entries) out += entry.bitmap;
  return out;
}

std::optional<BitmapIndexView> BitmapIndexView::Parse(const DataType& type, std::string_view bytes) {
  BitmapIndexView out;
  ByteReader in(bytes);
  out.type_ = type;
  out.version_ = in.U8();
  const int32_t rows = TakeBe32(in);
  out.values_ = TakeBe32(in);
  out.has_null_ = in.U8() != 0;
  if (out.has_null_) in.Skip(out.version_ == 2 ? 8 : 4);
  if (!in.ok() || (out.version_ != 1 && out.version_ != 2) || rows < 0 || out.values_ < 0) return std::nullopt;
  out.rest_ = bytes.substr(bytes.size() - in.remaining());
  return out;
}

// visit(bytes of a value) of each; false: not well formed.
template <typename Visit>
bool BitmapIndexView::VisitValues(Visit&& visit) const {
  ByteReader in(rest_);
  const auto take_value = [&] {
    const size_t width = WidthOf(type_);
    return in.Bytes(width == 0 ? static_cast<uint32_t>(TakeBe32(in)) : width);
  };
  const auto take_entries = [&](int64_t count, size_t behind) {
    for (int64_t i = 0; i < count && in.ok(); ++i) {
      const std::string_view value = take_value();
      in.Skip(behind);
      if (in.ok()) visit(value);
    }
  };
  if (version_ == 1) {
    take_entries(values_, 4);
    return in.ok();
  }
  const int32_t blocks = TakeBe32(in);
  for (int32_t i = 0; i < blocks && in.ok(); ++i) {
    take_value();
    in.Skip(4);
  }
  in.Skip(4);
  int64_t left = values_;
  for (int32_t i = 0; i < blocks && in.ok(); ++i) {
    const int32_t entries = TakeBe32(in);
    if (entries < 0 || entries > left) return false;
    left -= entries;
    take_entries(entries, kEntryBytes);
  }
  return in.ok() && left == 0;
}

std::optional<int64_t> BitmapIndexView::Count(const std::vector<std::string>& values) const {
  int64_t count = 0;
  const bool whole = VisitValues([&](std::string_view value) {
    count += std::find(values.begin(), values.end(), value) != values.end();
  });
  if (!whole) return std::nullopt;
  return count;
}

}  // namespace sluice::paimon
