// SPDX-License-Identifier: Apache-2.0
// TABLE_MAP: names, types, type metadata, NULL bits, then optional fields of (type, length, value).
#include "format/mysql/table_map.h"

#include "base/bytes.h"
#include "base/text.h"

namespace sluice::mysql {

namespace {

constexpr uint64_t kColumnsMax = 4096;  // the servers' own limit

enum class Field : uint8_t {
  kSignedness = 1, kDefaultCharset = 2, kColumnCharset = 3, kColumnName = 4, kSetLabels = 5, kEnumLabels = 6,
  kGeometryType = 7, kSimplePrimaryKey = 8, kPrimaryKeyWithPrefix = 9, kEnumAndSetDefaultCharset = 10,
  kEnumAndSetColumnCharset = 11, kVisibility = 12,
};

bool IsNumeric(FieldType type) {
  switch (type) {
    case FieldType::kTiny: case FieldType::kShort: case FieldType::kInt24: case FieldType::kLong:
    case FieldType::kLongLong: case FieldType::kNewDecimal: case FieldType::kFloat: case FieldType::kDouble:
    case FieldType::kYear:
      return true;
    default:
      return false;
  }
}

bool IsText(FieldType type) {
  switch (type) {
    case FieldType::kString: case FieldType::kVarString: case FieldType::kVarchar: case FieldType::kBlob:
    case FieldType::kBlobCompressed: case FieldType::kVarcharCompressed:
      return true;
    default:
      return false;
  }
}

bool IsLabelled(FieldType type) { return type == FieldType::kEnum || type == FieldType::kSet; }

// Type metadata: two bytes little-endian, but for these.
void ReadMeta(ByteReader& in, TableMapColumn& column) {
  switch (column.type) {
    case FieldType::kVarchar: case FieldType::kVarcharCompressed: case FieldType::kBit:
      column.meta = in.U16();
      break;
    case FieldType::kNewDecimal: {  // precision, scale
      const uint8_t precision = in.U8();
      column.meta = static_cast<uint16_t>(precision << 8 | in.U8());
      break;
    }
    case FieldType::kString: case FieldType::kEnum: case FieldType::kSet: case FieldType::kVarString: {
      const uint8_t high = in.U8(), low = in.U8();
      column.meta = static_cast<uint16_t>(high << 8 | low);
      if (column.type == FieldType::kVarString) break;
      if ((high & 0x30) != 0x30) {  // bits 8 and 9 of the length stand inverted in the type
        column.length = static_cast<uint16_t>(low | ((high & 0x30) ^ 0x30) << 4);
        column.type = static_cast<FieldType>(high | 0x30);
      } else {
        column.length = low;
        if (high != 0) column.type = static_cast<FieldType>(high);
      }
      break;
    }
    case FieldType::kBlob: case FieldType::kTinyBlob: case FieldType::kMediumBlob: case FieldType::kLongBlob:
    case FieldType::kBlobCompressed: case FieldType::kGeometry: case FieldType::kJson: case FieldType::kVector:
    case FieldType::kFloat: case FieldType::kDouble: case FieldType::kTimestamp2: case FieldType::kDatetime2:
    case FieldType::kTime2:
      column.meta = in.U8();
      break;
    default:
      break;
  }
}

// A default collation, then (index among the columns of the class, collation) for the others.
template <typename Is>
void ReadDefaultCharset(ByteReader& in, TableMap& map, Is is) {
  const auto common = static_cast<uint32_t>(in.LengthEncoded());
  std::vector<TableMapColumn*> members;
  for (auto& column : map.columns) {
    if (!is(column.type)) continue;
    column.collation = common;
    members.push_back(&column);
  }
  while (in.ok() && in.remaining() > 0) {
    const uint64_t index = in.LengthEncoded();
    const uint64_t collation = in.LengthEncoded();
    if (in.ok() && index < members.size()) members[index]->collation = static_cast<uint32_t>(collation);
  }
}

template <typename Is>
void ReadColumnCharsets(ByteReader& in, TableMap& map, Is is) {
  for (auto& column : map.columns) {
    if (is(column.type) && in.remaining() > 0) column.collation = static_cast<uint32_t>(in.LengthEncoded());
  }
}

void ReadLabels(ByteReader& in, TableMap& map, FieldType type) {
  for (auto& column : map.columns) {
    if (column.type != type) continue;
    const uint64_t count = in.LengthEncoded();
    column.labels.clear();
    for (uint64_t i = 0; in.ok() && i < count; ++i) column.labels.emplace_back(in.Bytes(in.LengthEncoded()));
  }
  map.has_labels = true;
}

bool ReadPrimaryKey(ByteReader& in, TableMap& map, bool prefixes) {
  map.primary_key.clear();
  while (in.ok() && in.remaining() > 0) {
    const uint64_t index = in.LengthEncoded();
    if (prefixes) in.LengthEncoded();
    if (!in.ok() || index >= map.columns.size()) return false;
    map.primary_key.push_back(static_cast<uint32_t>(index));
  }
  map.has_primary_key = true;
  return true;
}

bool ReadSignedness(ByteReader& in, TableMap& map) {
  size_t bit = 0;
  uint8_t byte = 0;
  for (auto& column : map.columns) {
    if (!IsNumeric(column.type)) continue;
    if (bit % 8 == 0) byte = in.U8();
    column.is_unsigned = byte & (0x80 >> bit % 8);
    ++bit;
  }
  map.has_signedness = true;
  return in.ok();
}

bool ReadOptional(ByteReader in, Field field, TableMap& map) {
  switch (field) {
    case Field::kSignedness:
      return ReadSignedness(in, map);
    case Field::kDefaultCharset:
      ReadDefaultCharset(in, map, IsText);
      return in.ok();
    case Field::kColumnCharset:
      ReadColumnCharsets(in, map, IsText);
      return in.ok();
    case Field::kColumnName:
      for (auto& column : map.columns) column.name = std::string(in.Bytes(in.LengthEncoded()));
      map.has_names = true;
      return in.ok();
    case Field::kSetLabels:
      ReadLabels(in, map, FieldType::kSet);
      return in.ok();
    case Field::kEnumLabels:
      ReadLabels(in, map, FieldType::kEnum);
      return in.ok();
    case Field::kSimplePrimaryKey:
      return ReadPrimaryKey(in, map, false);
    case Field::kPrimaryKeyWithPrefix:
      return ReadPrimaryKey(in, map, true);
    case Field::kEnumAndSetDefaultCharset:
      ReadDefaultCharset(in, map, IsLabelled);
      return in.ok();
    case Field::kEnumAndSetColumnCharset:
      ReadColumnCharsets(in, map, IsLabelled);
      return in.ok();
    default:  // geometry types, visibility, and what newer servers add: not needed to read the rows
      return true;
  }
}

}  // namespace

Status ParseTableMapBody(std::string_view body, TableMap& out) {
  ByteReader in(body);
  out.database = std::string(in.Bytes(in.U8()));
  in.Skip(1);
  out.table = std::string(in.Bytes(in.U8()));
  in.Skip(1);
  const uint64_t count = in.LengthEncoded();
  if (!in.ok() || count > kColumnsMax) return Corrupt("a TABLE_MAP event is cut off or has too many columns");
  const std::string_view types = in.Bytes(count);
  ByteReader meta(in.Bytes(in.LengthEncoded()));
  const std::string_view nulls = in.Bytes((count + 7) / 8);
  if (!in.ok()) return Corrupt("a TABLE_MAP event is cut off");
  out.columns.resize(count);
  for (size_t i = 0; i < count; ++i) {
    out.columns[i].type = static_cast<FieldType>(types[i]);
    ReadMeta(meta, out.columns[i]);
    out.columns[i].nullable = nulls[i / 8] >> (i % 8) & 1;
  }
  if (!meta.ok()) {
    return Corrupt(Str("the TABLE_MAP event of ", out.database, ".", out.table, " has too little metadata"));
  }
  while (in.remaining() > 0) {
    const auto field = static_cast<Field>(in.U8());
    const std::string_view value = in.Bytes(in.LengthEncoded());
    if (!in.ok() || !ReadOptional(ByteReader(value), field, out)) {
      return Corrupt(Str("the TABLE_MAP event of ", out.database, ".", out.table, " has a broken optional field ",
                         static_cast<int>(field)));
    }
  }
  return Ok();
}

}  // namespace sluice::mysql
