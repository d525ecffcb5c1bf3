// SPDX-License-Identifier: Apache-2.0
// Snapshot: one commit of a Paimon table, as snapshot/snapshot-N holds it. Values; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::paimon {

struct Snapshot {
  int64_t id = 0;         // from 1, without gaps
  std::string uuid;       // empty: none; of commits through a catalog that asks for it
  int64_t schema_id = 0;  // the newest schema when it was made
  std::string base_manifest_list;       // names, in manifest/
  std::string delta_manifest_list;
  std::string changelog_manifest_list;  // empty: none
  std::string index_manifest;           // empty: none
  std::string commit_user;
  int64_t commit_identifier = 0;
  std::string commit_kind;  // APPEND, COMPACT, OVERWRITE, ANALYZE
  int64_t time_ms = 0;
  int64_t total_record_count = 0;  // rows in files, before merging
  int64_t delta_record_count = 0;
  std::optional<int64_t> changelog_record_count;
  // Bytes of the lists, where they are told.
  std::optional<int64_t> base_list_size, delta_list_size, changelog_list_size;
  // Kept from one snapshot to the next.
  std::optional<int64_t> watermark, next_row_id;
  std::string statistics;  // empty: none
  std::map<std::string, std::string> properties;

  std::string ToJson() const;
};

// kUnsupported for a version of the format that is not known, else kCorrupt.
Result<Snapshot> ParseSnapshot(std::string_view json);

}  // namespace sluice::paimon
