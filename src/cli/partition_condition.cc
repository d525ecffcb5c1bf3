// SPDX-License-Identifier: Apache-2.0
#include "cli/partition_condition.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "row/arrow_status.h"

namespace sluice {

Result<PartitionCondition> PartitionCondition::Make(std::string_view text, const paimon::Schema& schema) {
  if (schema.partition_keys.empty()) return Invalid("--where: the table has no partitions", "leave it out");
  std::vector<LakeColumn> columns;
  TRY_SET(const auto fields, paimon::SupportedFields(schema, schema.partition_keys));
  for (const paimon::Field* field : fields) columns.push_back({field->name, field->type, field->type.ToString()});
  if (Trim(text).empty()) return Invalid("--where: there is no condition", "write dt = '2024-01-31', or leave it out");
  PartitionCondition out;
  TRY_SET(out.condition_, RowCondition::Parse(text));
  for (const std::string& name : out.condition_.columns()) {
    const auto& keys = schema.partition_keys;
    if (std::find(keys.begin(), keys.end(), name) != keys.end()) continue;
    return Invalid(Str("--where: the table is not partitioned by ", name),
                   Str("it is partitioned by ", Join(keys, ", ")));
  }
  TRY(out.condition_.Bind(columns));
  return out;
}

Result<bool> PartitionCondition::Holds(const std::vector<std::shared_ptr<arrow::Scalar>>& values) const {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const auto& value : values) {
    ARROW_TRY_SET(auto column, arrow::MakeArrayFromScalar(*value, 1));
    fields.push_back(arrow::field("", value->type));
    columns.push_back(std::move(column));
  }
  const auto row = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), 1, std::move(columns));
  std::vector<uint8_t> selected;
  condition_.Select(*row, selected);
  return selected[0] != 0;
}

}  // namespace sluice
