// SPDX-License-Identifier: Apache-2.0
// DdlLexer: tokens of MariaDB's and MySQL's SQL.
#include "format/mysql/ddl_lexer.h"

#include "base/text.h"

namespace sluice::mysql {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }
bool IsNameChar(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char Unescape(char c) {
  switch (c) {
    case '0': return '\0';
    case 'b': return '\b';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'Z': return '\x1a';
    default: return c;
  }
}

}  // namespace

// Would the server that wrote the statement have run the body of /*!version … */?
bool DdlLexer::Runs(std::string_view version, bool mariadb_only) const {
  if (mariadb_only && !context_.mariadb) return false;
  if (version.empty()) return true;
  uint32_t number = 0;
  if (!ParseNumber(version, number) || number > context_.server_version) return false;
  // MariaDB leaves out what is meant for MySQL 5.7 and later.
  return mariadb_only || !context_.mariadb || number < 50700 || number > 99999;
}

// At "/*". False: never closed.
bool DdlLexer::SkipComment(DdlToken& error) {
  size_t start = at_;
  bool mariadb_only = At(2) == 'M' && At(3) == '!';
  if (mariadb_only || At(2) == '!') {
    size_t digits = at_ + (mariadb_only ? 4 : 3), end = digits;
    while (end < sql_.size() && IsDigit(sql_[end]) && end < digits + 6) ++end;
    if (end - digits < 5) end = digits;
    if (Runs(sql_.substr(digits, end - digits), mariadb_only)) {
      at_ = end;
      ++executable_;
      return true;
    }
    // Not run here: comments inside of it nest.
    int depth = 1;
    for (at_ = end; at_ < sql_.size(); ++at_) {
      if (At() == '/' && At(1) == '*')
        ++depth, ++at_;
      else if (At() == '*' && At(1) == '/' && (++at_, --depth == 0))
        return ++at_, true;
    }
  } else if (size_t end = sql_.find("*/", at_ + 2); end != std::string_view::npos) {
    at_ = end + 2;
    return true;
  }
  at_ = sql_.size();
  error = {DdlTokenKind::kError, "a comment is not closed", start};
  return false;
}

bool DdlLexer::SkipBlanks(DdlToken& error) {
  while (at_ < sql_.size()) {
    char c = At();
    if (IsBlank(c)) {
      ++at_;
    } else if (c == '#' || (c == '-' && At(1) == '-' && (at_ + 2 >= sql_.size() || IsBlank(At(2))))) {
      while (at_ < sql_.size() && At() != '\n') ++at_;
    } else if (c == '/' && At(1) == '*') {
      if (!SkipComment(error)) return false;
    } else if (executable_ > 0 && c == '*' && At(1) == '/') {
      at_ += 2;
      --executable_;
    } else {
      return true;
    }
  }
  return true;
}

DdlToken DdlLexer::Quoted(char quote, DdlTokenKind kind) {
  DdlToken token{kind, {}, at_};
  bool escapes = kind == DdlTokenKind::kString && !context_.has(SqlContext::kNoBackslashEscapes);
  for (++at_; at_ < sql_.size(); ++at_) {
    char c = At();
    if (c == quote) {
      if (At(1) != quote) return ++at_, token;
      ++at_;
    } else if (c == '\\' && escapes && at_ + 1 < sql_.size()) {
      c = At(1);
      ++at_;
      if (c == '%' || c == '_')
        token.text += '\\';  // kept outside of patterns
      else
        c = Unescape(c);
    }
    token.text += c;
  }
  return {DdlTokenKind::kError, Str("a quoted text that begins with ", quote, " is not closed"), token.offset};
}

DdlToken DdlLexer::Word() {
  DdlToken token{DdlTokenKind::kWord, {}, at_};
  while (at_ < sql_.size() && IsNameChar(At())) token.text += sql_[at_++];
  return token;
}

// `digits` of x'…', 0x…, b'…', 0b…; the token ends at `end`.
DdlToken DdlLexer::Radix(DdlTokenKind kind, std::string_view digits, size_t end) {
  DdlToken token{kind, {}, at_};
  at_ = end;
  if (kind == DdlTokenKind::kBits) {
    token.text = digits;
    return token;
  }
  size_t i = 0;
  if (digits.size() % 2 == 1) token.text += static_cast<char>(HexDigit(digits[i++]));
  for (; i < digits.size(); i += 2) {
    token.text += static_cast<char>(HexDigit(digits[i]) * 16 + HexDigit(digits[i + 1]));
  }
  return token;
}

// At a digit, or at a point before a digit.
DdlToken DdlLexer::NumberOrWord() {
  size_t end = at_;
  auto all = [&](size_t from, auto&& good) {
    size_t i = from;
    while (i < sql_.size() && IsNameChar(sql_[i])) {
      if (!good(sql_[i])) return size_t{0};
      ++i;
    }
    return i == from ? 0 : i;
  };
  if (At() == '0' && At(1) == 'x') {
    if (size_t stop = all(at_ + 2, [](char c) { return HexDigit(c) >= 0; })) {
      return Radix(DdlTokenKind::kHex, sql_.substr(at_ + 2, stop - at_ - 2), stop);
    }
  }
  if (At() == '0' && At(1) == 'b') {
    if (size_t stop = all(at_ + 2, [](char c) { return c == '0' || c == '1'; })) {
      return Radix(DdlTokenKind::kBits, sql_.substr(at_ + 2, stop - at_ - 2), stop);
    }
  }
  auto peek = [&](size_t i) { return i < sql_.size() ? sql_[i] : '\0'; };
  while (IsDigit(peek(end))) ++end;
  bool point = peek(end) == '.';
  if (point) {
    ++end;
    while (IsDigit(peek(end))) ++end;
  }
  if (peek(end) == 'e' || peek(end) == 'E') {
    size_t digits = end + 1 + (peek(end + 1) == '+' || peek(end + 1) == '-' ? 1 : 0);
    if (IsDigit(peek(digits))) {
      while (IsDigit(peek(digits))) ++digits;
      end = digits;
    }
  }
  if (!point && end < sql_.size() && IsNameChar(sql_[end])) return Word();  // a name may begin with digits
  DdlToken token{DdlTokenKind::kNumber, std::string(sql_.substr(at_, end - at_)), at_};
  at_ = end;
  return token;
}

DdlToken DdlLexer::Next() {
  DdlToken token;
  if (!SkipBlanks(token)) return token;
  bool after_dot = after_dot_, after_name = name_end_ == at_;
  after_dot_ = false;
  name_end_ = std::string_view::npos;
  if (at_ >= sql_.size()) return {DdlTokenKind::kEnd, {}, sql_.size()};
  char c = At();
  if (c == '`' || (c == '"' && context_.has(SqlContext::kAnsiQuotes))) {
    token = Quoted(c, DdlTokenKind::kName);
    name_end_ = at_;
    return token;
  }
  if (c == '\'' || c == '"') return Quoted(c, DdlTokenKind::kString);
  if (!after_dot && At(1) == '\'' && (c == 'x' || c == 'X' || c == 'b' || c == 'B')) {
    bool hex = c == 'x' || c == 'X';
    size_t close = sql_.find('\'', at_ + 2);
    std::string_view digits = sql_.substr(at_ + 2, close == std::string_view::npos ? close : close - at_ - 2);
    bool good = close != std::string_view::npos && (!hex || digits.size() % 2 == 0) &&
                digits.find_first_not_of(hex ? "0123456789abcdefABCDEF" : "01") == std::string_view::npos;
    if (!good) return {DdlTokenKind::kError, "a hexadecimal or binary literal is malformed", at_};
    return Radix(hex ? DdlTokenKind::kHex : DdlTokenKind::kBits, digits, close + 1);
  }
  if (!after_dot && (IsDigit(c) || (c == '.' && IsDigit(At(1)) && !after_name))) {
    token = NumberOrWord();
    if (token.kind == DdlTokenKind::kWord) name_end_ = at_;
    return token;
  }
  if (IsNameChar(c)) {
    token = Word();
    name_end_ = at_;
    return token;
  }
  after_dot_ = c == '.' && (after_name || !IsDigit(At(1)));
  token = {DdlTokenKind::kSymbol, std::string(1, c), at_};
  ++at_;
  return token;
}

}  // namespace sluice::mysql
