// SPDX-License-Identifier: Apache-2.0
// Takes out of a table what its newest snapshot names and is not there any more, so that the rest can be read (Paimon's
// remove_unexisting_files and remove_unexisting_manifests). The rows of it are lost. Borrows the Env; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/partition_filter.h"

namespace sluice::paimon {

struct LostFiles {
  std::vector<std::string> paths;
  int64_t rows = 0;      // of data files, before merging
  int64_t snapshot = 0;  // 0: none was made
};

// Data files. `partitions`: none: all; `dry_run`: they are only named.
Result<LostFiles> RemoveLostFiles(Env& env, const std::string& folder, const std::vector<PartitionSpec>& partitions,
                                  bool dry_run);
// Manifests: their entries are lost, and with them files that they added; files that they took away come back.
Result<LostFiles> RemoveLostManifests(Env& env, const std::string& folder);

}  // namespace sluice::paimon
