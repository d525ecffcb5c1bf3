// SPDX-License-Identifier: Apache-2.0
#include "format/mysql/key.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "base/text.h"
#include "format/mysql/text_value.h"

namespace sluice::mysql {

namespace {

bool IsInteger(std::string_view type) {
  return type == "tinyint" || type == "smallint" || type == "mediumint" || type == "int" || type == "bigint";
}

// The part for a column of exact order; false if its order is not that of bytes.
bool PartOf(const MysqlColumn& column, KeyPart& part) {
  const std::string_view type = column.type;
  if (IsInteger(type)) {
    part.kind = column.is_unsigned ? KeyKind::kUnsigned : KeyKind::kSigned;
  } else if (type == "year") {
    part.kind = KeyKind::kYear;
  } else if (type == "date") {
    part.kind = KeyKind::kDate;
  } else if (type == "datetime") {
    part.kind = KeyKind::kDatetime;
  } else if (type == "timestamp") {
    part.kind = KeyKind::kTimestamp;
  } else if (type == "binary" || type == "varbinary") {
    part.kind = KeyKind::kNoPadBytes;
    part.fixed_length = type == "binary" ? static_cast<uint32_t>(std::max<int64_t>(column.length, 1)) : 0;
  } else if (type == "char" || type == "varchar") {
    if (!column.collation.ends_with("_bin")) return false;
    part.charset = FindCharset(column.charset);
    if (part.charset == nullptr) return false;
    const bool known = part.charset->form == Charset::Form::kUtf8 || part.charset->form == Charset::Form::kAscii ||
                       column.charset == "latin1";
    if (!known) return false;
    const bool no_pad = column.collation.find("nopad") != std::string::npos || column.collation.ends_with("0900_bin");
    part.kind = no_pad ? KeyKind::kNoPadBytes : KeyKind::kPadText;
  } else {
    return false;
  }
  return true;
}

void EncodeBig(uint64_t value, std::string& out) { AppendLe(out, __builtin_bswap64(value)); }

Error BadKey(std::string_view text) { return Corrupt(Str("the key value \"", text, "\" is not of its column's type")); }

}  // namespace

std::vector<KeyPart> KeyParts(const MysqlTable& table) {
  std::vector<KeyPart> parts;
  for (const std::string& name : table.primary_key) {
    const int index = table.Find(name);
    KeyPart part;
    if (index < 0 || !PartOf(table.columns[static_cast<size_t>(index)], part)) return {};
    part.column = static_cast<uint32_t>(index);
    parts.push_back(part);
  }
  return parts;
}

bool HasExactOrder(const MysqlTable& table) { return !KeyParts(table).empty(); }

void EncodeSigned(int64_t value, std::string& out) {
  EncodeBig(static_cast<uint64_t>(value) ^ uint64_t{1} << 63, out);
}

void EncodeUnsigned(uint64_t value, std::string& out) { EncodeBig(value, out); }

// A blank is followed by how what comes after the run of blanks compares with blanks: 1 less, 2 the end, 3 more. The
// end is a blank and 2, so that "a" sorts as if blanks followed for ever.
void EncodePadText(std::string_view text, std::string& out) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  for (size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] != ' ') continue;
    const size_t next = text.find_first_not_of(' ', i);
    out += static_cast<uint8_t>(text[next]) < ' ' ? '\1' : '\3';
  }
  out += " \2";
}

// A zero byte is followed by 0xff, the end is two zero bytes.
void EncodeNoPadBytes(std::string_view bytes, std::string& out) {
  for (char c : bytes) {
    out += c;
    if (c == '\0') out += '\xff';
  }
  out.append(2, '\0');
}

Status EncodeKeyText(const KeyPart& part, std::string_view text, std::string& out) {
  CivilTime t;
  uint64_t number = 0;
  int64_t value = 0;
  switch (part.kind) {
    case KeyKind::kSigned:
      if (!ParseSigned(text, value)) return BadKey(text);
      EncodeSigned(value, out);
      return Ok();
    case KeyKind::kUnsigned:
    case KeyKind::kYear:
      if (!ParseUnsigned(text, number)) return BadKey(text);
      EncodeUnsigned(number, out);
      return Ok();
    case KeyKind::kDate:
      if (!ParseDate(text, t)) return BadKey(text);
      EncodeUnsigned((static_cast<uint64_t>(t.year) * 16 + t.month) * 32 + t.day, out);
      return Ok();
    case KeyKind::kDatetime:
      if (!ParseDatetime(text, t)) return BadKey(text);
      EncodeUnsigned((static_cast<uint64_t>(t.year) * 16 + t.month) * 32 + t.day, out);
      EncodeUnsigned(static_cast<uint64_t>(MicrosOfDay(t)), out);
      return Ok();
    case KeyKind::kTimestamp: {
      if (!ParseDatetime(text, t)) return BadKey(text);
      EncodeSigned(IsRealDate(t.year, t.month, t.day) ? MicrosFromCivil(t) : 0, out);
      return Ok();
    }
    case KeyKind::kPadText:
    case KeyKind::kNoPadBytes:
      break;
  }
  std::string bytes(text);
  bytes.resize(std::max<size_t>(bytes.size(), part.fixed_length), '\0');
  if (part.kind == KeyKind::kPadText) {
    EncodePadText(bytes, out);
  } else {
    EncodeNoPadBytes(bytes, out);
  }
  return Ok();
}

Result<std::string> EncodeKeyTexts(const std::vector<KeyPart>& parts, const std::vector<std::string>& values) {
  if (parts.size() != values.size()) {
    return Invalid(Str("a key of ", parts.size(), " columns got ", values.size(), " values"));
  }
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) TRY(EncodeKeyText(parts[i], values[i], out));
  return out;
}

}  // namespace sluice::mysql
