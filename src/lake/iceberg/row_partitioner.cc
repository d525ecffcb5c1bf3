// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/row_partitioner.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <unordered_map>

#include "base/text.h"
#include "row/arrow_status.h"

namespace sluice::iceberg {

Result<RowPartitioner> RowPartitioner::Make(const PartitionSpec& spec, const Schema& schema) {
  RowPartitioner out;
  for (const PartitionField& field : spec.fields) {
    Source source;
    TRY_SET(source.transform, ParseTransform(field.transform));
    source.column = -1;
    for (size_t i = 0; i < schema.fields.size(); ++i) {
      if (schema.fields[i].id == field.source_id) source.column = static_cast<int>(i);
    }
    if (source.column < 0 && source.transform.kind != TransformKind::kVoid) {
      return Unsupported(Str("partition field ", field.name, " has no source column in the table's schema"));
    }
    if (source.column >= 0) {
      const Field& column = schema.fields[static_cast<size_t>(source.column)];
      source.type = column.iceberg_type;
      source.arrow_type = column.type.ToArrow();
      TRY(source.transform.Check(source.type, column.name));
    }
    out.sources_.push_back(std::move(source));
  }
  return out;
}

// Rows get a group number field by field: (group so far, number of the value) -> group.
Result<std::vector<PartitionRows>> RowPartitioner::Split(const arrow::RecordBatch& rows,
                                                         std::span<const uint32_t> chosen) const {
  std::vector<uint32_t> groups(chosen.size(), 0);
  std::vector<std::vector<PartitionValue>> tuples(1);
  std::vector<PartitionValue> values;
  for (const Source& source : sources_) {
    values.assign(chosen.size(), PartitionValue());
    if (source.transform.kind != TransformKind::kVoid) {
      auto column = rows.column(source.column);
      if (!column->type()->Equals(*source.arrow_type)) {  // a narrower type than the table's
        ARROW_TRY_SET(column, arrow::compute::Cast(*column, source.arrow_type));
      }
      TRY(source.transform.Apply(*column, source.type, chosen.data(), static_cast<int64_t>(chosen.size()), values));
    }
    std::unordered_map<PartitionValue, uint32_t> numbers;
    std::unordered_map<uint64_t, uint32_t> combined;
    std::vector<std::vector<PartitionValue>> next;
    for (size_t i = 0; i < chosen.size(); ++i) {
      uint32_t number = numbers.try_emplace(values[i], static_cast<uint32_t>(numbers.size())).first->second;
      auto [group, fresh] =
          combined.try_emplace(uint64_t{groups[i]} << 32 | number, static_cast<uint32_t>(next.size()));
      if (fresh) {
        next.push_back(tuples[groups[i]]);
        next.back().push_back(values[i]);
      }
      groups[i] = group->second;
    }
    tuples = std::move(next);
  }
  std::vector<PartitionRows> out(tuples.size());
  for (size_t i = 0; i < tuples.size(); ++i) out[i].partition = std::move(tuples[i]);
  for (size_t i = 0; i < chosen.size(); ++i) {
    out[groups[i]].rows.push_back(chosen[i]);
    out[groups[i]].index.push_back(static_cast<uint32_t>(i));
  }
  return out;
}

}  // namespace sluice::iceberg
