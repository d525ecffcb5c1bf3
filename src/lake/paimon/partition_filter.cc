// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/partition_filter.h"

#include <arrow/scalar.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/text.h"
#include "lake/paimon/partition_path.h"

namespace sluice::paimon {

Result<PartitionSpec> ParsePartitionSpec(std::string_view text) {
  PartitionSpec spec;
  for (const std::string& part : Split(text, ',')) {
    const size_t equals = part.find('=');
    const std::string key(Trim(std::string_view(part).substr(0, equals)));
    if (equals == std::string::npos || key.empty()) {
      return Invalid(Str("partition \"", text, "\" is not of the form column=value,column=value"));
    }
    spec[key] = std::string(Trim(std::string_view(part).substr(equals + 1)));
  }
  return spec;
}

Result<PartitionReader> PartitionReader::Of(const Schema& schema) {
  if (schema.partition_keys.empty()) return Invalid("the table has no partitions");
  std::vector<DataType> types;
  TRY_SET(const auto fields, SupportedFields(schema, schema.partition_keys));
  for (const Field* field : fields) types.push_back(field->type);
  TRY_SET(BinaryRowCodec codec, BinaryRowCodec::Make(types));
  PartitionReader out(schema.partition_keys, std::move(types), std::move(codec));
  out.default_name_ = schema.Option("partition.default-name", PartitionPathStyle().default_name);
  return out;
}

Result<std::vector<std::string>> PartitionReader::Texts(const std::string& partition, bool legacy) const {
  TRY_SET(const auto values, codec_.Parse(partition));
  return PartitionTexts(types_, values, {legacy, default_name_});
}

Result<std::vector<std::string>> PartitionReader::Texts(const std::string& partition) const {
  return Texts(partition, false);
}

Result<std::string> PartitionReader::Name(const std::string& partition) const {
  TRY_SET(std::vector<std::string> texts, Texts(partition));
  for (size_t i = 0; i < texts.size(); ++i) texts[i] = Str(columns_[i], "=", texts[i]);
  return Join(texts, ",");
}

Result<PartitionFilter> PartitionFilter::Make(const Schema& schema, const std::vector<PartitionSpec>& specs) {
  TRY_SET(PartitionReader reader, PartitionReader::Of(schema));
  for (const PartitionSpec& spec : specs) {
    for (const auto& [column, value] : spec) {
      const auto& columns = reader.columns();
      if (std::find(columns.begin(), columns.end(), column) != columns.end()) continue;
      return Invalid(Str("the table is not partitioned by ", column),
                     Str("it is partitioned by ", Join(columns, ", ")));
    }
  }
  return PartitionFilter(std::move(reader), specs);
}

Result<bool> PartitionFilter::Matches(const std::string& partition) const {
  TRY_SET(const auto texts, reader_.Texts(partition, false));
  TRY_SET(const auto in_folder, reader_.Texts(partition, true));
  const auto equal = [&](const PartitionSpec& spec) {
    for (size_t i = 0; i < texts.size(); ++i) {
      const auto wanted = spec.find(reader_.columns_[i]);
      if (wanted == spec.end() || wanted->second == texts[i] || wanted->second == in_folder[i]) continue;
      int64_t a = 0, b = 0;
      const TypeKind kind = reader_.types_[i].kind;
      const bool integer = kind == TypeKind::kTinyInt || kind == TypeKind::kSmallInt || kind == TypeKind::kInt ||
                           kind == TypeKind::kBigInt;
      if (!integer || !ParseNumber(wanted->second, a) || !ParseNumber(texts[i], b) || a != b) return false;
    }
    return true;
  };
  return std::any_of(specs_.begin(), specs_.end(), equal);
}

}  // namespace sluice::paimon
