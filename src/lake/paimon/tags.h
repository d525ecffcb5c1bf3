// SPDX-License-Identifier: Apache-2.0
// Tags: snapshots with a name that outlive their number, tag/tag-NAME (docs of Paimon: "Manage Tags"). Borrow all; one
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/snapshot.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {

struct Tag {
  std::string name;
  Snapshot snapshot;
  std::optional<int64_t> created_ms;   // local_time.h; with `retained_ms` only
  std::optional<int64_t> retained_ms;
};

struct TagRequest {
  std::string name;
  std::optional<int64_t> snapshot;     // none: the newest one
  std::optional<int64_t> retained_ms;  // none: `tag.default-time-retained`, else for ever
};

// By snapshot, then name.
Result<std::vector<Tag>> ListTags(Env& env, const std::string& folder);
// kNotFound; the hint names those that are there.
Result<Tag> ReadTag(Env& env, const std::string& folder, const std::string& name);

// The snapshot that the tag is of. kConflict if there is such a tag; kNotFound without the snapshot.
Result<int64_t> CreateTag(Env& env, Table& table, const TagRequest& request);
// The first snapshot, of the table or of a tag, that is not older. kNotFound.
Result<int64_t> FirstKeptSince(Table& table, const std::vector<Tag>& tags, int64_t time_ms);
// The same by watermark.
Result<int64_t> FirstKeptOfWatermark(Table& table, const std::vector<Tag>& tags, int64_t watermark);
// Another snapshot (or time to stay) for a tag that is there; what only the old one needed goes. kNotFound.
Result<int64_t> ReplaceTag(Env& env, Table& table, const TagRequest& request);
// kNotFound; kConflict if there is one called `to`.
Status RenameTag(Env& env, const std::string& folder, const std::string& from, const std::string& to);
// With the files that nothing else needs. kNotFound.
Status DeleteTag(Env& env, Table& table, const std::string& name);
// Deletes those whose time is over, and those that were made before `older_than_ms` (local_time.h); their names.
Result<std::vector<std::string>> ExpireTags(Env& env, Table& table, std::optional<int64_t> older_than_ms = {});

}  // namespace sluice::paimon
