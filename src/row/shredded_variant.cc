// SPDX-License-Identifier: Apache-2.0
#include "row/shredded_variant.h"

#include <arrow/array.h>
#include <arrow/buffer_builder.h>
#include <arrow/builder.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"
#include "row/variant_format.h"

namespace sluice {
namespace {

using arrow::Status;

constexpr const char* kValue = "value";
constexpr const char* kMetadata = "metadata";
constexpr const char* kTyped = "typed_value";
constexpr size_t kShortTextMost = 63;
constexpr std::string_view kNullValue("\0", 1);

Status Bad(std::string_view why) { return Status::Invalid("shredded variant: ", std::string(why)); }

bool IsScalar(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::EXTENSION: {  // a UUID
      const arrow::DataType& storage = *static_cast<const arrow::ExtensionType&>(type).storage_type();
      return storage.id() == arrow::Type::FIXED_SIZE_BINARY && IsScalar(storage);
    }
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DATE32:
    case arrow::Type::BINARY:
    case arrow::Type::STRING: return true;
    case arrow::Type::TIME64: return static_cast<const arrow::Time64Type&>(type).unit() == arrow::TimeUnit::MICRO;
    case arrow::Type::TIMESTAMP: {
      const auto unit = static_cast<const arrow::TimestampType&>(type).unit();
      return unit == arrow::TimeUnit::MICRO || unit == arrow::TimeUnit::NANO;
    }
    case arrow::Type::FIXED_SIZE_BINARY:
      return static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width() == kVariantUuidBytes;
    default: return false;
  }
}

// A part of a variant: `value` and `typed_value`, at least one of them, and at the top `metadata`.
bool IsPart(const arrow::DataType& type, bool top) {
  if (type.id() != arrow::Type::STRUCT) return false;
  int known = 0;
  for (const auto& field : type.fields()) {
    const std::string& name = field->name();
    if (name == kTyped) {
      const arrow::DataType& typed = *field->type();
      const bool list = typed.id() == arrow::Type::LIST && IsPart(*typed.field(0)->type(), false);
      const bool object = typed.id() == arrow::Type::STRUCT &&
                          std::all_of(typed.fields().begin(), typed.fields().end(),
                                      [](const auto& part) { return IsPart(*part->type(), false); });
      if (!list && !object && !IsScalar(typed)) return false;
    } else if ((name != kValue && (name != kMetadata || !top)) || field->type()->id() != arrow::Type::BINARY) {
      return false;
    }
    known += name != kMetadata;
  }
  return known > 0;
}

// Little-endian.
template <typename Number>
void Append(std::string& out, Number number, size_t width = sizeof(Number)) {
  auto bits = static_cast<uint64_t>(number);
  for (size_t i = 0; i < width; ++i, bits >>= 8) out += static_cast<char>(bits & 255);
}

uint8_t HeaderOf(VariantPrimitive type) { return static_cast<uint8_t>(static_cast<uint8_t>(type) << 2); }

void AppendHeader(std::string& out, VariantPrimitive type) { out += static_cast<char>(HeaderOf(type)); }

template <typename Number>
void AppendNumber(std::string& out, VariantPrimitive type, Number number) {
  AppendHeader(out, type);
  Append(out, number);
}

void AppendBytes(std::string& out, std::string_view bytes, bool text) {
  if (text && bytes.size() <= kShortTextMost) {
    out += static_cast<char>(bytes.size() << 2 | static_cast<size_t>(VariantBasic::kShortText));
  } else {
    AppendNumber(out, text ? VariantPrimitive::kText : VariantPrimitive::kBinary, static_cast<uint32_t>(bytes.size()));
  }
  out += bytes;
}

void AppendDecimal(std::string& out, const arrow::Decimal128Type& type, const uint8_t* bytes) {
  const bool small = type.precision() <= 9, middle = type.precision() <= 18;
  AppendHeader(out, small    ? VariantPrimitive::kDecimal4
                    : middle ? VariantPrimitive::kDecimal8
                             : VariantPrimitive::kDecimal16);
  out += static_cast<char>(type.scale());
  out.append(reinterpret_cast<const char*>(bytes), small ? 4 : middle ? 8 : 16);
}

void AppendMoment(std::string& out, const arrow::TimestampType& type, int64_t moment) {
  const bool nanos = type.unit() == arrow::TimeUnit::NANO, zoned = !type.timezone().empty();
  AppendNumber(out,
               nanos ? zoned ? VariantPrimitive::kTimestampNanos : VariantPrimitive::kTimestampNtzNanos
               : zoned ? VariantPrimitive::kTimestamp
                       : VariantPrimitive::kTimestampNtz,
               moment);
}

template <typename Array>
auto ValueOf(const arrow::Array& cells, int64_t row) {
  return static_cast<const Array&>(cells).Value(row);
}

void AppendScalar(std::string& out, const arrow::Array& cells, int64_t row) {
  using P = VariantPrimitive;
  switch (cells.type_id()) {
    case arrow::Type::BOOL: return AppendHeader(out, ValueOf<arrow::BooleanArray>(cells, row) ? P::kTrue : P::kFalse);
    case arrow::Type::INT8: return AppendNumber(out, P::kInt8, ValueOf<arrow::Int8Array>(cells, row));
    case arrow::Type::INT16: return AppendNumber(out, P::kInt16, ValueOf<arrow::Int16Array>(cells, row));
    case arrow::Type::INT32: return AppendNumber(out, P::kInt32, ValueOf<arrow::Int32Array>(cells, row));
    case arrow::Type::INT64: return AppendNumber(out, P::kInt64, ValueOf<arrow::Int64Array>(cells, row));
    case arrow::Type::FLOAT:
      return AppendNumber(out, P::kFloat, std::bit_cast<uint32_t>(ValueOf<arrow::FloatArray>(cells, row)));
    case arrow::Type::DOUBLE:
      return AppendNumber(out, P::kDouble, std::bit_cast<uint64_t>(ValueOf<arrow::DoubleArray>(cells, row)));
    case arrow::Type::DATE32: return AppendNumber(out, P::kDate, ValueOf<arrow::Date32Array>(cells, row));
    case arrow::Type::TIME64: return AppendNumber(out, P::kTime, ValueOf<arrow::Time64Array>(cells, row));
    case arrow::Type::TIMESTAMP:
      return AppendMoment(out, static_cast<const arrow::TimestampType&>(*cells.type()),
                          ValueOf<arrow::TimestampArray>(cells, row));
    case arrow::Type::DECIMAL128:
      return AppendDecimal(out, static_cast<const arrow::Decimal128Type&>(*cells.type()),
                           static_cast<const arrow::Decimal128Array&>(cells).GetValue(row));
    case arrow::Type::FIXED_SIZE_BINARY:
      AppendHeader(out, P::kUuid);
      out += static_cast<const arrow::FixedSizeBinaryArray&>(cells).GetView(row);
      return;
    default: {
      const bool text = cells.type_id() == arrow::Type::STRING;
      return AppendBytes(out, static_cast<const arrow::BinaryArray&>(cells).GetView(row), text);
    }
  }
}

size_t WidthOf(size_t most) { return most < 1U << 8 ? 1 : most < 1U << 16 ? 2 : most < 1U << 24 ? 3 : 4; }

// The values of an array, or with `ids` of an object, in order.
void AppendParts(std::string& out, const std::vector<std::string>& parts, const std::vector<size_t>* ids) {
  size_t bytes = 0;
  for (const std::string& part : parts) bytes += part.size();
  const bool large = parts.size() > 255;
  const size_t offset_width = WidthOf(bytes);
  const size_t id_width = ids == nullptr || ids->empty() ? 1 : WidthOf(*std::max_element(ids->begin(), ids->end()));
  size_t header = (offset_width - 1) << 2;
  if (ids == nullptr) {
    header |= (large ? 1U : 0U) << 4 | static_cast<size_t>(VariantBasic::kArray);
  } else {
    header |= (id_width - 1) << 4 | (large ? 1U : 0U) << 6 | static_cast<size_t>(VariantBasic::kObject);
  }
  out += static_cast<char>(header);
  Append(out, parts.size(), large ? size_t{4} : size_t{1});
  for (size_t i = 0; ids != nullptr && i < ids->size(); ++i) Append(out, (*ids)[i], id_width);
  size_t offset = 0;
  for (const std::string& part : parts) {
    Append(out, offset, offset_width);
    offset += part.size();
  }
  Append(out, offset, offset_width);
  for (const std::string& part : parts) out += part;
}

// The names of a variant, by number and back.
class Names {
 public:
  Status Take(std::string_view metadata) {
    if (metadata == bytes_ && !bytes_.empty()) return Status::OK();
    bytes_ = metadata;
    names_.clear();
    numbers_.clear();
    if (!ReadVariantNames(bytes_, names_)) return Bad("its metadata is not well formed");
    for (size_t i = 0; i < names_.size(); ++i) numbers_.emplace(names_[i], i);
    return Status::OK();
  }
  std::optional<size_t> NumberOf(std::string_view name) const {
    const auto found = numbers_.find(name);
    return found == numbers_.end() ? std::nullopt : std::optional(found->second);
  }
  const std::vector<std::string_view>& names() const { return names_; }

 private:
  std::string bytes_;
  std::vector<std::string_view> names_;
  std::unordered_map<std::string_view, size_t> numbers_;
};

// The arrays of a part.
struct Part {
  const arrow::BinaryArray* value = nullptr;
  const arrow::Array* typed = nullptr;
  std::vector<std::pair<std::string, Part>> fields;  // of an object
  std::vector<Part> element;                         // of a list, one
  std::vector<std::shared_ptr<arrow::Array>> owned;

  static Part Of(const arrow::Array& array) {
    const auto& cells = static_cast<const arrow::StructArray&>(array);
    Part out;
    for (int i = 0; i < cells.num_fields(); ++i) {
      const std::string& name = cells.type()->field(i)->name();
      std::shared_ptr<arrow::Array> field = cells.field(i);
      if (field->type_id() == arrow::Type::EXTENSION) {
        field = static_cast<const arrow::ExtensionArray&>(*field).storage();
      }
      out.owned.push_back(field);
      if (name == kValue) out.value = static_cast<const arrow::BinaryArray*>(field.get());
      if (name == kTyped) out.typed = field.get();
    }
    if (out.typed == nullptr) return out;
    if (out.typed->type_id() == arrow::Type::LIST) {
      const auto values = static_cast<const arrow::ListArray&>(*out.typed).values();
      out.owned.push_back(values);
      out.element.push_back(Of(*values));
    } else if (out.typed->type_id() == arrow::Type::STRUCT) {
      const auto& object = static_cast<const arrow::StructArray&>(*out.typed);
      for (int i = 0; i < object.num_fields(); ++i) {
        out.owned.push_back(object.field(i));
        out.fields.emplace_back(object.type()->field(i)->name(), Of(*out.owned.back()));
      }
    }
    return out;
  }

  bool HasValue(int64_t row) const { return value != nullptr && value->IsValid(row); }
  bool HasTyped(int64_t row) const { return typed != nullptr && typed->IsValid(row); }
};

class Joiner {
 public:
  Status Take(std::string_view metadata) { return names_.Take(metadata); }

  Status Append(const Part& part, int64_t row, std::string& out) {
    if (!part.HasTyped(row)) {
      out += part.HasValue(row) ? part.value->GetView(row) : kNullValue;
      return Status::OK();
    }
    if (!part.element.empty()) return AppendList(part, row, out);
    if (part.typed->type_id() == arrow::Type::STRUCT) return AppendObject(part, row, out);
    if (part.HasValue(row)) return Bad("beside the column of a value is another one");
    AppendScalar(out, *part.typed, row);
    return Status::OK();
  }

 private:
  Status AppendList(const Part& part, int64_t row, std::string& out) {
    if (part.HasValue(row)) return Bad("beside the column of an array is another value");
    const auto& list = static_cast<const arrow::ListArray&>(*part.typed);
    std::vector<std::string> values;
    for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
      ARROW_RETURN_NOT_OK(Append(part.element[0], i, values.emplace_back()));
    }
    AppendParts(out, values, nullptr);
    return Status::OK();
  }

  Status AppendObject(const Part& part, int64_t row, std::string& out) {
    std::map<std::string_view, std::pair<size_t, std::string>> fields;  // by name
    for (const auto& [name, field] : part.fields) {
      if (!field.HasTyped(row) && !field.HasValue(row)) continue;
      const auto number = names_.NumberOf(name);
      if (!number) return Bad(Str("its metadata lacks the name ", JsonEscape(name)));
      std::string value;
      ARROW_RETURN_NOT_OK(Append(field, row, value));
      fields.emplace(name, std::pair(*number, std::move(value)));
    }
    if (part.HasValue(row)) ARROW_RETURN_NOT_OK(AddOthers(part, part.value->GetView(row), fields));
    std::vector<size_t> ids;
    std::vector<std::string> values;
    for (auto& [name, field] : fields) {
      ids.push_back(field.first);
      values.push_back(std::move(field.second));
    }
    AppendParts(out, values, &ids);
    return Status::OK();
  }

  // Fields that have no column.
  Status AddOthers(const Part& part, std::string_view object,
                   std::map<std::string_view, std::pair<size_t, std::string>>& fields) const {
    std::vector<VariantField> others;
    if (!ReadVariantObject(object, others)) return Bad("beside the columns of an object is something else");
    for (const VariantField& other : others) {
      if (other.name >= names_.names().size()) return Bad("its metadata lacks a name");
      const std::string_view name = names_.names()[other.name];
      const bool has_column = std::any_of(part.fields.begin(), part.fields.end(),
                                          [&](const auto& field) { return field.first == name; });
      if (has_column) return Bad(Str("field ", JsonEscape(name), " is there twice"));
      fields.emplace(name, std::pair(other.name, std::string(other.value)));
    }
    return Status::OK();
  }

  Names names_;
};

}  // namespace

bool IsShreddedVariant(const arrow::DataType& type) {
  if (!IsPart(type, /*top=*/true)) return false;
  const auto& fields = type.fields();
  const auto has = [&](const char* name) {
    return std::count_if(fields.begin(), fields.end(), [&](const auto& field) { return field->name() == name; }) == 1;
  };
  return has(kMetadata) && has(kTyped);
}

arrow::Result<std::shared_ptr<arrow::Array>> JoinVariants(const arrow::Array& shredded,
                                                          const std::shared_ptr<arrow::DataType>& to) {
  const auto& cells = static_cast<const arrow::StructArray&>(shredded);
  const Part part = Part::Of(cells);
  const std::shared_ptr<arrow::Array> all = cells.GetFieldByName(kMetadata);
  const auto& metadata = static_cast<const arrow::BinaryArray&>(*all);
  arrow::BinaryBuilder values, metadatas;
  arrow::TypedBufferBuilder<bool> valid;
  Joiner joiner;
  std::string value;
  for (int64_t row = 0; row < cells.length(); ++row) {
    ARROW_RETURN_NOT_OK(valid.Append(cells.IsValid(row)));
    value.clear();
    std::string_view names;
    if (cells.IsValid(row) && metadata.IsValid(row)) {  // else it is of a row that is NULL
      names = metadata.GetView(row);
      ARROW_RETURN_NOT_OK(joiner.Take(names));
      ARROW_RETURN_NOT_OK(joiner.Append(part, row, value));
    }
    ARROW_RETURN_NOT_OK(values.Append(value));
    ARROW_RETURN_NOT_OK(metadatas.Append(names));
  }
  ARROW_ASSIGN_OR_RAISE(auto validity, valid.Finish());
  ARROW_ASSIGN_OR_RAISE(auto value_cells, values.Finish());
  ARROW_ASSIGN_OR_RAISE(auto metadata_cells, metadatas.Finish());
  return arrow::MakeArray(arrow::ArrayData::Make(to, cells.length(), {std::move(validity)},
                                                 {value_cells->data(), metadata_cells->data()}));
}

}  // namespace sluice
