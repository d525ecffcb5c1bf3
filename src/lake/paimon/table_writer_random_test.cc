// SPDX-License-Identifier: Apache-2.0
// TableWriter against a model: random tables, and random changes of rows and columns over several epochs, with restarts
// between and inside of them. After each commit every snapshot reads as it must, and is what its manifests say.
#include <gtest/gtest.h>

#include "lake/paimon/bitmap_index.h"
#include "lake/paimon/bloom_filter.h"
#include "lake/paimon/random_table_test_util.h"
#include "lake/paimon/table_check_test_util.h"

namespace sluice::paimon {
namespace {

class RandomRun {
 public:
  RandomRun(uint64_t seed, bool keyed)
      : model_(seed, keyed), random_(model_.random), lake_(model_.schema), checker_(PosixEnv(), lake_.folder_) {
    Options options;
    options["bucket"] = random_.OneIn(3) ? "-1" : Str(1 + random_(4));
    if (!keyed && options["bucket"] != "-1") options["bucket-key"] = model_.schema.columns[0].name;
    options["dynamic-bucket.target-row-num"] = Str(5 + random_(40));
    options["num-sorted-run.compaction-trigger"] = Str(2 + random_(4));
    options["manifest.merge-min-count"] = Str(2 + random_(4));
    options["file.compression"] = random_.Of<std::string>({"zstd", "snappy", "none", "lz4"});
    if (random_.OneIn(2)) ChooseFormats(options, keyed);
    if (random_.OneIn(2)) options["target-file-size"] = Str(1 + random_(6), " kb");
    if (random_.OneIn(3)) options["manifest.target-file-size"] = Str(1 + random_(4), " kb");
    const auto producer = random_.Of<std::string>({"none", "input", "lookup", "full-compaction"});
    if (keyed) options["changelog-producer"] = producer;
    if (keyed && random_.OneIn(3) && producer != "full-compaction") {
      options["deletion-vectors.enabled"] = "true";
      if (random_.OneIn(3)) options["deletion-vectors.bitmap64"] = "true";
      vectors_ = true;
    }
    if (random_.OneIn(3)) options["num-levels"] = Str(2 + random_(6));
    if (random_.OneIn(3)) options["compaction.size-ratio"] = Str(random_(200));
    if (random_.OneIn(3)) options["compaction.max-size-amplification-percent"] = Str(random_(1000));
    if (random_.OneIn(3)) options["partition.legacy-name"] = "false";
    Random indexes(seed);  // of its own: the table is what it is without
    if (indexes.OneIn(2)) ChooseIndexes(options, indexes);
    if (indexes.OneIn(2)) options["parquet.page.row.count.limit"] = Str(1 + indexes(9));
    options_ = options;
  }

  Status Run(int epochs) {
    lake_.backfill_ = !random_.OneIn(4);
    TRY(lake_.Create(model_.partition_keys, options_));
    for (int epoch = 0; epoch < epochs; ++epoch) {
      Status done = Epoch();
      if (!done.ok()) return std::move(done).error().With(Str("epoch ", epoch));
    }
    for (const auto& [id, rows] : expected_) TRY(Compare(id));
    return checker_.CheckNames();
  }
  std::string Describe() const {
    std::string out = model_.schema.ToJson();
    for (const auto& [key, value] : options_) out += Str(" ", key, "=", value);
    return out;
  }

 private:
  void ChooseFormats(Options& options, bool keyed) {
    const std::vector<std::string> formats = {"parquet", "avro", "orc"};
    const auto format = [&] { return random_.Of(formats); };
    options["file.compression"] = random_.Of<std::string>({"zstd", "snappy"});
    options["file.format"] = format();
    if (keyed && random_.OneIn(2)) options["file.format.per.level"] = Str("0:", format(), ", 5:", format());
    if (keyed && random_.OneIn(3)) options["changelog-file.format"] = format();
    const auto mode = [&] { return random_.Of<std::string>({"none", "counts", "full", "truncate(2)"}); };
    if (random_.OneIn(2)) options["metadata.stats-mode"] = mode();
    if (keyed && random_.OneIn(3)) options["metadata.stats-mode.per.level"] = "0:" + mode();
    if (random_.OneIn(3)) options["metadata.stats-keep-first-n-columns"] = Str(random_(4));
  }

  void ChooseIndexes(Options& options, Random& random) {
    for (const Column& column : model_.schema.columns) {
      if (column.type.kind == TypeKind::kChar || random.OneIn(3)) continue;  // of CHAR readers of ORC trim blanks
      const auto add = [&](const std::string& type) {
        std::string& names = options[Str("file-index.", type, ".columns")];
        names += (names.empty() ? "" : ",") + column.name;
        model_.indexes.insert(column.name);
      };
      if (BitmapIndexBuilder::CanHold(column.type) && !random.OneIn(3)) add("bitmap");
      if (!BloomFilter::CanHold(column.type) || random.OneIn(3)) continue;
      add("bloom-filter");
      options[Str("file-index.bloom-filter.", column.name, ".items")] = Str(1 + random(40));
    }
    options["file-index.in-manifest-threshold"] = random.Of<std::string>({"0 b", "400 b", "1 mb"});
  }

  Status Epoch() {
    if (random_.OneIn(3)) TRY(lake_.Reopen());
    const auto rows = model_.rows;
    const TableSchema schema = model_.schema;
    filled_ = false;
    for (uint64_t i = random_(7); i > 0; --i) TRY(Step());
    if (random_.OneIn(8) && renames_ == 0) {  // the process dies, and all is done again, or something else
      TRY(lake_.writer_->Flush());
      model_.rows = rows;
      model_.schema = schema;
      lake_.schema_ = std::make_shared<TableSchema>(schema);
      TRY(lake_.Reopen());
      filled_ = false;
      for (uint64_t i = random_(7); i > 0; --i) TRY(Step());
    }
    renames_ = 0;
    if (!lake_.writer_->dirty()) return Ok();
    TRY(Commit());
    TRY_SET(const auto ids, lake_.OpenTable()->SnapshotIds());
    TRY(Compare(ids[random_(ids.size())]));
    TRY(Compare(ids.back()));
    return random_.OneIn(3) ? checker_.CheckNames() : Ok();
  }

  Status Step() {
    switch (random_(20)) {
      case 0: model_.rows.clear(); return lake_.Truncate();
      case 1:
      case 2: return lake_.writer_->Flush();
      case 3:
      case 4:
      case 5: return ChangeSchema();
      default: return lake_.Write(model_.Changes(1 + random_(random_.OneIn(4) ? 400 : 30)));
    }
  }

  Status ChangeSchema() {
    const SchemaChange change = model_.RandomSchemaChange();
    renames_ += change.kind == SchemaChangeKind::kRenameColumn;
    Cell value;
    if (change.kind == SchemaChangeKind::kAddColumn && change.initial.kind != InitialDefault::Kind::kNull &&
        lake_.backfill_) {
      TRY_SET(value, ValueOfOldRows(change.column, change.initial));
      filled_ |= value != nullptr;
    }
    TRY(model_.Follow(change, value));
    return lake_.Change(change);
  }

  Status Commit() {
    TRY_SET(const auto before, lake_.OpenTable()->SnapshotIds());
    const int64_t base = lake_.writer_->base_snapshot();
    TRY_SET(const TableChange change, lake_.Finish());
    const uint64_t how = random_(4);
    if (how == 0) lake_.writer_.reset();  // the process dies
    if (how == 0) {
      TRY_SET(const CommitOutcome outcome, lake_.CommitAgain(change, base));
      if (!outcome.compacted || outcome.snapshots_made == 0) return Corrupt("nothing was committed");
    } else {
      TRY_SET(const int64_t made, lake_.writer_->Commit(change, lake_.epoch_));
      (void)made;
    }
    if (how < 2) {
      TRY_SET(const CommitOutcome again, lake_.CommitAgain(change, base));
      if (again.snapshots_made != 0) return Corrupt("committed twice");
    }
    TRY_SET(const auto after, lake_.OpenTable()->SnapshotIds());
    const size_t made = 1 + !change.compacted.empty();
    if (after.size() != before.size() + made) return Corrupt(Str(after.size() - before.size(), " snapshots"));
    for (size_t i = 0; i < made; ++i) {
      const int64_t id = after[before.size() + i];
      // Old rows get their value by the second one; without merging no row of level 0 shows before it.
      if (i + 1 == made || !(filled_ || vectors_)) expected_[id] = model_.Lines();
      TRY(checker_.CheckSnapshot(id));
      if (expected_.contains(id)) TRY(Compare(id));
    }
    return how == 0 ? lake_.Reopen() : Ok();
  }

  Status Compare(int64_t snapshot) {
    auto found = expected_.find(snapshot);
    if (found == expected_.end()) return Ok();
    const Rows rows = lake_.Read(snapshot);
    if (rows == found->second) return Ok();
    std::string text = Str("snapshot ", snapshot, " of ", rows.size(), " rows, not ", found->second.size(), ":");
    for (const std::string& row : rows) text += found->second.contains(row) ? "" : "\n+ " + row;
    for (const std::string& row : found->second) text += rows.contains(row) ? "" : "\n- " + row;
    return Corrupt(text);
  }

  RandomTable model_;
  Random& random_;
  Options options_;
  ModelLake lake_;
  TableChecker checker_;
  std::map<int64_t, Rows> expected_;  // by snapshot
  bool filled_ = false;
  bool vectors_ = false;
  int renames_ = 0;
};

void RunSeeds(uint64_t first, uint64_t count, bool keyed) {
  const char* more = std::getenv("SLUICE_PAIMON_SEEDS");  // for a long run
  if (more != nullptr) count = static_cast<uint64_t>(std::atoll(more));
  for (uint64_t seed = first; seed < first + count; ++seed) {
    RandomRun run(seed, keyed);
    const Status done = run.Run(12);
    ASSERT_TRUE(done.ok()) << "seed " << seed << ": " << done.error().ToString() << "\n" << run.Describe();
  }
}

TEST(PaimonTableWriterRandomTest, TablesWithAKey) { RunSeeds(1, 14, true); }
TEST(PaimonTableWriterRandomTest, TablesWithoutAKey) { RunSeeds(100'007, 4, false); }

}  // namespace
}  // namespace sluice::paimon
