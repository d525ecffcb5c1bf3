// SPDX-License-Identifier: Apache-2.0
// What Java's DataOutput writes: big-endian numbers, text behind its length. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/bytes.h"

namespace sluice::paimon {

template <typename Integer>
void AppendBe(std::string& out, Integer value) {
  const auto bits = static_cast<std::make_unsigned_t<Integer>>(value);
  for (int shift = static_cast<int>(sizeof bits) * 8 - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(bits >> shift));
  }
}

// 0 past the end, as ByteReader.
inline int32_t TakeBe32(ByteReader& in) {
  const std::string_view bytes = in.Bytes(4);
  return bytes.empty() ? 0 : static_cast<int32_t>(LoadBe(bytes.data(), 4));
}

// writeUTF, of text without NUL and without characters above U+FFFF.
inline void AppendShortText(std::string& out, std::string_view text) {
  AppendBe(out, static_cast<uint16_t>(text.size()));
  out += text;
}

inline std::string_view TakeShortText(ByteReader& in) {
  const std::string_view size = in.Bytes(2);
  return size.empty() ? std::string_view() : in.Bytes(LoadBe(size.data(), 2));
}

}  // namespace sluice::paimon
