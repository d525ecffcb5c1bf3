// SPDX-License-Identifier: Apache-2.0
#include "pipeline/table_shaper.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "pipeline/cast.h"
#include "row/arrow_status.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Way = ShapePlan::Way;

constexpr std::string_view kDatabaseName = "database_name";
constexpr std::string_view kTableName = "table_name";

DataType Of(TypeKind kind, bool nullable) { return DataType{.kind = kind, .nullable = nullable}; }

bool IsTimestamp(TypeKind kind) { return kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampLtz; }

Error AtColumn(const ComputedColumn& computed, Error error) {
  error = std::move(error).With(Str("computed column ", computed.name));
  return computed.place.file.empty() ? error : std::move(error).With(computed.place.ToString());
}

// One value for all rows of a batch.
template <typename Builder, typename Value>
Result<ArrayPtr> Repeat(Builder builder, const Value& value, int64_t rows) {
  ARROW_TRY(builder.Reserve(rows));
  for (int64_t row = 0; row < rows; ++row) ARROW_TRY(builder.Append(value));
  ARROW_TRY_SET(auto out, builder.Finish());
  return out;
}

Result<ArrayPtr> ToLocal(const arrow::Array& column, const TimeZone& zone) {
  const auto& values = static_cast<const arrow::TimestampArray&>(column);
  arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
  ARROW_TRY(builder.Reserve(values.length()));
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row)) {
      builder.UnsafeAppendNull();
    } else {
      builder.UnsafeAppend(zone.ToLocal(values.Value(row)));
    }
  }
  ARROW_TRY_SET(auto out, builder.Finish());
  return out;
}

}  // namespace

TableShaper::TableShaper(TableShape shape, TimeZone zone, TimeZone local, std::function<int64_t()> now_ms)
    : shape_(std::move(shape)), zone_(zone), local_(local), now_ms_(std::move(now_ms)) {}

Result<TableShaper> TableShaper::Make(TableShape shape, std::function<int64_t()> now_ms) {
  TRY_SET(const TimeZone zone, TimeZone::Find(shape.time_zone));
  TRY_SET(const TimeZone local, TimeZone::Find(""));
  return TableShaper(std::move(shape), zone, local, std::move(now_ms));
}

void TableShaper::AddSourceColumn(const Column& column, int index, const TableSchema& source, ShapePlan& plan,
                                  TableSchema& out) const {
  Column shaped = column;
  const TypeKind kind = column.type.kind;
  Way way = Way::kAsIs;
  if (shape_.Has(TypeRule::kToString)) {
    shaped.type = Of(TypeKind::kString, column.type.nullable);
    way = IsTimestamp(kind) ? Way::kTimeText : Way::kCast;
  } else if (kind == TypeKind::kTimestampLtz) {
    shaped.type.kind = TypeKind::kTimestamp;
    shaped.default_value.reset();  // it is a point in time
    way = Way::kLocalTime;
  } else if (shape_.Has(TypeRule::kCharToString) && (kind == TypeKind::kChar || kind == TypeKind::kVarChar)) {
    shaped.type = Of(TypeKind::kString, column.type.nullable);
  }
  if (shape_.Has(TypeRule::kToNullable) && !source.IsKey(column.name)) shaped.type.nullable = true;
  plan.columns.push_back({way, index, std::nullopt, {}});
  out.columns.push_back(std::move(shaped));
}

Status TableShaper::AddComputed(const ComputedColumn& computed, ShapePlan::Column& step, Column& column,
                                const TableSchema& so_far) const {
  const auto& arguments = computed.arguments;
  if (computed.function == "now") {
    step.way = Way::kNow;
    column.type = DataType{.kind = TypeKind::kTimestamp, .precision = 3};
    return Ok();
  }
  if (computed.function == "cast") {
    step.way = Way::kConstant;
    step.constant = arguments[0];
    TRY_SET(column.type, ParseDataType(arguments.size() > 1 ? arguments[1] : "STRING"));
    TRY_SET(auto one, Repeat(arrow::StringBuilder(), step.constant, 1));
    TRY(CastColumn(one, Of(TypeKind::kString, true), column.type, {computed.name, false}));
    return Ok();
  }
  step.way = Way::kFunction;
  step.input = so_far.Find(arguments[0]);
  if (step.input < 0) {
    return NotFound(Str("there is no column ", arguments[0]), "name a column of the source table");
  }
  TRY_SET(step.function, ColumnFunction::Make(computed.function, so_far.columns[static_cast<size_t>(step.input)].type,
                                              {arguments.begin() + 1, arguments.end()}));
  column.type = step.function->type();
  return Ok();
}

Status TableShaper::AddKeys(const TableId& table, const TableSchema& source, TableSchema& out) const {
  auto has_all = [&](const std::vector<std::string>& names) {
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) { return out.Find(name) >= 0; });
  };
  auto missing = [&](const char* what, const std::vector<std::string>& names) {
    return Invalid(Str(table.ToString(), " has not all of the ", what, " keys (", Join(names, ", "), ")"),
                   "name columns of the source tables, computed or metadata columns");
  };
  if (!shape_.primary_keys.empty() && has_all(shape_.primary_keys)) {
    out.primary_key = shape_.primary_keys;
  } else if (!shape_.primary_keys.empty() && shape_.strict) {
    return missing("primary", shape_.primary_keys);
  } else if (shape_.keys_of_source) {
    out.primary_key = source.primary_key;
  }
  for (Column& column : out.columns) {
    if (out.IsKey(column.name)) column.type.nullable = false;
  }
  if (shape_.partition_keys.empty()) return Ok();
  return shape_.strict && !has_all(shape_.partition_keys) ? Status(missing("partition", shape_.partition_keys)) : Ok();
}

Result<std::optional<ShapePlan>> TableShaper::Plan(const TableId& table, std::shared_ptr<const TableSchema> source,
                                                   bool known) const {
  if (source->primary_key.empty()) {
    if (shape_.skip_unkeyed) return std::optional<ShapePlan>();
    return Invalid(Str("source table ", table.ToString(), " has no primary key"),
                   "give it one, or leave it out of table-name: the sync actions take tables with a key only");
  }
  ShapePlan plan;
  TableSchema out;
  out.comment = source->comment;
  for (size_t i = 0; i < source->columns.size(); ++i) {
    AddSourceColumn(source->columns[i], static_cast<int>(i), *source, plan, out);
  }
  for (const ComputedColumn& computed : shape_.computed) {
    ShapePlan::Column step;
    Column column{.name = computed.name, .type = {}, .comment = {}, .default_value = {}};
    Status added = AddComputed(computed, step, column, out);
    if (!added.ok() && added.error().code == ErrorCode::kNotFound && (known || !shape_.strict)) {
      plan.left_out.push_back(Str(computed.name, ": ", added.error().message));
      continue;
    }
    if (!added.ok()) return AtColumn(computed, std::move(added).error()).With(table.ToString());
    plan.columns.push_back(std::move(step));
    out.columns.push_back(std::move(column));
  }
  for (const std::string& name : shape_.metadata) {
    const bool text = name == kDatabaseName || name == kTableName;
    plan.columns.push_back({name == kDatabaseName ? Way::kDatabase : text ? Way::kTable : Way::kTime, -1, {}, {}});
    DataType type = Of(text ? TypeKind::kString : TypeKind::kTimestampLtz, false);
    if (!text) type.precision = 3;
    out.columns.push_back({.name = name, .type = type, .comment = {}, .default_value = {}});
  }
  std::set<std::string> names;
  for (const Column& column : out.columns) {
    if (names.insert(column.name).second) continue;
    return Invalid(Str(table.ToString(), " would have two columns ", column.name),
                   "give the computed column another name, or leave the metadata column out");
  }
  TRY(AddKeys(table, *source, out));
  plan.source = std::move(source);
  plan.schema = std::make_shared<const TableSchema>(std::move(out));
  return std::optional<ShapePlan>(std::move(plan));
}

Result<ArrayPtr> TableShaper::Make(const ShapePlan::Column& step, const Column& to, const ChangeBatch& batch,
                                   const std::vector<ArrayPtr>& made) const {
  const int64_t rows = batch.row_count();
  constexpr int64_t kMicrosPerMs = 1000;
  const auto text_type = Of(TypeKind::kString, true);
  const bool of_source = step.way <= Way::kTimeText;
  const ArrayPtr input = of_source ? batch.rows->column(step.input) : nullptr;
  const DataType* from = of_source ? &batch.schema->columns[static_cast<size_t>(step.input)].type : nullptr;
  switch (step.way) {
    case Way::kAsIs: return input;
    case Way::kCast:
      if (SameRepresentation(*from, to.type)) return input;
      return CastColumn(input, *from, to.type, {Str("column ", to.name, " of ", batch.table.ToString()), false});
    case Way::kLocalTime: return ToLocal(*input, zone_);
    case Way::kTimeText: {
      const bool zoned = from->kind == TypeKind::kTimestampLtz;
      const std::string digits(zoned || from->precision > 3 ? 6 : 3, 'S');
      TRY_SET(const auto format, ColumnFunction::Make("date_format", {.kind = TypeKind::kTimestamp},
                                                      {Str("yyyy-MM-dd HH:mm:ss.", digits)}));
      if (!zoned) return format.Apply(input);
      TRY_SET(const ArrayPtr local, ToLocal(*input, zone_));
      return format.Apply(local);
    }
    case Way::kFunction: {
      auto out = step.function->Apply(made[static_cast<size_t>(step.input)]);
      if (!out.ok()) {
        return std::move(out).error().With(Str("computed column ", to.name, " of ", batch.table.ToString()));
      }
      return out;
    }
    case Way::kConstant: {
      TRY_SET(const ArrayPtr text, Repeat(arrow::StringBuilder(), step.constant, rows));
      return SameRepresentation(text_type, to.type) ? text : CastColumn(text, text_type, to.type, {to.name, false});
    }
    case Way::kDatabase: return Repeat(arrow::StringBuilder(), batch.table.schema, rows);
    case Way::kTable: return Repeat(arrow::StringBuilder(), batch.table.table, rows);
    case Way::kNow:
    case Way::kTime: {
      arrow::TimestampBuilder builder(to.type.ToArrow(), arrow::default_memory_pool());
      if (step.way == Way::kNow) return Repeat(std::move(builder), local_.ToLocal(now_ms_() * kMicrosPerMs), rows);
      return Repeat(std::move(builder), batch.snapshot ? 0 : batch.source_ms * kMicrosPerMs, rows);
    }
  }
  CHECK(false);
}

Result<ChangeBatch> TableShaper::Apply(const ShapePlan& plan, const ChangeBatch& batch) const {
  ChangeBatch out = batch;
  std::vector<ArrayPtr> columns;
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    TRY_SET(ArrayPtr column, Make(plan.columns[i], plan.schema->columns[i], batch, columns));
    columns.push_back(std::move(column));
  }
  out.schema = plan.schema;
  out.rows = arrow::RecordBatch::Make(plan.schema->ToArrow(), batch.row_count(), std::move(columns));
  if (needs_full_images()) {  // the source's keys are distinct, not those of the shape
    out.snapshot = false;
    out.part = {};
  }
  return out;
}

}  // namespace sluice
