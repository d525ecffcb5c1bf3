// SPDX-License-Identifier: Apache-2.0
// IcebergSink: an epoch is in every table exactly once, whatever dies between Prepare and the last commit.
#include "connector/iceberg/sink.h"

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/failpoint.h"
#include "base/text.h"
#include "io/folder_test_util.h"
#include "lake/catalog/hadoop.h"
#include "lake/iceberg/scan.h"
#include "row/batch_test_util.h"
#include "row/format_value.h"

namespace sluice {
namespace {

class IcebergSinkTest : public testing::Test {
 protected:
  void SetUp() override {
    config_.warehouse = folder_;
    config_.job = "cdc-1";
    auto schema = std::make_shared<TableSchema>();
    schema->columns = {{"id", *ParseDataType("INT NOT NULL"), "", {}}, {"v", *ParseDataType("VARCHAR(9)"), "", {}}};
    schema->primary_key = {"id"};
    schema_ = schema;
  }
  // A new process: whatever the old one had open is gone.
  void Restart(const std::string& prepared = "") {
    sink_.reset();
    auto sink = IcebergSink::Make(PosixEnv(), config_);
    ASSERT_OK(sink);
    sink_ = *std::move(sink);
    ASSERT_OK(sink_->Open());
    if (!prepared.empty()) ASSERT_OK(sink_->Commit(prepared));
  }
  void CreateTables() {
    for (const char* name : kNames) {
      SchemaChange change;
      change.kind = SchemaChangeKind::kCreateTable;
      change.table = {"db", name};
      change.schema = schema_;
      ASSERT_OK(sink_->Apply(change));
    }
  }
  Status Write(const std::string& table, const std::string& ids, const std::string& values, std::vector<RowKind> kinds,
               bool snapshot = false) {
    return sink_->Write(BatchOf({"db", table}, schema_, {ids, values}, std::move(kinds), snapshot));
  }
  // Epoch 1 inserts 1, 2 into all tables and is committed; epoch 2 updates 1, deletes 2, inserts 3, and is prepared
  // only.
  void TwoEpochs(std::string& prepared) {
    ASSERT_NO_FATAL_FAILURE(Restart());
    ASSERT_NO_FATAL_FAILURE(CreateTables());
    for (const char* name : kNames) ASSERT_OK(Write(name, "[1,2]", R"(["a","b"])", {}, true));
    auto first = sink_->Prepare({1, "p1"});
    ASSERT_OK(first);
    ASSERT_OK(sink_->Commit(*first));
    for (const char* name : kNames) {
      ASSERT_OK(
          Write(name, "[1,2,3]", R"(["A",null,"c"])", {RowKind::kUpdateAfter, RowKind::kDelete, RowKind::kInsert}));
    }
    auto second = sink_->Prepare({2, "p2"});
    ASSERT_OK(second);
    prepared = *second;
  }
  // A process that commits `prepared` and is killed when `count` tables are done (all three: it comes to its end).
  void CommitAndDie(const std::string& prepared, size_t count) {
    sink_.reset();
    if (count == 0) return;
    pid_t child = ::fork();
    if (child == 0) {
      ArmFailpoint(Str("iceberg.between_tables:", count));
      auto sink = IcebergSink::Make(PosixEnv(), config_);
      ::_exit(sink.ok() && (*sink)->Commit(prepared).ok() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (count < 3) {
      ASSERT_TRUE(WIFSIGNALED(status));
    } else {
      ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
  }
  std::string OnlyEpochFile() {
    std::string found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (!entry.path().filename().string().starts_with("epoch-")) continue;
      EXPECT_EQ(found, "");
      found = entry.path();
    }
    return found;
  }
  std::multiset<std::string> Rows(const std::string& name) {
    std::multiset<std::string> out;
    auto catalog = *HadoopCatalog::Make(PosixEnv(), folder_);
    auto table = iceberg::Table::Open(PosixEnv(), *catalog, {"db", name});
    EXPECT_TRUE(table.ok());
    snapshots_ = (*table)->metadata().snapshots().size();
    auto scan = iceberg::TableScan::Make(PosixEnv(), **table, {}, {});
    EXPECT_TRUE(scan.ok());
    for (DataBatch batch; *scan->Next(batch);) {
      for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
        std::string text;
        for (auto& column : batch.rows->columns()) AppendJson(*column, row, text);
        out.insert(text);
      }
    }
    return out;
  }
  void ExpectAll(const std::multiset<std::string>& rows, size_t snapshots) {
    for (const char* name : kNames) {
      EXPECT_EQ(Rows(name), rows) << name;
      EXPECT_EQ(snapshots_, snapshots) << name;
    }
  }

  static constexpr const char* kNames[] = {"t1", "t2", "t 3/ü"};
  TestFolder test_folder_;
  const std::filesystem::path& folder_ = test_folder_.path();
  IcebergSinkConfig config_;
  std::shared_ptr<const TableSchema> schema_;
  std::unique_ptr<IcebergSink> sink_;
  size_t snapshots_ = 0;
};

const std::multiset<std::string> kAfterOne = {R"(1"a")", R"(2"b")"};
const std::multiset<std::string> kAfterTwo = {R"(1"A")", R"(3"c")"};

TEST_F(IcebergSinkTest, AnEpochIsInvisibleUntilItIsCommitted) {
  std::string prepared;
  ASSERT_NO_FATAL_FAILURE(TwoEpochs(prepared));
  ExpectAll(kAfterOne, 1);
  ASSERT_OK(sink_->Commit(prepared));
  ExpectAll(kAfterTwo, 2);
  EXPECT_EQ(sink_->stats().commits, 6);
  EXPECT_EQ(sink_->stats().updated, 3);
  EXPECT_EQ(sink_->stats().deleted, 3);
  ASSERT_OK(sink_->Commit(prepared));  // the answer was lost
  ExpectAll(kAfterTwo, 2);
  ASSERT_OK(sink_->Maintain());
}

TEST_F(IcebergSinkTest, DeathAtEveryTableOfTheCommit) {
  for (size_t done = 0; done <= 3; ++done) {
    SCOPED_TRACE(testing::Message() << done << " tables committed");
    std::string prepared;
    ASSERT_NO_FATAL_FAILURE(TwoEpochs(prepared));
    ASSERT_NO_FATAL_FAILURE(CommitAndDie(prepared, done));
    ASSERT_NO_FATAL_FAILURE(Restart(prepared));
    ASSERT_NO_FATAL_FAILURE(Restart(prepared));
    ExpectAll(kAfterTwo, 2);
    ASSERT_NO_FATAL_FAILURE(CreateTables());
    for (const char* name : kNames) ASSERT_OK(Write(name, "[3]", "[null]", {RowKind::kDelete}));
    auto third = sink_->Prepare({3, "p3"});
    ASSERT_OK(third);
    ASSERT_OK(sink_->Commit(*third));
    ExpectAll({R"(1"A")"}, 3);
    std::filesystem::remove_all(folder_);
  }
}

TEST_F(IcebergSinkTest, TheTablesCompleteTheEpochWhenTheStateIsLost) {
  schema_ = std::make_shared<TableSchema>(TableSchema{schema_->columns, {}, ""});  // rows could not be told apart
  for (size_t done = 1; done <= 3; ++done) {
    SCOPED_TRACE(testing::Message() << done << " tables committed");
    std::string prepared;
    ASSERT_NO_FATAL_FAILURE(TwoEpochs(prepared));
    ASSERT_NO_FATAL_FAILURE(CommitAndDie(prepared, done));
    for (int round = 0; round < 2; ++round) {
      ASSERT_NO_FATAL_FAILURE(Restart());
      auto stored = sink_->StoredEpoch();
      ASSERT_OK(stored);
      ASSERT_TRUE(stored->has_value());
      EXPECT_EQ((*stored)->epoch, 2);
      EXPECT_EQ((*stored)->end, "p2");
      ASSERT_OK(sink_->CompleteStoredEpoch());
      ExpectAll({R"(1"A")", R"(1"a")", R"(2"b")", R"(3"c")"}, 2);
      EXPECT_EQ(OnlyEpochFile(), "");
    }
    config_.job = "cdc-2";
    ASSERT_NO_FATAL_FAILURE(Restart());
    EXPECT_FALSE(sink_->StoredEpoch()->has_value());
    config_.job = "cdc-1";
    std::filesystem::remove_all(folder_);
  }
}

TEST_F(IcebergSinkTest, AnEpochThatCannotBeCompletedIsAnError) {
  for (const char* what : {"epoch-", ".parquet"}) {
    std::string prepared;
    ASSERT_NO_FATAL_FAILURE(TwoEpochs(prepared));
    ASSERT_NO_FATAL_FAILURE(CommitAndDie(prepared, 1));
    std::string gone = OnlyEpochFile();
    if (std::string(what) != "epoch-") {
      auto json = nlohmann::json::parse(prepared);
      gone = *LocalPath(json["tables"][1]["change"]["added_data"][0]["path"].get<std::string>());
    }
    ASSERT_TRUE(std::filesystem::remove(gone));
    ASSERT_NO_FATAL_FAILURE(Restart());
    ASSERT_OK(sink_->StoredEpoch());
    auto completed = sink_->CompleteStoredEpoch();
    ASSERT_FALSE(completed.ok());
    EXPECT_EQ(completed.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(completed.error().message.find(gone), std::string::npos) << completed.error().message;
    EXPECT_FALSE(completed.error().hint.empty());
    std::filesystem::remove_all(folder_);
  }
}

TEST_F(IcebergSinkTest, NothingToCommit) {
  ASSERT_NO_FATAL_FAILURE(Restart());
  ASSERT_NO_FATAL_FAILURE(CreateTables());
  ExpectAll({}, 0);  // the tables are there
  ASSERT_OK(Write("t1", "[9]", "[null]", {RowKind::kDelete}));
  EXPECT_EQ(*sink_->Prepare({1, "p1"}), "");
  ASSERT_OK(sink_->Commit(""));
}

TEST_F(IcebergSinkTest, DropTableEmptiesTheTableAndItCanComeBack) {
  std::string prepared;
  ASSERT_NO_FATAL_FAILURE(TwoEpochs(prepared));
  ASSERT_OK(sink_->Commit(prepared));
  SchemaChange drop;
  drop.kind = SchemaChangeKind::kDropTable;
  drop.table = {"db", "t1"};
  ASSERT_OK(sink_->Apply(drop));
  auto other = std::make_shared<TableSchema>();
  other->columns = {{"id", *ParseDataType("BIGINT NOT NULL"), "", {}}, {"w", *ParseDataType("INT"), "", {}}};
  other->primary_key = {"id"};
  SchemaChange create;
  create.table = {"db", "t1"};
  create.schema = other;
  ASSERT_OK(sink_->Apply(create));
  schema_ = other;
  ASSERT_OK(Write("t1", "[7]", "[8]", {}));
  auto third = sink_->Prepare({3, "p3"});
  ASSERT_OK(third);
  ASSERT_OK(sink_->Commit(*third));
  EXPECT_EQ(Rows("t1"), std::multiset<std::string>{"78"});
}

TEST_F(IcebergSinkTest, PartitionsAndProperties) {
  config_.partitions = *iceberg::ParsePartitionKey("db.t1:bucket[2](id);db.other:nothing");
  config_.table_properties = {{"write.parquet.compression-codec", "snappy"}};
  ASSERT_NO_FATAL_FAILURE(Restart());
  ASSERT_NO_FATAL_FAILURE(CreateTables());
  auto catalog = *HadoopCatalog::Make(PosixEnv(), folder_);
  auto table = *iceberg::Table::Open(PosixEnv(), *catalog, {"db", "t1"});
  ASSERT_EQ(table->metadata().default_spec().fields.size(), 1u);
  EXPECT_EQ(table->metadata().default_spec().fields[0].transform, "bucket[2]");
  EXPECT_EQ(table->metadata().property("write.parquet.compression-codec"), "snappy");
}

TEST_F(IcebergSinkTest, IncompatibleTablesAndBadCheckpointsAreNamed) {
  ASSERT_NO_FATAL_FAILURE(Restart());
  ASSERT_NO_FATAL_FAILURE(CreateTables());
  ASSERT_NO_FATAL_FAILURE(Restart());
  auto other = std::make_shared<TableSchema>(*schema_);
  other->columns[1].type = *ParseDataType("DATE");
  SchemaChange create;
  create.table = {"db", "t1"};
  create.schema = other;
  auto status = sink_->Apply(create);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
  EXPECT_NE(status.error().message.find("column v is string in the table and DATE in the source"), std::string::npos)
      << status.error().message;
  for (const char* text :
       {"x", "{}", R"({"job":"a","epoch":"1","tables":[]})", R"({"job":"a","epoch":1,"tables":[{}]})",
        R"({"job":"a","epoch":1,"tables":[{"namespace":"db","table":"t1","change":7}]})"}) {
    auto bad = sink_->Commit(text);
    ASSERT_FALSE(bad.ok()) << text;
    EXPECT_EQ(bad.error().code, ErrorCode::kCorrupt) << text;
  }
  auto lost = Write("never", "[1]", R"(["a"])", {});
  ASSERT_FALSE(lost.ok());
}

TEST_F(IcebergSinkTest, AWarehouseThatCannotBeWritten) {
  std::filesystem::create_directories(folder_);
  config_.warehouse = (folder_ / "file" / "below").string();
  ASSERT_OK(PosixEnv().WriteFileDurably((folder_ / "file").string(), "x"));  // a file is in the way
  auto sink = IcebergSink::Make(PosixEnv(), config_);
  ASSERT_OK(sink);
  auto opened = (*sink)->Open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalid);
  EXPECT_NE(opened.error().message.find(config_.warehouse), std::string::npos);
  EXPECT_FALSE(opened.error().hint.empty());
}

}  // namespace
}  // namespace sluice
