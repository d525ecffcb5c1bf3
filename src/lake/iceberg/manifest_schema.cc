// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/manifest_schema.h"

#include "lake/json.h"
#include "lake/parquet/parquet_schema.h"

namespace sluice::iceberg {
namespace {

// As Java writes them (lake-formats.md 1.3, 1.4); between the two parts stands the partition record.
constexpr std::string_view kManifestHead =
    R"({"type":"record","name":"manifest_entry","fields":[)"
    R"({"name":"status","type":"int","field-id":0},)"
    R"({"name":"snapshot_id","type":["null","long"],"default":null,"field-id":1},)"
    R"({"name":"sequence_number","type":["null","long"],"default":null,"field-id":3},)"
    R"({"name":"file_sequence_number","type":["null","long"],"default":null,"field-id":4},)"
    R"({"name":"data_file","type":{"type":"record","name":"r2","fields":[)"
    R"({"name":"content","type":"int","doc":"Contents of the file: 0=data, 1=position deletes,)"
    R"( 2=equality deletes","field-id":134},)"
    R"({"name":"file_path","type":"string","doc":"Location URI with FS scheme","field-id":100},)"
    R"({"name":"file_format","type":"string","doc":"File format name: avro, orc, or parquet",)"
    R"("field-id":101},)"
    R"({"name":"partition","type":)";

constexpr std::string_view kManifestTail =
    R"(,"doc":"Partition data tuple, schema based on the partition spec","field-id":102},)"
    R"({"name":"record_count","type":"long","doc":"Number of records in the file","field-id":103},)"
    R"({"name":"file_size_in_bytes","type":"long","doc":"Total file size in bytes","field-id":104},)"
    R"({"name":"column_sizes","type":["null",{"type":"array","items":{"type":"record",)"
    R"("name":"k117_v118","fields":[{"name":"key","type":"int","field-id":117},{"name":"value",)"
    R"("type":"long","field-id":118}]},"logicalType":"map"}],)"
    R"("doc":"Map of column id to total size on disk","default":null,"field-id":108},)"
    R"({"name":"value_counts","type":["null",{"type":"array","items":{"type":"record",)"
    R"("name":"k119_v120","fields":[{"name":"key","type":"int","field-id":119},{"name":"value",)"
    R"("type":"long","field-id":120}]},"logicalType":"map"}],"doc":"Map of column id to total count,)"
    R"( including null and NaN","default":null,"field-id":109},)"
    R"({"name":"null_value_counts","type":["null",{"type":"array","items":{"type":"record",)"
    R"("name":"k121_v122","fields":[{"name":"key","type":"int","field-id":121},{"name":"value",)"
    R"("type":"long","field-id":122}]},"logicalType":"map"}],)"
    R"("doc":"Map of column id to null value count","default":null,"field-id":110},)"
    R"({"name":"nan_value_counts","type":["null",{"type":"array","items":{"type":"record",)"
    R"("name":"k138_v139","fields":[{"name":"key","type":"int","field-id":138},{"name":"value",)"
    R"("type":"long","field-id":139}]},"logicalType":"map"}],)"
    R"("doc":"Map of column id to number of NaN values in the column","default":null,"field-id":137},)"
    R"({"name":"lower_bounds","type":["null",{"type":"array","items":{"type":"record",)"
    R"("name":"k126_v127","fields":[{"name":"key","type":"int","field-id":126},{"name":"value",)"
    R"("type":"bytes","field-id":127}]},"logicalType":"map"}],"doc":"Map of column id to lower bound",)"
    R"("default":null,"field-id":125},)"
    R"({"name":"upper_bounds","type":["null",{"type":"array","items":{"type":"record",)"
    R"("name":"k129_v130","fields":[{"name":"key","type":"int","field-id":129},{"name":"value",)"
    R"("type":"bytes","field-id":130}]},"logicalType":"map"}],"doc":"Map of column id to upper bound",)"
    R"("default":null,"field-id":128},)"
    R"({"name":"key_metadata","type":["null","bytes"],"doc":"Encryption key metadata blob",)"
    R"("default":null,"field-id":131},)"
    R"({"name":"split_offsets","type":["null",{"type":"array","items":"long","element-id":133}],)"
    R"("doc":"Splittable offsets","default":null,"field-id":132},)"
    R"({"name":"equality_ids","type":["null",{"type":"array","items":"int","element-id":136}],)"
    R"("doc":"Equality comparison field IDs","default":null,"field-id":135},)"
    R"({"name":"sort_order_id","type":["null","int"],"doc":"Sort order ID","default":null,)"
    R"("field-id":140},)"
    R"({"name":"referenced_data_file","type":["null","string"],)"
    R"("doc":"Fully qualified location (URI with FS scheme) of a data file that all deletes reference")"
    R"(,"default":null,"field-id":143})";

constexpr std::string_view kManifestTail3 =
    R"(,{"name":"first_row_id","type":["null","long"],"doc":"ID of the first row, in order, of the data file",)"
    R"("default":null,"field-id":142},)"
    R"({"name":"content_offset","type":["null","long"],"doc":"Where the content begins in the file",)"
    R"("default":null,"field-id":144},)"
    R"({"name":"content_size_in_bytes","type":["null","long"],"doc":"Length of the content in the file",)"
    R"("default":null,"field-id":145})";
constexpr std::string_view kManifestEnd = R"(]},"field-id":2}]})";

constexpr std::string_view kManifestList =
    R"({"type":"record","name":"manifest_file","fields":[)"
    R"({"name":"manifest_path","type":"string","doc":"Location URI with FS scheme","field-id":500},)"
    R"({"name":"manifest_length","type":"long","doc":"Total file size in bytes","field-id":501},)"
    R"({"name":"partition_spec_id","type":"int","doc":"Spec ID used to write","field-id":502},)"
    R"({"name":"content","type":"int","doc":"Contents of the manifest: 0=data, 1=deletes",)"
    R"("field-id":517},)"
    R"({"name":"sequence_number","type":"long","doc":"Sequence number when the manifest was added",)"
    R"("field-id":515},)"
    R"({"name":"min_sequence_number","type":"long","doc":"Lowest sequence number in the manifest",)"
    R"("field-id":516},)"
    R"({"name":"added_snapshot_id","type":"long","doc":"Snapshot ID that added the manifest",)"
    R"("field-id":503},)"
    R"({"name":"added_files_count","type":"int","doc":"Added entry count","field-id":504},)"
    R"({"name":"existing_files_count","type":"int","doc":"Existing entry count","field-id":505},)"
    R"({"name":"deleted_files_count","type":"int","doc":"Deleted entry count","field-id":506},)"
    R"({"name":"added_rows_count","type":"long","doc":"Added rows count","field-id":512},)"
    R"({"name":"existing_rows_count","type":"long","doc":"Existing rows count","field-id":513},)"
    R"({"name":"deleted_rows_count","type":"long","doc":"Deleted rows count","field-id":514},)"
    R"({"name":"partitions","type":["null",{"type":"array","items":{"type":"record","name":"r508",)"
    R"("fields":[)"
    R"({"name":"contains_null","type":"boolean","doc":"True if any file has a null partition value",)"
    R"("field-id":509},)"
    R"({"name":"contains_nan","type":["null","boolean"],)"
    R"("doc":"True if any file has a nan partition value","default":null,"field-id":518},)"
    R"({"name":"lower_bound","type":["null","bytes"],"doc":"Partition lower bound for all files",)"
    R"("default":null,"field-id":510},)"
    R"({"name":"upper_bound","type":["null","bytes"],"doc":"Partition upper bound for all files",)"
    R"("default":null,"field-id":511}]},)"
    R"("element-id":508}],"doc":"Summary for each partition","default":null,"field-id":507},)"
    R"({"name":"key_metadata","type":["null","bytes"],"doc":"Encryption key metadata blob",)"
    R"("default":null,"field-id":519})";

constexpr std::string_view kManifestListTail3 =
    R"(,{"name":"first_row_id","type":["null","long"],"doc":"ID of the first row of the manifest's data files",)"
    R"("default":null,"field-id":520})";

bool IsLetter(unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(unsigned char c) { return c >= '0' && c <= '9'; }

Json AvroTypeOf(const std::string& type) {
  if (type == "boolean" || type == "int" || type == "long" || type == "float" || type == "double" || type == "string") {
    return type;
  }
  if (type == "date") return Json{{"type", "int"}, {"logicalType", "date"}};
  if (type == "time") return Json{{"type", "long"}, {"logicalType", "time-micros"}};
  if (type == "timestamp" || type == "timestamptz") {
    return Json{{"type", "long"}, {"logicalType", "timestamp-micros"}, {"adjust-to-utc", type == "timestamptz"}};
  }
  if (type == "uuid") return Json{{"type", "fixed"}, {"name", "uuid_fixed"}, {"size", 16}, {"logicalType", "uuid"}};
  if (auto decimal = FromIcebergType(type); decimal.ok() && decimal->kind == TypeKind::kDecimal) {
    int precision = decimal->precision;
    int scale = decimal->scale;
    return Json{{"type", "fixed"},
                {"name", Str("decimal_", precision, "_", scale)},
                {"size", DecimalBytes(precision)},
                {"logicalType", "decimal"},
                {"precision", precision},
                {"scale", scale}};
  }
  int size = 0;
  if (type.starts_with("fixed[") && ParseNumber(std::string_view(type).substr(6, type.size() - 7), size)) {
    return Json{{"type", "fixed"}, {"name", Str("fixed_", size)}, {"size", size}};
  }
  return "bytes";
}

}  // namespace

Result<std::vector<std::string>> PartitionTypes(const PartitionSpec& spec, const TableMetadata& metadata) {
  std::vector<std::string> out;
  for (const PartitionField& field : spec.fields) {
    std::string source = metadata.FieldType(field.source_id);
    if (source.empty() && field.transform != "void") {
      return Unsupported(Str("table at ", metadata.location(), ": partition field ", field.name, " has column id ",
                             field.source_id, ", which no schema has at the top level"));
    }
    out.push_back(TransformResultType(field.transform, source.empty() ? "int" : source));
  }
  return out;
}

std::string ManifestAvroSchema(const PartitionSpec& spec, const std::vector<std::string>& types, int format_version) {
  Json record = {{"type", "record"}, {"name", "r102"}, {"fields", Json::array()}};
  std::map<std::string, std::string> named;  // a named type is defined once
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const PartitionField& field = spec.fields[i];
    Json type = AvroTypeOf(types[i]);
    if (type.is_object() && type.contains("name")) {
      std::string name = type["name"].get<std::string>();
      if (!named.emplace(name, name).second) type = name;
    }
    Json json = {{"name", SanitizeAvroName(field.name)},
                 {"type", Json::array({"null", type})},
                 {"default", nullptr},
                 {"field-id", field.field_id}};
    if (json["name"] != field.name) json["iceberg-field-name"] = field.name;
    record["fields"].push_back(std::move(json));
  }
  const std::string_view more = format_version > 2 ? kManifestTail3 : std::string_view();
  return Str(kManifestHead, DumpJson(record), kManifestTail, more, kManifestEnd);
}

std::string ManifestListAvroSchema(int format_version) {
  return Str(kManifestList, format_version > 2 ? kManifestListTail3 : std::string_view(), "]}");
}

std::string SanitizeAvroName(std::string_view name) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    auto c = static_cast<unsigned char>(name[i]);
    if (IsLetter(c) || (IsDigit(c) && i > 0)) {
      out += name[i];
    } else if (IsDigit(c)) {
      out += '_';
      out += name[i];
    } else {
      out += "_x";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  return out.empty() ? "_" : out;
}

}  // namespace sluice::iceberg
