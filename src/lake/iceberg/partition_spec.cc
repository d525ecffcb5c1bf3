// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/partition_spec.h"

#include <cmath>

#include "base/bytes.h"
#include "lake/json.h"

namespace sluice::iceberg {
namespace {

template <typename T>
int Compare(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

template <typename T>
int CompareReal(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return Compare(std::isnan(a), std::isnan(b));
  return Compare(a, b);
}

// Two's complement big-endian numbers of any length.
int CompareDecimal(const std::string& a, const std::string& b) {
  bool a_negative = !a.empty() && (a[0] & 0x80) != 0;
  bool b_negative = !b.empty() && (b[0] & 0x80) != 0;
  if (a_negative != b_negative) return a_negative ? -1 : 1;
  size_t size = std::max(a.size(), b.size());
  auto wide = [size](const std::string& text, bool negative) {
    return std::string(size - text.size(), negative ? '\xff' : '\0') + text;
  };
  return Compare(wide(a, a_negative).compare(wide(b, b_negative)), 0);
}

}  // namespace

std::string PartitionSpec::FieldsJson() const {
  Json out = Json::array();
  for (const PartitionField& field : fields) {
    out.push_back({{"name", field.name},
                   {"transform", field.transform},
                   {"source-id", field.source_id},
                   {"field-id", field.field_id}});
  }
  return DumpJson(out);
}

std::string TransformResultType(std::string_view transform, std::string_view source_type) {
  if (transform == "day") return "date";
  if (transform == "year" || transform == "month" || transform == "hour" || transform.starts_with("bucket["))
    return "int";
  return std::string(source_type);
}

PartitionValue PromotePartitionValue(const PartitionValue& value, std::string_view type) {
  if (auto* number = std::get_if<int32_t>(&value); number != nullptr && type == "long") return int64_t{*number};
  if (auto* number = std::get_if<float>(&value); number != nullptr && type == "double") return double{*number};
  return value;
}

std::string SingleValueBytes(const PartitionValue& value) {
  std::string out;
  if (auto* flag = std::get_if<bool>(&value)) out += *flag ? '\1' : '\0';
  if (auto* number = std::get_if<int32_t>(&value)) AppendLe(out, *number);
  if (auto* number = std::get_if<int64_t>(&value)) AppendLe(out, *number);
  if (auto* number = std::get_if<float>(&value)) AppendLe(out, *number);
  if (auto* number = std::get_if<double>(&value)) AppendLe(out, *number);
  if (auto* text = std::get_if<std::string>(&value)) out = *text;
  return out;
}

int ComparePartitionValues(const PartitionValue& a, const PartitionValue& b, bool decimal) {
  if (a.index() != b.index()) return Compare(a.index(), b.index());
  if (auto* flag = std::get_if<bool>(&a)) return Compare(*flag, std::get<bool>(b));
  if (auto* number = std::get_if<int32_t>(&a)) return Compare(*number, std::get<int32_t>(b));
  if (auto* number = std::get_if<int64_t>(&a)) return Compare(*number, std::get<int64_t>(b));
  if (auto* number = std::get_if<float>(&a)) return CompareReal(*number, std::get<float>(b));
  if (auto* number = std::get_if<double>(&a)) return CompareReal(*number, std::get<double>(b));
  if (auto* text = std::get_if<std::string>(&a)) {
    const std::string& other = std::get<std::string>(b);
    return decimal ? CompareDecimal(*text, other) : Compare(text->compare(other), 0);
  }
  return 0;
}

}  // namespace sluice::iceberg
