// SPDX-License-Identifier: Apache-2.0
#include "cli/condition_text.h"

#include <cctype>
#include <utility>

#include "base/text.h"

namespace sluice {
namespace {

using Op = ConditionTerm::Op;
using Kind = ConditionTree::Kind;

constexpr int kDepthMax = 200;  // of parentheses and NOT

bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0; }

std::string_view SkipBlanks(std::string_view text) {
  size_t at = text.find_first_not_of(" \t\r\n");
  return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

// A name or value: quoted by `quote` (doubled inside), else up to a blank or operator. `quote`: 0 if there is none.
bool TakeToken(std::string_view& rest, std::string& out, char& quote) {
  rest = SkipBlanks(rest);
  out.clear();
  quote = 0;
  if (rest.empty()) return false;
  if (rest[0] == '\'' || rest[0] == '"' || rest[0] == '`') {
    quote = rest[0];
    size_t i = 1;
    for (; i < rest.size(); ++i) {
      if (rest[i] != quote) {
        out += rest[i];
      } else if (i + 1 < rest.size() && rest[i + 1] == quote) {
        out += rest[i++];
      } else {
        break;
      }
    }
    if (i == rest.size()) return false;
    rest.remove_prefix(i + 1);
    return true;
  }
  size_t length = 0;
  while (length < rest.size() && (IsWord(rest[length]) || rest[length] == '.' || rest[length] == '-' ||
                                  rest[length] == '+' || rest[length] == ':')) {
    ++length;
  }
  out = rest.substr(0, length);
  rest.remove_prefix(length);
  return length > 0;
}

bool TakeWord(std::string_view& rest, std::string_view word) {
  std::string_view at = SkipBlanks(rest);
  if (at.size() < word.size() || !EqualsIgnoreCase(at.substr(0, word.size()), word)) return false;
  if (at.size() > word.size() && IsWord(at[word.size()])) return false;
  rest = at.substr(word.size());
  return true;
}

bool TakeMark(std::string_view& rest, char mark) {
  std::string_view at = SkipBlanks(rest);
  if (!at.starts_with(mark)) return false;
  rest = at.substr(1);
  return true;
}

bool TakeOperator(std::string_view& rest, Op& out) {
  static constexpr std::pair<std::string_view, Op> kOps[] = {
      {"<=", Op::kLessEqual}, {">=", Op::kGreaterEqual}, {"!=", Op::kNotEqual}, {"<>", Op::kNotEqual},
      {"==", Op::kEqual},     {"=", Op::kEqual},         {"<", Op::kLess},      {">", Op::kGreater}};
  std::string_view at = SkipBlanks(rest);
  for (const auto& [text, op] : kOps) {
    if (!at.starts_with(text)) continue;
    out = op;
    rest = at.substr(text.size());
    return true;
  }
  return false;
}

Op Negated(Op op) {
  switch (op) {
    case Op::kEqual: return Op::kNotEqual;
    case Op::kNotEqual: return Op::kEqual;
    case Op::kLess: return Op::kGreaterEqual;
    case Op::kLessEqual: return Op::kGreater;
    case Op::kGreater: return Op::kLessEqual;
    case Op::kGreaterEqual: return Op::kLess;
    case Op::kIsNull: return Op::kIsNotNull;
    case Op::kIsNotNull: return Op::kIsNull;
    case Op::kLike: return Op::kNotLike;
    default: return Op::kLike;
  }
}

// Of `5 < id`, which is `id > 5`.
Op Mirrored(Op op) {
  switch (op) {
    case Op::kLess: return Op::kGreater;
    case Op::kLessEqual: return Op::kGreaterEqual;
    case Op::kGreater: return Op::kLess;
    case Op::kGreaterEqual: return Op::kLessEqual;
    default: return op;
  }
}

class Parser {
 public:
  Parser(std::string_view text, ConditionStyle style) : rest_(text), style_(style) {}

  Result<ConditionTree> All() {
    if (Trim(rest_).empty()) return ConditionTree{};
    TRY_SET(ConditionTree tree, Any(false, 0));
    if (Trim(rest_).empty()) return tree;
    return Invalid(Str("--where: not understood: `", Trim(rest_), "`"),
                   "terms are joined by AND and OR; a value with blanks is put in quotes");
  }

 private:
  Error Wrong(std::string_view what, std::string_view at) const {
    return Invalid(Str("--where: ", what, " at `", Trim(at), "`"),
                   "write COLUMN OP VALUE [AND|OR …], as id >= 5 AND (name = 'Ada' OR name IN ('Bea', 'Cleo'))");
  }

  // With `negated` what is parsed is what NOT would make of it: AND and OR change places.
  Result<ConditionTree> Any(bool negated, int depth) {
    return Joined("OR", negated ? Kind::kAll : Kind::kAny, [&] { return Every(negated, depth); });
  }
  Result<ConditionTree> Every(bool negated, int depth) {
    return Joined("AND", negated ? Kind::kAny : Kind::kAll, [&] { return One(negated, depth); });
  }

  template <typename Part>
  Result<ConditionTree> Joined(std::string_view word, Kind kind, Part&& part) {
    TRY_SET(ConditionTree first, part());
    if (!TakeWord(rest_, word)) return first;
    ConditionTree out{kind};
    out.parts.push_back(std::move(first));
    do {
      TRY_SET(ConditionTree next, part());
      out.parts.push_back(std::move(next));
    } while (TakeWord(rest_, word));
    return out;
  }

  Result<ConditionTree> One(bool negated, int depth) {
    const std::string_view start = rest_;
    if (depth > kDepthMax) return Wrong(Str("more than ", kDepthMax, " parentheses in each other"), start);
    if (TakeWord(rest_, "NOT")) return One(!negated, depth + 1);
    if (!TakeMark(rest_, '(')) return Comparison(negated);
    TRY_SET(ConditionTree inner, Any(negated, depth + 1));
    if (!TakeMark(rest_, ')')) return Wrong("a parenthesis is not closed", start);
    return inner;
  }

  Result<ConditionTree> Comparison(bool negated) {
    const std::string_view start = rest_;
    ConditionTerm term;
    char quote = 0;
    if (!TakeToken(rest_, term.column, quote)) return Wrong("no column name", start);
    Op op = Op::kEqual;
    if (TakeOperator(rest_, op)) return Compared(std::move(term), quote, op, negated, start);
    if (TakeWord(rest_, "IS")) {
      if (TakeWord(rest_, "NOT")) negated = !negated;
      if (!TakeWord(rest_, "NULL")) return Wrong("IS without NULL", start);
      return TermOf(std::move(term), Op::kIsNull, negated);
    }
    if (TakeWord(rest_, "NOT")) negated = !negated;
    if (TakeWord(rest_, "IN")) return In(std::move(term), negated, start);
    if (TakeWord(rest_, "BETWEEN")) return Between(std::move(term), negated, start);
    if (TakeWord(rest_, "LIKE")) return Like(std::move(term), negated, start);
    return Wrong("no operator", start);
  }

  Result<ConditionTree> Compared(ConditionTerm term, char quote, Op op, bool negated, std::string_view start) {
    const char first = term.column.empty() ? 0 : term.column[0];
    const bool number = quote == 0 && (IsDigit(first) || first == '-' || first == '+' || first == '.');
    const std::string_view right = SkipBlanks(rest_);
    const bool name = !right.empty() && (right[0] == '`' || (IsWord(right[0]) && !IsDigit(right[0])));
    if ((number || quote == '\'') && name && !right.starts_with("x'") && !right.starts_with("X'")) {  // 5 < id
      term.literal = {std::move(term.column), quote != 0, false};
      if (!TakeToken(rest_, term.column, quote)) return Wrong("no column name", start);
      return TermOf(std::move(term), Mirrored(op), negated);
    }
    TRY_SET(term.literal, Literal(start));
    return TermOf(std::move(term), op, negated);
  }

  static ConditionTree TermOf(ConditionTerm term, Op op, bool negated) {
    term.op = negated ? Negated(op) : op;
    return {Kind::kTerm, std::move(term)};
  }

  Result<ConditionTree> In(ConditionTerm term, bool negated, std::string_view start) {
    if (!TakeMark(rest_, '(')) return Wrong("IN without a list", start);
    ConditionTree out{negated ? Kind::kAll : Kind::kAny};
    do {
      TRY_SET(term.literal, Literal(start));
      out.parts.push_back(TermOf(term, Op::kEqual, negated));
    } while (TakeMark(rest_, ','));
    if (!TakeMark(rest_, ')')) return Wrong("a list is not closed", start);
    return out;
  }

  Result<ConditionTree> Between(ConditionTerm term, bool negated, std::string_view start) {
    ConditionTree out{negated ? Kind::kAny : Kind::kAll};
    TRY_SET(term.literal, Literal(start));
    out.parts.push_back(TermOf(term, Op::kGreaterEqual, negated));
    if (!TakeWord(rest_, "AND")) return Wrong("BETWEEN without AND", start);
    TRY_SET(term.literal, Literal(start));
    out.parts.push_back(TermOf(std::move(term), Op::kLessEqual, negated));
    return out;
  }

  Result<ConditionTree> Like(ConditionTerm term, bool negated, std::string_view start) {
    char quote = 0;
    if (!TakeToken(rest_, term.literal.text, quote) || quote != '\'') {
      return Wrong("LIKE without a pattern in quotes", start);
    }
    term.literal.quoted = true;
    if (TakeWord(rest_, "ESCAPE")) {
      if (!TakeToken(rest_, term.escape, quote) || quote != '\'' || term.escape.size() != 1) {
        return Wrong("ESCAPE needs one character in quotes", start);
      }
    }
    return TermOf(std::move(term), Op::kLike, negated);
  }

  Result<ConditionLiteral> Literal(std::string_view start) {
    ConditionLiteral out;
    for (const char* type : {"DATE", "TIMESTAMP", "TIME"}) {  // DATE '2024-01-31'
      std::string_view after = rest_;
      if (TakeWord(after, type) && SkipBlanks(after).starts_with('\'')) rest_ = after;
    }
    rest_ = SkipBlanks(rest_);
    out.hex = rest_.starts_with("x'") || rest_.starts_with("X'");
    if (out.hex) rest_.remove_prefix(1);
    char quote = 0;
    if (!TakeToken(rest_, out.text, quote)) return Wrong("no value", start);
    out.quoted = quote != 0;
    if (!out.quoted && EqualsIgnoreCase(out.text, "NULL")) {
      return Invalid(Str("--where: no row compares with NULL, at `", Trim(start), "`"), "write IS NULL or IS NOT NULL");
    }
    const bool word = !out.quoted && !IsDigit(out.text[0]) && out.text[0] != '-' && out.text[0] != '+' &&
                      out.text[0] != '.' && !EqualsIgnoreCase(out.text, "true") && !EqualsIgnoreCase(out.text, "false");
    if (style_ == ConditionStyle::kSql && (word || (out.quoted && quote != '\''))) {
      return Invalid(Str("--where: `", out.text, "` is no literal, at `", Trim(start), "`"),
                     "columns are compared with literals only; a text is put in single quotes");
    }
    return out;
  }

  std::string_view rest_;
  const ConditionStyle style_;
};

size_t CharacterBytes(std::string_view text) {
  size_t bytes = 1;
  while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) ++bytes;
  return bytes;
}

}  // namespace

Result<ConditionTree> ParseCondition(std::string_view text, ConditionStyle style) { return Parser(text, style).All(); }

// Goes back to the last % only, so that it takes no more than the product of both lengths.
bool IsLike(std::string_view text, std::string_view pattern, std::string_view escape) {
  size_t t = 0, p = 0;
  size_t any = std::string_view::npos, from = 0;  // the last %, and where in the text what follows it is tried
  while (t < text.size() || p < pattern.size()) {
    if (p < pattern.size()) {
      const bool escaped = !escape.empty() && pattern[p] == escape[0] && p + 1 < pattern.size();
      const char c = pattern[escaped ? p + 1 : p];
      if (!escaped && c == '%') {
        any = p++;
        from = t;
        continue;
      }
      if (t < text.size() && !escaped && c == '_') {
        t += CharacterBytes(text.substr(t));
        ++p;
        continue;
      }
      if (t < text.size() && c == text[t]) {
        ++t;
        p += escaped ? 2 : 1;
        continue;
      }
    }
    if (any == std::string_view::npos || from >= text.size()) return false;
    from += CharacterBytes(text.substr(from));
    t = from;
    p = any + 1;
  }
  return true;
}

}  // namespace sluice
