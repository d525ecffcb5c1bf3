// SPDX-License-Identifier: Apache-2.0
// ComparedTables: the sink tables of a job beside the rows that its source has for them, for `sluice verify`. The rows
// are taken the way that the job takes them: shaped, routed, fitted to the sink table, and as its format keeps them.
// Borrows all; one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/lake_tables.h"
#include "cli/source_shape.h"
#include "lake/iceberg/row_digest.h"
#include "pipeline/router.h"
#include "pipeline/schema_evolver.h"

namespace sluice {

struct SinkTable {
  int64_t schema_id = -1;  // -1: there is no such table
  TableSchema schema;
  std::unique_ptr<LakeTable> table;  // as it was then
  std::unique_ptr<RowDigests> digests;
  std::vector<std::string> columns;          // compared
  std::vector<std::string> key;
  std::vector<std::string> missing_columns;  // of the source, not in the sink
  std::map<std::string, std::string> left_out;  // columns that are not compared, and why
  bool present = false;                      // at the moment that was compared
  bool behind = false;  // differs, and the log has changes of it that the tables do not hold

  bool equal() const { return present && digests->differences() == 0 && missing_columns.empty(); }
  // Once all its source tables are known.
  void Begin() {
    if (schema_id >= 0 && digests == nullptr) digests = std::make_unique<RowDigests>(key, columns);
  }
};

class ComparedTables {
 public:
  ComparedTables(const PipelineSpec& spec, LakeTables& lake, const Router& router, SourceShape shape)
      : spec_(spec), lake_(lake), router_(router), shape_(std::move(shape)) {}

  // Forgets all, before the source is read.
  Status Restart();
  // Whether a source table has a sink table that can be compared.
  bool IsCompared(const TableId& source);
  // Of all source tables, before the first rows.
  Status Announce(const TableId& id, const TableSchema& schema);
  Status AddSource(const ChangeBatch& batch);
  Status ChangeSource(const ChangeBatch& batch);  // later changes; -U and -D as RowDigests needs them
  bool needs_full_images() const { return shape_.needs_full_images(); }

  std::map<TableId, SinkTable>& sinks() { return sinks_; }
  const std::map<TableId, SinkTable>& sinks() const { return sinks_; }
  // Sink tables whose rows need not be those of the source, and why.
  std::map<TableId, std::string> NotCompared() const;

 private:
  const std::string& WhyNot(const TableId& sink_id);
  Status Open(const TableId& sink_id, const TableSchema& source);
  Status Follow(const SchemaChange& create);
  bool LeavesOut(const Error& error) const;
  bool HasPassingKey(const TableId& sink_id, const TableSchema& shaped);
  void Describe(const TableId& id, const TableSchema& schema, SinkTable& sink) const;
  template <typename Use>
  Status Take(const ChangeBatch& batch, Use use);

  const PipelineSpec& spec_;
  LakeTables& lake_;
  const Router& router_;
  SourceShape shape_;
  std::unique_ptr<SchemaEvolver> evolver_;
  std::map<TableId, SinkTable> sinks_;
  std::map<TableId, std::string> not_compared_;  // and those that can be, with an empty text
};

}  // namespace sluice
