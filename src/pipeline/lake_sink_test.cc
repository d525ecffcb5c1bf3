// SPDX-License-Identifier: Apache-2.0
// What the sinks of all lakes do alike: the check of a warehouse, the end of an epoch that was cut off, and the tables
// with their writers.
#include "pipeline/lake_sink.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/text.h"
#include "io/faulty_env.h"
#include "io/folder_test_util.h"
#include "pipeline/sink_tables.h"

namespace sluice {
namespace {

class LakeSinkTest : public testing::Test {
 protected:
  TestFolder folder_;
  const std::string warehouse_ = folder_.path().string() + "/a/b";
};

TEST_F(LakeSinkTest, AWarehouseIsMadeAndNothingIsLeftInIt) {
  ASSERT_OK(CheckWarehouse(PosixEnv(), warehouse_, "w"));
  EXPECT_TRUE(PosixEnv().List(warehouse_)->empty());
  FaultyEnv faulty(PosixEnv());
  for (int64_t step = 1; step <= 3; ++step) {
    faulty.Arm(Fault::kFail, 2 + step);  // steps of MakeFolders come first
    const Status status = CheckWarehouse(faulty, warehouse_, "w");
    ASSERT_TRUE(faulty.fired());
    ASSERT_FALSE(status.ok()) << step;
    EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
    EXPECT_TRUE(status.error().message.starts_with("warehouse w cannot be written: ")) << status.error().message;
    EXPECT_FALSE(status.error().hint.empty());
  }
}

TEST_F(LakeSinkTest, AFileInTheWayIsNoWarehouse) {
  ASSERT_OK(PosixEnv().WriteFile(folder_.path().string() + "/a", "x"));
  const Status status = CheckWarehouse(PosixEnv(), warehouse_, "w");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
}

TEST_F(LakeSinkTest, CommitsAreCompletedFromTheFileOfTheirEpoch) {
  StoredEpochs stored;
  EXPECT_EQ(*CommitsToComplete(PosixEnv(), stored), "");
  const std::string file = folder_.path().string() + "/epoch";
  stored.Add({"db", "a"}, {{"sluice.j.epoch", "7"}, {"sluice.j.tables", "2"}, {"sluice.j.epoch-file", file}}, "j");
  const auto gone = CommitsToComplete(PosixEnv(), stored);
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(gone.error().message.starts_with("epoch 7 is in 1 of 2 tables, ")) << gone.error().message;
  ASSERT_OK(PosixEnv().WriteFile(file, "commits"));
  EXPECT_EQ(*CommitsToComplete(PosixEnv(), stored), "commits");
  stored.Add({"db", "b"}, {{"sluice.j.epoch", "7"}, {"sluice.j.tables", "2"}}, "j");
  EXPECT_EQ(*CommitsToComplete(PosixEnv(), stored), "");
}

// A row is a byte; what it does is noted in its change.
class FakeWriter {
 public:
  struct Change {
    std::map<std::string, std::string> properties;
    std::string ToJson() const {
      std::string out;
      for (const auto& [key, value] : properties) out += Str(out.empty() ? "\"" : ";", key, "=", value);
      return out + "\"";
    }
  };
  struct Stamp {
    int64_t epoch;
    std::string end, position, state_id;
  };

  explicit FakeWriter(std::string& log) : log_(log) {}
  Status Write(const ChangeBatch& batch) {
    stats_.inserted += static_cast<int64_t>(batch.kinds.size());
    buffered_ += static_cast<int64_t>(batch.kinds.size());
    dirty_ = true;
    return Ok();
  }
  int64_t buffered_bytes() const { return buffered_; }
  Status Flush() {
    log_ += Str(buffered_, " ");
    buffered_ = 0;
    return Ok();
  }
  bool dirty() const { return dirty_; }
  Result<Change> Finish(const Stamp& stamp) {
    dirty_ = false;
    finished_ = true;
    return Change{{{"epoch", Str(stamp.epoch, stamp.end)}}};
  }
  int64_t base_snapshot() const { return 3; }
  bool finished() const { return finished_; }
  const SinkStats& stats() const { return stats_; }

 private:
  std::string& log_;
  int64_t buffered_ = 0;
  bool dirty_ = false, finished_ = false;
  SinkStats stats_;
};

class RoomyWriter : public FakeWriter {
 public:
  using FakeWriter::FakeWriter;
  int64_t most_buffered_bytes() const { return 50; }
};

template <class Writer>
Status Write(SinkTables<Writer>& tables, const std::string& table, size_t rows) {
  ChangeBatch batch;
  batch.table = {"db", table};
  batch.kinds.assign(rows, RowKind::kInsert);
  return tables.Write(batch);
}

TEST(SinkTables, TheWriterWithTheMostGivesItsMemoryBack) {
  std::string log;
  SinkTables<FakeWriter> tables(10);
  for (const char* name : {"a", "b", "c"}) tables.Add({"db", name}, std::make_unique<FakeWriter>(log));
  ASSERT_OK(Write(tables, "a", 4));
  ASSERT_OK(Write(tables, "b", 5));
  EXPECT_EQ(log, "");
  ASSERT_OK(Write(tables, "c", 2));
  EXPECT_EQ(log, "5 ");
  ASSERT_OK(Write(tables, "c", 20));
  EXPECT_EQ(log, "5 22 ");
  EXPECT_EQ(tables.stats().inserted, 31);
  EXPECT_FALSE(Write(tables, "d", 1).ok());
  EXPECT_EQ(tables.names(), (std::set<std::string>{"db.a", "db.b", "db.c"}));

  log.clear();
  SinkTables<RoomyWriter> roomy(10);  // one of them may have more alone
  for (const char* name : {"a", "b"}) roomy.Add({"db", name}, std::make_unique<RoomyWriter>(log));
  ASSERT_OK(Write(roomy, "a", 40));
  ASSERT_OK(Write(roomy, "b", 10));
  EXPECT_EQ(log, "");
  ASSERT_OK(Write(roomy, "b", 1));
  EXPECT_EQ(log, "40 ");
}

TEST(SinkTables, AnEpochNamesItsTablesAndItsFile) {
  std::string log;
  SinkTables<FakeWriter> tables(10);
  for (const char* name : {"a", "b", "c"}) tables.Add({"db", name}, std::make_unique<FakeWriter>(log));
  const auto file_of = [](const TableId& first) -> Result<std::string> { return "file of " + first.ToString(); };
  const auto hold = [](FakeWriter::Change& change, const std::string& property, const auto& value) {
    change.properties[property] = value.value_or("none");
  };
  EXPECT_EQ(*tables.Prepare("j", {1, "x"}, file_of, hold), "");
  ASSERT_OK(Write(tables, "b", 1));
  auto one = PreparedEpoch::Parse(*tables.Prepare("j", {1, "x"}, file_of, hold));
  ASSERT_OK(one);
  ASSERT_EQ(one->tables.size(), 1u);
  EXPECT_EQ(one->tables[0].change, R"("epoch=1x;sluice.j.epoch-file=none;sluice.j.tables=1")");
  EXPECT_EQ(tables.Finished({"db", "a"}), nullptr);
  EXPECT_EQ(tables.Finished({"db", "b"}), tables.Find({"db", "b"}));
  EXPECT_EQ(tables.Finished({"db", "z"}), nullptr);
  for (const char* name : {"a", "b"}) ASSERT_OK(Write(tables, name, 1));
  auto two = PreparedEpoch::Parse(*tables.Prepare("j", {2, "y"}, file_of, hold));
  ASSERT_OK(two);
  EXPECT_EQ(two->job, "j");
  EXPECT_EQ(two->epoch, 2);
  ASSERT_EQ(two->tables.size(), 2u);
  for (const PreparedTable& table : two->tables) {
    EXPECT_EQ(table.base, 3);
    EXPECT_EQ(table.change, R"("epoch=2y;sluice.j.epoch-file=file of db.a;sluice.j.tables=2")");
  }
}

TEST(IdlePartitions, AreTold) {
  const auto notes = IdlePartitions({"db.t1", "db.t2"}, {"db.t2", "db.t3"});
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("db.t1"), std::string::npos);
}

}  // namespace
}  // namespace sluice
