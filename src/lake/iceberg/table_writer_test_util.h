// SPDX-License-Identifier: Apache-2.0
// For tests of TableWriter: a table in a folder of its own, and random changes with the rows that must come out.
#pragma once

#include <arrow/api.h>

#include <map>
#include <random>
#include <set>

#include "base/text.h"
#include "io/folder_test_util.h"
#include "lake/catalog/hadoop.h"
#include "lake/iceberg/scan.h"
#include "lake/iceberg/table_writer.h"
#include "row/batch_test_util.h"
#include "row/format_value.h"

namespace sluice::iceberg {

inline constexpr char kWriter[] = "job-1";
inline const TableId kTable{"db", "t"};

inline Column Col(const std::string& name, const std::string& type, std::optional<std::string> value = {}) {
  return {name, *ParseDataType(type), "", std::move(value)};
}

using Cells = std::vector<std::string>;  // JSON texts, as AppendJson gives them

// A table and what it must hold.
class Lake {
 public:
  explicit Lake(TableSchema schema) : schema_(std::make_shared<TableSchema>(std::move(schema))) {
    catalog_ = *HadoopCatalog::Make(PosixEnv(), folder_);
  }
  Status Create(PartitionSpec spec, Properties properties = {}) {
    NewTable wanted;
    wanted.schema = FromTableSchema(*schema_);
    wanted.spec = std::move(spec);
    wanted.properties = std::move(properties);
    TRY_SET(auto table, Table::Create(PosixEnv(), *catalog_, kTable, wanted));
    return Start(std::move(table));
  }
  Status Reopen() {
    writer_.reset();
    TRY_SET(auto table, Table::Open(PosixEnv(), *catalog_, kTable));
    return Start(std::move(table));
  }
  Status Start(std::unique_ptr<Table> table) {
    TableWriterOptions options;
    options.writer = kWriter;
    options.sync = false;
    TRY_SET(writer_, TableWriter::Make(PosixEnv(), std::move(table), options));
    return writer_->Adopt(*schema_);
  }

  Status Write(const std::vector<std::pair<RowKind, Cells>>& rows, bool snapshot = false) {
    std::vector<RowKind> kinds;
    std::vector<std::string> columns(schema_->columns.size(), "[");
    for (const auto& [kind, cells] : rows) {
      for (size_t i = 0; i < columns.size(); ++i) columns[i] += (kinds.empty() ? "" : ",") + cells[i];
      kinds.push_back(kind);
    }
    for (std::string& column : columns) column += "]";
    return writer_->Write(BatchOf(kTable, schema_, columns, std::move(kinds), snapshot));
  }
  Status Change(SchemaChange change) {
    change.table = kTable;
    if (change.schema == nullptr) {
      TRY_SET(auto next, ApplySchemaChange(*schema_, change));
      change.schema = std::make_shared<TableSchema>(std::move(next));
    }
    TRY(writer_->Change(change));
    schema_ = change.schema;
    return Ok();
  }
  Status CommitEpoch() {
    ++epoch_;
    if (!writer_->dirty()) return Ok();
    TRY_SET(TableChange change, writer_->Finish({epoch_, Str("s", epoch_)}));
    TRY_SET(change, ParseTableChange(change.ToJson()));
    TRY(writer_->Commit(change, epoch_));
    return Ok();
  }

  // One line a row, "1|\"a\"|null|"; an error's text if the table cannot be read.
  std::multiset<std::string> Rows() {
    std::multiset<std::string> out;
    Status read = ReadRows(out);
    if (!read.ok()) out.insert("error: " + read.error().ToString());
    return out;
  }
  size_t SnapshotCount() {
    auto table = Table::Open(PosixEnv(), *catalog_, kTable);
    return (*table)->metadata().snapshots().size();
  }
  std::shared_ptr<const TableSchema> schema_;
  std::unique_ptr<HadoopCatalog> catalog_;
  std::unique_ptr<TableWriter> writer_;
  TestFolder test_folder_;
  const std::filesystem::path& folder_ = test_folder_.path();
  int64_t epoch_ = 0;

 private:
  Status ReadRows(std::multiset<std::string>& out) {
    TRY_SET(auto table, Table::Open(PosixEnv(), *catalog_, kTable));
    TRY_SET(auto scan, TableScan::Make(PosixEnv(), *table, {}, {}));
    for (DataBatch batch;;) {
      TRY_SET(bool more, scan.Next(batch));
      if (!more) return Ok();
      for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
        std::string text;
        for (auto& column : batch.rows->columns()) {
          AppendJson(*column, row, text);
          text += '|';
        }
        out.insert(std::move(text));
      }
    }
  }
};

inline std::string Line(const Cells& cells) {
  std::string out;
  for (auto& cell : cells) out += cell + "|";
  return out;
}

inline TableSchema Shop() {
  TableSchema schema;
  schema.columns = {Col("id", "INT NOT NULL"), Col("name", "VARCHAR(20)"), Col("grp", "INT"), Col("at", "DATE")};
  schema.primary_key = {"id"};
  return schema;
}

// Random valid and invalid changes on keys 0..keys-1; `model` follows.
class RandomChanges {
 public:
  RandomChanges(uint64_t seed, uint64_t keys) : random_(seed), keys_(keys) {}

  std::vector<std::pair<RowKind, Cells>> Next(size_t count) {
    std::vector<std::pair<RowKind, Cells>> out;
    while (out.size() < count) {
      uint64_t id = random_() % keys_;
      bool there = model.contains(id);
      switch (random_() % 8) {
        case 0: {  // delete, of an unknown key too
          out.emplace_back(RowKind::kDelete, Cells{Str(id), "null", "null", "null"});
          model.erase(id);
          break;
        }
        case 1: {  // key change
          uint64_t other = random_() % keys_;
          if (!there || model.contains(other)) continue;
          model.erase(id);
          out.emplace_back(RowKind::kUpdateBefore, Cells{Str(id), "null", "null", "null"});
          Put(other, RowKind::kUpdateAfter, out);
          break;
        }
        default: Put(id, there ? RowKind::kUpdateAfter : RowKind::kInsert, out);
      }
    }
    return out;
  }
  std::vector<std::pair<RowKind, Cells>> Snapshot() {
    std::vector<std::pair<RowKind, Cells>> out;
    for (uint64_t id = 0; id < keys_; id += 1 + random_() % 3) Put(id, RowKind::kInsert, out);
    return out;
  }
  std::multiset<std::string> Rows() const {
    std::multiset<std::string> out;
    for (auto& [id, cells] : model) out.insert(Line(cells));
    return out;
  }
  uint64_t operator()() { return random_(); }
  std::map<uint64_t, Cells> model;

 private:
  void Put(uint64_t id, RowKind kind, std::vector<std::pair<RowKind, Cells>>& out) {
    std::string name = random_() % 10 == 0 ? "null" : Str("\"n", random_() % 1000000, "\"");
    Cells cells{Str(id), name, random_() % 9 == 0 ? "null" : Str(random_() % 5),
                Str("\"2024-0", 1 + random_() % 9, "-15\"")};
    // ArrayFromJSONString takes dates as days.
    Cells given = cells;
    given[3] = Str(DaysFromCivil(2024, cells[3][7] - '0', 15));
    out.emplace_back(kind, given);
    model[id] = cells;
  }
  std::mt19937_64 random_;
  uint64_t keys_;
};

inline PartitionSpec By(int source_id, const std::string& name, const std::string& transform) {
  PartitionSpec spec;
  spec.fields.push_back({source_id, 1000, name, transform});
  return spec;
}

}  // namespace sluice::iceberg
