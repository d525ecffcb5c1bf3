// SPDX-License-Identifier: Apache-2.0
// Copies of a table: its newest snapshot file by file (copy_files of Paimon's action jar), or its rows, written anew
// into a table of another kind (clone). The Env reaches both warehouses. Borrow all; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/catalog.h"
#include "lake/paimon/schema.h"
#include "row/table_id.h"

namespace arrow {
struct Scalar;
}

namespace sluice::paimon {

struct TableCopy {
  int64_t snapshot = 0;  // of the copy; 0: it has none, or nothing was written
  int64_t files = 0;     // that were copied: those that were there are not
  int64_t bytes = 0;     // of these
  int64_t rows = 0;      // that were written anew
  bool made = false;     // there was no such table
};

// All schemas, and the newest snapshot with its number and its files; older snapshots of the copy go. A copy that was
// interrupted, or is behind, is completed. kInvalid: the table `to` is there and is no copy of this one.
Result<TableCopy> CopyTable(Env& env, const std::string& from_folder, Catalog& target, const TableId& to);

struct CloneRequest {
  std::string file_format;  // of the new table; empty: as before
  Options options;          // of the new table, in place of its own
  bool if_exists = true;    // else a table that is there is left as it is
  bool meta_only = false;   // no rows
  // Of a partition's values, in the order of its columns: whether its rows come. Empty: all.
  std::function<Result<bool>(const std::vector<std::shared_ptr<arrow::Scalar>>&)> wanted;
};

// The schema of a table that a clone makes: without number of buckets; with a key buckets are postponed, as in Java.
Schema SchemaOfClone(const Schema& from, const CloneRequest& request);

// In one snapshot OVERWRITE of the partitions that rows come to. kInvalid: the table `to` is there with other columns.
Result<TableCopy> CloneTable(Env& env, const std::string& from_folder, Catalog& target, const TableId& to,
                             const CloneRequest& request);

}  // namespace sluice::paimon
