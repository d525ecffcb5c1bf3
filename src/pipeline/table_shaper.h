// SPDX-License-Identifier: Apache-2.0
// TableShaper: gives source tables the shape that a job wants (table_shape.h): a plan per version of a table, then
// whole columns. No I/O but the clock; used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "expr/column_function.h"
#include "expr/time_zone.h"
#include "pipeline/table_shape.h"
#include "row/change_batch.h"
#include "row/schema.h"

namespace sluice {

// How the rows of one version of a source table become those of its shape.
struct ShapePlan {
  enum class Way : uint8_t {
    kAsIs, kCast, kLocalTime, kTimeText,  // of a column of the source
    kFunction, kConstant, kNow, kDatabase, kTable, kTime,
  };
  struct Column {
    Way way = Way::kAsIs;
    int input = -1;                           // index among the columns of the shape; kAsIs to kTimeText: of the source
    std::optional<ColumnFunction> function;   // kFunction
    std::string constant;                     // kConstant
  };
  std::shared_ptr<const TableSchema> source;
  std::shared_ptr<const TableSchema> schema;  // the shape
  std::vector<Column> columns;
  std::vector<std::string> left_out;          // computed columns whose column is gone: "name: why"
};

class TableShaper {
 public:
  static Result<TableShaper> Make(TableShape shape, std::function<int64_t()> now_ms);

  // Nothing: the table has no key and is left out. A computed column whose column is not there is left out of the shape
  // if the table is `known`, i.e. was shaped before, or the shape is not strict; else it is an error.
  Result<std::optional<ShapePlan>> Plan(const TableId& table, std::shared_ptr<const TableSchema> source,
                                        bool known) const;
  Result<ChangeBatch> Apply(const ShapePlan& plan, const ChangeBatch& batch) const;

  // Whether rows must come with all their images: their key at the sink is not that of the source.
  bool needs_full_images() const { return !shape_.primary_keys.empty(); }

 private:
  TableShaper(TableShape shape, TimeZone zone, TimeZone local, std::function<int64_t()> now_ms);
  void AddSourceColumn(const Column& column, int index, const TableSchema& source, ShapePlan& plan,
                       TableSchema& out) const;
  Status AddComputed(const ComputedColumn& computed, ShapePlan::Column& step, Column& column,
                     const TableSchema& so_far) const;
  Status AddKeys(const TableId& table, const TableSchema& source, TableSchema& out) const;
  Result<std::shared_ptr<arrow::Array>> Make(const ShapePlan::Column& step, const Column& to, const ChangeBatch& batch,
                                             const std::vector<std::shared_ptr<arrow::Array>>& made) const;

  TableShape shape_;
  TimeZone zone_;   // of the server's session
  TimeZone local_;  // of this machine
  std::function<int64_t()> now_ms_;
};

}  // namespace sluice
