// SPDX-License-Identifier: Apache-2.0
// For tests of TableWriter: a table in a folder of its own, whose rows are cells that a model can hold too.
#pragma once

#include <arrow/api.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "io/folder_test_util.h"
#include "lake/paimon/evolve.h"
#include "lake/paimon/scan.h"
#include "lake/paimon/table_writer.h"
#include "row/arrow_status.h"
#include "row/format_value.h"

namespace sluice::paimon {

inline constexpr char kJob[] = "job-1";
inline const TableId kTestTable{"db", "t"};

using Cell = std::shared_ptr<arrow::Scalar>;  // NULL is a scalar too
using Cells = std::vector<Cell>;
using Rows = std::multiset<std::string>;  // one line a row

inline Column Col(const std::string& name, const std::string& type, std::optional<std::string> value = {}) {
  return {name, *ParseDataType(type), "", std::move(value)};
}

inline Cell CellOf(const Column& column, const std::string& text);

// A list of the words of the text, of which null is NULL.
inline Cell ListOf(const Column& column, const std::string& text) {
  const Column element{"", DataType{.kind = column.type.element}, "", {}};
  auto builder = arrow::MakeBuilder(element.type.ToArrow()).ValueOrDie();
  for (const std::string& word : Split(text, ' ')) {
    if (!word.empty() && !builder->AppendScalar(*CellOf(element, word)).ok()) return nullptr;
  }
  return std::make_shared<arrow::ListScalar>(builder->Finish().ValueOrDie(), column.type.ToArrow());
}

// A cell as Arrow parses its text, "null" for NULL; an array's elements stand between blanks.
inline Cell CellOf(const Column& column, const std::string& text) {
  const auto type = column.type.ToArrow();
  if (text == "null") return arrow::MakeNullScalar(type);
  if (type->id() == arrow::Type::LIST) return ListOf(column, text);
  if (type->id() == arrow::Type::BINARY) return std::make_shared<arrow::BinaryScalar>(arrow::Buffer::FromString(text));
  if (type->id() == arrow::Type::DECIMAL128) {  // with all digits of its scale
    return std::make_shared<arrow::Decimal128Scalar>(arrow::Decimal128::FromString(text).ValueOrDie(), type);
  }
  return arrow::Scalar::Parse(type, text).ValueOrDie();
}

inline std::string Line(const Cells& cells) {
  std::string out;
  for (const Cell& cell : cells) {
    AppendJson(*arrow::MakeArrayFromScalar(*cell, 1).ValueOrDie(), 0, out);
    out += '|';
  }
  return out;
}

inline std::shared_ptr<arrow::RecordBatch> BatchOf(const TableSchema& schema, const std::vector<Cells>& rows) {
  const auto types = schema.ToArrow();
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (int i = 0; i < types->num_fields(); ++i) {
    auto builder = arrow::MakeBuilder(types->field(i)->type()).ValueOrDie();
    for (const Cells& cells : rows) {
      if (!builder->AppendScalar(*cells[static_cast<size_t>(i)]).ok()) return nullptr;
    }
    columns.push_back(builder->Finish().ValueOrDie());
  }
  return arrow::RecordBatch::Make(types, static_cast<int64_t>(rows.size()), std::move(columns));
}

class ModelLake {
 public:
  explicit ModelLake(TableSchema schema, Env& env = PosixEnv())
      : schema_(std::make_shared<TableSchema>(std::move(schema))), env_(env) {}

  Status Create(const std::vector<std::string>& partition_keys = {}, const Options& options = {}) {
    TRY_SET(const Schema schema, FromTableSchema(*schema_, partition_keys, options));
    TRY(CreateTable(PosixEnv(), folder_, schema));
    return Reopen();
  }
  // Another writer, as after a restart.
  Status Reopen() {
    writer_.reset();
    TRY_SET(writer_, NewWriter(kJob));
    return writer_->Adopt(*schema_);
  }
  Result<std::unique_ptr<TableWriter>> NewWriter(const std::string& user) {
    TRY_SET(auto table, Table::Open(env_, folder_));
    TableWriterOptions options;
    options.name = "db.t";
    options.user = user;
    options.backfill = backfill_;
    options.sync = false;
    return TableWriter::Make(env_, std::move(table), options);
  }

  Status Write(const std::vector<std::pair<RowKind, Cells>>& rows) { return WriteBy(*writer_, rows); }
  Status WriteBy(TableWriter& writer, const std::vector<std::pair<RowKind, Cells>>& rows) {
    ChangeBatch batch;
    batch.table = kTestTable;
    batch.schema = schema_;
    std::vector<Cells> cells;
    for (const auto& [kind, row] : rows) {
      batch.kinds.push_back(kind);
      cells.push_back(row);
    }
    batch.rows = BatchOf(*schema_, cells);
    return writer.Write(batch);
  }
  // Rows of an initial copy, all new.
  Status WriteCopied(const std::vector<Cells>& rows, const CopyPart& part) {
    ChangeBatch batch;
    batch.table = kTestTable;
    batch.schema = schema_;
    batch.snapshot = true;
    batch.part = part;
    batch.rows = BatchOf(*schema_, rows);
    return writer_->Write(batch);
  }
  // A row of texts.
  std::pair<RowKind, Cells> Row(RowKind kind, const std::vector<std::string>& texts) const {
    Cells cells;
    for (size_t i = 0; i < texts.size(); ++i) cells.push_back(CellOf(schema_->columns[i], texts[i]));
    return {kind, std::move(cells)};
  }
  std::pair<RowKind, Cells> Put(const std::vector<std::string>& texts) const {
    return Row(RowKind::kUpdateAfter, texts);
  }
  std::pair<RowKind, Cells> Gone(const std::vector<std::string>& texts) const { return Row(RowKind::kDelete, texts); }

  Status Change(SchemaChange change) {
    change.table = kTestTable;
    if (change.kind != SchemaChangeKind::kDropTable && change.schema == nullptr) {
      TRY_SET(auto next, ApplySchemaChange(*schema_, change));
      change.schema = std::make_shared<TableSchema>(std::move(next));
    }
    TRY(writer_->Change(change));
    if (change.schema != nullptr) schema_ = change.schema;
    return Ok();
  }
  Status Truncate() {
    SchemaChange change;
    change.kind = SchemaChangeKind::kTruncateTable;
    return Change(change);
  }
  // The change goes through its text, as over a checkpoint.
  Result<TableChange> Finish() {
    TRY_SET(const TableChange change, writer_->Finish({++epoch_, Str("s", epoch_), "p", "state"}));
    return TableChange::Parse(change.ToJson());
  }
  Status CommitEpoch() {
    if (!writer_->dirty()) return Ok();
    TRY_SET(const TableChange change, Finish());
    TRY(writer_->Commit(change, epoch_));
    return Ok();
  }
  // As another process does it.
  Result<CommitOutcome> CommitAgain(const TableChange& change, int64_t base) {
    TRY_SET(auto table, Table::Open(env_, folder_));
    return CommitChange(env_, *table, change, {kJob, epoch_}, base);
  }

  std::unique_ptr<Table> OpenTable() const { return *Table::Open(PosixEnv(), folder_); }
  // An error's text if the table cannot be read. `names` gets those of the columns.
  Rows Read(std::optional<int64_t> snapshot = {}, std::vector<std::string>* names = nullptr) const {
    Rows out;
    Status read = ReadRows(snapshot, out, names);
    if (!read.ok()) out.insert("error: " + read.error().ToString());
    return out;
  }
  std::vector<Snapshot> Snapshots() const {
    std::vector<Snapshot> out;
    auto table = OpenTable();
    const auto ids = *table->SnapshotIds();
    for (int64_t id : ids) out.push_back(*table->SnapshotOf(id));
    return out;
  }
  std::string Kinds() const {  // "APPEND COMPACT"
    std::string out;
    for (const Snapshot& snapshot : Snapshots()) out += (out.empty() ? "" : " ") + snapshot.commit_kind;
    return out;
  }

  std::shared_ptr<const TableSchema> schema_;
  Env& env_;
  std::unique_ptr<TableWriter> writer_;
  TestFolder test_folder_;
  const std::string folder_ = test_folder_.path().string() + "/t";
  int64_t epoch_ = 0;
  bool backfill_ = true;

 private:
  Status ReadRows(std::optional<int64_t> snapshot, Rows& out, std::vector<std::string>* names) const {
    auto table = OpenTable();
    TRY_SET(auto scan, TableScan::Make(PosixEnv(), *table, snapshot, {}));
    for (size_t i = 0; names != nullptr && i < scan.columns().size(); ++i) names->push_back(scan.columns()[i].name);
    for (DataBatch batch;;) {
      TRY_SET(const bool more, scan.Next(batch));
      if (!more) return Ok();
      for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
        std::string line;
        for (const auto& column : batch.rows->columns()) {
          AppendJson(*column, row, line);
          line += '|';
        }
        out.insert(std::move(line));
      }
    }
  }
};

}  // namespace sluice::paimon
