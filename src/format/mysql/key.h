// SPDX-License-Identifier: Apache-2.0
// Keys as bytes whose memcmp order is the server's ORDER BY of the primary key, equal for the log and for text rows.
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/mysql/charset.h"
#include "format/mysql/column.h"

namespace sluice::mysql {

enum class KeyKind : uint8_t { kSigned, kUnsigned, kDate, kDatetime, kTimestamp, kYear, kPadText, kNoPadBytes };

struct KeyPart {
  uint32_t column = 0;
  KeyKind kind = KeyKind::kSigned;
  const Charset* charset = nullptr;  // of text; null for bytes
  uint32_t fixed_length = 0;         // BINARY(n), filled with zeros; else 0
};

// True if the primary key has only integers, YEAR, DATE, DATETIME, TIMESTAMP, (VAR)BINARY, and CHAR or VARCHAR of a
// _bin collation of utf8mb3, utf8mb4, ascii, latin1. False without a primary key.
bool HasExactOrder(const MysqlTable& table);
// The parts in key order; empty if the order is not exact.
std::vector<KeyPart> KeyParts(const MysqlTable& table);

// One value of each kind, appended. Values of a key are not NULL.
void EncodeSigned(int64_t value, std::string& out);
void EncodeUnsigned(uint64_t value, std::string& out);
void EncodePadText(std::string_view text, std::string& out);   // trailing blanks do not count
void EncodeNoPadBytes(std::string_view bytes, std::string& out);

// A value as the text protocol gives it for SelectExpression of text_row.h (text in the column's character set).
// kCorrupt if it is not of the part's form.
Status EncodeKeyText(const KeyPart& part, std::string_view text, std::string& out);
// The same for a whole key, one value a part: for the bounds of chunks.
Result<std::string> EncodeKeyTexts(const std::vector<KeyPart>& parts, const std::vector<std::string>& values);

}  // namespace sluice::mysql
