// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal_text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "base/text.h"
#include "row/format_value.h"

namespace sluice {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

// Unicode's East_Asian_Width W and F, joined where only unassigned or rare narrow characters lie between.
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23F3},   {0x25FD, 0x25FE},
                           {0x2600, 0x27BF},   {0x2B1B, 0x2B1C},   {0x2B50, 0x2B55},   {0x2E80, 0x303E},
                           {0x3041, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
                           {0xFE10, 0xFE19},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},
                           {0x16FE0, 0x18DFF}, {0x1AFF0, 0x1B2FF}, {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF},
                           {0x1F18E, 0x1F19A}, {0x1F1E6, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F7E0, 0x1F7F0},
                           {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD}};

struct CodePoint {
  uint32_t point = 0;
  size_t bytes = 1;
  bool valid = false;
};

// The code point at the beginning of `text`, which is not empty.
CodePoint First(std::string_view text) {
  auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1, true};
  size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (!IsUtf8(text.substr(0, bytes))) return {lead, 1, false};
  uint32_t point = lead & (0xFFu >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  return {point, bytes, true};
}

size_t Columns(const CodePoint& c) {
  auto* range = std::lower_bound(std::begin(kWide), std::end(kWide), c.point,
                                 [](const Range& r, uint32_t point) { return r.last < point; });
  return c.valid && range != std::end(kWide) && range->first <= c.point ? 2 : 1;
}

void AppendHexByte(uint32_t point, std::string& out) {
  const auto byte = static_cast<uint8_t>(point);
  AppendHex(&byte, 1, out);
}

}  // namespace

size_t TextColumns(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    CodePoint c = First(text);
    columns += Columns(c);
    text.remove_prefix(c.bytes);
  }
  return columns;
}

std::string CutToColumns(std::string_view text, size_t columns) {
  if (TextColumns(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  size_t taken = 0;
  size_t used = 0;
  while (true) {
    CodePoint c = First(text.substr(taken));
    if (used + Columns(c) + 1 > columns) break;
    used += Columns(c);
    taken += c.bytes;
  }
  return Str(text.substr(0, taken), "…");
}

std::string EscapeControls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    CodePoint c = First(text);
    if (!c.valid || c.point < 0x20 || c.point == 0x7F) {
      switch (c.point) {
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default: out += "\\x"; AppendHexByte(c.point, out);
      }
    } else if (c.point >= 0x80 && c.point < 0xA0) {  // C1: as good as ESC and a letter
      out += "\\u00";
      AppendHexByte(c.point, out);
    } else {
      out += text.substr(0, c.bytes);
    }
    text.remove_prefix(c.bytes);
  }
  return out;
}

}  // namespace sluice
