// SPDX-License-Identifier: Apache-2.0
// PartitionPath of transform.h: partition values as text for people.
#include <cmath>

#include <arrow/util/base64.h>
#include <arrow/util/decimal.h>

#include "base/text.h"
#include "io/http.h"
#include "lake/iceberg/transform.h"
#include "row/format_value.h"

namespace sluice::iceberg {
namespace {

constexpr size_t kPartBytesMax = 200;  // a name in a folder has at most 255
constexpr int64_t kDayHours = 24;

int64_t FloorDivide(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

std::string DecimalText(const std::string& bytes, int scale) {
  auto value = arrow::Decimal128::FromBigEndian(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                static_cast<int32_t>(bytes.size()));
  if (!value.ok()) return "?";
  std::string digits = value->ToIntegerString();
  size_t sign = digits[0] == '-' ? 1 : 0;
  auto places = static_cast<size_t>(scale);
  if (digits.size() - sign <= places) digits.insert(sign, places + 1 - (digits.size() - sign), '0');
  if (places > 0) digits.insert(digits.size() - places, 1, '.');
  return digits;
}

std::string BytesText(const std::string& bytes, const Field& field) {
  if (field.iceberg_type == "string") return bytes;
  if (field.type.kind == TypeKind::kDecimal) return DecimalText(bytes, field.type.scale);
  if (field.iceberg_type != "uuid" || bytes.size() != 16) return arrow::util::base64_encode(bytes);
  std::string out;
  AppendHex(bytes.data(), bytes.size(), out);
  for (size_t at : {20, 16, 12, 8}) out.insert(at, 1, '-');
  return out;
}

std::string NumberText(int64_t value, TransformKind kind, const Field& field) {
  std::string out;
  switch (kind) {
    case TransformKind::kYear:
      AppendDate(DaysFromCivil(1970 + value, 1, 1), out);
      return out.substr(0, out.size() - 6);
    case TransformKind::kMonth: {
      int64_t years = FloorDivide(value, 12);
      AppendDate(DaysFromCivil(1970 + years, static_cast<int32_t>(value - years * 12 + 1), 1), out);
      return out.substr(0, out.size() - 3);
    }
    case TransformKind::kDay: AppendDate(value, out); return out;
    case TransformKind::kHour: {
      int64_t days = FloorDivide(value, kDayHours), hour = value - days * kDayHours;
      AppendDate(days, out);
      return Str(out, hour < 10 ? "-0" : "-", hour);
    }
    case TransformKind::kBucket: return Str(value);
    default: break;
  }
  if (field.iceberg_type == "date") {
    AppendDate(value, out);
  } else if (field.iceberg_type == "time") {
    AppendTime(value, out);
  } else if (field.iceberg_type.starts_with("timestamp")) {
    AppendTimestamp(value, false, out);
    if (field.iceberg_type == "timestamptz") out += "+00:00";
  } else {
    out = Str(value);
  }
  return out;
}

std::string ValueText(const PartitionValue& value, TransformKind kind, const Field& field) {
  if (auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (auto* number = std::get_if<int32_t>(&value)) return NumberText(*number, kind, field);
  if (auto* number = std::get_if<int64_t>(&value)) return NumberText(*number, kind, field);
  if (auto* real = std::get_if<float>(&value)) return Str(*real);
  if (auto* real = std::get_if<double>(&value)) return Str(*real);
  if (auto* bytes = std::get_if<std::string>(&value)) return BytesText(*bytes, field);
  return "null";
}

}  // namespace

std::string PartitionPath(const PartitionSpec& spec, const Schema& schema, const std::vector<PartitionValue>& values) {
  std::string out;
  for (size_t i = 0; i < spec.fields.size() && i < values.size(); ++i) {
    const PartitionField& part = spec.fields[i];
    const Field* source = schema.FindId(part.source_id);
    auto transform = ParseTransform(part.transform);
    std::string text;
    text += FormEncode(part.name);
    text += '=';
    auto kind = transform.ok() ? transform->kind : TransformKind::kIdentity;
    text += FormEncode(ValueText(values[i], kind, source != nullptr ? *source : Field{}));
    if (text.size() > kPartBytesMax) {
      uint32_t hash = Murmur3(text);
      text.resize(kPartBytesMax - 16);
      text += '-';
      AppendHex(&hash, sizeof hash, text);
    }
    if (i > 0) out += '/';
    out += text;
  }
  return out;
}

}  // namespace sluice::iceberg
