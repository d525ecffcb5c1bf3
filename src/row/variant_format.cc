// SPDX-License-Identifier: Apache-2.0
#include "row/variant_format.h"

#include <optional>

namespace sluice {
namespace {

constexpr uint64_t kVersion = 1;

// Little-endian; nothing: it lies outside.
std::optional<uint64_t> Number(std::string_view bytes, uint64_t at, uint64_t width) {
  if (at > bytes.size() || width > bytes.size() - at) return std::nullopt;
  uint64_t out = 0;
  for (uint64_t i = width; i-- > 0;) out = out << 8 | static_cast<unsigned char>(bytes[at + i]);
  return out;
}

// Where the parts of an object or array are.
struct Layout {
  uint64_t count = 0, ids = 0, id_width = 0, offsets = 0, offset_width = 1, data = 0;
};

std::optional<Layout> LayoutOf(std::string_view value) {
  const auto header = Number(value, 0, 1);
  if (!header) return std::nullopt;
  const bool object = static_cast<VariantBasic>(*header & 3) == VariantBasic::kObject;
  Layout out;
  out.offset_width = (*header >> 2 & 3) + 1;
  out.id_width = object ? (*header >> 4 & 3) + 1 : 0;
  const uint64_t count_width = (*header >> (object ? 6 : 4) & 1) != 0 ? 4 : 1;
  const auto count = Number(value, 1, count_width);
  if (!count) return std::nullopt;
  out.count = *count;
  out.ids = 1 + count_width;
  out.offsets = out.ids + out.count * out.id_width;
  out.data = out.offsets + (out.count + 1) * out.offset_width;
  return out;
}

std::optional<uint64_t> SizeOfPrimitive(std::string_view value, VariantPrimitive type) {
  using P = VariantPrimitive;
  switch (type) {
    case P::kNull:
    case P::kTrue:
    case P::kFalse: return 1;
    case P::kInt8: return 2;
    case P::kInt16: return 3;
    case P::kInt32:
    case P::kDate:
    case P::kFloat: return 5;
    case P::kInt64:
    case P::kDouble:
    case P::kTimestamp:
    case P::kTimestampNtz:
    case P::kTime:
    case P::kTimestampNanos:
    case P::kTimestampNtzNanos: return 9;
    case P::kDecimal4: return 6;
    case P::kDecimal8: return 10;
    case P::kDecimal16: return 18;
    case P::kUuid: return 1 + kVariantUuidBytes;
    case P::kBinary:
    case P::kText: {
      const auto size = Number(value, 1, 4);
      if (!size) return std::nullopt;
      return 5 + *size;
    }
  }
  return std::nullopt;
}

// Bytes of the value that begins there.
std::optional<uint64_t> SizeOf(std::string_view value) {
  const auto header = Number(value, 0, 1);
  if (!header) return std::nullopt;
  switch (static_cast<VariantBasic>(*header & 3)) {
    case VariantBasic::kPrimitive: return SizeOfPrimitive(value, static_cast<VariantPrimitive>(*header >> 2));
    case VariantBasic::kShortText: return 1 + (*header >> 2);
    case VariantBasic::kObject:
    case VariantBasic::kArray: break;
  }
  const auto layout = LayoutOf(value);
  if (!layout) return std::nullopt;
  const auto end = Number(value, layout->offsets + layout->count * layout->offset_width, layout->offset_width);
  if (!end) return std::nullopt;
  return layout->data + *end;
}

}  // namespace

bool ReadVariantNames(std::string_view metadata, std::vector<std::string_view>& out) {
  const auto header = Number(metadata, 0, 1);
  if (!header || (*header & 15) != kVersion) return false;
  const uint64_t width = (*header >> 6 & 3) + 1;
  const auto count = Number(metadata, 1, width);
  if (!count || *count > metadata.size()) return false;
  const uint64_t texts = 1 + width + (*count + 1) * width;
  for (uint64_t i = 0; i < *count; ++i) {
    const auto begin = Number(metadata, 1 + (i + 1) * width, width), end = Number(metadata, 1 + (i + 2) * width, width);
    if (!begin || !end || *begin > *end || texts + *end > metadata.size()) return false;
    out.push_back(metadata.substr(texts + *begin, *end - *begin));
  }
  return true;
}

bool ReadVariantObject(std::string_view value, std::vector<VariantField>& out) {
  const auto header = Number(value, 0, 1);
  if (!header || static_cast<VariantBasic>(*header & 3) != VariantBasic::kObject) return false;
  const auto layout = LayoutOf(value);
  if (!layout || layout->data > value.size()) return false;
  for (uint64_t i = 0; i < layout->count; ++i) {
    const auto name = Number(value, layout->ids + i * layout->id_width, layout->id_width);
    const auto offset = Number(value, layout->offsets + i * layout->offset_width, layout->offset_width);
    if (!name || !offset || *offset >= value.size() - layout->data) return false;
    const std::string_view rest = value.substr(layout->data + *offset);
    const auto size = SizeOf(rest);
    if (!size || *size > rest.size()) return false;
    out.push_back({*name, rest.substr(0, *size)});
  }
  return true;
}

}  // namespace sluice
