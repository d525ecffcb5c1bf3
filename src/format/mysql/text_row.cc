// SPDX-License-Identifier: Apache-2.0
#include "format/mysql/text_row.h"

#include <charconv>
#include <cstring>

#include "base/text.h"
#include "format/mysql/cell.h"
#include "format/mysql/text_value.h"

namespace sluice::mysql {

namespace {

bool IsText(const MysqlColumn& column) {
  return column.type == "char" || column.type == "varchar" || column.type == "json" || column.type.ends_with("text");
}

// The character set of text that the server shall send as it is stored; null for UTF-8 and what is no text.
const Charset* OwnCharset(const MysqlColumn& column) {
  if (!IsText(column) || column.charset.empty()) return nullptr;
  const Charset* charset = FindCharset(column.charset);
  if (charset == nullptr || charset->form == Charset::Form::kBinary || charset->form == Charset::Form::kUtf8) {
    return nullptr;
  }
  return charset;
}

bool ParseDouble(std::string_view text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

void SetSetText(BatchBuilder& out, ColumnData& column, int64_t row, std::string_view text) {
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    out.AddListText(column, text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  BatchBuilder::EndList(column, row);
}

}  // namespace

std::string QuoteName(std::string_view name) {
  std::string out = "`";
  for (char c : name) {
    if (c == '`') out += '`';
    out += c;
  }
  return out + '`';
}

std::string SelectExpression(const MysqlColumn& column) {
  const std::string name = QuoteName(column.name);
  // FLOAT is printed with six digits, FLOAT(m,d) and DOUBLE(m,d) with d digits after the point.
  if (column.type == "float" || (column.type == "double" && column.scale >= 0)) return Str(name, "+0e0");
  // Converted here, by the function that converts the log.
  if (OwnCharset(column) != nullptr) return Str("CAST(", name, " AS BINARY)");
  return name;
}

std::string SelectList(const MysqlTable& table) {
  std::string out;
  for (const MysqlColumn& column : table.columns) {
    if (!out.empty()) out += ", ";
    out += SelectExpression(column);
  }
  return out;
}

bool SplitTextRow(std::string_view packet, size_t columns, const char** values, unsigned long* lengths) {
  const char* at = packet.data();
  const char* const end = at + packet.size();
  for (size_t i = 0; i < columns; ++i) {
    if (at == end) return false;
    const auto first = static_cast<uint8_t>(*at++);
    values[i] = nullptr;
    lengths[i] = 0;
    if (first == 0xFB) continue;  // NULL
    uint64_t size = first;
    if (__builtin_expect(first > 0xFB, 0)) {
      const ptrdiff_t bytes = first == 0xFC ? 2 : first == 0xFD ? 3 : 8;
      if (first == 0xFF || end - at < bytes) return false;
      size = 0;
      std::memcpy(&size, at, static_cast<size_t>(bytes));
      at += bytes;
    }
    if (size > static_cast<uint64_t>(end - at)) return false;
    values[i] = at;
    lengths[i] = size;
    at += size;
  }
  return at == end;
}

Result<TextPlan::Op> TextPlan::MakeOp(const MysqlColumn& column, const MappingOptions& options) {
  TRY_SET(const DataType type, MapType(column, options));
  Op op;
  op.scale = static_cast<uint8_t>(type.scale);
  switch (type.kind) {
    case TypeKind::kBoolean: op.kind = column.type == "bit" ? Kind::kBoolBit : Kind::kBool; break;
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt: op.kind = Kind::kInt32; break;
    case TypeKind::kBigInt:
      op.kind = column.is_unsigned && column.type == "bigint" ? Kind::kUint64Long : Kind::kInt64;
      break;
    case TypeKind::kFloat: op.kind = Kind::kFloat; break;
    case TypeKind::kDouble: op.kind = Kind::kDouble; break;
    case TypeKind::kDecimal: op.kind = column.type == "bigint" ? Kind::kUint64 : Kind::kDecimal; break;
    case TypeKind::kDate: op.kind = Kind::kDate; break;
    case TypeKind::kTime: op.kind = Kind::kTime; break;
    case TypeKind::kTimestamp: op.kind = Kind::kDatetime; break;
    case TypeKind::kTimestampLtz: op.kind = Kind::kTimestamp; break;
    case TypeKind::kArray: op.kind = column.type == "set" ? Kind::kSet : Kind::kVector; break;
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes:
      op.kind = Kind::kBytes;
      if (column.type != "longtext") break;
      [[fallthrough]];  // its bytes are those of UTF-8
    case TypeKind::kChar:
    case TypeKind::kVarChar:
    case TypeKind::kString:
      op.charset = OwnCharset(column);
      if (op.charset == nullptr) op.charset = FindCharset("utf8mb4");
      op.kind = op.charset->form == Charset::Form::kUtf8 || op.charset->form == Charset::Form::kAscii ? Kind::kUtf8
                                                                                                    : Kind::kText;
      if (column.type.find("poly") != std::string::npos || column.type.find("point") != std::string::npos ||
          column.type.find("line") != std::string::npos || column.type.find("geom") != std::string::npos) {
        op.kind = Kind::kGeometry;
      }
      break;
  }
  return op;
}

Result<std::shared_ptr<const TextPlan>> TextPlan::Make(const MysqlTable& table, const MappingOptions& options) {
  std::shared_ptr<TextPlan> plan(new TextPlan);
  plan->name_ = table.database + "." + table.name;
  for (const MysqlColumn& column : table.columns) {
    TRY_SET(const Op op, MakeOp(column, options));
    plan->ops_.push_back(op);
    plan->columns_.push_back(column.name);
  }
  plan->key_parts_ = KeyParts(table);
  return std::shared_ptr<const TextPlan>(std::move(plan));
}

bool TextPlan::DecodeNumber(const Op& op, std::string_view text, ColumnData& column, int64_t row) {
  int64_t integer;
  uint64_t natural;
  double real;
  __int128 decimal;
  switch (op.kind) {
    case Kind::kInt32:
      if (!ParseSigned(text, integer)) return false;
      BatchBuilder::Set(column, row, static_cast<int32_t>(integer));
      return true;
    case Kind::kInt64:
      if (!ParseSigned(text, integer)) return false;
      BatchBuilder::Set(column, row, integer);
      return true;
    case Kind::kUint64:
      if (!ParseUnsigned(text, natural)) return false;
      BatchBuilder::Set(column, row, static_cast<__int128>(natural));
      return true;
    case Kind::kFloat:
      if (!ParseDouble(text, real)) return false;
      BatchBuilder::Set(column, row, static_cast<float>(real));
      return true;
    case Kind::kDouble:
      if (!ParseDouble(text, real)) return false;
      BatchBuilder::Set(column, row, real);
      return true;
    case Kind::kDecimal:
      if (!ParseDecimal(text, op.scale, decimal)) return false;
      BatchBuilder::Set(column, row, decimal);
      return true;
    case Kind::kBool:
      if (!ParseSigned(text, integer)) return false;
      BatchBuilder::SetBit(column, row, integer != 0);
      return true;
    default:
      if (text.size() != 1) return false;
      BatchBuilder::SetBit(column, row, text[0] & 1);
      return true;
  }
}

bool TextPlan::DecodeCell(const Op& op, std::string_view text, ColumnData& column, int64_t row, BatchBuilder& out) {
  CivilTime t;
  int64_t micros;
  switch (op.kind) {
    case Kind::kDate:
      if (!ParseDate(text, t)) return false;
      SetDate(out, column, row, t.year, t.month, t.day);
      return true;
    case Kind::kTime:
      if (!ParseTime(text, micros)) return false;
      SetTime(out, column, row, micros);
      return true;
    case Kind::kDatetime:
    case Kind::kTimestamp:
      if (!ParseDatetime(text, t)) return false;
      SetDatetime(out, column, row, t);
      return true;
    case Kind::kUint64Long: {
      uint64_t natural;
      if (!ParseUnsigned(text, natural)) return false;
      if (natural > INT64_MAX) {
        out.Fail(CellError::kUnsignedRange);
      } else {
        BatchBuilder::Set(column, row, static_cast<int64_t>(natural));
      }
      return true;
    }
    case Kind::kUtf8:
      SetUtf8(out, column, row, *op.charset, text);
      return true;
    case Kind::kText:
      SetConverted(out, column, row, *op.charset, text);
      return true;
    case Kind::kBytes:
      out.SetBytes(column, row, text.data(), text.size());
      return true;
    case Kind::kSet:
      SetSetText(out, column, row, text);
      return true;
    case Kind::kGeometry:
      SetGeometry(out, column, row, text);
      return true;
    case Kind::kVector:
      SetVector(out, column, row, text);
      return true;
    default:
      return DecodeNumber(op, text, column, row);
  }
}

Status TextPlan::Decode(const char* const* row, const unsigned long* lengths, BatchBuilder& out) const {
  const int64_t index = out.BeginRow();
  if (index < 0) return CellFailure(out.failure(), name_, "*");
  for (size_t i = 0; i < ops_.size(); ++i) {
    ColumnData& column = out.column(i);
    if (row[i] == nullptr) {
      out.SetNull(column, index);
      continue;
    }
    const std::string_view text(row[i], lengths[i]);
    if (!DecodeCell(ops_[i], text, column, index, out)) out.Fail(CellError::kMalformed);
    if (__builtin_expect(out.failure() != CellError::kNone, 0)) {
      return CellFailure(out.failure(), name_, columns_[i]);
    }
  }
  out.EndRow(RowKind::kInsert);
  return Ok();
}

Status TextPlan::EncodeKey(const char* const* row, const unsigned long* lengths, std::string& out) const {
  out.clear();
  for (const KeyPart& part : key_parts_) {
    if (row[part.column] == nullptr) return CellFailure(CellError::kMalformed, name_, columns_[part.column]);
    TRY(EncodeKeyText(part, {row[part.column], lengths[part.column]}, out));
  }
  return Ok();
}

}  // namespace sluice::mysql
