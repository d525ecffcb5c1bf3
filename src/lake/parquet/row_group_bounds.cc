// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/row_group_bounds.h"

#include <parquet/metadata.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>

#include <arrow/type.h>

#include "lake/parquet/value_bounds.h"

namespace sluice {
namespace {

// The numbers and texts of which the file has what cells have.
bool HasBounds(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::STRING: return true;
    default: return false;
  }
}

ValueBounds BoundsOf(const parquet::ColumnChunkMetaData& chunk, int64_t rows) {
  ValueBounds out;
  out.rows = rows;
  const auto stats = chunk.is_stats_set() ? chunk.statistics() : nullptr;
  if (stats == nullptr) return out;
  if (stats->HasNullCount()) out.nulls = stats->null_count();
  if (!stats->HasMinMax()) return out;
  switch (stats->physical_type()) {
    case parquet::Type::INT32: {
      const auto& numbers = static_cast<const parquet::Int32Statistics&>(*stats);
      out.least = int64_t{numbers.min()};
      out.greatest = int64_t{numbers.max()};
      break;
    }
    case parquet::Type::INT64: {
      const auto& numbers = static_cast<const parquet::Int64Statistics&>(*stats);
      out.least = numbers.min();
      out.greatest = numbers.max();
      break;
    }
    case parquet::Type::BYTE_ARRAY:
      out.least = stats->EncodeMin();
      out.greatest = stats->EncodeMax();
      break;
    default: break;
  }
  return out;
}

}  // namespace

void RowGroupConditions::Add(const parquet::FileMetaData& footer, int node, const arrow::DataType& type,
                             const ColumnCondition& condition) {
  const parquet::SchemaDescriptor& schema = *footer.schema();
  for (int leaf = 0; HasBounds(type) && leaf < schema.num_columns(); ++leaf) {
    const auto* root = schema.GetColumnRoot(leaf);
    if (root->is_primitive() && !root->is_repeated() && schema.group_node()->FieldIndex(*root) == node) {
      asked_.push_back({leaf, condition});
    }
  }
}

bool RowGroupConditions::MayHold(const parquet::FileMetaData& footer, int group) const {
  if (asked_.empty()) return true;
  const auto rows = footer.RowGroup(group);
  for (const Asked& asked : asked_) {
    if (!BoundsOf(*rows->ColumnChunk(asked.leaf), rows->num_rows()).MayHold(asked.condition)) return false;
  }
  return true;
}

}  // namespace sluice
