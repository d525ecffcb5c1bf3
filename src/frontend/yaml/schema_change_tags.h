// SPDX-License-Identifier: Apache-2.0
// include.schema.changes and exclude.schema.changes: tags and families of tags as the set that the sink receives
// (compat.md A.6). Pure; any thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pipeline/option.h"
#include "pipeline/pipeline_spec.h"

namespace sluice {

struct TagText {
  std::string text;
  FilePlace place;
};

// `exclude` is nothing if the key is not in the file, which is not the same as an empty list.
Result<std::set<std::string>> ExpandSchemaChangeTags(const std::vector<TagText>& include,
                                                     const std::optional<std::vector<TagText>>& exclude,
                                                     SchemaChangeBehavior behavior);

}  // namespace sluice
