// SPDX-License-Identifier: Apache-2.0
// SourceShape: a source's rows in the shape that the job gives them (pipeline/table_shape.h), made anew for `sluice
// verify`. Without a shape they stay as they are. Owned by its user; one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "pipeline/table_shape.h"
#include "pipeline/table_shaper.h"
#include "row/change_batch.h"
#include "row/schema.h"

namespace sluice {

class SourceShape {
 public:
  static Result<SourceShape> Make(const std::optional<TableShape>& shape);

  // Before rows of the table. Null: the job leaves it out.
  Result<std::shared_ptr<const TableSchema>> Announce(const TableId& id, const TableSchema& schema);
  Result<ChangeBatch> Apply(const ChangeBatch& batch) const;
  // Whether rows that go must come with all columns: their key at the sink is not that of the source.
  bool needs_full_images() const { return shaper_ && shaper_->needs_full_images(); }
  // Columns that cannot be made anew, and why.
  const std::map<std::string, std::string>& passing() const { return passing_; }

 private:
  std::optional<TableShaper> shaper_;
  std::map<TableId, ShapePlan> plans_;
  std::map<std::string, std::string> passing_;
};

}  // namespace sluice
