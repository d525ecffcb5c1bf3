// SPDX-License-Identifier: Apache-2.0
// PaimonSink: an epoch is in every table exactly once, whatever dies between Prepare and the last commit.
#include "connector/paimon/sink.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/text.h"
#include "connector/paimon/partition_keys.h"
#include "connector/paimon/spec.h"
#include "io/faulty_env.h"
#include "io/folder_test_util.h"
#include "lake/paimon/scan.h"
#include "pipeline/lake_sink.h"
#include "row/batch_test_util.h"
#include "row/format_value.h"

namespace sluice {
namespace {

using Rows = std::multiset<std::string>;

class PaimonSinkTest : public testing::Test {
 protected:
  void SetUp() override { Begin(); }
  // An empty warehouse.
  void Begin() {
    folder_ = std::make_unique<TestFolder>();
    config_.warehouse = folder_->path().string() + "/w";
    config_.job = "cdc-1";
    config_.table_options["bucket"] = "1";
    config_.table_options["num-sorted-run.compaction-trigger"] = "2";
    auto schema = std::make_shared<TableSchema>();
    schema->columns = {{"id", *ParseDataType("INT NOT NULL"), "", {}}, {"v", *ParseDataType("VARCHAR(9)"), "", {}}};
    if (keyed_) schema->primary_key = {"id"};
    schema_ = schema;
  }
  // A new process: whatever the old one had open is gone.
  void Restart(Env& env = PosixEnv()) {
    sink_.reset();
    auto sink = PaimonSink::Make(env, config_);
    ASSERT_OK(sink);
    sink_ = *std::move(sink);
  }
  void CreateTables() {
    for (const char* name : kNames) {
      SchemaChange change;
      change.table = {"db", name};
      change.schema = schema_;
      ASSERT_OK(sink_->Apply(change));
    }
  }
  Status Write(const std::string& table, const std::string& ids, const std::string& values,
               std::vector<RowKind> kinds) {
    return sink_->Write(BatchOf({"db", table}, schema_, {ids, values}, std::move(kinds)));
  }
  // Epoch 1 is committed in all tables; epoch 2 updates 1, deletes 2, inserts 3, and is prepared only.
  void TwoEpochs(std::string& prepared) {
    ASSERT_NO_FATAL_FAILURE(Restart());
    ASSERT_OK(sink_->Open());
    ASSERT_NO_FATAL_FAILURE(CreateTables());
    for (const char* name : kNames) ASSERT_OK(Write(name, "[1,2]", R"(["a","b"])", {}));
    const auto first = sink_->Prepare({1, "p1"});
    ASSERT_OK(first);
    ASSERT_OK(sink_->Commit(*first));
    for (const char* name : kNames) {
      ASSERT_OK(
          Write(name, "[1,2,3]", R"(["A","b","c"])", {RowKind::kUpdateAfter, RowKind::kDelete, RowKind::kInsert}));
    }
    const auto second = sink_->Prepare({2, "p2"});
    ASSERT_OK(second);
    prepared = *second;
    sink_.reset();
  }
  std::unique_ptr<paimon::Table> Open(const std::string& name) {
    const auto warehouse = *paimon::OpenCatalog(PosixEnv(), {{"warehouse", config_.warehouse}});
    return *paimon::Table::Open(PosixEnv(), *warehouse->TableFolder({"db", name}));
  }
  Rows RowsOf(const std::string& name) {
    Rows out;
    auto table = Open(name);
    auto scan = *paimon::TableScan::Make(PosixEnv(), *table, {}, {});
    for (DataBatch batch; *scan.Next(batch);) {
      for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
        std::string text;
        for (const auto& column : batch.rows->columns()) AppendJson(*column, row, text);
        out.insert(text);
      }
    }
    return out;
  }
  // Of each table: the rows, and one append of each epoch.
  void ExpectAll(const Rows& rows, const std::string& epochs) {
    for (const char* name : kNames) {
      ASSERT_EQ(RowsOf(name), rows) << name;
      std::string appended;
      auto table = Open(name);
      const auto ids = *table->SnapshotIds();
      for (int64_t id : ids) {
        const auto snapshot = *table->SnapshotOf(id);
        if (snapshot.commit_kind == "APPEND") appended += Str(snapshot.commit_identifier);
      }
      ASSERT_EQ(appended, epochs) << name;
    }
  }

  static constexpr const char* kNames[] = {"t1", "t2", "ü t"};
  bool keyed_ = true;
  std::unique_ptr<TestFolder> folder_;
  PaimonSinkConfig config_;
  std::shared_ptr<const TableSchema> schema_;
  std::unique_ptr<PaimonSink> sink_;
};

const Rows kAfterOne = {R"(1"a")", R"(2"b")"};
const Rows kAfterTwo = {R"(1"A")", R"(3"c")"};

TEST_F(PaimonSinkTest, AnEpochIsInvisibleUntilItIsCommitted) {
  std::string prepared;
  ASSERT_NO_FATAL_FAILURE(TwoEpochs(prepared));
  ASSERT_NO_FATAL_FAILURE(ExpectAll(kAfterOne, "1"));
  for (int tries = 0; tries < 3; ++tries) {
    ASSERT_NO_FATAL_FAILURE(Restart());
    ASSERT_OK(sink_->Commit(prepared));
    ASSERT_NO_FATAL_FAILURE(ExpectAll(kAfterTwo, "12"));
  }
  ASSERT_OK(sink_->Commit(""));
  ASSERT_NO_FATAL_FAILURE(CreateTables());
  for (const char* name : kNames) ASSERT_OK(Write(name, "[3]", R"(["c"])", {RowKind::kDelete}));
  const auto third = sink_->Prepare({3, "p3"});
  ASSERT_OK(third);
  ASSERT_OK(sink_->Commit(*third));
  ASSERT_NO_FATAL_FAILURE(ExpectAll({R"(1"A")"}, "123"));
  EXPECT_EQ(sink_->stats().deleted, 3);
  ASSERT_OK(sink_->Maintain());
}

// The commits die at each step. With the checkpoint they are made again; without it the tables complete the epoch, if
// one of them has it.
TEST_F(PaimonSinkTest, DeathAtEachStepOfTheCommits) {
  for (const bool keyed : {true, false}) {
    keyed_ = keyed;
    config_.table_options.clear();
    Begin();
    config_.table_options["bucket"] = keyed ? "1" : "-1";
    const Rows after = keyed ? kAfterTwo : Rows{R"(1"A")", R"(1"a")", R"(2"b")", R"(3"c")"};
    const Rows before = kAfterOne;
    bool fired = true;
    for (int64_t step = 1; fired; step += 5) {
      SCOPED_TRACE(testing::Message() << "step " << step);
      std::string prepared;
      ASSERT_NO_FATAL_FAILURE(TwoEpochs(prepared));
      FaultyEnv env(PosixEnv());
      ASSERT_NO_FATAL_FAILURE(Restart(env));
      env.Arm(Fault::kCrash, step);
      (void)sink_->Commit(prepared).ok();
      fired = env.fired();
      ASSERT_NO_FATAL_FAILURE(Restart());
      const auto stored = sink_->StoredEpoch();
      ASSERT_OK(stored);
      ASSERT_TRUE(stored->has_value());
      ASSERT_OK(sink_->CompleteStoredEpoch());
      const bool there = (*stored)->epoch == 2;
      EXPECT_EQ((*stored)->end, there ? "p2" : "p1");
      ASSERT_NO_FATAL_FAILURE(ExpectAll(there ? after : before, there ? "12" : "1"));
      ASSERT_NO_FATAL_FAILURE(Restart());
      ASSERT_OK(sink_->Commit(prepared));
      ASSERT_NO_FATAL_FAILURE(ExpectAll(after, "12"));
      std::filesystem::remove_all(config_.warehouse);
    }
  }
}

TEST_F(PaimonSinkTest, AnEpochOfAnotherJobIsNotItsOwn) {
  std::string prepared;
  ASSERT_NO_FATAL_FAILURE(TwoEpochs(prepared));
  config_.job = "cdc-2";
  ASSERT_NO_FATAL_FAILURE(Restart());
  const auto stored = sink_->StoredEpoch();
  ASSERT_OK(stored);
  EXPECT_FALSE(stored->has_value());
  EXPECT_TRUE(sink_->CompleteStoredEpoch()->empty());
}

// With state directories of their own, or copies of one: the rows of the second are not there.
TEST_F(PaimonSinkTest, AnEpochOfAnotherProcessOfTheJobIsNotItsOwn) {
  for (const auto& [end, state] : {std::pair("p2", "other"), std::pair("p3", "one")}) {
    ASSERT_NO_FATAL_FAILURE(Begin());
    ASSERT_NO_FATAL_FAILURE(Restart());
    ASSERT_NO_FATAL_FAILURE(CreateTables());
    auto other = std::move(sink_);
    ASSERT_NO_FATAL_FAILURE(Restart());
    ASSERT_NO_FATAL_FAILURE(CreateTables());
    ASSERT_OK(Write("t1", "[1]", R"(["a"])", {}));
    const auto first = sink_->Prepare({2, "p2", "", "one"});
    ASSERT_OK(first);
    std::swap(sink_, other);
    ASSERT_OK(Write("t1", "[1,2]", R"(["a","b"])", {}));
    const auto second = sink_->Prepare({2, end, "", state});
    ASSERT_OK(second);
    ASSERT_OK(other->Commit(*first));
    ASSERT_OK(other->Commit(*first));
    const Status taken = sink_->Commit(*second);
    ASSERT_FALSE(taken.ok());
    EXPECT_EQ(taken.error().code, ErrorCode::kInvalid);
    EXPECT_NE(taken.error().message.find("two run the same job"), std::string::npos) << taken.error().message;
    EXPECT_EQ(RowsOf("t1"), Rows{R"(1"a")"});
    sink_.reset();
  }
}

TEST_F(PaimonSinkTest, AnEpochThatCannotBeCompletedIsAnError) {
  std::string prepared;
  ASSERT_NO_FATAL_FAILURE(TwoEpochs(prepared));
  FaultyEnv env(PosixEnv());
  ASSERT_NO_FATAL_FAILURE(Restart(env));
  env.Arm(Fault::kCrash, 40);  // in the second table
  ASSERT_FALSE(sink_->Commit(prepared).ok());
  std::string gone;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(config_.warehouse)) {
    if (entry.path().filename().string().starts_with("epoch-")) gone = entry.path();
  }
  ASSERT_NE(gone, "");
  std::filesystem::remove(gone);
  ASSERT_NO_FATAL_FAILURE(Restart());
  ASSERT_OK(sink_->StoredEpoch());
  const auto completed = sink_->CompleteStoredEpoch();
  ASSERT_FALSE(completed.ok());
  EXPECT_EQ(completed.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(completed.error().message.find(gone), std::string::npos) << completed.error().message;
  EXPECT_FALSE(completed.error().hint.empty());
}

TEST_F(PaimonSinkTest, ATableThatAnotherProgramMadeHasItsSchemaOnly) {
  ASSERT_NO_FATAL_FAILURE(Restart());
  ASSERT_NO_FATAL_FAILURE(CreateTables());
  for (const char* folder : {"manifest", "snapshot"}) {
    std::filesystem::remove_all(Open("t1")->folder() + "/" + folder);
  }
  ASSERT_NO_FATAL_FAILURE(Restart());
  ASSERT_NO_FATAL_FAILURE(CreateTables());
  ASSERT_OK(Write("t1", "[1,2]", R"(["a","b"])", {}));
  const auto prepared = sink_->Prepare({1, "p1"});
  ASSERT_OK(prepared);
  ASSERT_OK(sink_->Commit(*prepared));
  EXPECT_EQ(RowsOf("t1"), kAfterOne);
}

TEST_F(PaimonSinkTest, ATableThatNeedsOldRowsIsNotAdoptedWithoutThem) {
  for (const auto& [key, value, word] :
       {std::tuple("changelog-producer", "input", "changelog-producer"), std::tuple("", "", "partition"),
        std::tuple("merge-engine", "aggregation", "merge-engine")}) {
    ASSERT_NO_FATAL_FAILURE(Begin());
    const PaimonSinkConfig plain = config_;
    if (*key != 0) config_.table_options[key] = value;
    if (*key == 0) config_.partition_keys["db.t1"] = {"v"};
    ASSERT_NO_FATAL_FAILURE(Restart());
    ASSERT_NO_FATAL_FAILURE(CreateTables());
    config_ = plain;
    ASSERT_NO_FATAL_FAILURE(Restart());
    SchemaChange change;
    change.table = {"db", "t1"};
    change.schema = schema_;
    const Status adopted = sink_->Apply(change);
    ASSERT_FALSE(adopted.ok()) << word;
    EXPECT_NE(adopted.error().message.find("table db.t1 is there with"), std::string::npos) << adopted.error().message;
    EXPECT_NE(adopted.error().hint.find(word), std::string::npos) << adopted.error().hint;
  }
}

TEST_F(PaimonSinkTest, BadCheckpointsAndUnknownTablesAreNamed) {
  ASSERT_NO_FATAL_FAILURE(Restart());
  ASSERT_NO_FATAL_FAILURE(CreateTables());
  for (const char* text :
       {"x", "{}", R"({"job":"a","epoch":"1","tables":[]})", R"({"job":"a","epoch":1,"tables":[{}]})",
        R"({"job":"a","epoch":1,"tables":[{"namespace":"db","table":"t1","change":7}]})"}) {
    const auto bad = sink_->Commit(text);
    ASSERT_FALSE(bad.ok()) << text;
    EXPECT_EQ(bad.error().code, ErrorCode::kCorrupt) << text;
  }
  EXPECT_FALSE(Write("never", "[1]", R"(["a"])", {}).ok());
}

TEST(PaimonPartitionKeys, AreReadByTable) {
  const auto keys = ParsePartitionKeys(" db.t1 : a , b; ;db.t2:c;");
  ASSERT_OK(keys);
  EXPECT_EQ(*keys, (PartitionKeys{{"db.t1", {"a", "b"}}, {"db.t2", {"c"}}}));
  EXPECT_TRUE(ParsePartitionKeys("")->empty());
  EXPECT_EQ(IdlePartitions(PartitionedTables(*keys), {"db.t2"}).size(), 1u);
  for (const char* text : {"db.t1", "db.t1:", ":a", "db.t1: , ", "db.t1:a;db.t1:b"}) {
    const auto bad = ParsePartitionKeys(text);
    ASSERT_FALSE(bad.ok()) << text;
    EXPECT_EQ(bad.error().code, ErrorCode::kInvalid);
  }
}

TEST(PaimonSinkOptions, AreKnownRefusedOrIgnored) {
  const auto check = [](std::string key, std::string text, std::vector<std::string>& warnings) {
    std::map<std::string, Options::Value> given = {{"catalog.properties.warehouse", {"/w", {}}}};
    given[std::move(key)] = {std::move(text), {}};
    return Options::Check("sink \"paimon\"", PaimonSinkOptions(), given, {}, warnings);
  };
  std::vector<std::string> warnings;
  for (const char* key : {"partition.key", "commit.user", "commit.user-prefix", "table.properties.bucket"}) {
    EXPECT_TRUE(check(key, "1", warnings).ok()) << key;
  }
  EXPECT_TRUE(warnings.empty());
  EXPECT_TRUE(check("catalog.properties.cache-enabled", "true", warnings).ok());
  EXPECT_EQ(warnings.size(), 1u);
  EXPECT_FALSE(check("unknown", "x", warnings).ok());
  for (const auto& [key, reason] : {std::pair("sink.parallelism", "no Flink job"), {"parquet.block.size", "formats"},
                                    {"commit.callback.a.B.param", "no class"}, {"team", "Paimon has no such option"}}) {
    warnings.clear();
    ASSERT_TRUE(check(Str("table.properties.", key), "1", warnings).ok()) << key;
    ASSERT_EQ(warnings.size(), 1u) << key;
    EXPECT_NE(warnings[0].find(reason), std::string::npos) << warnings[0];
  }
  warnings.clear();
  for (const char* key : {"fields.a.aggregate-function", "file-index.bloom-filter.columns", "scan.parallelism",
                          "metadata.iceberg.rest.uri", "metadata.iceberg.storage", "file.format.per.level.0",
                          "parquet.page.row.count.limit"}) {
    EXPECT_TRUE(check(Str("table.properties.", key), "1", warnings).ok()) << key;
  }
  EXPECT_TRUE(check("catalog.properties.table-default.bucket", "1", warnings).ok());
  EXPECT_TRUE(warnings.empty()) << warnings[0];
  for (const char* key : {"bukcet", "changelog_producer", "write_only", "metadata.iceberg.storge"}) {
    const auto misspelt = check(Str("table.properties.", key), "1", warnings);
    ASSERT_FALSE(misspelt.ok()) << key;
    EXPECT_NE(misspelt.error().hint.find("did you mean \"table.properties."), std::string::npos);
  }
  const auto foreign = check("catalog.properties.uri", "x", warnings);
  ASSERT_TRUE(foreign.ok());
  EXPECT_FALSE(CheckCatalogKeys(*foreign).ok()) << "an address that the filesystem catalog has no use for";
}

}  // namespace
}  // namespace sluice
