// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/bitmap_index.h"

#include <algorithm>
#include <utility>

#include "lake/paimon/java_bytes.h"
#include "lake/paimon/roaring_set.h"

namespace sluice::paimon {
namespace {

constexpr size_t kEntryBytes = 8;  // beside the value: offset and length

std::string BitmapOf(std::span<const uint32_t> rows) { return SerializeRoaring(RoaringWidth::k32, RoaringOf(rows)); }

}  // namespace

bool BitmapIndexBuilder::CanHold(const DataType& type) {
  const bool binary = type.kind >= TypeKind::kBinary && type.kind <= TypeKind::kBytes;
  return !binary && type.kind != TypeKind::kDecimal && type.kind != TypeKind::kArray;
}

size_t BitmapIndexBuilder::BytesOf(const std::string& value) const {
  return width() == 0 ? 4 + value.size() : width();
}

std::vector<BitmapIndexBuilder::Entry> BitmapIndexBuilder::Sorted() const {
  const size_t null = values_.values();  // the number that NULL has here
  const std::vector<uint32_t>& of_rows = values_.rows();
  std::vector<uint32_t> begins(null + 2, 0);  // of each value's rows in `rows`
  const auto number_of = [&](uint32_t value) { return value == IndexedValues::kNull ? null : value; };
  for (uint32_t value : of_rows) ++begins[number_of(value) + 1];
  for (size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
  std::vector<uint32_t> rows(of_rows.size()), next(begins.begin(), begins.end() - 1);
  for (size_t row = 0; row < of_rows.size(); ++row) rows[next[number_of(of_rows[row])]++] = static_cast<uint32_t>(row);
  const auto entry_of = [&](const std::string* value, size_t number) {
    const auto begin = rows.begin() + begins[number], end = rows.begin() + begins[number + 1];
    Entry entry{value, {}, *begin, 0};
    if (end - begin > 1) entry.bitmap = BitmapOf({begin, end});
    return entry;
  };
  std::vector<Entry> out;
  if (begins[null] < rows.size()) out.push_back(entry_of(nullptr, null));
  for (const auto& [value, number] : values_.Sorted()) out.push_back(entry_of(value, number));
  return out;
}

void BitmapIndexBuilder::AppendEntry(const Entry& entry, std::string& out) const {
  if (width() == 0) AppendBe(out, static_cast<int32_t>(entry.value->size()));
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
  AppendBe(out, static_cast<int32_t>(values_.rows().size()));
  AppendBe(out, static_cast<int32_t>(values_.values()));
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

}  // namespace sluice::paimon
