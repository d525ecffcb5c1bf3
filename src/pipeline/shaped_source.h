// SPDX-License-Identifier: Apache-2.0
// ShapedSource: a source whose tables have another shape (table_shape.h). Threads, positions and state are those of the
// source inside; the shapes are made anew at each start.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "pipeline/source.h"
#include "pipeline/table_shaper.h"

namespace sluice {

class ShapedSource final : public Source {
 public:
  ShapedSource(std::unique_ptr<Source> inner, TableShaper shaper);

  Status Start(const std::string& state, BeforeImage before) override;
  Result<std::optional<SourceItem>> Next(std::chrono::milliseconds timeout) override;
  bool finished() const override { return inner_->finished(); }
  std::string State() const override { return inner_->State(); }
  std::string CompactState() const override { return inner_->CompactState(); }
  Status SetTarget() override { return inner_->SetTarget(); }
  bool ReachedTarget() const override { return inner_->ReachedTarget(); }
  void Acknowledge(const std::string& state) override { inner_->Acknowledge(state); }
  SourceProgress progress() const override { return inner_->progress(); }
  void Stop() override { inner_->Stop(); }

 private:
  Result<const ShapePlan*> PlanOf(const TableId& table, const std::shared_ptr<const TableSchema>& schema);
  Status ShapeChange(SchemaChange& change);
  Status Shape(SourceItem& item);

  std::unique_ptr<Source> inner_;
  TableShaper shaper_;
  bool resumed_ = false;
  std::map<TableId, ShapePlan> plans_;
  std::set<TableId> left_out_;  // they have no key
};

}  // namespace sluice
