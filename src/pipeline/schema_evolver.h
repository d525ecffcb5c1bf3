// SPDX-License-Identifier: Apache-2.0
// SchemaEvolver: stands between the source's items and the sink. It knows the schema of every source table and of every
// sink table, turns a change of a source table into the changes of its sink tables (the modes of
// schema.change.behavior, compat.md A.6; merging of sharded tables, A.7), and gives each batch the shape of its sink
// table. Pure: no I/O, no threads; owned and called by the job's one thread.
//
// Order: OnTables or OnSchemaChange before the first batch of a table. The first kCreateTable of a sink table since
// the start goes out with the schema that the sink table has (restored from the checkpoint), then what leads to the
// new one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline_spec.h"
#include "pipeline/router.h"
#include "row/change_batch.h"
#include "row/schema_change.h"

namespace sluice {

class SchemaEvolver {
 public:
  static Result<SchemaEvolver> Make(const PipelineSpec& spec);
  // Which type the sink keeps a column in (Sink::StoredType): for sink tables the sources have that type. Comes first.
  void StoreAs(std::function<DataType(const DataType&)> stored) { stored_ = std::move(stored); }

  // The changes for the sink, in order; `table` is the sink's. kInvalid in EXCEPTION mode.
  Result<std::vector<SchemaChange>> OnSchemaChange(const SchemaChange& change);
  // The same for kCreateTable of tables that were announced together: a sink table that they share is made in their
  // widest common schema, whatever their order.
  Result<std::vector<SchemaChange>> OnTables(const std::vector<SchemaChange>& creates);
  // The sink refused one of the changes that the last call gave. In TRY_EVOLVE the sink table keeps its schema, and
  // rows are fitted to it, in LENIENT it keeps the type of a column; otherwise, or if `error` is not kUnsupported, the
  // error comes back. Gives what to ask of the sink instead (at most that the column becomes nullable). The `schema` of
  // the later changes of that list is out of date then; their other members hold.
  Result<std::vector<SchemaChange>> OnRefused(const SchemaChange& change, const Error& error);

  // The sink refused to make or to take the table: it gets nothing from now on.
  void LeaveOut(const TableId& sink_table);
  bool IsLeftOut(const TableId& sink_table) const { return left_out_.contains(sink_table); }

  // The batch for each of its sink tables, with exactly the columns of that table. Columns are shared, not copied,
  // where type and order are the same. A sink table that was dropped gets nothing. A value that does not fit is
  // kInvalid, naming table, column and value; NULL in TRY_EVOLVE if the column is nullable. A batch stays marked as
  // `snapshot` only if no other source table feeds the sink table: else its keys need not be new there.
  Result<std::vector<ChangeBatch>> Route(const ChangeBatch& batch);

  // What the sink table really looks like, where the state does not know it.
  void Seed(const TableId& sink_table, TableSchema current);
  // For checkpoints: schemas of source and sink tables. Cached until a schema changes.
  const std::string& ToJson() const;
  Status Restore(std::string_view json);  // empty text: nothing

  // null if the sink table is not known.
  std::shared_ptr<const TableSchema> SinkSchema(const TableId& sink_table) const;

 private:
  using SchemaPtr = std::shared_ptr<const TableSchema>;
  SchemaPtr Stored(SchemaPtr schema) const;
  SchemaChange Stored(const SchemaChange& change) const;
  // How the rows of one source schema become those of one sink table.
  struct Plan {
    TableId sink;
    SchemaPtr schema;
    std::shared_ptr<arrow::Schema> arrow;
    std::vector<int> columns;  // index in the source batch, -1 = NULL
    bool same = false;         // the batch can pass as it is
    bool shared = false;       // other source tables write to this sink table too
    std::string error;         // a row cannot be made at all
  };
  struct Plans {
    SchemaPtr source;
    std::vector<Plan> plans;
  };
  struct Emitted {
    SchemaChange change;
    SchemaPtr before;  // the sink schema without it
    TableId source;    // whose change it comes from
  };

  SchemaEvolver(Router router, SchemaChangeBehavior behavior, std::set<std::string> sink_changes, TableShape shape);
  std::vector<const TableSchema*> UpstreamOf(const TableId& sink) const;
  Status Derive(const TableId& sink, const SchemaChange& change, const SchemaPtr& old_upstream);
  Status Follow(const TableId& sink, const SchemaChange& change);
  InitialDefault InitialOf(const TableId& sink, const SchemaChange& added, const SchemaChange& change) const;
  Result<TableSchema> FirstSchema(const TableId& sink, const SchemaChange& create) const;
  Status CheckKeys(const TableId& sink, const TableSchema& current, const TableId& source) const;
  std::vector<SchemaChange> RawChanges(const TableId& sink, const SchemaChange& change, const SchemaPtr& old_upstream);
  std::vector<SchemaChange> EmittedChanges() const;
  Error Explain(const SchemaChange& change, const Error& error) const;
  Status Emit(const TableId& sink, SchemaChange change);
  Status EmitLenient(const TableId& sink, SchemaChange change);
  Status EmitAdd(const TableId& sink, SchemaChange change);
  Status EmitAlter(const TableId& sink, const std::string& column, const DataType& type);
  Status Forward(const TableId& sink, SchemaChange change);
  void ForwardCreate(const TableId& sink);
  Plan MakePlan(const TableId& source, const TableSchema& from, const TableId& sink, const SchemaPtr& to) const;
  Result<ChangeBatch> RunPlan(const Plan& plan, const ChangeBatch& batch) const;
  const std::vector<TableId>& SinksOf(const TableId& source);
  void Changed();

  Router router_;
  SchemaChangeBehavior behavior_;
  std::set<std::string> sink_changes_;
  TableShape shape_;  // for kMerge
  std::function<DataType(const DataType&)> stored_;           // null: as they are
  std::unordered_map<TableId, SchemaPtr> upstream_;           // by source table, as stored
  std::unordered_map<TableId, SchemaPtr> sinks_;              // by sink table
  std::unordered_set<TableId> left_out_;                      // sink tables
  std::unordered_set<TableId> announced_;                     // sink tables whose kCreateTable went out
  std::unordered_map<TableId, std::vector<TableId>> routes_;  // by source table
  std::unordered_map<TableId, Plans> plans_;                  // by source table
  std::map<std::pair<TableId, std::string>, DataType> refused_;  // by sink table and column: said once, not asked again
  TableId cause_;                                             // the source table that changes now
  std::vector<Emitted> emitted_;                              // of the last OnSchemaChange or OnTables
  mutable std::string json_;                                  // empty: to be made
};

}  // namespace sluice
