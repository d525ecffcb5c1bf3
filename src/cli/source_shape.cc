// SPDX-License-Identifier: Apache-2.0
#include "cli/source_shape.h"

#include <utility>

#include "base/text.h"
#include "io/env.h"

namespace sluice {

Result<SourceShape> SourceShape::Make(const std::optional<TableShape>& shape) {
  SourceShape out;
  if (!shape) return out;
  TRY_SET(out.shaper_, TableShaper::Make(*shape, [] { return PosixEnv().NowMs(); }));
  for (const std::string& name : shape->metadata) {
    if (name == "op_ts") out.passing_[name] = "it is the time of the change, which the source does not keep";
  }
  for (const ComputedColumn& computed : shape->computed) {
    if (computed.function == "now") out.passing_[computed.name] = "it is the time at which the row was read";
    if (computed.function == "cast" || computed.arguments.empty()) continue;
    const std::string& from = computed.arguments.front();
    if (out.passing_.contains(from)) out.passing_[computed.name] = Str("it is made of ", from);
  }
  return out;
}

Result<std::shared_ptr<const TableSchema>> SourceShape::Announce(const TableId& id, const TableSchema& schema) {
  auto whole = std::make_shared<const TableSchema>(schema);
  if (!shaper_) return std::shared_ptr<const TableSchema>(std::move(whole));
  TRY_SET(auto plan, shaper_->Plan(id, std::move(whole), /*known=*/true));
  if (!plan) return std::shared_ptr<const TableSchema>();
  auto shaped = plan->schema;
  plans_.insert_or_assign(id, *std::move(plan));
  return std::shared_ptr<const TableSchema>(std::move(shaped));
}

Result<ChangeBatch> SourceShape::Apply(const ChangeBatch& batch) const {
  const auto plan = plans_.find(batch.table);
  if (plan == plans_.end()) return batch;
  return shaper_->Apply(plan->second, batch);
}

}  // namespace sluice
