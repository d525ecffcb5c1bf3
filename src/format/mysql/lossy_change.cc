// SPDX-License-Identifier: Apache-2.0
#include "format/mysql/lossy_change.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "base/text.h"

namespace sluice::mysql {
namespace {

constexpr uint64_t kStrictModes = (1u << 21) | (1u << 22);  // STRICT_TRANS_TABLES, STRICT_ALL_TABLES

int IntegerBits(std::string_view type) {
  if (type == "tinyint") return 8;
  if (type == "smallint") return 16;
  if (type == "mediumint") return 24;
  if (type == "int") return 32;
  return type == "bigint" ? 64 : 0;
}

int IntegerDigits(const MysqlColumn& column) {
  switch (IntegerBits(column.type)) {
    case 8: return 3;
    case 16: return 5;
    case 24: return column.is_unsigned ? 8 : 7;
    case 32: return 10;
    default: return column.is_unsigned ? 20 : 19;
  }
}

bool IsText(const MysqlColumn& column) { return !column.charset.empty() && column.charset != "binary"; }
bool IsBytes(const MysqlColumn& column) { return column.charset == "binary" || column.type.ends_with("blob"); }
bool IsLabels(const MysqlColumn& column) { return column.type == "enum" || column.type == "set"; }
bool HasDay(const MysqlColumn& column) { return column.type == "datetime" || column.type == "timestamp"; }

// Characters or bytes that always fit; of the TEXT types the bytes, of which a character has at most four.
int64_t Room(const MysqlColumn& column) {
  int64_t bytes = -1;
  if (column.type.starts_with("tiny")) bytes = 255;
  else if (column.type.starts_with("medium")) bytes = (1 << 24) - 1;
  else if (column.type.starts_with("long") || column.type == "json") bytes = (1LL << 32) - 1;
  else if (column.type == "text" || column.type == "blob") bytes = 65'535;
  if (bytes < 0) return std::max<int64_t>(column.length, 1);
  return bytes;
}

bool IsLob(const MysqlColumn& column) {
  return column.type.ends_with("text") || column.type.ends_with("blob") || column.type == "json";
}

Loss Shorter(bool shorter) { return shorter ? Loss::kNotStrict : Loss::kNone; }

Loss OfInteger(const MysqlColumn& before, const MysqlColumn& after) {
  int bits = IntegerBits(before.type);
  if (int to = IntegerBits(after.type); to > 0) {
    bool fits = before.is_unsigned == after.is_unsigned ? to >= bits : before.is_unsigned && to > bits;
    return Shorter(!fits);
  }
  if (after.type == "decimal") {
    int64_t digits = (after.length < 0 ? 10 : after.length) - std::max<int64_t>(after.scale, 0);
    return Shorter(digits < IntegerDigits(before) || (after.is_unsigned && !before.is_unsigned));
  }
  if (after.type == "double" && after.scale < 0) return bits <= 32 ? Loss::kNone : Loss::kAlways;
  if (after.type == "float" && after.scale < 0) return bits <= 24 ? Loss::kNone : Loss::kAlways;
  if (IsText(after) && !IsLabels(after)) return Shorter(Room(after) < IntegerDigits(before) + !before.is_unsigned);
  return Loss::kAlways;
}

Loss OfDecimal(const MysqlColumn& before, const MysqlColumn& after) {
  int64_t scale = std::max<int64_t>(before.scale, 0);
  int64_t digits = (before.length < 0 ? 10 : before.length) - scale;
  if (after.type != "decimal") return Loss::kAlways;
  int64_t to_scale = std::max<int64_t>(after.scale, 0);
  if (to_scale < scale) return Loss::kAlways;  // rounded, with a note only
  bool signs = after.is_unsigned && !before.is_unsigned;
  return Shorter(signs || (after.length < 0 ? 10 : after.length) - to_scale < digits);
}

Loss OfText(const MysqlColumn& before, const MysqlColumn& after) {
  if (!IsText(after) || IsLabels(after)) return Loss::kAlways;
  if (after.type == "char" && before.type != "char") return Loss::kAlways;  // blanks at the end go
  bool charset = after.charset == before.charset || after.charset == "utf8mb4";
  int64_t have = IsLob(before) || !IsLob(after) ? Room(before) : Room(before) * 4;
  // A TEXT is bounded by bytes, and these may become more in another character set.
  if (IsLob(before) && IsLob(after) && after.charset != before.charset) have *= 4;
  return Shorter(!charset || Room(after) < have);
}

Loss OfBytes(const MysqlColumn& before, const MysqlColumn& after) {
  if (!IsBytes(after)) return Loss::kAlways;
  if (after.type == "binary") {  // filled up with zeros
    return before.type == "binary" && before.length == after.length ? Loss::kNone : Loss::kAlways;
  }
  return Shorter(Room(after) < Room(before));
}

Loss OfTime(const MysqlColumn& before, const MysqlColumn& after) {
  if (before.type == "date") {
    if (HasDay(after)) return Shorter(after.type == "timestamp");
    return Loss::kAlways;
  }
  if (std::max<int64_t>(after.scale, 0) < std::max<int64_t>(before.scale, 0)) return Loss::kAlways;
  return before.type == after.type ? Loss::kNone : Loss::kAlways;
}

Loss OfLabels(const MysqlColumn& before, const MysqlColumn& after) {
  if (before.type != after.type) {
    return before.type == "enum" && IsText(after) && !IsLabels(after) ? Loss::kNotStrict : Loss::kAlways;
  }
  bool all = std::all_of(before.labels.begin(), before.labels.end(), [&](const std::string& label) {
    return std::find(after.labels.begin(), after.labels.end(), label) != after.labels.end();
  });
  return Shorter(!all);
}

Loss OfType(const MysqlColumn& before, const MysqlColumn& after) {
  if (IntegerBits(before.type) > 0) return OfInteger(before, after);
  if (before.type == "decimal") return OfDecimal(before, after);
  if (IsLabels(before)) return OfLabels(before, after);
  if (IsText(before)) return OfText(before, after);
  if (IsBytes(before)) return OfBytes(before, after);
  if (before.type == "date" || before.type == "time" || HasDay(before)) return OfTime(before, after);
  if (before.type == "bit" && after.type == "bit") return Shorter(after.length < before.length);
  bool plain = before.type == "float" && before.scale < 0 && after.type == "double" && after.scale < 0;
  return plain ? Loss::kNone : Loss::kAlways;
}

std::string TypeText(const MysqlColumn& column) {
  std::string out = column.type;
  bool fraction = column.type == "time" || HasDay(column);
  if (fraction && column.scale > 0) out += Str("(", column.scale, ")");
  if (!fraction && column.length >= 0) {
    out += column.scale > 0 ? Str("(", column.length, ",", column.scale, ")") : Str("(", column.length, ")");
  }
  if (column.is_unsigned) out += " unsigned";
  return column.nullable ? out : out + " not null";
}

}  // namespace

Loss LossOf(const MysqlColumn& before, const MysqlColumn& after) {
  if (before.virtual_generated || after.virtual_generated) return Loss::kNone;  // not stored
  bool same = before.type == after.type && before.scale == after.scale && before.is_unsigned == after.is_unsigned &&
              before.charset == after.charset && before.labels == after.labels &&
              (before.length == after.length || IntegerBits(before.type) > 0);
  Loss loss = same ? Loss::kNone : OfType(before, after);
  return std::max(loss, Shorter(before.nullable && !after.nullable));  // NULL becomes 0 or ''
}

std::vector<std::string> RewrittenColumns(const MysqlTable& before, const MysqlTable& after,
                                          const std::vector<int>& origins, uint64_t sql_mode) {
  Loss bound = (sql_mode & kStrictModes) != 0 ? Loss::kAlways : Loss::kNotStrict;
  std::vector<std::string> out;
  for (size_t i = 0; i < origins.size(); ++i) {
    if (origins[i] < 0) continue;
    const MysqlColumn& old = before.columns[static_cast<size_t>(origins[i])];
    const MysqlColumn& now = after.columns[i];
    if (LossOf(old, now) >= bound) out.push_back(Str(now.name, " ", TypeText(old), " to ", TypeText(now)));
  }
  return out;
}

}  // namespace sluice::mysql
