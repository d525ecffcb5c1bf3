// SPDX-License-Identifier: Apache-2.0
// Changes of random tables: what a table tells after a snapshot turns its rows of then into those of later.
#include "lake/paimon/table_changes.h"

#include <gtest/gtest.h>

#include "lake/paimon/expiry.h"
#include "lake/paimon/random_table_test_util.h"
#include "lake/paimon/table_writer_test_util.h"

namespace sluice::paimon {
namespace {

using State = std::map<std::string, std::string>;  // rows by key

struct Change {
  RowKind kind;
  std::string key, row;
};

// A table whose columns stay, and what it tells.
class ChangedTable {
 public:
  ChangedTable(uint64_t seed, Options options)
      : model_(seed, true), lake_(model_.schema), options_(std::move(options)) {
    options_.try_emplace("bucket", model_.random.OneIn(3) ? "-1" : Str(1 + model_.random(3)));
    options_.try_emplace("num-sorted-run.compaction-trigger", Str(2 + model_.random(3)));
    options_.try_emplace("target-file-size", Str(1 + model_.random(20), " kb"));
  }

  Status Run(int epochs, bool truncates) {
    TRY(lake_.Create(model_.partition_keys, options_));
    for (int epoch = 0; epoch < epochs; ++epoch) {
      for (uint64_t i = 1 + model_.random(3); i > 0; --i) TRY(lake_.Write(model_.Changes(1 + model_.random(80))));
      if (truncates && model_.random.OneIn(3)) {
        model_.rows.clear();
        TRY(lake_.Truncate());
        TRY(lake_.Write(model_.Changes(5)));
      }
      TRY(lake_.CommitEpoch());
    }
    table_ = lake_.OpenTable();
    TRY_SET(rules_, ChangeRules::Of(table_->newest_schema()));
    TRY_SET(ids_, table_->SnapshotIds());
    return Ok();
  }

  Result<State> Rows(int64_t id, const ScanOptions& options) {
    State out;
    TRY_SET(const Snapshot snapshot, table_->SnapshotOf(id));
    TRY_SET(auto scan, TableScan::OfSnapshot(PosixEnv(), *table_, snapshot, {}, options));
    for (DataBatch batch;;) {
      TRY_SET(const bool more, scan.Next(batch));
      if (!more) return out;
      for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
        const auto [key, line] = LineOf(*batch.rows, row);
        if (!out.emplace(key, line).second) return Corrupt("a key is there twice: " + key);
      }
    }
  }

  ChangeRequest Request(ChangeScan scan = ChangeScan::kAuto, bool overwrites = false) {
    ChangeRequest request;
    request.schema = &table_->newest_schema();
    request.scan = scan;
    request.overwrites = overwrites;
    return request;
  }

  Result<std::vector<Change>> All(ChangeReader* reader) const {
    std::vector<Change> out;
    for (RowChanges changes; reader != nullptr;) {
      TRY_SET(const bool more, reader->Next(changes));
      if (!more) break;
      for (int64_t row = 0; row < changes.rows->num_rows(); ++row) {
        auto [key, line] = LineOf(*changes.rows, row);
        out.push_back({changes.kinds[static_cast<size_t>(row)], std::move(key), std::move(line)});
      }
    }
    return out;
  }

  // `strict`: each row that goes is there, as it is told; none is added twice.
  static Status Apply(const std::vector<Change>& changes, bool strict, State& state) {
    for (const Change& change : changes) {
      const bool goes = change.kind == RowKind::kUpdateBefore || change.kind == RowKind::kDelete;
      auto there = state.find(change.key);
      const std::string text = Str(RowKindName(change.kind), " ", change.row);
      if (strict && goes && (there == state.end() || there->second != change.row)) return Corrupt(text);
      if (strict && !goes && there != state.end()) return Corrupt(text);
      if (goes) {
        state.erase(change.key);
      } else {
        state[change.key] = change.row;
      }
    }
    return Ok();
  }

  // From each snapshot on, one after the other.
  Status CheckFollowing(bool overwrites) {
    const bool strict = rules_.changelog == ChangelogProducer::kLookup ||
                        rules_.changelog == ChangelogProducer::kFullCompaction;
    State state;
    SnapshotFollower follower(*table_, 1);
    size_t changes_seen = 0;
    while (true) {
      TRY_SET(const auto snapshot, follower.Next());
      if (!snapshot) break;
      TRY_SET(const auto reader, ReadChanges(PosixEnv(), *table_, *snapshot, Request(ChangeScan::kAuto, overwrites)));
      TRY_SET(const auto changes, All(reader.get()));
      changes_seen += changes.size();
      Status applied = Apply(changes, strict, state);
      if (!applied.ok()) return std::move(applied).error().With(Str("snapshot ", snapshot->id));
      TRY_SET(const State told, Rows(snapshot->id, rules_.Told()));
      if (told != state) {
        return Corrupt(Str("snapshot ", snapshot->id, ": ", state.size(), " rows, not ", told.size()));
      }
    }
    if (follower.next() != ids_.back() + 1) return Corrupt("the follower ended early");
    return changes_seen > 0 ? Ok() : Status(Corrupt("no changes"));
  }

  // Of two states, as readers see them.
  Status CheckDifferences() {
    ScanOptions visible;
    for (int i = 0; i < 10; ++i) {
      int64_t from = model_.random.Of(ids_), to = model_.random.Of(ids_);
      if (from > to) std::swap(from, to);
      TRY_SET(const SnapshotRange range, FindRange(PosixEnv(), *table_, Str(from, ",", to)));
      TRY_SET(const auto reader, ReadChangesBetween(PosixEnv(), *table_, range, Request(ChangeScan::kDiff)));
      TRY_SET(const auto changes, All(reader.get()));
      TRY_SET(State state, Rows(from, visible));
      TRY_SET(const State after, Rows(to, visible));
      TRY(Apply(changes, true, state));
      if (state != after) return Corrupt(Str("the difference of ", from, " and ", to));
      for (const Change& change : changes) {
        if (change.kind == RowKind::kUpdateAfter && state[change.key] != change.row) return Corrupt(change.row);
      }
    }
    return Ok();
  }

  // The changes between two snapshots are those of each one after the other.
  Status CheckRanges() {
    for (int i = 0; i < 5; ++i) {
      int64_t from = model_.random.Of(ids_), to = model_.random.Of(ids_);
      if (from > to) std::swap(from, to);
      TRY_SET(const SnapshotRange range, FindRange(PosixEnv(), *table_, Str(from, ", ", to)));
      TRY_SET(const auto reader, ReadChangesBetween(PosixEnv(), *table_, range, Request()));
      TRY_SET(const auto changes, All(reader.get()));
      TRY_SET(State state, Rows(from, rules_.Told()));
      TRY_SET(const State after, Rows(to, rules_.Told()));
      TRY(Apply(changes, false, state));
      if (state != after) return Corrupt(Str("the changes from ", from, " to ", to));
    }
    return Ok();
  }

  std::vector<int64_t> ids_;

 private:
  std::pair<std::string, std::string> LineOf(const arrow::RecordBatch& rows, int64_t row) const {
    std::string key, line;
    for (const auto& column : rows.columns()) {
      AppendJson(*column, row, line);
      line += '|';
    }
    for (const std::string& name : table_->newest_schema().primary_keys) {
      AppendJson(*rows.GetColumnByName(name), row, key);
      key += '|';
    }
    return {key, line};
  }

  RandomTable model_;
  ModelLake lake_;
  Options options_;
  std::unique_ptr<Table> table_;
  ChangeRules rules_;
};

struct Producer {
  const char* name;
  const char* changelog;
  bool vectors;
};

class PaimonTableChanges : public testing::TestWithParam<Producer> {
 protected:
  Options TheOptions() const {
    Options options{{"changelog-producer", GetParam().changelog}};
    if (GetParam().vectors) options["deletion-vectors.enabled"] = "true";
    return options;
  }
};

#define CHECK_OK(expression)                                                    \
  do {                                                                          \
    const Status status_ = (expression);                                        \
    ASSERT_TRUE(status_.ok()) << "seed " << seed << ": " << status_.error().ToString(); \
  } while (false)

TEST_P(PaimonTableChanges, FollowedTheyGiveTheTable) {
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    ChangedTable table(seed, TheOptions());
    CHECK_OK(table.Run(10, false));
    CHECK_OK(table.CheckFollowing(false));
    CHECK_OK(table.CheckRanges());
    CHECK_OK(table.CheckDifferences());
  }
}

TEST_P(PaimonTableChanges, OverwritesAreToldIfAskedFor) {
  for (uint64_t seed = 11; seed <= 12; ++seed) {
    ChangedTable table(seed, TheOptions());
    CHECK_OK(table.Run(8, true));
    CHECK_OK(table.CheckFollowing(true));
    const Status skipped = table.CheckFollowing(false);
    EXPECT_FALSE(skipped.ok());
  }
}

INSTANTIATE_TEST_SUITE_P(All, PaimonTableChanges,
                         testing::Values(Producer{"none", "none", false}, Producer{"noneVectors", "none", true},
                                         Producer{"input", "input", false}, Producer{"inputVectors", "input", true},
                                         Producer{"lookup", "lookup", false},
                                         Producer{"lookupVectors", "lookup", true},
                                         Producer{"fullCompaction", "full-compaction", false}),
                         [](const auto& of) { return of.param.name; });

// (id INT, name, grp) by ids, in one bucket.
class PaimonChangesOfLake : public testing::Test {
 protected:
  void Fill(Options options = {}) {
    options["bucket"] = "1";
    lake_ = std::make_unique<Lake>(options);
    for (int i = 1; i <= 5; ++i) ASSERT_TRUE(lake_->Epoch(i, i).ok());
    table_ = *lake_->Open();
  }
  std::vector<std::string> Read(const Result<SnapshotRange>& range, ChangeScan scan = ChangeScan::kAuto) {
    std::vector<std::string> out;
    if (!range.ok()) return {"error: " + range.error().ToString()};
    ChangeRequest request;
    request.schema = &table_->newest_schema();
    request.columns = {"id"};
    request.scan = scan;
    auto reader = ReadChangesBetween(PosixEnv(), *table_, *range, request);
    if (!reader.ok()) return {"error: " + reader.error().ToString()};
    for (RowChanges changes; *(*reader)->Next(changes);) {
      for (int64_t row = 0; row < changes.rows->num_rows(); ++row) {
        std::string line = RowKindName(changes.kinds[static_cast<size_t>(row)]);
        AppendJson(*changes.rows->column(0), row, line);
        out.push_back(line);
      }
    }
    return out;
  }
  std::vector<std::string> Read(const std::string& range, ChangeScan scan = ChangeScan::kAuto) {
    return Read(FindRange(PosixEnv(), *table_, range), scan);
  }

  std::unique_ptr<Lake> lake_;
  std::unique_ptr<Table> table_;
};

using Lines = std::vector<std::string>;

TEST_F(PaimonChangesOfLake, RangesExcludeTheirBeginning) {
  Fill();
  EXPECT_EQ(Read("1,3"), (Lines{"+I2", "+I3"}));
  EXPECT_EQ(Read("0,1"), (Lines{"+I1"}));
  EXPECT_EQ(Read("2,2"), Lines());
  EXPECT_EQ(Read("0,2", ChangeScan::kDiff), (Lines{"+I1", "+I2"}));
}

TEST_F(PaimonChangesOfLake, BadRangesAreErrors) {
  Fill();
  EXPECT_NE(Read("3")[0].find("no range"), std::string::npos);
  EXPECT_NE(Read("3,1")[0].find("is before"), std::string::npos);
  EXPECT_NE(Read("3,900")[0].find("are not there"), std::string::npos);
  EXPECT_NE(Read("a,b")[0].find("tag"), std::string::npos);
}

TEST_F(PaimonChangesOfLake, OfTagsTheDifference) {
  Fill();
  ASSERT_TRUE(lake_->Epoch(1, 1, RowKind::kDelete).ok());
  const auto ids = lake_->Ids();
  ASSERT_TRUE(lake_->Tag("a", 1).ok());
  ASSERT_TRUE(lake_->Tag("b", ids.back()).ok());
  EXPECT_EQ(Read("a,b"), (Lines{"-D1", "+I2", "+I3", "+I4", "+I5"}));
  EXPECT_EQ(Read("a,b", ChangeScan::kDelta), (Lines{"+I2", "+I3", "+I4", "+I5", "-D1"}));
  EXPECT_NE(Read("b,a")[0].find("before that of tag"), std::string::npos);
}

TEST_F(PaimonChangesOfLake, TimesAreExclusiveAtTheBeginning) {
  Fill();
  EXPECT_EQ(Read(FindTimeRange(*table_, kFirstMs + 1000, kFirstMs + 3000)), (Lines{"+I2", "+I3"}));
  EXPECT_EQ(Read(FindTimeRange(*table_, kFirstMs + 1000, kFirstMs + 1999)), Lines());
  EXPECT_EQ(Read(FindTimeRange(*table_, 0, kFirstMs + 1000)), (Lines{"+I1"}));
  EXPECT_EQ(Read(FindTimeRange(*table_, kFirstMs + 900'000, kFirstMs + 990'000)), Lines());
  EXPECT_FALSE(FindTimeRange(*table_, 5, 4).ok());
}

TEST_F(PaimonChangesOfLake, ExpiredSnapshotsAreNamed) {
  Fill();
  ExpiryBounds bounds;
  bounds.snapshots_min = 1;
  bounds.snapshots_max = 2;
  ASSERT_TRUE(ExpireSnapshots(PosixEnv(), *table_, bounds).ok());
  const auto ids = lake_->Ids();
  ASSERT_GT(ids.front(), 2);
  SnapshotFollower follower(*table_, ids.front() - 1);
  const auto next = follower.Next();
  ASSERT_FALSE(next.ok());
  EXPECT_EQ(next.error().code, ErrorCode::kNotFound);
  EXPECT_NE(next.error().message.find(Str("snapshot ", ids.front() - 1, " of the table has expired")),
            std::string::npos) << next.error().message;
  EXPECT_NE(Read("0,2")[0].find("are not there"), std::string::npos);
  EXPECT_EQ(*FirstSince(*table_, 0), ids.front());
}

TEST_F(PaimonChangesOfLake, ChangelogsThatOutliveTheirSnapshotsAreRead) {
  Fill({{"changelog-producer", "input"}});
  for (int id = 1; id <= 2; ++id) {  // as Java's expiry leaves them
    ASSERT_TRUE(lake_->Put(Str("changelog/changelog-", id), table_->SnapshotOf(id)->ToJson()).ok());
    ASSERT_TRUE(PosixEnv().Remove(table_->SnapshotPath(id)).ok());
  }
  SnapshotFollower follower(*table_, 1);
  for (int64_t id = 1; id <= 3; ++id) {
    const auto next = follower.Next();
    ASSERT_TRUE(next.ok()) << next.error().ToString();
    EXPECT_EQ((*next)->id, id);
  }
}

TEST_F(PaimonChangesOfLake, ATableMadeAnewIsAnError) {
  Fill();
  SnapshotFollower follower(*table_, lake_->Ids().back() + 1);
  EXPECT_FALSE(*follower.Next());
  ASSERT_TRUE(lake_->Epoch(9, 9).ok());
  EXPECT_TRUE(*follower.Next());
  SnapshotFollower ahead(*table_, lake_->Ids().back() + 2);
  EXPECT_EQ(ahead.Next().error().code, ErrorCode::kInvalid);
}

TEST(PaimonChangeRules, WhereWhatIsWrittenIsNotWhatChanges) {
  Schema schema;
  schema.fields = {{.id = 0, .name = "id", .type = *ParseDataType("INT NOT NULL")}};
  schema.primary_keys = {"id"};
  const auto by_difference = [&](const Options& options) {
    schema.options = options;
    return ChangeRules::Of(schema)->ByDifference();
  };
  EXPECT_FALSE(by_difference({}));
  EXPECT_TRUE(by_difference({{"merge-engine", "aggregation"}}));
  EXPECT_TRUE(by_difference({{"merge-engine", "partial-update"}, {"changelog-producer", "input"}}));
  EXPECT_FALSE(by_difference({{"merge-engine", "partial-update"}, {"changelog-producer", "lookup"}}));
  EXPECT_TRUE(by_difference({{"sequence.field", "id"}}));
  EXPECT_TRUE(by_difference({{"bucket", "-2"}}));
  schema.options = {{"merge-engine", "aggregation"}};
  EXPECT_TRUE(ChangeRules::Of(schema)->CanDiffer("APPEND"));
  EXPECT_FALSE(ChangeRules::Of(schema)->CanDiffer("COMPACT"));
  schema.options["record-level.expire-time"] = "1 h";
  EXPECT_TRUE(ChangeRules::Of(schema)->CanDiffer("COMPACT"));
  schema.options = {{"changelog-producer", "often"}};
  EXPECT_FALSE(ChangeRules::Of(schema).ok());
}

}  // namespace
}  // namespace sluice::paimon
