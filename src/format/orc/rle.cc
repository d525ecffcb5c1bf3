// SPDX-License-Identifier: Apache-2.0
#include "format/orc/rle.h"

#include <algorithm>

#include "base/bytes.h"

namespace sluice {
namespace {

constexpr int kRunMin = 3;  // of a repeated value, in the encodings that count from there

Error CutOff() { return Corrupt("orc: a stream of run lengths is damaged"); }

int64_t UnZigZag(uint64_t bits) { return static_cast<int64_t>(bits >> 1 ^ (~(bits & 1) + 1)); }

// Base 128, the lowest bits first.
uint64_t ReadVarint(ByteReader& reader) {
  uint64_t bits = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = reader.U8();
    bits |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return bits;
  }
  (void)reader.Bytes(reader.remaining() + 1);  // clears ok()
  return 0;
}

uint64_t ReadBigEndian(ByteReader& reader, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value = value << 8 | reader.U8();
  return value;
}

int WidthOf(int code) {
  constexpr int kWide[] = {26, 28, 30, 32, 40, 48, 56, 64};
  return code < 24 ? code + 1 : kWide[code - 24];
}

// The next width that has a code.
int CodedWidth(int bits) {
  int code = 0;
  while (code < 31 && WidthOf(code) < bits) ++code;
  return WidthOf(code);
}

// Unsigned values of `width` bits each, the highest bits first; the last byte is padded.
std::vector<uint64_t> ReadPacked(ByteReader& reader, int width, int64_t count) {
  const size_t size = (static_cast<size_t>(width) * static_cast<size_t>(count) + 7) / 8;
  const std::string_view bytes = reader.Bytes(size);
  std::vector<uint64_t> out;
  if (!reader.ok()) return out;
  out.reserve(static_cast<size_t>(count));
  size_t bit = 0;
  for (int64_t i = 0; i < count; ++i) {
    uint64_t value = 0;
    for (int left = width; left > 0;) {
      const auto byte = static_cast<uint8_t>(bytes[bit / 8]);
      const int here = 8 - static_cast<int>(bit % 8);
      const int taken = std::min(left, here);
      value = value << taken | (static_cast<uint64_t>(byte >> (here - taken)) & ((uint64_t{1} << taken) - 1));
      bit += static_cast<size_t>(taken);
      left -= taken;
    }
    out.push_back(value);
  }
  return out;
}

class IntegersV2 {
 public:
  IntegersV2(std::string_view bytes, bool is_signed, std::vector<int64_t>& out)
      : reader_(bytes), signed_(is_signed), out_(out) {}

  size_t remaining() const { return reader_.remaining(); }

  Status Run() {
    const uint8_t first = reader_.U8();
    switch (first >> 6) {
      case 0: ShortRepeat(first); break;
      case 1: Direct(first); break;
      case 2: TRY(PatchedBase(first)); break;
      default: Delta(first);
    }
    return reader_.ok() ? Ok() : Status(CutOff());
  }

 private:
  int64_t ValueOf(uint64_t bits) const { return signed_ ? UnZigZag(bits) : static_cast<int64_t>(bits); }
  int64_t LengthOf(uint8_t first) { return ((first & 1) << 8 | reader_.U8()) + 1; }

  void ShortRepeat(uint8_t first) {
    const uint64_t bits = ReadBigEndian(reader_, (first >> 3 & 7) + 1);
    out_.insert(out_.end(), static_cast<size_t>((first & 7) + kRunMin), ValueOf(bits));
  }

  void Direct(uint8_t first) {
    const int width = WidthOf(first >> 1 & 31);
    const int64_t length = LengthOf(first);
    for (uint64_t bits : ReadPacked(reader_, width, length)) out_.push_back(ValueOf(bits));
  }

  // Values above a base; the high bits of the few that are large stand apart.
  Status PatchedBase(uint8_t first) {
    const int width = WidthOf(first >> 1 & 31);
    const int64_t length = LengthOf(first);
    const uint8_t third = reader_.U8(), fourth = reader_.U8();
    const int base_bytes = (third >> 5 & 7) + 1;
    const int patch_width = WidthOf(third & 31), gap_width = (fourth >> 5 & 7) + 1;
    uint64_t magnitude = ReadBigEndian(reader_, base_bytes);
    const uint64_t sign = uint64_t{1} << (base_bytes * 8 - 1);
    const bool negative = (magnitude & sign) != 0;
    if (negative) magnitude &= ~sign;
    std::vector<uint64_t> values = ReadPacked(reader_, width, length);
    const auto patches = ReadPacked(reader_, CodedWidth(patch_width + gap_width), fourth & 31);
    if (!reader_.ok() || patch_width + gap_width > 64) return CutOff();
    size_t at = 0;
    for (uint64_t entry : patches) {
      at += patch_width == 64 ? 0 : entry >> patch_width;
      const uint64_t patch = patch_width == 64 ? entry : entry & ((uint64_t{1} << patch_width) - 1);
      if (at >= values.size() || (width == 64 && patch != 0)) return CutOff();
      if (width < 64) values[at] |= patch << width;
    }
    const uint64_t base = negative ? ~magnitude + 1 : magnitude;
    for (uint64_t value : values) out_.push_back(static_cast<int64_t>(base + value));
    return Ok();
  }

  void Delta(uint8_t first) {
    const int code = first >> 1 & 31;
    const int64_t length = LengthOf(first);
    auto value = static_cast<uint64_t>(ValueOf(ReadVarint(reader_)));
    const int64_t step = UnZigZag(ReadVarint(reader_));
    out_.push_back(static_cast<int64_t>(value));
    if (length == 1 || !reader_.ok()) return;
    value += static_cast<uint64_t>(step);
    out_.push_back(static_cast<int64_t>(value));
    if (code == 0) {
      for (int64_t i = 2; i < length; ++i) out_.push_back(static_cast<int64_t>(value += static_cast<uint64_t>(step)));
      return;
    }
    for (uint64_t delta : ReadPacked(reader_, WidthOf(code), length - 2)) {
      value += step < 0 ? ~delta + 1 : delta;
      out_.push_back(static_cast<int64_t>(value));
    }
  }

  ByteReader reader_;
  const bool signed_;
  std::vector<int64_t>& out_;
};

// One run of version 1: of values with the same difference, or of values.
Status RunV1(ByteReader& reader, bool is_signed, std::vector<int64_t>& out) {
  const auto value = [&] {
    const uint64_t bits = ReadVarint(reader);
    return is_signed ? UnZigZag(bits) : static_cast<int64_t>(bits);
  };
  const auto control = static_cast<int8_t>(reader.U8());
  if (control < 0) {
    for (int i = 0; i < -control; ++i) out.push_back(value());
  } else {
    const auto step = static_cast<int8_t>(reader.U8());
    auto next = static_cast<uint64_t>(value());
    for (int i = 0; i < control + kRunMin; ++i, next += static_cast<uint64_t>(int64_t{step})) {
      out.push_back(static_cast<int64_t>(next));
    }
  }
  return reader.ok() ? Ok() : Status(CutOff());
}

}  // namespace

Result<std::vector<int64_t>> DecodeOrcIntegers(std::string_view bytes, int64_t count, bool is_signed, int version) {
  std::vector<int64_t> out;
  const bool all = count == kOrcAll;
  const auto wanted = static_cast<size_t>(count);
  if (version == 1) {
    ByteReader reader(bytes);
    while (all ? reader.remaining() > 0 : out.size() < wanted) TRY(RunV1(reader, is_signed, out));
  } else {
    IntegersV2 runs(bytes, is_signed, out);
    while (all ? runs.remaining() > 0 : out.size() < wanted) TRY(runs.Run());
  }
  if (!all && out.size() != wanted) return CutOff();
  return out;
}

Result<std::vector<uint8_t>> DecodeOrcBooleans(std::string_view bytes, int64_t count) {
  std::vector<uint8_t> out;
  const auto wanted = static_cast<size_t>(count);
  ByteReader reader(bytes);
  const auto append = [&](uint8_t byte) {
    for (int bit = 7; bit >= 0 && out.size() < wanted; --bit) out.push_back(byte >> bit & 1);
  };
  while (out.size() < wanted) {
    const auto control = static_cast<int8_t>(reader.U8());
    if (control < 0) {
      for (int i = 0; i < -control; ++i) append(reader.U8());
    } else {
      const uint8_t byte = reader.U8();
      for (int i = 0; i < control + kRunMin; ++i) append(byte);
    }
    if (!reader.ok()) return CutOff();
  }
  return out;
}

}  // namespace sluice
