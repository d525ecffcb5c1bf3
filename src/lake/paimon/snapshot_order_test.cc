// SPDX-License-Identifier: Apache-2.0
// Tables with sequence.snapshot-ordering: files have the number of their snapshot, by which rows are merged, also after
// compactions, with several writers, and when the buffer of one is written several times in an epoch.
#include "lake/paimon/snapshot_order.h"

#include <gtest/gtest.h>

#include <map>

#include "lake/paimon/orphans.h"
#include "lake/paimon/random_value_test_util.h"
#include "lake/paimon/rescale.h"
#include "lake/paimon/table_compaction.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

TableSchema TheSchema() {
  TableSchema schema;
  schema.columns = {Col("id", "INT NOT NULL"), Col("a", "STRING"), Col("b", "STRING")};
  schema.primary_key = {"id"};
  return schema;
}

const Options kOrdered = {{"bucket", "1"}, {"write-only", "true"}, {"sequence.snapshot-ordering", "true"}};

class SnapshotOrderTest : public ::testing::Test {
 protected:
  SnapshotOrderTest() : lake_(TheSchema()) {}
  Status Begin(const Options& more = {}) {
    Options options = kOrdered;
    for (const auto& [key, value] : more) options[key] = value;
    return lake_.Create({}, options);
  }
  std::vector<LiveFile> Files() const {
    const auto table = lake_.OpenTable();
    return *table->LiveFiles(**table->LatestSnapshot());
  }
  Status Compact() { return CompactTable(PosixEnv(), lake_.folder_, {}).ok() ? Ok() : Status(Invalid("compaction")); }

  ModelLake lake_;
};

TEST_F(SnapshotOrderTest, FilesHaveTheNumberOfTheirSnapshot) {
  ASSERT_OK(Begin());
  for (const char* text : {"one", "two", "three"}) {
    ASSERT_OK(lake_.Write({lake_.Put({"1", text, "x"}), lake_.Put({Str(lake_.epoch_ + 2), text, "y"})}));
    ASSERT_OK(lake_.CommitEpoch());
  }
  const auto files = Files();
  ASSERT_EQ(files.size(), 3u);
  for (int64_t i = 0; i < 3; ++i) {
    const DataFileMeta& file = files[static_cast<size_t>(i)].meta;
    EXPECT_EQ(file.min_sequence, i + 1);
    EXPECT_EQ(file.max_sequence, i + 1);
    EXPECT_EQ(file.source, FileSource::kAppend);
  }
  EXPECT_TRUE(FindOrphans(PosixEnv(), lake_.folder_, INT64_MAX)->empty());
  ASSERT_OK(Compact());
  ASSERT_EQ(Files().size(), 1u);
  EXPECT_EQ(Files()[0].meta.min_sequence, 1);  // of 2, which the first snapshot has
  EXPECT_EQ(Files()[0].meta.max_sequence, 3);
  EXPECT_EQ(Files()[0].meta.source, FileSource::kCompact);
  const Rows all = {"1|\"three\"|\"x\"|", "2|\"one\"|\"y\"|", "3|\"two\"|\"y\"|", "4|\"three\"|\"y\"|"};
  EXPECT_EQ(lake_.Read(), all);
  EXPECT_EQ(lake_.Read(3), all);
}

// The other one has begun on an older snapshot.
TEST_F(SnapshotOrderTest, TheLaterCommitOfTwoWritersWins) {
  ASSERT_OK(Begin());
  ASSERT_OK(lake_.Write({lake_.Put({"1", "first", "x"})}));
  ASSERT_OK(lake_.CommitEpoch());
  auto other = lake_.NewWriter("job-2");
  ASSERT_OK(other);
  ASSERT_OK((*other)->Adopt(*lake_.schema_));
  ASSERT_OK(lake_.WriteBy(**other, {lake_.Put({"1", "other", "x"})}));
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(lake_.Write({lake_.Put({"1", "ours", "x"}), lake_.Put({"2", Str(i), "y"})}));
    ASSERT_OK(lake_.CommitEpoch());
  }
  EXPECT_EQ(lake_.Read(), (Rows{"1|\"ours\"|\"x\"|", "2|\"2\"|\"y\"|"}));
  const auto change = (*other)->Finish({1, "e", "p", "s"});
  ASSERT_OK(change);
  ASSERT_OK((*other)->Commit(*change, 1));
  const Rows after = {"1|\"other\"|\"x\"|", "2|\"2\"|\"y\"|"};
  EXPECT_EQ(lake_.Read(), after);
  ASSERT_OK(Compact());
  EXPECT_EQ(lake_.Read(), after);
  ASSERT_OK(lake_.Write({lake_.Gone({"1", "other", "x"})}));
  ASSERT_OK(lake_.CommitEpoch());
  EXPECT_EQ(lake_.Read(), (Rows{"2|\"2\"|\"y\"|"}));
}

// As a process does that finds a change which it has not committed.
TEST_F(SnapshotOrderTest, ACommitThatIsTriedAgainHasTheNumberThatItGets) {
  ASSERT_OK(Begin());
  ASSERT_OK(lake_.Write({lake_.Put({"1", "ours", "x"})}));
  const auto change = lake_.Finish();
  ASSERT_OK(change);
  auto other = lake_.NewWriter("job-2");
  ASSERT_OK(other);
  ASSERT_OK((*other)->Adopt(*lake_.schema_));
  ASSERT_OK(lake_.WriteBy(**other, {lake_.Put({"1", "other", "x"})}));
  const auto theirs = (*other)->Finish({1, "e", "p", "s"});
  ASSERT_OK(theirs);
  ASSERT_OK((*other)->Commit(*theirs, 1));
  for (int tries = 0; tries < 2; ++tries) ASSERT_OK(lake_.CommitAgain(*change, 0));
  EXPECT_EQ(lake_.Read(), (Rows{"1|\"ours\"|\"x\"|"}));
  EXPECT_EQ(Files().back().meta.min_sequence, 2);
  EXPECT_TRUE(FindOrphans(PosixEnv(), lake_.folder_, INT64_MAX)->empty());
}

TEST_F(SnapshotOrderTest, AnEpochHasOneRowOfAKey) {
  ASSERT_OK(Begin());
  for (const char* text : {"one", "two", "three"}) {
    ASSERT_OK(lake_.Write({lake_.Put({"1", text, "x"}), lake_.Put({"7", text, "x"})}));
    ASSERT_OK(lake_.writer_->Flush());
  }
  ASSERT_OK(lake_.Write({lake_.Gone({"7", "three", "x"}), lake_.Put({"9", "nine", "x"})}));
  ASSERT_OK(lake_.CommitEpoch());
  const Rows all = {"1|\"three\"|\"x\"|", "9|\"nine\"|\"x\"|"};
  EXPECT_EQ(lake_.Read(), all);
  const auto files = Files();
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].meta.level, 0);
  EXPECT_EQ(files[0].meta.row_count, 3);  // a deletion too
  EXPECT_EQ(files[0].meta.source, FileSource::kAppend);
  EXPECT_TRUE(FindOrphans(PosixEnv(), lake_.folder_, INT64_MAX)->empty());
}

TEST_F(SnapshotOrderTest, RowsInNewBucketsAreOlderThanLaterOnes) {
  for (const char* vectors : {"false", "true"}) {
    ModelLake lake(TheSchema());
    Options options = kOrdered;
    options["deletion-vectors.enabled"] = vectors;
    ASSERT_OK(lake.Create({}, options));
    for (const char* text : {"one", "two"}) {
      ASSERT_OK(lake.Write({lake.Put({"1", text, "x"}), lake.Put({"2", text, "y"})}));
      ASSERT_OK(lake.CommitEpoch());
    }
    ASSERT_OK(CompactTable(PosixEnv(), lake.folder_, {}));
    RescaleRequest request;
    request.buckets = 1;
    ASSERT_OK(Rescale(PosixEnv(), lake.folder_, request));
    EXPECT_EQ(lake.Read(), (Rows{"1|\"two\"|\"x\"|", "2|\"two\"|\"y\"|"})) << vectors;
    ASSERT_OK(lake.Write({lake.Put({"1", "three", "x"})}));
    ASSERT_OK(lake.CommitEpoch());
    ASSERT_OK(CompactTable(PosixEnv(), lake.folder_, {}));
    EXPECT_EQ(lake.Read(), (Rows{"1|\"three\"|\"x\"|", "2|\"two\"|\"y\"|"})) << vectors;
  }
}

TEST_F(SnapshotOrderTest, DefaultsAreNotFilledIn) {
  ASSERT_OK(Begin());
  ASSERT_OK(lake_.Write({lake_.Put({"1", "one", "x"})}));
  ASSERT_OK(lake_.CommitEpoch());
  SchemaChange change;
  change.kind = SchemaChangeKind::kAddColumn;
  change.column = Col("c", "STRING", "new");
  change.initial = {.kind = InitialDefault::Kind::kLiteral, .text = "new"};
  const Status refused = lake_.Change(change);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("sequence.snapshot-ordering"), std::string::npos);
}

// Two writers, whose epochs overlap, and a compactor by turns, against a map.
class RandomOrder {
 public:
  RandomOrder(uint64_t seed) : random_(seed), lake_(TheSchema()) {
    Options options = kOrdered;
    options["bucket"] = random_.OneIn(3) ? "-1" : Str(1 + random_(3));
    const auto producer = random_.Of<std::string>({"none", "input", "lookup", "full-compaction"});
    options["changelog-producer"] = producer;
    if (producer != "full-compaction" && random_.OneIn(3)) options["deletion-vectors.enabled"] = "true";
    vectors_ = options.contains("deletion-vectors.enabled");
    if (!vectors_ && random_.OneIn(2)) options["merge-engine"] = "partial-update";
    partial_ = options.contains("merge-engine");
    if (random_.OneIn(2)) options["target-file-size"] = "1 kb";
    options_ = options;
  }
  Status Run() {
    TRY(lake_.Create({}, options_));
    TRY_SET(const auto other, lake_.NewWriter("job-2"));
    TRY(other->Adopt(*lake_.schema_));
    std::vector<Made> waiting[2];
    for (int turn = 0; turn < 30; ++turn) {
      const size_t who = random_(2);
      TableWriter& writer = who == 0 ? *lake_.writer_ : *other;
      switch (random_(3)) {
        case 0: TRY(Write(writer, waiting[who])); break;
        case 1: TRY(Commit(writer, waiting[who])); break;
        default: TRY(CompactTable(PosixEnv(), lake_.folder_, {.full = !random_.OneIn(3)})); break;
      }
      if (vectors_) TRY(CompactTable(PosixEnv(), lake_.folder_, {}));
      TRY(Compare(turn));
    }
    return Ok();
  }
  std::string Describe() const {
    std::string out;
    for (const auto& [key, value] : options_) out += Str(" ", key, "=", value);
    return out;
  }

 private:
  struct Made {
    RowKind kind;
    std::vector<std::string> texts;
  };
  Status Write(TableWriter& writer, std::vector<Made>& made) {
    std::vector<std::pair<RowKind, Cells>> rows;
    for (uint64_t count = 1 + random_(9); count > 0; --count) {
      const bool goes = !partial_ && random_.OneIn(5);
      const auto value = [&] { return partial_ && random_.OneIn(3) ? std::string("null") : Str(++values_); };
      made.push_back({goes ? RowKind::kDelete : RowKind::kUpdateAfter, {Str(random_(20)), value(), value()}});
      rows.push_back(lake_.Row(made.back().kind, made.back().texts));
    }
    TRY(lake_.WriteBy(writer, rows));
    return random_.OneIn(2) ? writer.Flush() : Ok();
  }
  Status Commit(TableWriter& writer, std::vector<Made>& made) {
    if (!writer.dirty()) return Ok();
    ++epoch_;
    TRY_SET(const TableChange change, writer.Finish({epoch_, Str("s", epoch_), "p", "state"}));
    TRY(writer.Commit(change, epoch_));
    for (const Made& row : std::exchange(made, {})) {
      if (row.kind == RowKind::kDelete) {
        rows_.erase(row.texts[0]);
        continue;
      }
      auto& texts = rows_.try_emplace(row.texts[0], row.texts).first->second;
      for (size_t i = 1; i < texts.size(); ++i) {
        if (!partial_ || row.texts[i] != "null") texts[i] = row.texts[i];
      }
    }
    return Ok();
  }
  Status Compare(int turn) const {
    Rows expected;
    for (const auto& [id, texts] : rows_) expected.insert(Line(lake_.Put(texts).second));
    const Rows found = lake_.Read();
    if (found == expected) return Ok();
    std::string text;
    for (const std::string& row : found) text += expected.contains(row) ? "" : Str(" read ", row);
    for (const std::string& row : expected) text += found.contains(row) ? "" : Str(" wanted ", row);
    return Invalid(Str("turn ", turn, ":", text));
  }

  Random random_;
  ModelLake lake_;
  Options options_;
  bool vectors_ = false, partial_ = false;
  std::map<std::string, std::vector<std::string>> rows_;
  int64_t epoch_ = 0;
  int values_ = 0;
};

TEST(SnapshotOrderRandom, RowsAreThoseOfTheModel) {
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    RandomOrder run(seed);
    const Status done = run.Run();
    ASSERT_TRUE(done.ok()) << "seed " << seed << ":" << run.Describe() << ": " << done.error().ToString();
  }
}

}  // namespace
}  // namespace sluice::paimon
