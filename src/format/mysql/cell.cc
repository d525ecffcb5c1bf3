// SPDX-License-Identifier: Apache-2.0
#include "format/mysql/cell.h"

#include <arpa/inet.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/text.h"
#include "format/mysql/geometry.h"

namespace sluice::mysql {

namespace {

constexpr uint32_t kPowers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
constexpr size_t kColumnMax = size_t{1} << 30;

// Calls group(value, digits) for each group of up to nine digits, the most significant first; true if negative.
// The first bit is the inverted sign; a negative number has all bits inverted.
template <typename Group>
inline bool ForDecimalGroups(const uint8_t* at, uint32_t precision, uint32_t scale, Group group) {
  const uint32_t whole = precision - scale;
  const bool negative = !(*at & 0x80);
  const uint32_t mask = negative ? 0xFF : 0;
  uint32_t flip = 0x80;  // of the first byte
  auto read = [&](uint32_t digits) {
    uint32_t value;
    switch (kDigitBytes[digits]) {
      case 1: value = (at[0] ^ flip) ^ mask; break;
      case 2: value = ((at[0] ^ flip) << 8 | at[1]) ^ (mask * 0x0101u); break;
      case 3: value = ((at[0] ^ flip) << 16 | at[1] << 8 | at[2]) ^ (mask * 0x010101u); break;
      default: value = (__builtin_bswap32(LoadLe<uint32_t>(at)) ^ flip << 24) ^ (mask * 0x01010101u); break;
    }
    at += kDigitBytes[digits];
    flip = 0;
    group(value, digits);
  };
  if (whole % 9 != 0) read(whole % 9);
  for (uint32_t i = 0; i < whole / 9; ++i) read(9);
  for (uint32_t i = 0; i < scale / 9; ++i) read(9);
  if (scale % 9 != 0) read(scale % 9);
  return negative;
}

}  // namespace

void SetMissing(BatchBuilder& out, ColumnData& column, int64_t row, CellError error, int64_t& counter) {
  if (column.key) out.Fail(error);
  ++counter;
  out.SetNull(column, row);
}

void SetConverted(BatchBuilder& out, ColumnData& column, int64_t row, const Charset& charset, std::string_view bytes) {
  // Most text of a single-byte set is ASCII, which all of them share (but for swe7, whose table is not a superset).
  if (charset.form == Charset::Form::kSingleByte && charset.ascii_superset) {
    uint8_t* to = out.ReserveBytes(column, static_cast<int64_t>(bytes.size()));
    if (to == nullptr) return;
    if (CopyIfAscii(to, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size())) {
      return BatchBuilder::CommitBytes(column, row, static_cast<int64_t>(bytes.size()));
    }
  }
  std::string& text = out.scratch();
  text.clear();
  if (!ToUtf8(charset, bytes, text)) {
    if (column.key) out.Fail(CellError::kInvalidTextInKey);
    ++column.replaced.invalid_text;
  }
  out.SetBytes(column, row, text.data(), text.size());
}

void SetSet(BatchBuilder& out, ColumnData& column, int64_t row, const std::vector<std::string>& labels, uint64_t bits) {
  for (size_t i = 0; bits != 0; ++i, bits >>= 1) {
    if (!(bits & 1)) continue;
    if (i >= labels.size()) return out.Fail(CellError::kMalformed);
    out.AddListText(column, labels[i]);
  }
  BatchBuilder::EndList(column, row);
}

void SetGeometry(BatchBuilder& out, ColumnData& column, int64_t row, std::string_view value) {
  std::string& text = out.scratch();
  text.clear();
  if (!GeometryToJson(value, text)) {
    return SetMissing(out, column, row, CellError::kMalformed, column.replaced.bad_geometry);
  }
  out.SetBytes(column, row, text.data(), text.size());
}

void SetVector(BatchBuilder& out, ColumnData& column, int64_t row, std::string_view floats) {
  if (floats.size() % 4 != 0) return out.Fail(CellError::kMalformed);
  for (size_t i = 0; i < floats.size(); i += 4) out.AddListFloat(column, LoadLe<float>(floats.data() + i));
  BatchBuilder::EndList(column, row);
}

void SetUuid(BatchBuilder& out, ColumnData& column, int64_t row, std::string_view raw) {
  static constexpr char digits[] = "0123456789abcdef";
  if (raw.size() > 16) return out.Fail(CellError::kMalformed);
  char text[36];
  char* to = text;
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *to++ = '-';
    const uint8_t byte = i < raw.size() ? static_cast<uint8_t>(raw[i]) : 0;
    *to++ = digits[byte >> 4];
    *to++ = digits[byte & 15];
  }
  out.SetBytes(column, row, text, sizeof text);
}

static void SetAddress(BatchBuilder& out, ColumnData& column, int64_t row, std::string_view raw, int family,
                       size_t size) {
  if (raw.size() > size) return out.Fail(CellError::kMalformed);
  uint8_t bytes[16] = {};
  std::memcpy(bytes, raw.data(), raw.size());
  char text[INET6_ADDRSTRLEN];
  if (inet_ntop(family, bytes, text, sizeof text) == nullptr) return out.Fail(CellError::kMalformed);
  out.SetBytes(column, row, text, std::strlen(text));
}

void SetInet4(BatchBuilder& out, ColumnData& column, int64_t row, std::string_view raw) {
  SetAddress(out, column, row, raw, AF_INET, 4);
}

void SetInet6(BatchBuilder& out, ColumnData& column, int64_t row, std::string_view raw) {
  SetAddress(out, column, row, raw, AF_INET6, 16);
}

__int128 UnpackDecimal(const uint8_t* at, uint32_t precision, uint32_t scale) {
  if (precision <= 18) {
    uint64_t value = 0;
    const bool negative = ForDecimalGroups(
        at, precision, scale, [&](uint32_t group, uint32_t digits) { value = value * kPowers[digits] + group; });
    return static_cast<int64_t>(negative ? 0 - value : value);
  }
  unsigned __int128 value = 0;
  const bool negative = ForDecimalGroups(
      at, precision, scale, [&](uint32_t group, uint32_t digits) { value = value * kPowers[digits] + group; });
  return static_cast<__int128>(negative ? -value : value);
}

void UnpackDecimalText(const uint8_t* at, uint32_t precision, uint32_t scale, std::string& out) {
  std::string digits;
  const bool negative = ForDecimalGroups(at, precision, scale, [&](uint32_t group, uint32_t count) {
    char text[10];
    for (uint32_t i = count; i-- > 0; group /= 10) text[i] = static_cast<char>('0' + group % 10);
    digits.append(text, count);
  });
  const size_t whole = precision - scale;
  const size_t first = std::min(digits.find_first_not_of('0'), whole);
  if (negative && digits.find_first_not_of('0') != std::string::npos) out += '-';
  out.append(digits, first, whole - first);
  if (first == whole) out += '0';
  if (scale > 0) {
    out += '.';
    out.append(digits, whole, scale);
  }
}

bool InflateColumn(std::string_view value, std::string& out) {
  out.clear();
  if (value.empty()) return true;
  const auto method = static_cast<uint8_t>(value[0]);
  if (method == 0) {
    out.assign(value.substr(1));
    return true;
  }
  const size_t size_bytes = method & 7;
  if ((method & 0xF0) != 0x80 || size_bytes < 1 || size_bytes > 4 || value.size() < 1 + size_bytes) return false;
  const uint64_t size = LoadBe(value.data() + 1, size_bytes);
  const std::string_view stream = value.substr(1 + size_bytes);
  if (size > kColumnMax || size > stream.size() * 1100 + 1024) return false;
  out.resize(size);
  z_stream zlib{};
  if (inflateInit2(&zlib, method & 8 ? -MAX_WBITS : MAX_WBITS) != Z_OK) return false;
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stream.data()));
  zlib.avail_in = static_cast<uInt>(stream.size());
  zlib.next_out = reinterpret_cast<Bytef*>(out.data());
  zlib.avail_out = static_cast<uInt>(size);
  const int code = inflate(&zlib, Z_FINISH);
  inflateEnd(&zlib);
  return code == Z_STREAM_END && zlib.avail_out == 0;
}

Error CellFailure(CellError error, std::string_view table, std::string_view column) {
  const std::string place = Str(table, ".", column);
  switch (error) {
    case CellError::kZeroDateInKey:
      return Unsupported(Str("the primary key column ", place, " holds a zero or partial date, which no lake type has"),
                         Str("correct it at the source: SELECT * FROM ", table, " WHERE DAYOFMONTH(", column, ") = 0"));
    case CellError::kTimeInKey:
      return Unsupported(Str("the primary key column ", place, " holds a TIME outside of 00:00:00 to 23:59:59.999999"),
                         "correct it at the source, or leave the table out");
    case CellError::kInvalidTextInKey:
      return Unsupported(Str("the primary key column ", place, " holds bytes that are invalid in its character set"),
                         "correct it at the source, or leave the table out");
    case CellError::kTooLarge:
      return Unavailable(Str("the values of ", place, " need more than 2 GiB in one batch, or memory is out"),
                         "give the process more memory");
    case CellError::kUnsignedRange:
      return Invalid(Str("a value of ", place, " is above 9223372036854775807, the greatest BIGINT"),
                     "leave out --type_mapping bigint-unsigned-to-bigint");
    case CellError::kNone:
    case CellError::kMalformed:
      break;
  }
  return Corrupt(Str("a value of ", place, " is malformed, or does not fit the table's definition"));
}

}  // namespace sluice::mysql
