// SPDX-License-Identifier: Apache-2.0
#include "pipeline/shaped_source.h"

#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "pipeline/cast.h"

namespace sluice {

ShapedSource::ShapedSource(std::unique_ptr<Source> inner, TableShaper shaper)
    : inner_(std::move(inner)), shaper_(std::move(shaper)) {}

Status ShapedSource::Start(const std::string& state, BeforeImage before) {
  resumed_ = !state.empty();
  plans_.clear();
  return inner_->Start(state, shaper_.needs_full_images() ? BeforeImage::kFull : before);
}

// null: the table is left out, from its first version on.
Result<const ShapePlan*> ShapedSource::PlanOf(const TableId& table, const std::shared_ptr<const TableSchema>& schema) {
  auto known = plans_.find(table);
  if (known != plans_.end() && known->second.source == schema) return &known->second;
  TRY_SET(auto plan, shaper_.Plan(table, schema, resumed_ || known != plans_.end()));
  if (!plan) {
    if (known != plans_.end()) {
      return Unsupported(Str("table ", table.ToString(), " lost its primary key"),
                         "give it the key again, or leave the table out and start again");
    }
    left_out_.insert(table);
    LogWarn(Str("table ", table.ToString(), " has no primary key: it is left out, as by Paimon's sync actions"));
    return nullptr;
  }
  for (const std::string& column : plan->left_out) LogWarn(Str(table.ToString(), ": no computed column ", column));
  // The same shape keeps its address: what is compiled for it further on holds.
  if (known != plans_.end() && *known->second.schema == *plan->schema) plan->schema = known->second.schema;
  return &plans_.insert_or_assign(table, *std::move(plan)).first->second;
}

Status ShapedSource::ShapeChange(SchemaChange& change) {
  TRY_SET(const ShapePlan* plan, PlanOf(change.table, change.schema));
  if (plan == nullptr) return Ok();
  change.schema = plan->schema;
  if (const int at = plan->schema->Find(change.column.name); at >= 0) {
    const Column& shaped = plan->schema->columns[static_cast<size_t>(at)];
    // Its text is of the source's type.
    if (!SameRepresentation(change.column.type, shaped.type)) change.initial = {InitialDefault::Kind::kNull, ""};
    change.column = shaped;
  }
  return Ok();
}

Status ShapedSource::Shape(SourceItem& item) {
  if (auto* change = std::get_if<SchemaChange>(&item.payload)) {
    if (change->schema == nullptr) {  // dropped
      const bool known = plans_.erase(change->table) > 0;
      if (!known) item.payload = std::monostate();
      return Ok();
    }
    const bool create = change->kind == SchemaChangeKind::kCreateTable;
    if (create) left_out_.erase(change->table);
    if (!left_out_.contains(change->table)) TRY(ShapeChange(*change));
    if (left_out_.contains(change->table)) {
      item.payload = std::monostate();
      return Ok();
    }
  } else if (auto* batch = std::get_if<ChangeBatch>(&item.payload)) {
    if (left_out_.contains(batch->table)) {
      item.payload = std::monostate();
      return Ok();
    }
    TRY_SET(const ShapePlan* plan, PlanOf(batch->table, batch->schema));
    TRY_SET(item.payload, shaper_.Apply(*plan, *batch));
  }
  return Ok();
}

Result<std::optional<SourceItem>> ShapedSource::Next(std::chrono::milliseconds timeout) {
  TRY_SET(auto item, inner_->Next(timeout));
  if (item) TRY(Shape(*item));
  return item;
}

}  // namespace sluice
