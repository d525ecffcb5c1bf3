// SPDX-License-Identifier: Apache-2.0
// Bounds-checked reading and appending of fixed-width integers. A read past the end sets a sticky flag and returns 0,
// so that a decoder checks once per event and not per field. Views borrow; any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sluice {

static_assert(std::endian::native == std::endian::little, "sluice runs on little-endian machines");

template <typename T>
T LoadLe(const void* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <typename T>
void AppendLe(std::string& out, T value) {
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  out.append(raw, sizeof value);
}

// Big-endian unsigned integer of 1 to 8 bytes.
inline uint64_t LoadBe(const void* at, size_t bytes) {
  auto* p = static_cast<const uint8_t*>(at);
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | p[i];
  return value;
}

// A big-endian number in two's complement, without the bytes in front that say nothing; at least one stays.
inline std::string_view MinimalBigEndian(std::string_view bytes) {
  while (bytes.size() > 1) {
    const char sign = (bytes[1] & 0x80) != 0 ? '\xFF' : '\0';
    if (bytes[0] != sign) break;
    bytes.remove_prefix(1);
  }
  return bytes;
}

class ByteReader {
 public:
  ByteReader() = default;
  explicit ByteReader(std::string_view bytes)
      : at_(reinterpret_cast<const uint8_t*>(bytes.data())), end_(at_ + bytes.size()) {}

  bool ok() const { return ok_; }
  size_t remaining() const { return static_cast<size_t>(end_ - at_); }
  const uint8_t* at() const { return at_; }

  uint8_t U8() { return Fixed<uint8_t>(); }
  uint16_t U16() { return Fixed<uint16_t>(); }
  uint32_t U24() { return static_cast<uint32_t>(UintLe(3)); }
  uint32_t U32() { return Fixed<uint32_t>(); }
  uint64_t U48() { return UintLe(6); }
  uint64_t U64() { return Fixed<uint64_t>(); }
  uint64_t UintLe(size_t bytes) {
    if (!Need(bytes)) return 0;
    uint64_t value = 0;
    std::memcpy(&value, at_, bytes);
    at_ += bytes;
    return value;
  }
  // MySQL length-encoded integer; 0xFB (NULL) and 0xFF are errors here.
  uint64_t LengthEncoded() {
    uint8_t first = U8();
    if (first < 0xFB) return first;
    if (first == 0xFC) return U16();
    if (first == 0xFD) return U24();
    if (first == 0xFE) return U64();
    ok_ = false;
    return 0;
  }
  std::string_view Bytes(size_t count) {
    if (!Need(count)) return {};
    std::string_view out(reinterpret_cast<const char*>(at_), count);
    at_ += count;
    return out;
  }
  void Skip(size_t count) { Bytes(count); }

 private:
  template <typename T>
  T Fixed() {
    if (!Need(sizeof(T))) return 0;
    T value = LoadLe<T>(at_);
    at_ += sizeof(T);
    return value;
  }
  bool Need(size_t count) {
    if (ok_ && count <= remaining()) return true;
    ok_ = false;
    at_ = end_;
    return false;
  }

  const uint8_t* at_ = nullptr;
  const uint8_t* end_ = nullptr;
  bool ok_ = true;
};

}  // namespace sluice
