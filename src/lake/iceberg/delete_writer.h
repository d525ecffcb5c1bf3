// SPDX-License-Identifier: Apache-2.0
// Position delete files (Iceberg v2): one file for one data file, written and read back. Functions; any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "io/env.h"
#include "lake/iceberg/data_file.h"
#include "lake/parquet/delete_set.h"

namespace sluice::iceberg {

// Writes all positions of `deletes` to a new file at `path` (its folder exists), sorted. The result has content
// FileContent::kPositionDeletes, the partition and spec of `data_file`, untruncated bounds and referenced_data_file;
// `location` is how the table's metadata names the new file, empty: `path`. `sync`: fsync before returning.
Result<DataFile> WritePositionDeletes(Env& env, const std::string& path, const DataFile& data_file,
                                      const DeleteSet& deletes, bool sync = true, std::string location = {});

// The positions that `delete_file` (at `path` on this machine) deletes of the data file named `data_file_path` in the
// metadata, which has `row_count` rows; a position beyond them is kCorrupt. kUnsupported for Avro, ORC and Puffin.
Result<DeleteSet> ReadPositionDeletes(Env& env, const std::string& path, const DataFile& delete_file,
                                      const std::string& data_file_path, int64_t row_count);

}  // namespace sluice::iceberg
