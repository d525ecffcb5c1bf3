// SPDX-License-Identifier: Apache-2.0
#include "cli/partition_condition.h"

#include <arrow/api.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/text.h"
#include "row/arrow_status.h"

namespace sluice {

std::vector<std::string> SplitAtOr(std::string_view text) {
  const auto blank = [&](size_t at) { return at >= text.size() || std::isspace(static_cast<unsigned char>(text[at])); };
  std::vector<std::string> out;
  size_t begin = 0;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
    } else if (i > 0 && blank(i - 1) && EqualsIgnoreCase(text.substr(i, 2), "OR") && blank(i + 2)) {
      out.emplace_back(text.substr(begin, i - begin));
      begin = i + 2;
    }
  }
  out.emplace_back(text.substr(begin));
  return out;
}

Result<PartitionCondition> PartitionCondition::Make(std::string_view text, const paimon::Schema& schema) {
  if (schema.partition_keys.empty()) return Invalid("--where: the table has no partitions", "leave it out");
  std::vector<LakeColumn> columns;
  TRY_SET(const auto fields, paimon::SupportedFields(schema, schema.partition_keys));
  for (const paimon::Field* field : fields) columns.push_back({field->name, field->type, field->type.ToString()});
  PartitionCondition out;
  for (const std::string& part : SplitAtOr(text)) {
    if (Trim(part).empty()) return Invalid("--where: there is no condition beside an OR", "write dt = '…' OR dt = '…'");
    TRY_SET(RowCondition condition, RowCondition::Parse(part));
    for (const std::string& name : condition.columns()) {
      const auto& keys = schema.partition_keys;
      if (std::find(keys.begin(), keys.end(), name) != keys.end()) continue;
      return Invalid(Str("--where: the table is not partitioned by ", name),
                     Str("it is partitioned by ", Join(keys, ", ")));
    }
    TRY(condition.Bind(columns));
    out.any_.push_back(std::move(condition));
  }
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
  for (const RowCondition& condition : any_) {
    condition.Select(*row, selected);
    if (selected[0] != 0) return true;
  }
  return false;
}

}  // namespace sluice
