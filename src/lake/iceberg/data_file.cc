// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/data_file.h"

#include "base/bytes.h"
#include "base/text.h"
#include "lake/json.h"

namespace sluice::iceberg {
namespace {

Result<std::string> Unhex(const std::string& text) {
  std::optional<std::string> bytes = FromHex(text);
  if (!bytes) return Corrupt("not hex digits");
  return *std::move(bytes);
}

// ["i", 5]: the kind beside the value, since JSON has one kind of number. Floats as hex of their bytes.
Json PartitionJson(const PartitionValue& value) {
  if (auto* flag = std::get_if<bool>(&value)) return Json::array({"b", *flag});
  if (auto* number = std::get_if<int32_t>(&value)) return Json::array({"i", *number});
  if (auto* number = std::get_if<int64_t>(&value)) return Json::array({"l", *number});
  if (std::holds_alternative<float>(value)) return Json::array({"f", Hex(SingleValueBytes(value))});
  if (std::holds_alternative<double>(value)) return Json::array({"d", Hex(SingleValueBytes(value))});
  if (auto* text = std::get_if<std::string>(&value)) return Json::array({"s", Hex(*text)});
  return nullptr;
}

Result<PartitionValue> ParsePartitionValue(const Json& json) {
  if (json.is_null()) return PartitionValue();
  if (!json.is_array() || json.size() != 2 || !json[0].is_string()) return Corrupt("bad partition value");
  const std::string kind = json[0].get<std::string>();
  const Json& value = json[1];
  if (kind == "b" && value.is_boolean()) return PartitionValue(value.get<bool>());
  if (kind == "i" && value.is_number_integer()) return PartitionValue(value.get<int32_t>());
  if (kind == "l" && value.is_number_integer()) return PartitionValue(value.get<int64_t>());
  if (!value.is_string()) return Corrupt("bad partition value");
  TRY_SET(std::string bytes, Unhex(value.get<std::string>()));
  if (kind == "s") return PartitionValue(std::move(bytes));
  if (kind == "f" && bytes.size() == 4) return PartitionValue(LoadLe<float>(bytes.data()));
  if (kind == "d" && bytes.size() == 8) return PartitionValue(LoadLe<double>(bytes.data()));
  return Corrupt("bad partition value");
}

Json MapJson(const std::map<int, int64_t>& map) {
  Json out = Json::array();
  for (const auto& [id, value] : map) out.push_back({id, value});
  return out;
}

Json MapJson(const std::map<int, std::string>& map) {
  Json out = Json::array();
  for (const auto& [id, value] : map) out.push_back({id, Hex(value)});
  return out;
}

Status ParseMap(const Json& json, const char* key, std::map<int, int64_t>& out) {
  TRY_SET(const Json* list, ListMember(json, key));
  if (list == nullptr) return Ok();
  for (const Json& pair : *list) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_integer() || !pair[1].is_number_integer()) {
      return Corrupt(Str("bad member \"", key, "\""));
    }
    out[pair[0].get<int>()] = pair[1].get<int64_t>();
  }
  return Ok();
}

Status ParseMap(const Json& json, const char* key, std::map<int, std::string>& out) {
  TRY_SET(const Json* list, ListMember(json, key));
  if (list == nullptr) return Ok();
  for (const Json& pair : *list) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_integer() || !pair[1].is_string()) {
      return Corrupt(Str("bad member \"", key, "\""));
    }
    TRY_SET(out[pair[0].get<int>()], Unhex(pair[1].get<std::string>()));
  }
  return Ok();
}

template <typename T>
Status ParseNumbers(const Json& json, const char* key, std::vector<T>& out) {
  TRY_SET(const Json* list, ListMember(json, key));
  if (list == nullptr) return Ok();
  for (const Json& value : *list) {
    if (!value.is_number_integer()) return Corrupt(Str("bad member \"", key, "\""));
    out.push_back(value.get<T>());
  }
  return Ok();
}

}  // namespace

std::string DataFile::DeletesOf() const {
  if (content != FileContent::kPositionDeletes || !referenced_data_file.empty()) return referenced_data_file;
  auto lower = lower_bounds.find(kDeleteFilePathId);
  auto upper = upper_bounds.find(kDeleteFilePathId);
  if (lower == lower_bounds.end() || upper == upper_bounds.end() || lower->second != upper->second) return {};
  return lower->second;
}

std::string DataFile::ToJson() const {
  Json out = {{"content", static_cast<int>(content)}, {"path", path},           {"format", format},
              {"spec", spec_id},                      {"records", record_count}, {"size", size}};
  if (!partition.empty()) {
    out["partition"] = Json::array();
    for (const PartitionValue& value : partition) out["partition"].push_back(PartitionJson(value));
  }
  if (!column_sizes.empty()) out["column_sizes"] = MapJson(column_sizes);
  if (!value_counts.empty()) out["value_counts"] = MapJson(value_counts);
  if (!null_counts.empty()) out["null_counts"] = MapJson(null_counts);
  if (!nan_counts.empty()) out["nan_counts"] = MapJson(nan_counts);
  if (!lower_bounds.empty()) out["lower"] = MapJson(lower_bounds);
  if (!upper_bounds.empty()) out["upper"] = MapJson(upper_bounds);
  if (!split_offsets.empty()) out["split_offsets"] = split_offsets;
  if (!equality_ids.empty()) out["equality_ids"] = equality_ids;
  if (sort_order_id) out["sort_order_id"] = *sort_order_id;
  if (!referenced_data_file.empty()) out["references"] = referenced_data_file;
  if (key_metadata) out["key_metadata"] = Hex(*key_metadata);
  if (first_row_id) out["first_row_id"] = *first_row_id;
  if (content_offset) out["content_offset"] = *content_offset;
  if (content_size) out["content_size"] = *content_size;
  return DumpJson(out);
}

Result<DataFile> ParseDataFile(std::string_view text) {
  TRY_SET(Json json, ParseJson(text));
  DataFile file;
  TRY_SET(int content, IntMember(json, "content"));
  if (content < 0 || content > 2) return Corrupt(Str("data file content ", content, " does not exist"));
  file.content = static_cast<FileContent>(content);
  TRY_SET(file.path, TextMember(json, "path"));
  TRY_SET(file.format, TextMember(json, "format"));
  TRY_SET(file.spec_id, IntMember(json, "spec"));
  TRY_SET(file.record_count, LongMember(json, "records"));
  TRY_SET(file.size, LongMember(json, "size"));
  TRY_SET(const Json* partition, ListMember(json, "partition"));
  for (size_t i = 0; partition != nullptr && i < partition->size(); ++i) {
    TRY_SET(auto value, ParsePartitionValue((*partition)[i]));
    file.partition.push_back(std::move(value));
  }
  TRY(ParseMap(json, "column_sizes", file.column_sizes));
  TRY(ParseMap(json, "value_counts", file.value_counts));
  TRY(ParseMap(json, "null_counts", file.null_counts));
  TRY(ParseMap(json, "nan_counts", file.nan_counts));
  TRY(ParseMap(json, "lower", file.lower_bounds));
  TRY(ParseMap(json, "upper", file.upper_bounds));
  TRY(ParseNumbers(json, "split_offsets", file.split_offsets));
  TRY(ParseNumbers(json, "equality_ids", file.equality_ids));
  TRY_SET(auto sort_order, OptionalLong(json, "sort_order_id"));
  if (sort_order) file.sort_order_id = static_cast<int>(*sort_order);
  TRY_SET(file.referenced_data_file, OptionalText(json, "references"));
  if (FindMember(json, "key_metadata") != nullptr) {
    TRY_SET(std::string hex, TextMember(json, "key_metadata"));
    TRY_SET(file.key_metadata, Unhex(hex));
  }
  TRY_SET(file.first_row_id, OptionalLong(json, "first_row_id"));
  TRY_SET(file.content_offset, OptionalLong(json, "content_offset"));
  TRY_SET(file.content_size, OptionalLong(json, "content_size"));
  return file;
}

}  // namespace sluice::iceberg
