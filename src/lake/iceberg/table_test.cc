// SPDX-License-Identifier: Apache-2.0
// Commits to a table: what they make, that a fault at any step leaves it before or after, and that it stays healthy.
#include "lake/iceberg/table.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/text.h"
#include "io/faulty_env.h"
#include "io/folder_test_util.h"
#include "lake/catalog/hadoop.h"

namespace sluice::iceberg {
namespace {

const TableId kTable{"shop", "orders"};

class TableTest : public testing::Test {
 protected:
  void SetUp() override {
    catalog_ = *HadoopCatalog::Make(env_, "file://" + folder_);
  }

  static NewTable Definition(bool partitioned = false) {
    TableSchema schema;
    schema.columns = {{"id", *ParseDataType("BIGINT NOT NULL"), "", {}},
                      {"name", *ParseDataType("VARCHAR(20)"), "", {}}};
    schema.primary_key = {"id"};
    NewTable out;
    out.schema = FromTableSchema(schema);
    if (partitioned) out.spec.fields = {{2, 1000, "name", "identity"}};
    out.properties["commit.retry.min-wait-ms"] = "0";
    return out;
  }
  DataFile Data(const std::string& name, int64_t rows = 10) const {
    DataFile file;
    file.path = Str("file://", folder_, "/shop/orders/data/", name);
    file.record_count = rows;
    file.size = 100;
    file.lower_bounds[1] = std::string("\1\0\0\0\0\0\0\0", 8);
    file.value_counts[1] = rows;
    file.split_offsets = {4};
    return file;
  }
  DataFile Deletes(const std::string& name, const DataFile& of, int64_t rows = 1) const {
    DataFile file = Data(name, rows);
    file.content = FileContent::kPositionDeletes;
    file.split_offsets.clear();
    file.referenced_data_file = of.path;
    return file;
  }
  std::unique_ptr<Table> Make(bool partitioned = false) {
    auto table = Table::Create(env_, *catalog_, kTable, Definition(partitioned));
    EXPECT_TRUE(table.ok()) << table.error().ToString();
    return *std::move(table);
  }
  static std::set<std::string> Paths(Table& table) {
    std::set<std::string> out;
    auto live = table.LiveFiles();
    EXPECT_TRUE(live.ok()) << (live.ok() ? "" : live.error().ToString());
    if (!live.ok()) return out;
    for (const LiveFile& file : *live) {
      EXPECT_TRUE(out.insert(file.data.path).second);
      for (const DataFile& deletes : file.deletes) EXPECT_TRUE(out.insert(deletes.path).second);
    }
    return out;
  }
  size_t MetadataFiles() const {
    return PosixEnv().List(folder_ + "/shop/orders/metadata")->size();
  }

  TestFolder test_folder_;
  const std::string folder_ = test_folder_.path();
  FaultyEnv env_{PosixEnv()};
  std::unique_ptr<HadoopCatalog> catalog_;
};

TEST_F(TableTest, AppendDeleteReplace) {
  auto table = Make();
  EXPECT_TRUE(table->LiveFiles()->empty());
  TableChange first;
  first.added_data = {Data("a", 10), Data("b", 20)};
  first.summary["sluice.position"] = "p1";
  auto id = table->Commit(first, {"job", 1});
  ASSERT_TRUE(id.ok()) << id.error().ToString();
  const Snapshot* snapshot = table->metadata().current_snapshot();
  ASSERT_NE(snapshot, nullptr);
  EXPECT_EQ(snapshot->id, *id);
  EXPECT_EQ(snapshot->summary.at("operation"), "append");
  EXPECT_EQ(snapshot->summary.at("total-records"), "30");
  EXPECT_EQ(snapshot->summary.at("total-delete-files"), "0");
  EXPECT_EQ(snapshot->summary.at("sluice.position"), "p1");
  EXPECT_EQ(table->metadata().property("sluice.job.epoch"), "1");

  TableChange second;
  second.added_data = {Data("c", 5)};
  second.added_deletes = {Deletes("a-d1", Data("a"))};
  ASSERT_TRUE(table->Commit(second, {"job", 2}).ok());
  TableChange third;
  third.added_deletes = {Deletes("a-d2", Data("a"), 2)};
  third.removed_deletes = {Deletes("a-d1", Data("a")).path};
  ASSERT_TRUE(table->Commit(third, {"job", 3}).ok());
  const Properties& summary = table->metadata().current_snapshot()->summary;
  EXPECT_EQ(summary.at("operation"), "delete");
  EXPECT_EQ(summary.at("removed-position-deletes"), "1");
  EXPECT_EQ(summary.at("total-position-deletes"), "2");
  EXPECT_EQ(summary.at("total-delete-files"), "1");
  EXPECT_EQ(summary.at("total-data-files"), "3");

  auto reopened = *Table::Open(env_, *catalog_, kTable);
  auto live = *reopened->LiveFiles();
  ASSERT_EQ(live.size(), 3u);
  for (const LiveFile& file : live) {
    EXPECT_EQ(file.deletes.size(), file.data.path == Data("a").path ? 1u : 0u);
    EXPECT_EQ(file.sequence_number, file.data.path == Data("c").path ? 2 : 1);
    EXPECT_EQ(file.data.lower_bounds.at(1).size(), 8u);
    EXPECT_EQ(file.data.split_offsets, std::vector<int64_t>{4});
  }
  EXPECT_EQ(reopened->LiveFiles(*id)->size(), 2u);

  TableChange compaction;
  compaction.removed_data = {Data("a").path, Data("b").path};
  compaction.removed_deletes = {Deletes("a-d2", Data("a")).path};
  compaction.added_data = {Data("ab", 28)};
  compaction.replace = true;
  ASSERT_TRUE(reopened->Commit(compaction, {}).ok());
  EXPECT_EQ(reopened->metadata().current_snapshot()->summary.at("operation"), "replace");
  EXPECT_EQ(reopened->metadata().current_snapshot()->summary.at("total-records"), "33");
  EXPECT_EQ(Paths(*reopened), (std::set<std::string>{Data("ab").path, Data("c").path}));
}

TEST_F(TableTest, EpochIsCommittedOnce) {
  auto table = Make();
  TableChange change;
  change.added_data = {Data("a")};
  auto id = *table->Commit(change, {"job", 7});
  auto again = *Table::Open(env_, *catalog_, kTable);
  EXPECT_EQ(*again->Commit(change, {"job", 7}), id);
  EXPECT_EQ(*again->Commit(change, {"job", 6}), id);
  EXPECT_EQ(again->metadata().snapshots().size(), 1u);
  // A second object with stale metadata finds out by the conflict.
  auto stale = *Table::Open(env_, *catalog_, kTable);
  TableChange next;
  next.added_data = {Data("b")};
  ASSERT_TRUE(again->Commit(next, {"job", 8}).ok());
  ASSERT_TRUE(stale->Commit(next, {"job", 8}).ok());
  EXPECT_EQ(stale->metadata().snapshots().size(), 2u);
  EXPECT_EQ(Paths(*stale).size(), 2u);
}

TEST_F(TableTest, PropertiesAndSchemaMakeNoSnapshot) {
  auto table = Make();
  TableChange change;
  change.set_properties["owner"] = "crm";
  Schema schema = *table->metadata().current_schema();
  schema.fields[1].name = "title";
  change.schema = schema;
  EXPECT_EQ(*table->Commit(change, {"job", 1}), 0);
  EXPECT_TRUE(table->metadata().snapshots().empty());
  EXPECT_EQ(table->metadata().property("owner"), "crm");
  EXPECT_EQ(table->metadata().current_schema_id(), 1);
  EXPECT_NE(table->metadata().current_schema()->Find("title"), nullptr);
}

TEST_F(TableTest, ManifestsHaveTheSchemaOfTheirSnapshot) {
  auto table = Make();
  TableChange change;
  change.schema = *table->metadata().current_schema();
  Field note = change.schema->fields[1];
  note.id = 3;
  note.name = "note";
  change.schema->fields.push_back(note);
  change.added_data = {Data("a")};
  ASSERT_OK(table->Commit(change, {}));
  EXPECT_EQ(table->metadata().current_snapshot()->schema_id, 1);
  int manifests = 0;
  const auto names = *PosixEnv().List(folder_ + "/shop/orders/metadata");
  for (const std::string& name : names) {
    if (!name.ends_with("-m0.avro")) continue;
    ++manifests;
    auto bytes = PosixEnv().ReadFile(folder_ + "/shop/orders/metadata/" + name);
    EXPECT_NE(bytes->find("\"name\":\"note\""), std::string::npos);
  }
  EXPECT_EQ(manifests, 1);
}

TEST_F(TableTest, ConflictsAreNamed) {
  auto table = Make();
  auto other = *Table::Open(env_, *catalog_, kTable);
  TableChange add;
  add.added_data = {Data("a")};
  ASSERT_TRUE(table->Commit(add, {}).ok());
  TableChange unrelated;
  unrelated.added_data = {Data("b")};
  ASSERT_TRUE(other->Commit(unrelated, {}).ok());  // an append survives the conflict
  EXPECT_EQ(Paths(*other).size(), 2u);
  TableChange remove;
  remove.removed_data = {Data("a").path};
  ASSERT_TRUE(other->Commit(remove, {}).ok());
  auto lost = table->Commit(remove, {});
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code, ErrorCode::kConflict);
  EXPECT_NE(lost.error().message.find(Data("a").path), std::string::npos);
  TableChange deletes;
  deletes.added_deletes = {Deletes("d", Data("a"))};
  EXPECT_EQ(table->Commit(deletes, {}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(table->Commit(unrelated, {}).error().code, ErrorCode::kInvalid);  // the same file twice
}

TEST_F(TableTest, FaultAtEveryStep) {
  for (Fault fault : {Fault::kFail, Fault::kFailAfter, Fault::kTear, Fault::kCrash}) {
    for (int64_t step = 1;; ++step) {
      std::filesystem::remove_all(folder_);
      env_.Disarm();
      auto table = Make();
      TableChange first;
      first.added_data = {Data("a"), Data("b")};
      first.added_deletes = {Deletes("a-d1", Data("a"))};
      ASSERT_TRUE(table->Commit(first, {"job", 1}).ok());
      const auto before = Paths(*table);
      TableChange change;
      change.added_data = {Data("c")};
      change.added_deletes = {Deletes("a-d2", Data("a"), 2)};
      change.removed_deletes = {Deletes("a-d1", Data("a")).path};
      const std::set<std::string> after = {Data("a").path, Data("b").path, Data("c").path,
                                           Deletes("a-d2", Data("a")).path};
      env_.Arm(fault, step);
      auto result = table->Commit(change, {"job", 2});
      const bool fired = env_.fired();
      env_.Disarm();
      SCOPED_TRACE(Str("fault ", static_cast<int>(fault), " step ", step));
      auto reopened = Table::Open(env_, *catalog_, kTable);
      ASSERT_TRUE(reopened.ok()) << reopened.error().ToString();
      const auto now = Paths(**reopened);
      ASSERT_TRUE(now == before || now == after);
      EXPECT_TRUE(!result.ok() || now == after); {
      ASSERT_TRUE((*reopened)->Commit(change, {"job", 2}).ok());
      }
      EXPECT_EQ(Paths(**reopened), after);
      EXPECT_EQ((*reopened)->metadata().snapshots().size(), 2u);
      EXPECT_EQ((*reopened)->metadata().current_snapshot()->summary.at("total-position-deletes"), "2");
      if (!fired) break;
      ASSERT_LT(step, 200);
    }
  }
}

TEST_F(TableTest, FaultInCreateLeavesNoOrAWholeTable) {
  for (int64_t step = 1;; ++step) {
    std::filesystem::remove_all(folder_);
    env_.Arm(Fault::kCrash, step);
    bool made = Table::Create(env_, *catalog_, kTable, Definition()).ok();
    bool fired = env_.fired();
    env_.Disarm();
    auto opened = Table::Open(env_, *catalog_, kTable);
    if (!opened.ok()) {
      EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
      EXPECT_FALSE(made);
      EXPECT_TRUE(Table::Create(env_, *catalog_, kTable, Definition()).ok());  // leftovers do not hinder
    }
    if (!fired) break;
    ASSERT_LT(step, 50);
  }
}

TEST_F(TableTest, ProvenFailureLeavesNoOrphans) {
  auto table = Make();
  size_t files = MetadataFiles();
  TableChange change;
  change.removed_data = {"file:///nowhere"};
  change.added_data = {Data("a")};
  EXPECT_FALSE(table->Commit(change, {}).ok());
  EXPECT_EQ(MetadataFiles(), files);
}

// SLUICE_COMMITS=10000 is the long form. What a commit costs is counted, not timed: time is for bench/. 200 commits
// read 3212 files up to 3,000 commits, and 3534 at 10,000 and at 20,000: one merged manifest more.
TEST_F(TableTest, StaysHealthyOverManyCommits) {
  auto table = Make();
  const char* wanted = std::getenv("SLUICE_COMMITS");
  int commits = 1000;
  if (wanted != nullptr) {
    ASSERT_TRUE(ParseNumber(std::string_view(wanted), commits) && commits >= 1000) << wanted;
  }
  const int window = 200;  // commits: two merges of manifests and many expiries
  int64_t early_reads = 0, late_reads = 0, early_steps = 0, late_steps = 0;
  size_t files_max = 0;
  env_.Disarm();
  for (int i = 1; i <= commits; ++i) {
    TableChange change;
    change.added_data = {Data(Str("f", i))};
    if (i > 1) {
      change.added_deletes = {Deletes(Str("d", i), Data("f1"))};
      if (i > 2) change.removed_deletes = {Data(Str("d", i - 1)).path};
    }
    const int64_t reads = env_.reads(), steps = env_.steps();
    auto done = table->Commit(change, {"job", i});
    ASSERT_TRUE(done.ok()) << done.error().ToString();
    ASSERT_TRUE(table->Maintain().ok());
    const bool early = i > window && i <= 2 * window, late = i > commits - window;
    early_reads += early ? env_.reads() - reads : 0;
    late_reads += late ? env_.reads() - reads : 0;
    early_steps += early ? env_.steps() - steps : 0;
    late_steps += late ? env_.steps() - steps : 0;
    if (i % 50 == 0) files_max = std::max(files_max, MetadataFiles());
  }
  RecordProperty("reads", Str(early_reads, " ", late_reads));
  EXPECT_LE(late_reads, early_reads * 12 / 10) << "files read by " << window << " commits";
  EXPECT_LE(late_steps, early_steps * 11 / 10) << "files written and removed by " << window << " commits";
  EXPECT_EQ(Paths(*table).size(), static_cast<size_t>(commits) + 1);
  EXPECT_LE(table->metadata().snapshots().size(), 112u);
  EXPECT_LT(table->metadata().ToJson().size(), 300'000u);
  EXPECT_LT(files_max, 700u);
  auto manifests = env_.ReadFile(*LocalPath(table->metadata().current_snapshot()->manifest_list));
  ASSERT_TRUE(manifests.ok());
  EXPECT_LT(manifests->size(), 30'000u);  // at most 100 small manifests and the merged ones
  EXPECT_EQ(table->metadata().current_snapshot()->summary.at("total-records"), Str(commits * 10));
  EXPECT_EQ(table->metadata().current_snapshot()->summary.at("total-delete-files"), "1");
  auto reopened = *Table::Open(env_, *catalog_, kTable);
  EXPECT_EQ(Paths(*reopened), Paths(*table));
}

TEST_F(TableTest, MaintainRemovesOnlyWhatNothingReaches) {
  auto table = Make();
  env_.SetNowMs(1'800'000'000'000);
  auto touch = [&](const DataFile& file) {
    auto path = *LocalPath(file.path);
    ASSERT_TRUE(PosixEnv().MakeFolders(std::filesystem::path(path).parent_path()).ok());
    ASSERT_TRUE(PosixEnv().WriteFileDurably(path, "x").ok());
  };
  for (const char* name : {"a", "b", "c"}) touch(Data(name));
  TableChange first;
  first.added_data = {Data("a"), Data("b")};
  ASSERT_TRUE(table->Commit(first, {}).ok());
  TableChange second;
  second.removed_data = {Data("a").path};
  second.added_data = {Data("c")};
  second.replace = true;
  ASSERT_TRUE(table->Commit(second, {}).ok());
  EXPECT_EQ(*table->Maintain(), 0);
  env_.SetNowMs(1'800'000'000'000 + 6LL * 24 * 3600 * 1000);
  EXPECT_EQ(*table->Maintain(), 1);
  EXPECT_FALSE(*PosixEnv().Exists(*LocalPath(Data("a").path)));
  EXPECT_TRUE(*PosixEnv().Exists(*LocalPath(Data("b").path)));
  EXPECT_TRUE(*PosixEnv().Exists(*LocalPath(Data("c").path)));
  EXPECT_EQ(Paths(*table), (std::set<std::string>{Data("b").path, Data("c").path}));
}

TEST_F(TableTest, DamageIsNamed) {
  auto table = Make();
  TableChange change;
  change.added_data = {Data("a")};
  ASSERT_TRUE(table->Commit(change, {}).ok());
  std::string metadata = folder_ + "/shop/orders/metadata";
  const auto names = *PosixEnv().List(metadata);
  for (const std::string& name : names) {
    std::string path = metadata + "/" + name;
    if (!name.ends_with(".avro") && name != "v2.metadata.json") continue;
    std::string bytes = *PosixEnv().ReadFile(path);
    auto check = [&](const std::string& damaged) {
      ASSERT_TRUE(PosixEnv().WriteFileDurably(path, damaged).ok());
      auto opened = Table::Open(env_, *catalog_, kTable);
      auto live = opened.ok() ? (*opened)->LiveFiles() : Result<std::vector<LiveFile>>(opened.error());
      ASSERT_FALSE(live.ok()) << name;
      Error error = live.error();
      EXPECT_EQ(error.code, ErrorCode::kCorrupt) << error.ToString();
      EXPECT_NE(error.message.find(name), std::string::npos) << error.message;
      EXPECT_FALSE(error.hint.empty());
    };
    check(bytes.substr(0, bytes.size() / 2));
    if (name.ends_with(".avro")) {
      std::string flipped = bytes;
      flipped[bytes.size() - 8] ^= 0x10;  // in the sync marker: the payload has no checksum
      check(flipped);
    }
    ASSERT_TRUE(PosixEnv().WriteFileDurably(path, bytes).ok());
  }
}

TEST_F(TableTest, PartitionsAndChangeJson) {
  auto table = Make(true);
  TableChange change;
  DataFile east = Data("e");
  east.partition = {std::string("east")};
  DataFile null = Data("n");
  null.partition = {PartitionValue()};
  DataFile deletes = Deletes("d", east);
  deletes.partition = east.partition;
  deletes.referenced_data_file.clear();  // by partition
  change.added_data = {east, null};
  change.added_deletes = {deletes};
  change.schema =
      table->metadata().current_schema().ok() ? std::optional(*table->metadata().current_schema()) : std::nullopt;
  auto parsed = ParseTableChange(change.ToJson());
  ASSERT_TRUE(parsed.ok()) << parsed.error().ToString();
  EXPECT_EQ(parsed->added_data, change.added_data);
  EXPECT_EQ(parsed->added_deletes, change.added_deletes);
  EXPECT_TRUE(parsed->schema->SameFields(*change.schema));
  ASSERT_TRUE(table->Commit(*parsed, {"job", 1}).ok());
  EXPECT_EQ(table->metadata().current_schema_id(), 0);
  auto live = *table->LiveFiles();
  for (const LiveFile& file : live) {
    EXPECT_EQ(file.deletes.size(), file.data.partition == east.partition ? 1u : 0u);
  }
  // The partition's source column cannot go.
  Schema schema = *table->metadata().current_schema();
  schema.fields.pop_back();
  TableChange drop;
  drop.schema = schema;
  EXPECT_EQ(table->Commit(drop, {}).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace sluice::iceberg
