// SPDX-License-Identifier: Apache-2.0
// MakeCellOp: one column of TABLE_MAP and of the table's definition -> a CellOp.
#include "format/mysql/cell_op.h"

#include <algorithm>

#include "base/text.h"
#include "format/mysql/cell.h"

namespace sluice::mysql {

namespace {

Error Differs(const std::string& name, const MysqlColumn& column, const TableMapColumn& log) {
  return Conflict(Str("the log stores ", name, " as type ", static_cast<int>(log.type), " (", log.meta,
                      "), which is not how `", column.type, "` is stored"),
                  "the table was changed after its definition was read: read it again");
}

Error OldFormat(const std::string& name) {
  return Unsupported(Str(name, " is stored in the server's old format of times with a fraction"),
                     "SET GLOBAL mysql56_temporal_format = ON and ALTER TABLE … FORCE");
}

struct Integer {
  FieldType type;
  const char* name;
  CellKind is_signed, is_unsigned;
  uint32_t width;
};
constexpr Integer kIntegers[] = {
    {FieldType::kTiny, "tinyint", CellKind::kInt8, CellKind::kUint8, 1},
    {FieldType::kShort, "smallint", CellKind::kInt16, CellKind::kUint16, 2},
    {FieldType::kInt24, "mediumint", CellKind::kInt24, CellKind::kUint24, 3},
    {FieldType::kLong, "int", CellKind::kInt32, CellKind::kUint32, 4},
    {FieldType::kLongLong, "bigint", CellKind::kInt64, CellKind::kUint64, 8},
};

bool MakeNumber(const TableMapColumn& log, const MysqlColumn& column, const DataType& type, CellOp& op) {
  for (const Integer& integer : kIntegers) {
    if (column.type != integer.name) continue;
    op.kind = column.is_unsigned ? integer.is_unsigned : integer.is_signed;
    if (type.kind == TypeKind::kBoolean) op.kind = CellKind::kBool8;
    if (type.kind == TypeKind::kBigInt && op.kind == CellKind::kUint24) op.kind = CellKind::kUint24Long;
    if (type.kind == TypeKind::kBigInt && op.kind == CellKind::kUint64) op.kind = CellKind::kUint64Long;
    op.width = integer.width;
    return log.type == integer.type;
  }
  if (column.type == "year") {
    op.kind = CellKind::kYear;
    op.width = 1;
    return log.type == FieldType::kYear;
  }
  if (column.type == "float" || column.type == "double") {
    if (log.type == FieldType::kFloat) {
      op.kind = type.kind == TypeKind::kFloat ? CellKind::kFloat : CellKind::kFloatAsDouble;
      op.width = 4;
      return column.type == "float";
    }
    op.kind = CellKind::kDouble;
    op.width = 8;
    return log.type == FieldType::kDouble && type.kind == TypeKind::kDouble;
  }
  if (column.type == "decimal") {
    op.precision = static_cast<uint8_t>(log.meta >> 8);
    op.scale = static_cast<uint8_t>(log.meta & 0xFF);
    const bool possible = op.precision >= 1 && op.precision <= 65 && op.scale <= op.precision;
    if (log.type != FieldType::kNewDecimal || !possible) return false;
    op.width = PackedDecimalSize(op.precision, op.scale);
    op.decimal = ShortDecimal(op.precision, op.scale);
    op.kind = type.kind == TypeKind::kDecimal ? CellKind::kDecimal : CellKind::kDecimalText;
    return op.precision == (column.length <= 0 ? 10 : column.length) && op.scale == std::max<int64_t>(column.scale, 0);
  }
  if (column.type == "bit") {
    op.width = op.size = (log.meta >> 8) + ((log.meta & 0xFF) ? 1 : 0);
    op.kind = type.kind == TypeKind::kBoolean ? CellKind::kBoolBit : CellKind::kBit;
    const int64_t bits = (log.meta >> 8) * 8 + (log.meta & 0xFF);
    return log.type == FieldType::kBit && bits == std::max<int64_t>(column.length, 1);
  }
  return false;
}

struct Temporal {
  const char* name;
  FieldType old_type, new_type;
  CellKind old_kind, new_kind;
  uint32_t old_width, new_width;  // the latter without the fraction
};
constexpr Temporal kTemporals[] = {
    {"time", FieldType::kTime, FieldType::kTime2, CellKind::kTime, CellKind::kTime2, 3, 3},
    {"datetime", FieldType::kDatetime, FieldType::kDatetime2, CellKind::kDatetime, CellKind::kDatetime2, 8, 5},
    {"timestamp", FieldType::kTimestamp, FieldType::kTimestamp2, CellKind::kTimestamp, CellKind::kTimestamp2, 4, 4},
};

Result<bool> MakeTemporal(const TableMapColumn& log, const MysqlColumn& column, const std::string& name, CellOp& op) {
  if (column.type == "date") {
    op.kind = CellKind::kDate;
    op.width = 3;
    return log.type == FieldType::kDate || log.type == FieldType::kNewDate;
  }
  for (const Temporal& temporal : kTemporals) {
    if (column.type != temporal.name) continue;
    if (log.type == temporal.old_type) {
      if (column.scale > 0) return OldFormat(name);
      op.kind = temporal.old_kind;
      op.width = temporal.old_width;
      return true;
    }
    op.kind = temporal.new_kind;
    op.precision = static_cast<uint8_t>(log.meta);
    op.width = temporal.new_width + (op.precision + 1u) / 2;
    return log.type == temporal.new_type && op.precision == std::max<int64_t>(column.scale, 0) && op.precision <= 6;
  }
  return false;
}

bool IsBytes(const MysqlColumn& column) {
  const bool text = column.type == "char" || column.type == "varchar";
  return column.type.ends_with("blob") || column.type.ends_with("binary") || (text && column.charset == "binary");
}

// Text, bytes, and what is stored as they are.
Result<bool> MakeBytes(const TableMapColumn& log, const MysqlColumn& column, const std::string& name, CellOp& op) {
  const bool bytes = IsBytes(column);
  if (!bytes) {
    op.charset = FindCharset(column.charset.empty() ? "utf8mb4" : column.charset);
    if (op.charset == nullptr) {
      return Unsupported(Str(name, " has the character set ", column.charset, ", which is not known"),
                         "ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4, or leave the table out");
    }
  }
  const bool plain = !bytes && (op.charset->form == Charset::Form::kUtf8 || op.charset->form == Charset::Form::kAscii);
  op.kind = bytes ? CellKind::kBytes : plain ? CellKind::kUtf8 : CellKind::kText;
  const bool text = column.type == "char" || column.type == "varchar" || column.type.ends_with("text") ||
                    column.type == "json";
  switch (log.type) {
    case FieldType::kString:
      op.length_bytes = log.length > 255 ? 2 : 1;
      if (bytes) {
        op.kind = CellKind::kFixedBytes;
        op.size = log.length;
      }
      return column.type == "char" || (column.type == "binary" && log.length == column.length);
    case FieldType::kVarchar:
    case FieldType::kVarString:
      op.length_bytes = log.meta > 255 ? 2 : 1;
      return column.type == "varchar" || column.type == "varbinary";
    case FieldType::kVarcharCompressed:
      op.length_bytes = log.meta > 255 ? 2 : 1;
      op.kind = bytes ? CellKind::kCompressedBytes : CellKind::kCompressedText;
      return column.type == "varchar" || column.type == "varbinary";
    case FieldType::kBlob:
      op.length_bytes = static_cast<uint8_t>(log.meta);
      return (text || bytes) && log.meta >= 1 && log.meta <= 4;
    case FieldType::kBlobCompressed:
      op.length_bytes = static_cast<uint8_t>(log.meta);
      op.kind = bytes ? CellKind::kCompressedBytes : CellKind::kCompressedText;
      return (text || bytes) && log.meta >= 1 && log.meta <= 4;
    case FieldType::kJson:
      return Unsupported(Str(name, " is MySQL's binary JSON, which is not supported yet"),
                         "leave the table out, or make it a TEXT column");
    default:
      return false;
  }
}

bool MakeSpecial(const TableMapColumn& log, const MysqlColumn& column, CellOp& op) {
  if (column.type == "enum" || column.type == "set") {
    const bool is_enum = column.type == "enum";
    op.kind = is_enum ? CellKind::kEnum : CellKind::kSet;
    op.width = log.length;
    op.labels = std::make_shared<std::vector<std::string>>(column.labels);
    const bool same_labels = log.labels.empty() || log.labels.size() == column.labels.size();
    return log.type == (is_enum ? FieldType::kEnum : FieldType::kSet) && same_labels && op.width >= 1 && op.width <= 8;
  }
  if (column.type == "uuid" || column.type == "inet4" || column.type == "inet6") {
    op.kind = column.type == "uuid" ? CellKind::kUuid : column.type == "inet4" ? CellKind::kInet4 : CellKind::kInet6;
    op.length_bytes = 1;
    return log.type == FieldType::kString && log.length == (column.type == "inet4" ? 4 : 16);
  }
  if (column.type == "vector") {
    op.kind = CellKind::kVector;
    const bool blob = log.type == FieldType::kVector || log.type == FieldType::kBlob;
    op.length_bytes = blob ? static_cast<uint8_t>(log.meta) : log.meta > 255 ? 2 : 1;
    return (blob && log.meta >= 1 && log.meta <= 4) || log.type == FieldType::kVarchar;
  }
  op.kind = CellKind::kGeometry;
  op.length_bytes = static_cast<uint8_t>(log.meta);
  return log.type == FieldType::kGeometry && log.meta >= 1 && log.meta <= 4;
}

}  // namespace

Result<CellOp> MakeCellOp(const TableMapColumn& log, const MysqlColumn& column, const MappingOptions& options,
                          const std::string& name) {
  TRY_SET(const DataType type, MapType(column, options));
  CellOp op;
  bool fits = false;
  switch (type.kind) {
    case TypeKind::kBoolean: case TypeKind::kTinyInt: case TypeKind::kSmallInt: case TypeKind::kInt:
    case TypeKind::kBigInt: case TypeKind::kFloat: case TypeKind::kDouble: case TypeKind::kDecimal:
      fits = MakeNumber(log, column, type, op);
      break;
    case TypeKind::kDate: case TypeKind::kTime: case TypeKind::kTimestamp: case TypeKind::kTimestampLtz: {
      TRY_SET(fits, MakeTemporal(log, column, name, op));
      break;
    }
    default:
      if (column.type == "bit" || column.type == "decimal") {
        fits = MakeNumber(log, column, type, op);
      } else if (IsBytes(column) || column.type == "char" || column.type == "varchar" || column.type == "json" ||
                 column.type.ends_with("text")) {
        TRY_SET(fits, MakeBytes(log, column, name, op));
      } else {
        fits = MakeSpecial(log, column, op);
      }
      break;
  }
  if (!fits) return Differs(name, column, log);
  return op;
}

}  // namespace sluice::mysql
