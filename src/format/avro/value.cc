// SPDX-License-Identifier: Apache-2.0
#include "format/avro/value.h"

#include <map>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

constexpr int kDepthMax = 32;         // nested types of a schema
constexpr size_t kFixedMax = 1 << 20;  // bytes of a fixed
constexpr size_t kTypesMax = 10'000;   // types of a schema, repeats of named ones included

struct SchemaParser {
  std::map<std::string, AvroTypePtr> named;
  size_t types = 0;

  Result<AvroTypePtr> Parse(const Json& json, int depth);
  Result<AvroTypePtr> ParseName(const std::string& name);
  Status ParseObject(const Json& json, int depth, AvroType& type);
  Status ParseFields(const Json& json, int depth, AvroType& type);
};

const std::map<std::string, AvroKind, std::less<>>& Kinds() {
  static const std::map<std::string, AvroKind, std::less<>> kKinds = {
      {"null", AvroKind::kNull},   {"boolean", AvroKind::kBoolean}, {"int", AvroKind::kInt},
      {"long", AvroKind::kLong},   {"float", AvroKind::kFloat},     {"double", AvroKind::kDouble},
      {"bytes", AvroKind::kBytes}, {"string", AvroKind::kString},   {"fixed", AvroKind::kFixed},
      {"enum", AvroKind::kEnum},   {"array", AvroKind::kArray},     {"map", AvroKind::kMap},
      {"record", AvroKind::kRecord}};
  return kKinds;
}

int NumberOf(const Json& json, const char* key) {
  auto it = json.find(key);
  return it != json.end() && it->is_number_integer() ? it->get<int>() : 0;
}

std::string TextOf(const Json& json, const char* key) {
  auto it = json.find(key);
  return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
}

Result<AvroTypePtr> SchemaParser::ParseName(const std::string& name) {
  if (auto it = Kinds().find(name); it != Kinds().end()) {
    if (it->second >= AvroKind::kFixed) return Corrupt(Str("avro schema: type \"", name, "\" without its parts"));
    auto type = std::make_shared<AvroType>();
    type->kind = it->second;
    return AvroTypePtr(type);
  }
  auto it = named.find(name);
  if (it == named.end()) return Unsupported(Str("avro schema: unknown or recursive type \"", name, "\""));
  return it->second;
}

Status SchemaParser::ParseFields(const Json& json, int depth, AvroType& type) {
  auto fields = json.find("fields");
  if (fields == json.end() || !fields->is_array())
    return Corrupt(Str("avro schema: record ", type.name, " has no fields"));
  for (const Json& field : *fields) {
    if (!field.is_object() || !field.contains("type")) return Corrupt(Str("avro schema: bad field in ", type.name));
    AvroField out;
    out.name = TextOf(field, "name");
    if (auto id = field.find("field-id"); id != field.end() && id->is_number_integer()) out.field_id = id->get<int>();
    TRY_SET(out.type, Parse(field["type"], depth + 1));
    type.fields.push_back(std::move(out));
  }
  return Ok();
}

Status SchemaParser::ParseObject(const Json& json, int depth, AvroType& type) {
  switch (type.kind) {
    case AvroKind::kFixed: {
      auto size = json.find("size");
      if (size == json.end() || !size->is_number_unsigned() || size->get<uint64_t>() > kFixedMax) {
        return Corrupt(Str("avro schema: fixed ", type.name, " has no usable size"));
      }
      type.fixed_size = size->get<size_t>();
      return Ok();
    }
    case AvroKind::kEnum: {
      auto symbols = json.find("symbols");
      if (symbols == json.end() || !symbols->is_array()) return Corrupt("avro schema: enum without symbols");
      type.symbol_count = symbols->size();
      return Ok();
    }
    case AvroKind::kArray:
    case AvroKind::kMap: {
      const char* key = type.kind == AvroKind::kArray ? "items" : "values";
      if (!json.contains(key)) return Corrupt(Str("avro schema: array or map without \"", key, "\""));
      TRY_SET(auto part, Parse(json[key], depth + 1));
      type.parts.push_back(std::move(part));
      return Ok();
    }
    case AvroKind::kRecord: return ParseFields(json, depth, type);
    default: return Ok();
  }
}

Result<AvroTypePtr> SchemaParser::Parse(const Json& json, int depth) {
  if (depth > kDepthMax) return Corrupt(Str("avro schema: more than ", kDepthMax, " levels"));
  if (++types > kTypesMax) return Corrupt(Str("avro schema: more than ", kTypesMax, " types"));
  if (json.is_string()) return ParseName(json.get<std::string>());
  auto type = std::make_shared<AvroType>();
  if (json.is_array()) {
    type->kind = AvroKind::kUnion;
    for (const Json& branch : json) {
      TRY_SET(auto part, Parse(branch, depth + 1));
      type->parts.push_back(std::move(part));
    }
    if (type->parts.empty()) return Corrupt("avro schema: empty union");
    return AvroTypePtr(type);
  }
  if (!json.is_object() || !json.contains("type"))
    return Corrupt("avro schema: a type is neither name, list nor object");
  const Json& inner = json["type"];
  if (!inner.is_string()) return Parse(inner, depth + 1);
  auto kind = Kinds().find(inner.get<std::string>());
  if (kind == Kinds().end()) return ParseName(inner.get<std::string>());
  type->kind = kind->second;
  type->name = TextOf(json, "name");
  type->logical_type = TextOf(json, "logicalType");
  type->precision = NumberOf(json, "precision");
  type->scale = NumberOf(json, "scale");
  type->adjust_to_utc = json.value("adjust-to-utc", Json()) == true;
  TRY(ParseObject(json, depth, *type));
  if (!type->name.empty()) {
    named[type->name] = type;
    if (std::string space = TextOf(json, "namespace"); !space.empty()) named[Str(space, ".", type->name)] = type;
  }
  return AvroTypePtr(type);
}

Status DecodeBlocks(ByteReader& reader, const AvroType& type, int64_t& budget, AvroValue& out) {
  const bool map = type.kind == AvroKind::kMap;
  while (true) {
    TRY_SET(const int64_t count, ReadAvroBlockCount(reader));
    if (!reader.ok()) return Corrupt("avro: array or map cut off");
    if (count == 0) return Ok();
    if (count > budget) return Corrupt(Str("avro: array or map of ", count, " items is more than its file can hold"));
    for (int64_t i = 0; i < count; ++i) {
      if (map) {
        int64_t size = ReadAvroLong(reader);
        if (size < 0 || static_cast<uint64_t>(size) > reader.remaining()) return Corrupt("avro: map key cut off");
        out.keys.emplace_back(reader.Bytes(static_cast<size_t>(size)));
      }
      TRY(DecodeAvro(reader, *type.parts[0], budget, out.items.emplace_back()));
    }
  }
}

Status DecodeBytes(ByteReader& reader, AvroValue& out) {
  int64_t size = ReadAvroLong(reader);
  if (!reader.ok() || size < 0 || static_cast<uint64_t>(size) > reader.remaining()) {
    return Corrupt(Str("avro: text or bytes of length ", size, " cut off"));
  }
  out.bytes = reader.Bytes(static_cast<size_t>(size));
  return Ok();
}

}  // namespace

Result<AvroTypePtr> ParseAvroSchema(std::string_view json) {
  Json parsed = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return Corrupt("avro schema: not JSON");
  SchemaParser parser;
  return parser.Parse(parsed, 0);
}

const AvroValue* AvroValue::Field(int field_id, std::string_view name) const {
  if (type == nullptr || type->kind != AvroKind::kRecord) return nullptr;
  for (int pass = 0; pass < 2; ++pass) {
    for (size_t i = 0; i < type->fields.size(); ++i) {
      const AvroField& field = type->fields[i];
      bool match = pass == 0 ? field.field_id >= 0 && field.field_id == field_id
                             : field.field_id < 0 && !name.empty() && field.name == name;
      if (match) return items[i].is_null() ? nullptr : &items[i];
    }
  }
  return nullptr;
}

// The depth is bounded by the schema's.
Status DecodeAvro(ByteReader& reader, const AvroType& type, int64_t& budget, AvroValue& out) {
  if (--budget < 0) return Corrupt("avro: more values than the file can hold");
  if (type.kind == AvroKind::kUnion) {
    int64_t branch = ReadAvroLong(reader);
    if (!reader.ok() || branch < 0 || static_cast<uint64_t>(branch) >= type.parts.size()) {
      return Corrupt(Str("avro: union branch ", branch, " does not exist"));
    }
    return DecodeAvro(reader, *type.parts[static_cast<size_t>(branch)], budget, out);
  }
  out.type = &type;
  switch (type.kind) {
    case AvroKind::kNull: return Ok();
    case AvroKind::kBoolean: out.number = reader.U8() != 0; break;
    case AvroKind::kInt:
    case AvroKind::kLong: out.number = ReadAvroLong(reader); break;
    case AvroKind::kFloat: out.real = std::bit_cast<float>(reader.U32()); break;
    case AvroKind::kDouble: out.real = std::bit_cast<double>(reader.U64()); break;
    case AvroKind::kBytes:
    case AvroKind::kString: TRY(DecodeBytes(reader, out)); break;
    case AvroKind::kFixed: out.bytes = reader.Bytes(type.fixed_size); break;
    case AvroKind::kEnum:
      out.number = ReadAvroLong(reader);
      if (out.number < 0 || static_cast<uint64_t>(out.number) >= type.symbol_count)
        return Corrupt("avro: bad enum symbol");
      break;
    case AvroKind::kArray:
    case AvroKind::kMap: return DecodeBlocks(reader, type, budget, out);
    case AvroKind::kRecord:
      out.items.resize(type.fields.size());
      for (size_t i = 0; i < type.fields.size(); ++i)
        TRY(DecodeAvro(reader, *type.fields[i].type, budget, out.items[i]));
      break;
    case AvroKind::kUnion: break;  // above
  }
  if (!reader.ok()) return Corrupt("avro: record cut off");
  return Ok();
}

Status SkipAvro(ByteReader& reader, const AvroType& type, int64_t& budget) {
  const AvroType* skipped = &type;
  if (type.kind == AvroKind::kUnion) {
    const int64_t branch = ReadAvroLong(reader);
    if (!reader.ok() || branch < 0 || static_cast<uint64_t>(branch) >= type.parts.size()) {
      return Corrupt(Str("avro: union branch ", branch, " does not exist"));
    }
    skipped = type.parts[static_cast<size_t>(branch)].get();
  }
  switch (skipped->kind) {
    case AvroKind::kNull: return Ok();
    case AvroKind::kInt:
    case AvroKind::kLong: (void)ReadAvroLong(reader); break;
    case AvroKind::kBoolean: reader.Skip(1); break;
    case AvroKind::kFloat: reader.Skip(4); break;
    case AvroKind::kDouble: reader.Skip(8); break;
    case AvroKind::kFixed: reader.Skip(skipped->fixed_size); break;
    case AvroKind::kBytes:
    case AvroKind::kString: {
      const int64_t size = ReadAvroLong(reader);
      if (size < 0) return Corrupt(Str("avro: text or bytes of length ", size));
      reader.Skip(static_cast<size_t>(size));
      break;
    }
    default: {
      AvroValue value;
      return DecodeAvro(reader, *skipped, budget, value);
    }
  }
  return reader.ok() ? Ok() : Status(Corrupt("avro: record cut off"));
}

void AppendAvroLong(std::string& out, int64_t value) {
  uint64_t bits = static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
  while (bits >= 0x80) {
    out += static_cast<char>(bits | 0x80);
    bits >>= 7;
  }
  out += static_cast<char>(bits);
}

void AppendAvroBytes(std::string& out, std::string_view value) {
  AppendAvroLong(out, static_cast<int64_t>(value.size()));
  out += value;
}

Result<int64_t> ReadAvroBlockCount(ByteReader& reader) {
  const int64_t count = ReadAvroLong(reader);
  if (count >= 0) return count;
  if (count == INT64_MIN) return Corrupt("avro: bad block count");
  (void)ReadAvroLong(reader);  // byte size of the block
  return -count;
}

int64_t ReadAvroLong(ByteReader& reader) {
  uint64_t bits = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    uint8_t byte = reader.U8();
    if (shift == 63 && byte > 1) break;  // more than 64 bits
    bits |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return static_cast<int64_t>(bits >> 1 ^ (~(bits & 1) + 1));
  }
  (void)reader.Bytes(reader.remaining() + 1);  // clears ok()
  return 0;
}

}  // namespace sluice
