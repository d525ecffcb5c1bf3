// SPDX-License-Identifier: Apache-2.0
// Single-byte sets by the server's own tables, the others by iconv. MariaDB's latin1 is Windows' cp1252.
#include "format/mysql/charset.h"

#include <iconv.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "format/mysql/charset_tables.h"

namespace sluice::mysql {

namespace {

using Form = Charset::Form;

constexpr Charset Single(const char* name, const uint16_t* upper) {
  return {name, Form::kSingleByte, upper, nullptr, 1};
}
constexpr Charset Iconv(const char* name, const char* iconv_name) {
  return {name, Form::kMultiByte, nullptr, iconv_name, 1};
}
constexpr Charset Wide(const char* name, const char* iconv_name, uint8_t unit) {
  return {name, Form::kWide, nullptr, iconv_name, unit};
}

const Charset kCharsets[] = {
    {"utf8mb4", Form::kUtf8, nullptr, nullptr, 1},
    {"utf8mb3", Form::kUtf8, nullptr, nullptr, 1},
    {"binary", Form::kBinary, nullptr, nullptr, 1},
    {"ascii", Form::kAscii, nullptr, nullptr, 1},
    Single("latin1", kUpper_latin1), Single("latin2", kUpper_latin2), Single("latin5", kUpper_latin5),
    Single("latin7", kUpper_latin7), Single("armscii8", kUpper_armscii8), Single("cp1250", kUpper_cp1250),
    Single("cp1251", kUpper_cp1251), Single("cp1256", kUpper_cp1256), Single("cp1257", kUpper_cp1257),
    Single("cp850", kUpper_cp850), Single("cp852", kUpper_cp852), Single("cp866", kUpper_cp866),
    Single("dec8", kUpper_dec8), Single("geostd8", kUpper_geostd8), Single("greek", kUpper_greek),
    Single("hebrew", kUpper_hebrew), Single("hp8", kUpper_hp8), Single("keybcs2", kUpper_keybcs2),
    Single("koi8r", kUpper_koi8r), Single("koi8u", kUpper_koi8u), Single("macce", kUpper_macce),
    Single("macroman", kUpper_macroman), Single("tis620", kUpper_tis620),
    {"swe7", Form::kSingleByte, kUpper_swe7, nullptr, 1, false},
    Wide("ucs2", "UCS-2BE", 2), Wide("utf16", "UTF-16BE", 2), Wide("utf16le", "UTF-16LE", 2),
    Wide("utf32", "UTF-32BE", 4),
    Iconv("gbk", "GBK"), Iconv("gb2312", "EUC-CN"), Iconv("gb18030", "GB18030"), Iconv("big5", "BIG5"),
    Iconv("euckr", "UHC"), Iconv("sjis", "SHIFT_JIS"), Iconv("cp932", "CP932"), Iconv("ujis", "EUC-JP"),
    Iconv("eucjpms", "EUC-JP-MS"),
};
constexpr size_t kCharsetCount = std::size(kCharsets);

// swe7 is the only set that differs from ASCII below 0x80.
uint16_t Swe7(uint8_t byte) {
  static constexpr uint8_t from[] = {64, 91, 92, 93, 94, 96, 123, 124, 125, 126, 127};
  static constexpr uint16_t to[] = {201, 196, 214, 197, 220, 233, 228, 246, 229, 252, 0};
  for (size_t i = 0; i < std::size(from); ++i) {
    if (from[i] == byte) return to[i];
  }
  return byte;
}

void AppendUtf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// One descriptor a thread and character set.
class Converters {
 public:
  Converters() { handles_.fill(kClosed); }
  ~Converters() {
    for (iconv_t handle : handles_) {
      if (handle != kClosed) iconv_close(handle);
    }
  }
  iconv_t For(const Charset& charset) {
    iconv_t& handle = handles_[static_cast<size_t>(&charset - kCharsets)];
    if (handle == kClosed) handle = iconv_open("UTF-8", charset.iconv_name);
    return handle;
  }

 private:
  static inline const iconv_t kClosed = reinterpret_cast<iconv_t>(-1);
  std::array<iconv_t, kCharsetCount> handles_;
};

bool ConvertByIconv(const Charset& charset, std::string_view bytes, std::string& out) {
  static thread_local Converters converters;
  iconv_t handle = converters.For(charset);
  bool clean = true;
  if (handle == reinterpret_cast<iconv_t>(-1)) {  // this system's iconv lacks it: each character is unknown
    for (size_t i = 0; i < bytes.size(); i += charset.unit) out += kReplacement;
    return bytes.empty();
  }
  iconv(handle, nullptr, nullptr, nullptr, nullptr);
  char* in = const_cast<char*>(bytes.data());
  size_t left = bytes.size();
  while (left > 0) {
    char buffer[1024];
    char* to = buffer;
    size_t room = sizeof buffer;
    const size_t code = iconv(handle, &in, &left, &to, &room);
    const int error = errno;
    out.append(buffer, sizeof buffer - room);
    if (code != static_cast<size_t>(-1) || error == E2BIG) continue;
    clean = false;
    out += kReplacement;
    const size_t skip = std::min<size_t>(charset.unit, left);
    in += skip;
    left -= skip;
  }
  return clean;
}

// Length of the valid UTF-8 sequence at `at`, or 0.
size_t SequenceLength(const uint8_t* at, size_t left) {
  const uint8_t b = at[0];
  auto tail = [&](size_t i) { return (at[i] & 0xC0) == 0x80; };
  if (b < 0x80) return 1;
  if (b >= 0xC2 && b < 0xE0) return left >= 2 && tail(1) ? 2 : 0;
  if (b >= 0xE0 && b < 0xF0) {
    if (left < 3 || !tail(1) || !tail(2)) return 0;
    if (b == 0xE0 && at[1] < 0xA0) return 0;  // too long a form
    if (b == 0xED && at[1] >= 0xA0) return 0; // surrogate
    return 3;
  }
  if (b >= 0xF0 && b < 0xF5) {
    if (left < 4 || !tail(1) || !tail(2) || !tail(3)) return 0;
    if (b == 0xF0 && at[1] < 0x90) return 0;
    if (b == 0xF4 && at[1] >= 0x90) return 0;
    return 4;
  }
  return 0;
}

bool RepairUtf8(std::string_view bytes, size_t length_max, std::string& out) {
  auto* at = reinterpret_cast<const uint8_t*>(bytes.data());
  bool clean = true;
  for (size_t i = 0; i < bytes.size();) {
    size_t length = SequenceLength(at + i, bytes.size() - i);
    if (length > length_max) length = 0;
    if (length == 0) {
      out += kReplacement;
      clean = false;
      ++i;
    } else {
      out.append(bytes.substr(i, length));
      i += length;
    }
  }
  return clean;
}

}  // namespace

const Charset* FindCharset(std::string_view name) {
  if (name == "utf8") name = "utf8mb3";
  for (const Charset& charset : kCharsets) {
    if (name == charset.name) return &charset;
  }
  return nullptr;
}

bool IsValidUtf8(const uint8_t* at, size_t size) {
  size_t i = 0;
  while (i < size) {
    if (i + 8 <= size) {
      uint64_t word;
      std::memcpy(&word, at + i, 8);
      if (!(word & 0x8080808080808080)) {
        i += 8;
        continue;
      }
    }
    const size_t length = SequenceLength(at + i, size - i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

bool ToUtf8(const Charset& charset, std::string_view bytes, std::string& out) {
  switch (charset.form) {
    case Form::kBinary:
    case Form::kUtf8:
      return RepairUtf8(bytes, 4, out);
    case Form::kAscii:
      return RepairUtf8(bytes, 1, out);
    case Form::kSingleByte: {
      bool clean = true;
      const bool swe7 = charset.table == kUpper_swe7;
      for (char c : bytes) {
        const auto byte = static_cast<uint8_t>(c);
        const uint16_t code = byte >= 0x80 ? charset.table[byte - 0x80] : swe7 ? Swe7(byte) : byte;
        const bool known = (code != 0 || byte == 0) && code != 0xFFFD;
        clean &= known;
        AppendUtf8(known ? code : 0xFFFD, out);
      }
      return clean;
    }
    case Form::kWide:
    case Form::kMultiByte:
      return ConvertByIconv(charset, bytes, out);
  }
  return false;
}

}  // namespace sluice::mysql
