// SPDX-License-Identifier: Apache-2.0
// DdlLexer: tokens of SQL text as MariaDB 10.x/11.x and MySQL 8 write it into the log: comments (executable ones are
// read as the server that wrote them would), quoted names, literals. Pure; the text must outlive the lexer; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::mysql {

// What the meaning of a statement depends on, from the status variables of its event and the server's version.
struct SqlContext {
  static constexpr uint64_t kRealAsFloat = 1, kAnsiQuotes = 4, kOracle = 512, kMaxDb = 4096;
  static constexpr uint64_t kNoBackslashEscapes = uint64_t{1} << 20;

  uint64_t sql_mode = 0;
  bool mariadb = true;
  uint32_t server_version = 101100;         // 10.11.0 is 101100, 8.0.36 is 80036; for executable comments
  bool explicit_timestamp_defaults = true;  // explicit_defaults_for_timestamp
  std::string server_collation;             // collation_server of the session; empty = not told
  int64_t now_micros = 0;                   // when the statement began, since 1970 in UTC
  std::optional<int> utc_offset;            // seconds that its session's clock is ahead of UTC, if always so many
  // Else, of a zone with a name: "2024-03-01 10:11:12.5" of the session's clock in UTC, or back. None: unknown.
  std::function<std::optional<std::string>(const std::string& text, bool to_utc)> convert_time = {};
  uint16_t error_code = 0;                  // of the event: the statement failed, and yet had an effect

  bool has(uint64_t mode) const { return (sql_mode & mode) != 0; }
};

enum class DdlTokenKind : uint8_t {
  kEnd,
  kWord,    // unquoted name or key word
  kName,    // quoted name
  kString,  // text without quotes, escapes resolved
  kNumber,  // as written
  kHex,     // x'41', 0x41: the bytes
  kBits,    // b'101', 0b101: "101"
  kSymbol,  // one character
  kError,   // text: why
};

struct DdlToken {
  DdlTokenKind kind = DdlTokenKind::kEnd;
  std::string text;
  size_t offset = 0;
};

class DdlLexer {
 public:
  DdlLexer(std::string_view sql, const SqlContext& context) : sql_(sql), context_(context) {}
  DdlToken Next();

 private:
  bool SkipBlanks(DdlToken& error);
  bool SkipComment(DdlToken& error);
  bool Runs(std::string_view version, bool mariadb_only) const;
  DdlToken Quoted(char quote, DdlTokenKind kind);
  DdlToken NumberOrWord();
  DdlToken Word();
  DdlToken Radix(DdlTokenKind kind, std::string_view digits, size_t end);
  char At(size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }

  std::string_view sql_;
  SqlContext context_;
  size_t at_ = 0;
  int executable_ = 0;                        // open executable comments
  bool after_dot_ = false;                    // the next token is a name even if it looks like a number
  size_t name_end_ = std::string_view::npos;  // where the last token ended, if it was a name
};

}  // namespace sluice::mysql
