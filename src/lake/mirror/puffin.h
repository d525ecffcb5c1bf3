// SPDX-License-Identifier: Apache-2.0
// Deletion vectors of Iceberg's format version 3: one in a Puffin file (spec: "Puffin", blob deletion-vector-v1).
// Functions; any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "io/env.h"
#include "lake/iceberg/data_file.h"
#include "lake/parquet/delete_set.h"

namespace sluice::mirror {

// Writes the positions of `data_file`, at least one, to a new file at `path`, synced. `uri`: as the metadata names it.
Result<iceberg::DataFile> WriteDeletionVector(Env& env, const std::string& path, const std::string& uri,
                                              const iceberg::DataFile& data_file, const DeleteSet& deletes);

}  // namespace sluice::mirror
