// SPDX-License-Identifier: Apache-2.0
// AvroType and AvroValue: a schema and a decoded value of an Avro file, as a small generic tree. Metadata sizes only
// (manifests, not data): every value is an object. Values; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice {

enum class AvroKind : uint8_t {
  kNull, kBoolean, kInt, kLong, kFloat, kDouble, kBytes, kString, kFixed, kEnum, kArray, kMap, kUnion, kRecord,
};

struct AvroType;
using AvroTypePtr = std::shared_ptr<const AvroType>;

struct AvroField {
  std::string name;
  int field_id = -1;  // Iceberg's "field-id"; -1 if there is none
  AvroTypePtr type;
};

struct AvroType {
  AvroKind kind = AvroKind::kNull;
  std::string name;                // records, fixed, enums
  std::string logical_type;        // "decimal", "date", "map"...
  int precision = 0, scale = 0;    // of the logical type decimal
  bool adjust_to_utc = false;      // Iceberg's, of timestamps
  size_t fixed_size = 0;           // kFixed
  size_t symbol_count = 0;         // kEnum
  std::vector<AvroField> fields;   // kRecord
  std::vector<AvroTypePtr> parts;  // kArray, kMap: the element; kUnion: the branches
};

// Of the schema text in a file's header. Recursive schemas are kUnsupported.
Result<AvroTypePtr> ParseAvroSchema(std::string_view json);

// A decoded value. A union is its chosen branch. Fields of a record are in the writer's order; `type` says which.
struct AvroValue {
  const AvroType* type = nullptr;  // the branch's type, never kUnion; borrowed from the schema
  int64_t number = 0;              // kBoolean, kInt, kLong, kEnum
  double real = 0;                 // kFloat, kDouble
  std::string bytes;               // kBytes, kString, kFixed
  std::vector<AvroValue> items;    // kArray: elements; kRecord: fields; kMap: values
  std::vector<std::string> keys;   // kMap

  bool is_null() const { return type == nullptr || type->kind == AvroKind::kNull; }
  // A record's field by Iceberg field id, else by name; null if it has none, is null itself, or this is no record.
  const AvroValue* Field(int field_id, std::string_view name) const;
};

// Reads one value. The reader's ok() is false, or the result an error, for bytes that do not fit the schema.
// `budget`: values that may still be made; guards against arrays that claim more than the bytes hold.
Status DecodeAvro(ByteReader& reader, const AvroType& type, int64_t& budget, AvroValue& out);

// Passes over one value. `budget` as above.
Status SkipAvro(ByteReader& reader, const AvroType& type, int64_t& budget);

// Encoding of single values, for writers of fixed schemas.
void AppendAvroLong(std::string& out, int64_t value);  // also int; zig-zag
void AppendAvroBytes(std::string& out, std::string_view value);  // also string

// Zig-zag varint; on bad input clears the reader's ok().
int64_t ReadAvroLong(ByteReader& reader);
// How many items the next block of an array or map has; 0: it ends. kCorrupt if that cannot be.
Result<int64_t> ReadAvroBlockCount(ByteReader& reader);

}  // namespace sluice
