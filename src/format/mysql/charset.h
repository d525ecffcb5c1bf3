// SPDX-License-Identifier: Apache-2.0
// Charset: a MariaDB character set and its conversion to UTF-8, the same for snapshot and log. Charsets are static.
// Any thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sluice::mysql {

struct Charset {
  enum class Form : uint8_t {
    kBinary,      // no text
    kUtf8,        // utf8mb3, utf8mb4: checked
    kAscii,       // checked
    kSingleByte,  // `table`
    kWide,        // ucs2, utf16, utf16le, utf32: `iconv_name`
    kMultiByte,   // gbk, sjis, …: `iconv_name`
  };
  const char* name;
  Form form;
  const uint16_t* table;   // code points of the bytes from 0x80 on; 0 = unassigned
  const char* iconv_name;
  uint8_t unit;            // bytes of the smallest character
  bool ascii_superset = true;  // kSingleByte: bytes below 0x80 are ASCII
};

// By MariaDB's name ("utf8" is utf8mb3); null if unknown.
const Charset* FindCharset(std::string_view name);

// UTF-8 of `bytes`; valid UTF-8 of kUtf8 and kAscii should be taken as is (IsValid). Appends to `out`; false if bytes
// had to be replaced by U+FFFD.
bool ToUtf8(const Charset& charset, std::string_view bytes, std::string& out);
// True if no byte has its high bit set. The tail is read together with bytes before it.
inline bool IsAsciiText(const uint8_t* at, size_t size) {
  auto word = [&](size_t i) {
    uint64_t value;
    std::memcpy(&value, at + i, 8);
    return value;
  };
  uint64_t bits = 0;
  if (size >= 8) {
    size_t i = 0;
    for (; i + 32 <= size; i += 32) bits |= word(i) | word(i + 8) | word(i + 16) | word(i + 24);
    for (; i + 8 <= size; i += 8) bits |= word(i);
    bits |= word(size - 8);
  } else {
    for (size_t i = 0; i < size; ++i) bits |= at[i];
  }
  return !(bits & 0x8080808080808080);
}

// Copies `size` bytes, and only those; true if no byte has its high bit set. The tail is copied together with bytes
// before it.
__attribute__((always_inline)) inline bool CopyIfAscii(uint8_t* to, const uint8_t* from, size_t size) {
  const auto copy = [to, from](auto block, size_t at) {
    std::memcpy(&block, from + at, sizeof block);
    std::memcpy(to + at, &block, sizeof block);
    return block;
  };
  constexpr uint64_t kHigh = 0x8080808080808080;
  if (size >= 16) {
    using Block = uint64_t __attribute__((vector_size(16)));
    Block bits{};
    for (size_t i = 0; i + 16 <= size; i += 16) bits |= copy(Block{}, i);
    bits |= copy(Block{}, size - 16);
    return !((bits[0] | bits[1]) & kHigh);
  }
  if (size >= 8) return !((copy(uint64_t{}, 0) | copy(uint64_t{}, size - 8)) & kHigh);
  if (size >= 4) return !((copy(uint32_t{}, 0) | copy(uint32_t{}, size - 4)) & kHigh);
  uint8_t bits = 0;
  for (size_t i = 0; i < size; ++i) bits |= copy(uint8_t{}, i);
  return !(bits & 0x80);
}

// The same for at most kShortText bytes, without a branch on their number. kShortText bytes are touched on both sides;
// those behind `size` mean nothing.
inline constexpr size_t kShortText = 32;
__attribute__((always_inline)) inline bool CopyShortIfAscii(uint8_t* to, const uint8_t* from, size_t size) {
  using Block = uint64_t __attribute__((vector_size(16)));
  static_assert(kShortText % sizeof(Block) == 0);
  alignas(64) static constexpr struct Masks {  // the block from kShortText - size on has its first `size` bytes set
    uint8_t bytes[2 * kShortText]{};
    constexpr Masks() {
      for (size_t i = 0; i < kShortText; ++i) bytes[i] = 0x80;
    }
  } kMasks;
  const auto load = [](const uint8_t* at) {
    Block block;
    std::memcpy(&block, at, sizeof block);
    return block;
  };
  const uint8_t* mask = kMasks.bytes + kShortText - size;
  Block high{};
  for (size_t i = 0; i < kShortText; i += sizeof(Block)) {
    const Block block = load(from + i);
    std::memcpy(to + i, &block, sizeof block);
    high |= block & load(mask + i);
  }
  return !(high[0] | high[1]);
}

// Only kUtf8 and kAscii: true if the bytes are valid and need no conversion.
inline bool IsPlainUtf8(const Charset& charset, std::string_view bytes);
// Fast check of whole text; embedded zero bytes are fine.
bool IsValidUtf8(const uint8_t* at, size_t size);

inline bool IsPlainUtf8(const Charset& charset, std::string_view bytes) {
  auto* at = reinterpret_cast<const uint8_t*>(bytes.data());
  return IsAsciiText(at, bytes.size()) || (charset.form != Charset::Form::kAscii && IsValidUtf8(at, bytes.size()));
}

}  // namespace sluice::mysql
