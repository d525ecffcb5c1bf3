// SPDX-License-Identifier: Apache-2.0
#include "cli/read_filter.h"

#include <arrow/record_batch.h>
#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <cctype>
#include <cstdlib>

#include "base/text.h"
#include "row/format_value.h"

namespace sluice {
namespace {

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0; }

std::string_view SkipBlanks(std::string_view text) {
  size_t at = text.find_first_not_of(" \t\n");
  return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

// A name or value: quoted by `quote` (doubled inside), else up to a blank or operator.
bool TakeToken(std::string_view& rest, std::string& out, bool& quoted) {
  rest = SkipBlanks(rest);
  out.clear();
  quoted = false;
  if (rest.empty()) return false;
  char quote = rest[0];
  if (quote == '\'' || quote == '"' || quote == '`') {
    quoted = true;
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

bool IsNumeric(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) || arrow::is_decimal(type.id());
}

}  // namespace

Result<RowCondition::Term> RowCondition::ParseTerm(std::string_view& rest) {
  std::string_view start = rest;
  auto wrong = [&](std::string_view what) {
    return Invalid(Str("--where: ", what, " at `", Trim(start), "`"),
                   "write COLUMN OP VALUE [AND …], as id >= 5 AND name = 'Ada'");
  };
  Term term;
  bool quoted = false;
  if (!TakeToken(rest, term.column, quoted)) return wrong("no column name");
  if (TakeWord(rest, "IS")) {
    bool negated = TakeWord(rest, "NOT");
    if (!TakeWord(rest, "NULL")) return wrong("IS without NULL");
    term.op = negated ? Op::kIsNotNull : Op::kIsNull;
    return term;
  }
  rest = SkipBlanks(rest);
  static constexpr std::pair<std::string_view, Op> kOps[] = {
      {"<=", Op::kLessEqual}, {">=", Op::kGreaterEqual}, {"!=", Op::kNotEqual}, {"<>", Op::kNotEqual},
      {"==", Op::kEqual},     {"=", Op::kEqual},         {"<", Op::kLess},      {">", Op::kGreater}};
  for (const auto& [text, op] : kOps) {
    if (!rest.starts_with(text)) continue;
    rest.remove_prefix(text.size());
    term.op = op;
    if (!TakeToken(rest, term.value, quoted)) return wrong("no value");
    double number = 0;
    term.number = !quoted && ParseNumber(term.value, number);
    return term;
  }
  return wrong("no operator");
}

Result<RowCondition> RowCondition::Parse(std::string_view text) {
  RowCondition condition;
  std::string_view rest = text;
  if (Trim(rest).empty()) return condition;
  do {
    TRY_SET(Term term, ParseTerm(rest));
    condition.columns_.push_back(term.column);
    condition.terms_.push_back(std::move(term));
  } while (TakeWord(rest, "AND"));
  if (!Trim(rest).empty()) {
    return Invalid(Str("--where: not understood: `", Trim(rest), "`"), "terms are joined by AND");
  }
  return condition;
}

bool RowCondition::TermHolds(const Term& term, const arrow::RecordBatch& rows, int64_t row) {
  auto column = rows.GetColumnByName(term.column);
  std::string text;
  bool present = AppendText(*column, row, text);
  if (term.op == Op::kIsNull) return !present;
  if (term.op == Op::kIsNotNull) return present;
  if (!present) return false;
  int order = 0;
  if (term.number && IsNumeric(*column->type())) {
    long double a = std::strtold(text.c_str(), nullptr);
    long double b = std::strtold(term.value.c_str(), nullptr);
    order = a < b ? -1 : a > b ? 1 : 0;
  } else {
    order = text.compare(term.value);
  }
  switch (term.op) {
    case Op::kEqual: return order == 0;
    case Op::kNotEqual: return order != 0;
    case Op::kLess: return order < 0;
    case Op::kLessEqual: return order <= 0;
    case Op::kGreater: return order > 0;
    default: return order >= 0;
  }
}

bool RowCondition::Holds(const arrow::RecordBatch& rows, int64_t row) const {
  for (const Term& term : terms_) {
    if (!TermHolds(term, rows, row)) return false;
  }
  return true;
}

}  // namespace sluice
