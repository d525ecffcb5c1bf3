// SPDX-License-Identifier: Apache-2.0
// TableWriter against a model: a map of rows that sees the same random changes over several epochs, with the writer
// made anew at some of them. After each commit the table, read back, equals the model and has exactly one snapshot
// more.
#include <gtest/gtest.h>

#include "lake/iceberg/data_writer.h"
#include "lake/iceberg/rebase.h"
#include "lake/iceberg/table_writer_test_util.h"

namespace sluice::iceberg {
namespace {

void RunRandom(uint64_t seed, PartitionSpec spec) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Lake lake(Shop());
  ASSERT_OK(lake.Create(std::move(spec), {{"write.target-file-size-bytes", "65536"}}));
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
      ASSERT_OK(lake.Reopen());
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

TEST(TableWriterRandomTest, RandomChanges) {
  for (uint64_t seed = 1; seed <= 3; ++seed) RunRandom(seed, {});
}
TEST(TableWriterRandomTest, RandomChangesInBuckets) {
  for (uint64_t seed = 10; seed <= 11; ++seed) RunRandom(seed, By(1, "id_bucket", "bucket[4]"));
}
TEST(TableWriterRandomTest, RandomChangesThatMovePartitions) {
  RunRandom(20, By(3, "grp", "identity"));
  RunRandom(21, By(2, "name_trunc", "truncate[2]"));
  RunRandom(22, By(4, "at_month", "month"));
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
    auto writer =
        *DataFileWriter::Open(PosixEnv(), folder + name, schema, {}, table->metadata().location() + "/data/" + name);
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
    ASSERT_OK(lake.Create({}));
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
    auto change = lake.writer_->Finish({++lake.epoch_, "e"});
    ASSERT_OK(change);
    auto base = lake.writer_->base_snapshot();
    ASSERT_NO_FATAL_FAILURE(Compact(lake));
    if (seed % 2 == 0) {
      ASSERT_OK(lake.writer_->Commit(*change, lake.epoch_));
    } else {  // after a restart
      lake.writer_.reset();
      auto table = *Table::Open(PosixEnv(), *lake.catalog_, kTable);
      ASSERT_OK(CommitOrRebase(PosixEnv(), *table, *change, {kWriter, lake.epoch_}, base));
      ASSERT_OK(lake.Reopen());
    }
    ASSERT_EQ(lake.Rows(), random.Rows());
    ASSERT_OK(lake.Write(random.Next(50)));
    ASSERT_OK(lake.CommitEpoch());
    ASSERT_EQ(lake.Rows(), random.Rows());
  }
}

// Without a key the rows cannot be found again; but a change that empties the table needs no rows, only files.
TEST_F(ForeignCompactionTest, OfATableWithoutAKeyThatIsTruncated) {
  TableSchema schema = Shop();
  schema.primary_key.clear();
  Lake lake(schema);
  ASSERT_OK(lake.Create({}));
  RandomChanges random(5, 50);
  ASSERT_OK(lake.Write(random.Snapshot(), true));
  ASSERT_OK(lake.CommitEpoch());
  SchemaChange truncate;
  truncate.kind = SchemaChangeKind::kTruncateTable;
  ASSERT_OK(lake.Change(truncate));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"1", "\"new\"", "2", "0"}}}));
  auto change = lake.writer_->Finish({++lake.epoch_, "b", "e"});
  ASSERT_OK(change);
  ASSERT_NO_FATAL_FAILURE(Compact(lake));
  ASSERT_OK(lake.writer_->Commit(*change, lake.epoch_));
  ASSERT_EQ(lake.Rows(), (std::multiset<std::string>{"1|\"new\"|2|\"1970-01-01\"|"}));
}

}  // namespace
}  // namespace sluice::iceberg
