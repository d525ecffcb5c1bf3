// SPDX-License-Identifier: Apache-2.0
// The hot path of SchemaEvolver: a plan per source table and schema version, then whole columns.
#include "pipeline/schema_evolver.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "base/check.h"
#include "base/text.h"
#include "pipeline/cast.h"
#include "row/arrow_status.h"

namespace sluice {

SchemaEvolver::Plan SchemaEvolver::MakePlan(const TableId& source, const TableSchema& from, const TableId& sink,
                                            const SchemaPtr& to) const {
  Plan plan;
  plan.sink = sink;
  plan.schema = to;
  plan.arrow = to->ToArrow();
  plan.shared = UpstreamOf(sink).size() > 1;
  plan.same = from.columns.size() == to->columns.size();
  for (size_t i = 0; i < to->columns.size(); ++i) {
    const Column& column = to->columns[i];
    int at = from.Find(column.name);
    plan.columns.push_back(at);
    if (at < 0) {
      plan.same = false;
      if (column.type.nullable) continue;
      plan.error = Str("column ", column.name, " of ", sink.ToString(), " is NOT NULL, but ", source.ToString(),
                       " has no such column");
    } else {
      bool as_is = at == static_cast<int>(i) && from.columns[i].name == column.name &&
                   SameRepresentation(from.columns[i].type, column.type);
      plan.same = plan.same && as_is;
    }
  }
  return plan;
}

Result<ChangeBatch> SchemaEvolver::RunPlan(const Plan& plan, const ChangeBatch& batch) const {
  ChangeBatch out = batch;
  out.table = plan.sink;
  out.schema = plan.schema;
  out.snapshot = batch.snapshot && !plan.shared;
  if (plan.shared) out.part = {};  // the tables' parts do not follow each other
  if (plan.same && batch.rows->schema()->Equals(*plan.arrow, /*check_metadata=*/false)) return out;
  arrow::ArrayVector columns;
  columns.reserve(plan.columns.size());
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    const Column& to = plan.schema->columns[i];
    if (plan.columns[i] < 0) {
      ARROW_TRY_SET(auto nulls,
                    arrow::MakeArrayOfNull(plan.arrow->field(static_cast<int>(i))->type(), batch.row_count()));
      columns.push_back(std::move(nulls));
      continue;
    }
    const DataType& from = batch.schema->columns[static_cast<size_t>(plan.columns[i])].type;
    std::shared_ptr<arrow::Array> column = batch.rows->column(plan.columns[i]);
    if (!SameRepresentation(from, to.type)) {
      CastContext context{Str("column ", to.name, " of ", plan.sink.ToString(), " (from ", batch.table.ToString(), ")"),
                          behavior_ == SchemaChangeBehavior::kTryEvolve && to.type.nullable &&
                              !plan.schema->IsKey(to.name)};
      TRY_SET(column, CastColumn(column, from, to.type, context));
    }
    columns.push_back(std::move(column));
  }
  out.rows = arrow::RecordBatch::Make(plan.arrow, batch.row_count(), std::move(columns));
  return out;
}

Result<std::vector<ChangeBatch>> SchemaEvolver::Route(const ChangeBatch& batch) {
  CHECK(batch.schema != nullptr && batch.rows != nullptr);
  CHECK(batch.rows->num_columns() == static_cast<int>(batch.schema->columns.size()));
  Plans& known = plans_[batch.table];
  if (known.source != batch.schema) {
    known.source = batch.schema;
    known.plans.clear();
    for (const TableId& sink : SinksOf(batch.table)) {
      if (SchemaPtr to = SinkSchema(sink); to != nullptr) {
        known.plans.push_back(MakePlan(batch.table, *batch.schema, sink, to));
      }
    }
  }
  std::vector<ChangeBatch> out;
  out.reserve(known.plans.size());
  for (const Plan& plan : known.plans) {
    if (!plan.error.empty()) {
      return Invalid(plan.error, "set schema.change.behavior: lenient or evolve, so that the column becomes nullable");
    }
    TRY_SET(ChangeBatch routed, RunPlan(plan, batch));
    out.push_back(std::move(routed));
  }
  return out;
}

}  // namespace sluice
