// SPDX-License-Identifier: Apache-2.0
#include "cli/read_filter.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "lake/parquet/file_column.h"

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
    rest = SkipBlanks(rest);
    term.hex = rest.starts_with("x'") || rest.starts_with("X'");
    if (term.hex) rest.remove_prefix(1);
    if (!TakeToken(rest, term.value, quoted)) return wrong("no value");
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
    return Invalid(Str("--where: not understood: `", Trim(rest), "`"),
                   "terms are joined by AND; a value with blanks is put in quotes");
  }
  return condition;
}

// False if the literal is none of the column's type.
bool RowCondition::BindLiteral(const LakeColumn& column, Term& term) {
  const TypeKind kind = column.type.kind;
  const bool bytes_column = kind == TypeKind::kBytes || kind == TypeKind::kBinary || kind == TypeKind::kVarBinary;
  if (term.hex && !bytes_column) return false;
  ExactLiteral exact;
  double number = 0;
  std::string bytes;
  switch (kind) {
    case TypeKind::kBoolean:
      if (!ParseBoolean(term.value, exact)) return false;
      break;
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      if (!ParseExact(term.value, 0, exact)) return false;
      break;
    case TypeKind::kDecimal:
      if (!ParseExact(term.value, column.type.scale, exact)) return false;
      break;
    case TypeKind::kDate:
      if (!ParseDate(term.value, exact)) return false;
      break;
    case TypeKind::kTime:
      if (!ParseTime(term.value, exact)) return false;
      break;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      if (!ParseTimestamp(term.value, kind == TypeKind::kTimestampLtz, exact)) return false;
      break;
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      if (!ParseReal(term.value, kind == TypeKind::kFloat, number)) return false;
      term.literal = number;
      return true;
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes:
      if (!ParseHex(term.value, bytes)) return false;
      term.literal = std::move(bytes);
      return true;
    case TypeKind::kChar:
    case TypeKind::kVarChar:
    case TypeKind::kString: term.literal = term.value; return true;
    case TypeKind::kArray: return false;
  }
  term.literal = exact;
  return true;
}

Status RowCondition::Bind(const std::vector<LakeColumn>& columns) {
  for (Term& term : terms_) {
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const LakeColumn& column) {
      return column.name == term.column;
    });
    if (found == columns.end()) return NoColumnOf(term.column, columns);
    term.at = static_cast<int>(found - columns.begin());
    if (term.op == Op::kIsNull || term.op == Op::kIsNotNull || BindLiteral(*found, term)) continue;
    const std::string name = term.column;
    if (found->type.kind == TypeKind::kArray) {
      return Invalid(Str("--where: column ", name, " is a ", found->type_text, ", which is not compared"),
                     Str("only ", name, " IS NULL and IS NOT NULL can be asked"));
    }
    return Invalid(Str("--where: column ", name, " is ", found->type_text, ", and ", term.hex ? "x'" : "`",
                       term.value, term.hex ? "'" : "`", " is no value of that type"),
                   Str("write for example ", name, " >= ", LiteralExample(found->type.kind)));
  }
  return Ok();
}

std::vector<ColumnCondition> RowCondition::Conditions() const {
  std::vector<ColumnCondition> out;
  for (const Term& term : terms_) {
    ColumnCondition condition;
    condition.column = term.column;
    switch (term.op) {
      case Op::kIsNull: condition.op = ColumnCondition::Op::kIsNull; break;
      case Op::kIsNotNull: condition.op = ColumnCondition::Op::kIsNotNull; break;
      case Op::kEqual: condition.op = ColumnCondition::Op::kEqual; break;
      case Op::kNotEqual: condition.op = ColumnCondition::Op::kNotEqual; break;
      case Op::kLess:
      case Op::kLessEqual: condition.op = ColumnCondition::Op::kAtMost; break;  // rows at the bound may come
      case Op::kGreater:
      case Op::kGreaterEqual: condition.op = ColumnCondition::Op::kAtLeast; break;
    }
    const bool compares = term.op != Op::kIsNull && term.op != Op::kIsNotNull;
    const bool equality = term.op == Op::kEqual || term.op == Op::kNotEqual;
    if (const auto* text = std::get_if<std::string>(&term.literal); compares && text != nullptr) {
      condition.value = *text;
    } else if (const auto* number = std::get_if<double>(&term.literal); compares && number != nullptr) {
      condition.value = *number;
    } else if (compares) {
      const auto& [value, rest] = std::get<ExactLiteral>(term.literal);
      if ((equality && rest != 0) || value != static_cast<int64_t>(value)) continue;  // no cell equals it
      condition.value = static_cast<int64_t>(value);
    }
    out.push_back(std::move(condition));
  }
  return out;
}

namespace {

int Order(auto a, auto b) { return a < b ? -1 : a > b ? 1 : 0; }

// NaN is above all other numbers, as Iceberg sorts it.
int OrderReal(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return Order(std::isnan(a), std::isnan(b));
  return Order(a, b);
}

// `order(row)` of each value that is there: -1, 0 or 1, as it is below, at or above the literal.
template <typename ArrayType, typename OrderOf>
void Keep(const arrow::Array& column, const bool (&wanted)[3], std::vector<uint8_t>& out, OrderOf&& order) {
  const auto& values = static_cast<const ArrayType&>(column);
  for (int64_t row = 0; row < values.length(); ++row) {
    out[static_cast<size_t>(row)] &= !values.IsNull(row) && wanted[order(values, row) + 1] ? 1 : 0;
  }
}

template <typename ArrayType>
void KeepExact(const arrow::Array& column, const bool (&wanted)[3], std::vector<uint8_t>& out, __int128 value,
               int rest) {
  // Of the same width as the values; a literal beyond them is above or below all.
  const __int128 low = std::numeric_limits<int64_t>::min(), high = std::numeric_limits<int64_t>::max();
  if (value < low || value > high) rest = value < low ? -1 : 1;
  const auto bound = static_cast<int64_t>(std::clamp(value, low, high));
  Keep<ArrayType>(column, wanted, out, [&](const ArrayType& values, int64_t row) {
    const auto at = static_cast<int64_t>(values.Value(row));
    return at == bound ? -rest : at < bound ? -1 : 1;
  });
}

}  // namespace

void RowCondition::SelectTerm(const Term& term, const arrow::Array& column, std::vector<uint8_t>& out) {
  const Op op = term.op;
  if (op == Op::kIsNull || op == Op::kIsNotNull) {
    for (size_t row = 0; row < out.size(); ++row) {
      out[row] &= column.IsNull(static_cast<int64_t>(row)) == (op == Op::kIsNull) ? 1 : 0;
    }
    return;
  }
  const bool wanted[3] = {op == Op::kLess || op == Op::kLessEqual || op == Op::kNotEqual,
                          op == Op::kEqual || op == Op::kLessEqual || op == Op::kGreaterEqual,
                          op == Op::kGreater || op == Op::kGreaterEqual || op == Op::kNotEqual};
  if (auto* text = std::get_if<std::string>(&term.literal)) {
    const std::string_view bound = *text;
    return Keep<arrow::BinaryArray>(column, wanted, out, [&](const arrow::BinaryArray& values, int64_t row) {
      return Order(values.GetView(row).compare(bound), 0);
    });
  }
  if (auto* number = std::get_if<double>(&term.literal)) {
    auto order = [&](const auto& values, int64_t row) { return OrderReal(values.Value(row), *number); };
    if (column.type_id() == arrow::Type::FLOAT) return Keep<arrow::FloatArray>(column, wanted, out, order);
    return Keep<arrow::DoubleArray>(column, wanted, out, order);
  }
  const auto& [value, rest] = std::get<ExactLiteral>(term.literal);
  switch (column.type_id()) {
    case arrow::Type::BOOL: return KeepExact<arrow::BooleanArray>(column, wanted, out, value, rest);
    case arrow::Type::INT32: return KeepExact<arrow::Int32Array>(column, wanted, out, value, rest);
    case arrow::Type::DATE32: return KeepExact<arrow::Date32Array>(column, wanted, out, value, rest);
    case arrow::Type::TIME64: return KeepExact<arrow::Time64Array>(column, wanted, out, value, rest);
    case arrow::Type::TIMESTAMP: return KeepExact<arrow::TimestampArray>(column, wanted, out, value, rest);
    case arrow::Type::DECIMAL128: {
      const arrow::Decimal128 bound(static_cast<int64_t>(value >> 64), static_cast<uint64_t>(value));
      const int at_bound = -rest;
      return Keep<arrow::Decimal128Array>(column, wanted, out, [&](const arrow::Decimal128Array& values, int64_t row) {
        const arrow::Decimal128 at(values.GetValue(row));
        return at == bound ? at_bound : at < bound ? -1 : 1;
      });
    }
    default: return KeepExact<arrow::Int64Array>(column, wanted, out, value, rest);
  }
}

void RowCondition::Select(const arrow::RecordBatch& rows, std::vector<uint8_t>& out) const {
  out.assign(static_cast<size_t>(rows.num_rows()), 1);
  for (const Term& term : terms_) SelectTerm(term, *rows.column(term.at), out);
}

}  // namespace sluice
