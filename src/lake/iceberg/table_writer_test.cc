// SPDX-License-Identifier: Apache-2.0
// TableWriter against a model: a map of rows that sees the same random changes over several epochs, with the writer made
// anew at some of them. After every commit the table, read back, equals the model and has exactly one snapshot more.
#include "lake/iceberg/table_writer.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <set>

#include "base/text.h"
#include "lake/catalog/hadoop.h"
#include "lake/iceberg/rebase.h"
#include "lake/iceberg/scan.h"
#include "row/format_value.h"

namespace sluice::iceberg {
namespace {

constexpr char kWriter[] = "job-1";
const TableId kTable{"db", "t"};

#define ASSERT_OK(expression)                                            \
  do {                                                                   \
    auto&& assert_ok_ = (expression);                                    \
    ASSERT_TRUE(assert_ok_.ok()) << assert_ok_.error().ToString();       \
  } while (false)

Column Col(const std::string& name, const std::string& type, std::optional<std::string> value = {}) {
  return {name, *ParseDataType(type), "", std::move(value)};
}

using Cells = std::vector<std::string>;  // JSON texts, as AppendJson gives them

// A table and what it must hold.
class Lake {
 public:
  explicit Lake(TableSchema schema) : schema_(std::make_shared<TableSchema>(std::move(schema))) {
    folder_ = std::filesystem::temp_directory_path() / ("sluice-writer-" + PosixEnv().Uuid());
    catalog_ = *HadoopCatalog::Make(PosixEnv(), folder_);
  }
  ~Lake() {
    writer_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Create(PartitionSpec spec, Properties properties = {}) {
    NewTable wanted;
    wanted.schema = FromTableSchema(*schema_);
    wanted.spec = std::move(spec);
    wanted.properties = std::move(properties);
    auto table = Table::Create(PosixEnv(), *catalog_, kTable, wanted);
    ASSERT_OK(table);
    Start(*std::move(table));
  }
  void Reopen() {
    writer_.reset();
    auto table = Table::Open(PosixEnv(), *catalog_, kTable);
    ASSERT_OK(table);
    Start(*std::move(table));
  }
  void Start(std::unique_ptr<Table> table) {
    TableWriterOptions options;
    options.writer = kWriter;
    options.sync = false;
    auto writer = TableWriter::Make(PosixEnv(), std::move(table), options);
    ASSERT_OK(writer);
    writer_ = *std::move(writer);
    ASSERT_OK(writer_->Adopt(*schema_));
  }

  Status Write(const std::vector<std::pair<RowKind, Cells>>& rows, bool snapshot = false) {
    ChangeBatch batch;
    batch.table = kTable;
    batch.schema = schema_;
    batch.snapshot = snapshot;
    std::vector<std::string> texts(schema_->columns.size(), "[");
    for (size_t row = 0; row < rows.size(); ++row) {
      batch.kinds.push_back(rows[row].first);
      for (size_t i = 0; i < texts.size(); ++i) texts[i] += (row == 0 ? "" : ",") + rows[row].second[i];
    }
    std::vector<std::shared_ptr<arrow::Array>> columns;
    auto arrow_schema = schema_->ToArrow();
    for (size_t i = 0; i < texts.size(); ++i) {
      columns.push_back(*arrow::json::ArrayFromJSONString(arrow_schema->field(static_cast<int>(i))->type(), texts[i] + "]"));
    }
    batch.rows = arrow::RecordBatch::Make(arrow_schema, static_cast<int64_t>(rows.size()), std::move(columns));
    return writer_->Write(batch);
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
    TRY_SET(TableChange change, writer_->Finish({epoch_, Str("s", epoch_ - 1), Str("s", epoch_)}));
    TRY_SET(change, ParseTableChange(change.ToJson()));
    TRY(writer_->Commit(change, epoch_));
    return Ok();
  }

  std::multiset<std::string> Rows() {
    std::multiset<std::string> out;
    auto table = Table::Open(PosixEnv(), *catalog_, kTable);
    EXPECT_TRUE(table.ok());
    auto scan = TableScan::Make(PosixEnv(), **table, {}, {});
    EXPECT_TRUE(scan.ok());
    for (DataBatch batch;;) {
      auto more = scan->Next(batch);
      if (!more.ok()) {
        ADD_FAILURE() << more.error().ToString();
        return out;
      }
      if (!*more) return out;
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
  size_t SnapshotCount() {
    auto table = Table::Open(PosixEnv(), *catalog_, kTable);
    return (*table)->metadata().snapshots().size();
  }
  std::shared_ptr<const TableSchema> schema_;
  std::unique_ptr<HadoopCatalog> catalog_;
  std::unique_ptr<TableWriter> writer_;
  std::filesystem::path folder_;
  int64_t epoch_ = 0;
};

std::string Line(const Cells& cells) {
  std::string out;
  for (auto& cell : cells) out += cell + "|";
  return out;
}

TableSchema Shop() {
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
    Cells cells{Str(id), name, random_() % 9 == 0 ? "null" : Str(random_() % 5), Str("\"2024-0", 1 + random_() % 9, "-15\"")};
    // ArrayFromJSONString takes dates as days.
    Cells given = cells;
    given[3] = Str(DaysFromCivil(2024, cells[3][7] - '0', 15));
    out.emplace_back(kind, given);
    model[id] = cells;
  }
  std::mt19937_64 random_;
  uint64_t keys_;
};

PartitionSpec By(int source_id, const std::string& name, const std::string& transform) {
  PartitionSpec spec;
  spec.fields.push_back({source_id, 1000, name, transform});
  return spec;
}

void RunRandom(uint64_t seed, PartitionSpec spec) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Lake lake(Shop());
  ASSERT_NO_FATAL_FAILURE(lake.Create(std::move(spec), {{"write.target-file-size-bytes", "65536"}}));
  RandomChanges random(seed, 60 + seed % 3 * 300);
  ASSERT_OK(lake.Write(random.Snapshot(), true));
  if (seed % 2 == 0) {
    ASSERT_OK(lake.Write(random.Next(50)));
  }
  ASSERT_OK(lake.CommitEpoch());
  ASSERT_EQ(lake.Rows(), random.Rows());
  for (int epoch = 0; epoch < 9; ++epoch) {
    SCOPED_TRACE(testing::Message() << "epoch " << epoch);
    if (random() % 2 == 0) {
      ASSERT_NO_FATAL_FAILURE(lake.Reopen());
    }
    size_t snapshots = lake.SnapshotCount();
    for (uint64_t i = random() % 4; i != UINT64_MAX; --i) {
      ASSERT_OK(lake.Write(random.Next(1 + random() % 300)));
    }
    if (random() % 8 == 0) {
      SchemaChange truncate;
      truncate.kind = SchemaChangeKind::kTruncateTable;
      ASSERT_OK(lake.Change(truncate));
      random.model.clear();
      ASSERT_OK(lake.Write(random.Next(40)));
    }
    bool dirty = lake.writer_->dirty();
    ASSERT_OK(lake.CommitEpoch());
    ASSERT_EQ(lake.Rows(), random.Rows());
    ASSERT_EQ(lake.SnapshotCount(), snapshots + dirty);
  }
}

TEST(TableWriterTest, RandomChanges) {
  for (uint64_t seed = 1; seed <= 3; ++seed) RunRandom(seed, {});
}
TEST(TableWriterTest, RandomChangesInBuckets) {
  for (uint64_t seed = 10; seed <= 11; ++seed) RunRandom(seed, By(1, "id_bucket", "bucket[4]"));
}
TEST(TableWriterTest, RandomChangesThatMovePartitions) {
  RunRandom(20, By(3, "grp", "identity"));
  RunRandom(21, By(2, "name_trunc", "truncate[2]"));
  RunRandom(22, By(4, "at_month", "month"));
}

TEST(TableWriterTest, CompositeTextKeys) {
  TableSchema schema;
  schema.columns = {Col("a", "VARCHAR(9) NOT NULL"), Col("b", "BIGINT NOT NULL"), Col("v", "DOUBLE")};
  schema.primary_key = {"b", "a"};
  Lake lake(schema);
  ASSERT_NO_FATAL_FAILURE(lake.Create({}));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"\"x\"", "1", "1.5"}}, {RowKind::kInsert, {"\"x\"", "2", "2.5"}},
                        {RowKind::kInsert, {"\"\"", "1", "null"}}}));
  ASSERT_OK(lake.CommitEpoch());
  ASSERT_NO_FATAL_FAILURE(lake.Reopen());
  ASSERT_OK(lake.Write({{RowKind::kUpdateAfter, {"\"x\"", "2", "3.5"}}, {RowKind::kDelete, {"\"\"", "1", "null"}},
                        {RowKind::kDelete, {"\"y\"", "1", "null"}}}));
  EXPECT_EQ(lake.writer_->stats().unknown_deletes, 1);
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows(), (std::multiset<std::string>{"\"x\"|1|1.5|", "\"x\"|2|3.5|"}));
}

TEST(TableWriterTest, KeylessTablesOnlyGrow) {
  TableSchema schema;
  schema.columns = {Col("a", "INT")};
  Lake lake(schema);
  ASSERT_NO_FATAL_FAILURE(lake.Create({}));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"1"}}, {RowKind::kInsert, {"1"}}, {RowKind::kUpdateBefore, {"1"}},
                        {RowKind::kUpdateAfter, {"2"}}, {RowKind::kDelete, {"1"}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows(), (std::multiset<std::string>{"1|", "1|", "2|"}));
}

TEST(TableWriterTest, OneDeleteFilePerDataFileAndEmptiedFilesLeave) {
  Lake lake(Shop());
  ASSERT_NO_FATAL_FAILURE(lake.Create({}));
  std::vector<std::pair<RowKind, Cells>> rows;
  for (int i = 0; i < 10; ++i) rows.push_back({RowKind::kInsert, {Str(i), "null", "null", "null"}});
  ASSERT_OK(lake.Write(rows, true));
  ASSERT_OK(lake.CommitEpoch());
  for (int i = 0; i < 9; ++i) {
    if (i == 4) {
      ASSERT_NO_FATAL_FAILURE(lake.Reopen());
    }
    ASSERT_OK(lake.Write({{RowKind::kDelete, {Str(i), "null", "null", "null"}}}));
    ASSERT_OK(lake.CommitEpoch());
    auto live = lake.writer_->table().LiveFiles();
    ASSERT_OK(live);
    ASSERT_EQ(live->size(), 1u);
    ASSERT_EQ(live->at(0).deletes.size(), 1u);
    ASSERT_EQ(live->at(0).deletes[0].record_count, i + 1);
  }
  ASSERT_OK(lake.Write({{RowKind::kDelete, {"9", "null", "null", "null"}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_TRUE(lake.writer_->table().LiveFiles()->empty());
  // Rows that come and go within an epoch leave nothing behind.
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"1", "null", "null", "null"}}}));
  ASSERT_OK(lake.Write({{RowKind::kDelete, {"1", "null", "null", "null"}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_TRUE(lake.Rows().empty());
}

// shared/scenarios/schema-evolution, on one table: each step commits, the writer is made anew at every second one.
TEST(TableWriterTest, SchemaEvolution) {
  TableSchema schema;
  schema.columns = {Col("id", "INT NOT NULL"), Col("name", "VARCHAR(40) NOT NULL"), Col("score", "INT"),
                    Col("note", "VARCHAR(20)")};
  schema.primary_key = {"id"};
  Lake lake(schema);
  ASSERT_NO_FATAL_FAILURE(lake.Create({}));
  using Rows = std::multiset<std::string>;
  auto change = [&](SchemaChangeKind kind, const std::string& name, Column column = {}, ColumnPlace place = ColumnPlace::kKeep,
                    const std::string& after = "") {
    SchemaChange made;
    made.kind = kind;
    made.name = name;
    made.column = std::move(column);
    made.place = place;
    made.after = after;
    return lake.Change(made);
  };
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"1", "\"Ada\"", "10", "\"first\""}}, {RowKind::kInsert, {"2", "\"Bob\"", "20", "null"}}}, true));
  ASSERT_OK(lake.CommitEpoch());
  // The default of an added column fills the rows that are there.
  ASSERT_OK(change(SchemaChangeKind::kAddColumn, "", Col("region", "VARCHAR(10)", "EU"), ColumnPlace::kAfter, "name"));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"3", "\"Cy\"", "\"US\"", "30", "\"third\""}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows(), (Rows{"1|\"Ada\"|\"EU\"|10|\"first\"|", "2|\"Bob\"|\"EU\"|20|null|", "3|\"Cy\"|\"US\"|30|\"third\"|"}));
  ASSERT_NO_FATAL_FAILURE(lake.Reopen());
  ASSERT_OK(change(SchemaChangeKind::kAlterColumn, "score", Col("score", "BIGINT")));
  ASSERT_OK(lake.Write({{RowKind::kUpdateAfter, {"1", "\"Ada\"", "\"EU\"", "5000000000", "\"first\""}}}));
  ASSERT_OK(lake.CommitEpoch());
  ASSERT_OK(change(SchemaChangeKind::kRenameColumn, "note", Col("remark", "VARCHAR(20)")));
  ASSERT_OK(lake.Write({{RowKind::kUpdateAfter, {"2", "\"Bob\"", "\"EU\"", "20", "\"renamed\""}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows(), (Rows{"1|\"Ada\"|\"EU\"|5000000000|\"first\"|", "2|\"Bob\"|\"EU\"|20|\"renamed\"|",
                               "3|\"Cy\"|\"US\"|30|\"third\"|"}));
  ASSERT_NO_FATAL_FAILURE(lake.Reopen());
  // Rows before and after a change in one epoch; a dropped name that comes back is a new field.
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"4", "\"Di\"", "\"XX\"", "40", "\"fourth\""}}}));
  ASSERT_OK(change(SchemaChangeKind::kDropColumn, "region"));
  ASSERT_OK(change(SchemaChangeKind::kAddColumn, "", Col("region", "INT"), ColumnPlace::kLast));
  ASSERT_OK(lake.Write({{RowKind::kUpdateAfter, {"4", "\"Di\"", "41", "\"fourth\"", "7"}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows(), (Rows{"1|\"Ada\"|5000000000|\"first\"|null|", "2|\"Bob\"|20|\"renamed\"|null|",
                               "3|\"Cy\"|30|\"third\"|null|", "4|\"Di\"|41|\"fourth\"|7|"}));
  // The key is renamed; then a key delete still finds its row.
  ASSERT_OK(change(SchemaChangeKind::kRenameColumn, "id", Col("key", "INT NOT NULL")));
  ASSERT_OK(lake.Write({{RowKind::kDelete, {"1", "\"\"", "null", "null", "null"}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows().size(), 3u);
  // What Iceberg cannot do changes nothing.
  auto refused = change(SchemaChangeKind::kAlterColumn, "score", Col("score", "VARCHAR(20)"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_FALSE(lake.writer_->dirty());
}

TEST(TableWriterTest, DefaultsOfEveryType) {
  Lake lake(Shop());
  ASSERT_NO_FATAL_FAILURE(lake.Create(By(1, "id_bucket", "bucket[2]")));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"1", "\"a\"", "null", "null"}}, {RowKind::kInsert, {"2", "\"b\"", "null", "null"}}}));
  ASSERT_OK(lake.Write({{RowKind::kDelete, {"2", "null", "null", "null"}}}));
  auto add = [&](const Column& column) {
    SchemaChange change;
    change.kind = SchemaChangeKind::kAddColumn;
    change.column = column;
    change.place = ColumnPlace::kLast;
    return lake.Change(change);
  };
  ASSERT_OK(add(Col("d", "DECIMAL(10, 2)", "12.3")));
  ASSERT_OK(add(Col("t", "TIMESTAMP(6)", "2024-01-31T12:34:56.5")));
  ASSERT_OK(add(Col("m", "TIME(0)", "12:00:01")));
  ASSERT_OK(add(Col("z", "TIMESTAMP_LTZ(0)", "1969-12-31T23:59:59Z")));
  ASSERT_OK(add(Col("b", "BOOLEAN", "true")));
  ASSERT_OK(add(Col("x", "VARBINARY(3)", "00ff")));
  ASSERT_OK(add(Col("n", "BIGINT NOT NULL")));
  ASSERT_OK(add(Col("f", "DOUBLE", "-0.5")));
  ASSERT_OK(add(Col("y", "DATE", "1990-05-06")));
  ASSERT_OK(add(Col("nothing", "INT")));
  auto wrong = add(Col("w", "INT", "abc"));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::kUnsupported);
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows(), (std::multiset<std::string>{
                             "1|\"a\"|null|null|\"12.30\"|\"2024-01-31T12:34:56.5\"|\"12:00:01\"|\"1969-12-31T23:59:59Z\"|true|"
                             "\"00ff\"|0|-0.5|\"1990-05-06\"|null|"}));
}

TEST(TableWriterTest, RowsThatWereThereBeforeTheJobAreReplaced) {
  Lake lake(Shop());
  ASSERT_NO_FATAL_FAILURE(lake.Create({}));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"1", "\"old\"", "1", "null"}}, {RowKind::kInsert, {"5", "\"only here\"", "1", "null"}}}));
  ASSERT_OK(lake.CommitEpoch());
  auto table = Table::Open(PosixEnv(), *lake.catalog_, kTable);
  TableWriterOptions options;
  options.writer = "job-2";
  for (int round = 0; round < 2; ++round) {  // the second job is started twice while it copies
    lake.writer_ = *TableWriter::Make(PosixEnv(), *Table::Open(PosixEnv(), *lake.catalog_, kTable), options);
    ASSERT_OK(lake.writer_->Adopt(*lake.schema_));
    ASSERT_OK(lake.Write({{RowKind::kInsert, {Str(1 + round * 4), "\"new\"", "2", "null"}}}, true));
    ASSERT_OK(lake.CommitEpoch());
  }
  EXPECT_EQ(lake.Rows(), (std::multiset<std::string>{"1|\"new\"|2|null|", "5|\"new\"|2|null|"}));
}

TEST(TableWriterTest, ACommitThatIsTriedAgainIsMadeOnce) {
  Lake lake(Shop());
  ASSERT_NO_FATAL_FAILURE(lake.Create({}));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"1", "\"a\"", "1", "null"}}}));
  auto change = lake.writer_->Finish({1, "", "s1"});
  ASSERT_OK(change);
  lake.writer_.reset();  // the files stay: whether they are committed is not known
  for (int round = 0; round < 3; ++round) {
    auto table = Table::Open(PosixEnv(), *lake.catalog_, kTable);
    ASSERT_OK((*table)->Commit(*change, {kWriter, 1}));
  }
  EXPECT_EQ(lake.SnapshotCount(), 1u);
  EXPECT_EQ(lake.Rows(), (std::multiset<std::string>{"1|\"a\"|1|null|"}));
  auto table = Table::Open(PosixEnv(), *lake.catalog_, kTable);
  EXPECT_EQ((*table)->metadata().property("sluice.job-1.epoch"), "1");
  EXPECT_EQ((*table)->metadata().property("sluice.job-1.end"), "s1");
  EXPECT_EQ((*table)->metadata().current_snapshot()->summary.at("sluice.job-1.end"), "s1");
}

TEST(TableWriterTest, AnAbandonedEpochLeavesNoFiles) {
  Lake lake(Shop());
  ASSERT_NO_FATAL_FAILURE(lake.Create({}));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"1", "\"a\"", "1", "null"}}}));
  ASSERT_OK(lake.writer_->CloseFiles());
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"2", "\"a\"", "1", "null"}}}));
  lake.writer_.reset();
  EXPECT_TRUE(std::filesystem::is_empty(lake.folder_ / "db" / "t" / "data"));
}

// Another engine rewrites all files (a compaction) between two epochs, and between Finish and Commit.
class ForeignCompactionTest : public testing::Test {
 protected:
  void Compact(Lake& lake) {
    auto table = *Table::Open(PosixEnv(), *lake.catalog_, kTable);
    auto live = *table->LiveFiles();
    TableChange change;
    change.replace = true;
    Schema schema = *table->metadata().current_schema();
    std::string name = PosixEnv().Uuid() + ".parquet";
    std::string folder = *LocalPath(table->metadata().location()) + "/data/";
    auto writer = *DataFileWriter::Open(PosixEnv(), folder + name, schema, {}, table->metadata().location() + "/data/" + name);
    auto scan = *TableScan::Make(PosixEnv(), *table, {}, {});
    for (DataBatch batch; *scan.Next(batch);) {
      ASSERT_OK(writer->Append(*batch.rows));
    }
    change.added_data.push_back(*writer->Close());
    for (auto& file : live) {
      change.removed_data.push_back(file.data.path);
      for (auto& deletes : file.deletes) change.removed_deletes.push_back(deletes.path);
    }
    ASSERT_OK(table->Commit(change, {}));
  }
};

TEST_F(ForeignCompactionTest, BetweenEpochsAndDuringACommit) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Lake lake(Shop());
    ASSERT_NO_FATAL_FAILURE(lake.Create({}));
    RandomChanges random(seed, 200);
    ASSERT_OK(lake.Write(random.Snapshot(), true));
    ASSERT_OK(lake.CommitEpoch());
    ASSERT_OK(lake.Write(random.Next(100)));
    ASSERT_OK(lake.CommitEpoch());
    ASSERT_NO_FATAL_FAILURE(Compact(lake));
    ASSERT_OK(lake.Write(random.Next(100)));  // planned on files that are gone
    ASSERT_OK(lake.CommitEpoch());
    ASSERT_EQ(lake.Rows(), random.Rows());
    ASSERT_OK(lake.Write(random.Next(150)));
    auto change = lake.writer_->Finish({++lake.epoch_, "b", "e"});
    ASSERT_OK(change);
    auto base = lake.writer_->base_snapshot();
    ASSERT_NO_FATAL_FAILURE(Compact(lake));
    if (seed % 2 == 0) {
      ASSERT_OK(lake.writer_->Commit(*change, lake.epoch_));
    } else {  // after a restart
      lake.writer_.reset();
      auto table = *Table::Open(PosixEnv(), *lake.catalog_, kTable);
      ASSERT_OK(CommitOrRebase(PosixEnv(), *table, *change, {kWriter, lake.epoch_}, base));
      ASSERT_NO_FATAL_FAILURE(lake.Reopen());
    }
    ASSERT_EQ(lake.Rows(), random.Rows());
    ASSERT_OK(lake.Write(random.Next(50)));
    ASSERT_OK(lake.CommitEpoch());
    ASSERT_EQ(lake.Rows(), random.Rows());
  }
}

}  // namespace
}  // namespace sluice::iceberg
