// SPDX-License-Identifier: Apache-2.0
#include "cli/read_filter.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "lake/parquet/file_column.h"
#include "row/timestamp.h"

namespace sluice {
namespace {

using Op = ConditionTerm::Op;
using Kind = ConditionTree::Kind;

bool IsNullTest(Op op) { return op == Op::kIsNull || op == Op::kIsNotNull; }

bool IsText(TypeKind kind) {
  return kind == TypeKind::kChar || kind == TypeKind::kVarChar || kind == TypeKind::kString;
}

}  // namespace

Result<RowCondition> RowCondition::Parse(std::string_view text, ConditionStyle style) {
  TRY_SET(const ConditionTree tree, ParseCondition(text, style));
  RowCondition condition;
  condition.style_ = style;
  condition.Take(tree, condition.root_);
  return condition;
}

void RowCondition::Take(const ConditionTree& tree, Node& out) {
  out.kind = tree.kind;
  if (tree.kind == Kind::kTerm) {
    out.term.of = tree.term;
    columns_.push_back(tree.term.column);
  }
  for (const ConditionTree& part : tree.parts) Take(part, out.parts.emplace_back());
}

// False if the literal is none of the column's type.
bool RowCondition::BindLiteral(const LakeColumn& column, Term& term) const {
  const std::string& value = term.of.literal.text;
  const bool sql = style_ == ConditionStyle::kSql;
  const TypeKind kind = column.type.kind;
  const bool bytes_column = kind == TypeKind::kBytes || kind == TypeKind::kBinary || kind == TypeKind::kVarBinary;
  if (term.of.literal.hex && !bytes_column) return false;
  ExactLiteral exact;
  double number = 0;
  std::string bytes;
  switch (kind) {
    case TypeKind::kBoolean:
      if (!ParseBoolean(value, exact)) return false;
      break;
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      if (!ParseExact(value, 0, exact)) return false;
      break;
    case TypeKind::kDecimal:
      if (!ParseExact(value, column.type.scale, exact)) return false;
      break;
    case TypeKind::kDate:
      if (!ParseDate(value, exact)) return false;
      break;
    case TypeKind::kTime:
      if (!ParseTime(value, exact)) return false;
      break;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      if (sql && kind == TypeKind::kTimestampLtz && ParseTimestamp(value, false, false, exact)) return false;  // whose?
      if (!ParseTimestamp(value, kind == TypeKind::kTimestampLtz, HasNanos(column.type), exact)) return false;
      break;
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      if (!ParseReal(value, kind == TypeKind::kFloat, number)) return false;
      term.literal = number;
      return true;
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes:
      if (!ParseHex(value, bytes)) return false;
      term.literal = std::move(bytes);
      return true;
    case TypeKind::kChar:
    case TypeKind::kVarChar:
    case TypeKind::kString:
      if (sql && !term.of.literal.quoted) return false;  // an engine would compare numbers
      term.literal = value;
      return true;
    case TypeKind::kArray: return false;
  }
  term.literal = exact;
  return true;
}

Status RowCondition::Bind(const std::vector<LakeColumn>& columns) { return BindNode(columns, root_); }

Status RowCondition::BindNode(const std::vector<LakeColumn>& columns, Node& node) const {
  if (node.kind == Kind::kTerm) return BindTerm(columns, node.term);
  for (Node& part : node.parts) TRY(BindNode(columns, part));
  return Ok();
}

Status RowCondition::BindTerm(const std::vector<LakeColumn>& columns, Term& term) const {
  const std::string& name = term.of.column;
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const LakeColumn& column) {
    return column.name == name;
  });
  if (found == columns.end()) return NoColumnOf(name, columns);
  term.at = static_cast<int>(found - columns.begin());
  if (IsNullTest(term.of.op)) return Ok();
  const bool like = term.of.op == Op::kLike || term.of.op == Op::kNotLike;
  if (like && !IsText(found->type.kind)) {
    return Invalid(Str("--where: column ", name, " is ", found->type_text, ", and LIKE is for texts"),
                   Str("write for example ", name, " >= ", LiteralExample(found->type.kind)));
  }
  if (BindLiteral(*found, term)) return Ok();
  if (found->type.kind == TypeKind::kArray) {
    return Invalid(Str("--where: column ", name, " is a ", found->type_text, ", which is not compared"),
                   Str("only ", name, " IS NULL and IS NOT NULL can be asked"));
  }
  const ConditionLiteral& literal = term.of.literal;
  return Invalid(Str("--where: column ", name, " is ", found->type_text, ", and ", literal.hex ? "x'" : "`",
                     literal.text, literal.hex ? "'" : "`", " is no value of that type"),
                 Str("write for example ", name, " >= ", LiteralExample(found->type.kind)));
}

std::vector<ColumnCondition> RowCondition::Conditions() const {
  std::vector<ColumnCondition> out;
  Collect(root_, out);
  return out;
}

// Of an OR there is nothing to be told, unless it is an IN.
void RowCondition::Collect(const Node& node, std::vector<ColumnCondition>& out) {
  if (node.kind == Kind::kAny) {
    std::vector<ColumnCondition> equal;
    bool in = true;
    for (const Node& part : node.parts) {
      in = in && part.kind == Kind::kTerm && part.term.of.op == Op::kEqual;
      in = in && part.term.of.column == node.parts[0].term.of.column;
      if (in) Collect(part, equal);  // nothing, if no cell equals it
    }
    if (!in || equal.empty()) return;
    ColumnCondition of{equal[0].column, ColumnCondition::Op::kIn};
    for (ColumnCondition& each : equal) of.values.push_back(std::move(each.value));
    out.push_back(std::move(of));
    return;
  }
  if (node.kind == Kind::kAll) {
    for (const Node& part : node.parts) Collect(part, out);
  }
  if (node.kind != Kind::kTerm) return;
  const Term& term = node.term;
  ColumnCondition condition;
  condition.column = term.of.column;
  switch (term.of.op) {
    case Op::kIsNull: condition.op = ColumnCondition::Op::kIsNull; break;
    case Op::kIsNotNull: condition.op = ColumnCondition::Op::kIsNotNull; break;
    case Op::kEqual: condition.op = ColumnCondition::Op::kEqual; break;
    case Op::kNotEqual: condition.op = ColumnCondition::Op::kNotEqual; break;
    case Op::kLess:
    case Op::kLessEqual: condition.op = ColumnCondition::Op::kAtMost; break;  // rows at the bound may come
    case Op::kGreater:
    case Op::kGreaterEqual: condition.op = ColumnCondition::Op::kAtLeast; break;
    case Op::kLike:
    case Op::kNotLike: return;
  }
  if (IsNullTest(term.of.op)) {
    out.push_back(std::move(condition));
    return;
  }
  if (const auto* text = std::get_if<std::string>(&term.literal)) {
    condition.value = *text;
  } else if (const auto* number = std::get_if<double>(&term.literal)) {
    condition.value = *number;
  } else {
    const auto& [value, rest] = std::get<ExactLiteral>(term.literal);
    const bool equality = term.of.op == Op::kEqual || term.of.op == Op::kNotEqual;
    if ((equality && rest != 0) || value != static_cast<int64_t>(value)) return;  // no cell equals it
    condition.value = static_cast<int64_t>(value);
  }
  out.push_back(std::move(condition));
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
  const Op op = term.of.op;
  if (IsNullTest(op)) {
    for (size_t row = 0; row < out.size(); ++row) {
      out[row] &= column.IsNull(static_cast<int64_t>(row)) == (op == Op::kIsNull) ? 1 : 0;
    }
    return;
  }
  if (op == Op::kLike || op == Op::kNotLike) {
    const auto& values = static_cast<const arrow::BinaryArray&>(column);
    const std::string& pattern = std::get<std::string>(term.literal);
    for (int64_t row = 0; row < values.length(); ++row) {
      const bool holds = !values.IsNull(row) &&
                         IsLike(values.GetView(row), pattern, term.of.escape) == (op == Op::kLike);
      out[static_cast<size_t>(row)] &= holds ? 1 : 0;
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

void RowCondition::SelectNode(const Node& node, const arrow::RecordBatch& rows, std::vector<uint8_t>& out) {
  if (node.kind == Kind::kTerm) return SelectTerm(node.term, *rows.column(node.term.at), out);
  if (node.kind == Kind::kAll) {
    for (const Node& part : node.parts) SelectNode(part, rows, out);
    return;
  }
  std::vector<uint8_t> any(out.size(), 0), part_holds;
  for (const Node& part : node.parts) {
    part_holds.assign(out.size(), 1);
    SelectNode(part, rows, part_holds);
    for (size_t row = 0; row < any.size(); ++row) any[row] |= part_holds[row];
  }
  for (size_t row = 0; row < any.size(); ++row) out[row] &= any[row];
}

void RowCondition::Select(const arrow::RecordBatch& rows, std::vector<uint8_t>& out) const {
  out.assign(static_cast<size_t>(rows.num_rows()), 1);
  SelectNode(root_, rows, out);
}

}  // namespace sluice
