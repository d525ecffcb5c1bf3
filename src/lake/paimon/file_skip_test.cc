// SPDX-License-Identifier: Apache-2.0
// Reading with conditions: files whose index says that they have no wanted row are not opened, and no wanted row is
// missed and no old one shown, whatever kind of table it is.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "lake/paimon/expiry.h"
#include "lake/paimon/orphans.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

using Op = ColumnCondition::Op;
using Conditions = std::vector<ColumnCondition>;

TableSchema Shop(bool keyed) {
  TableSchema schema;
  schema.columns = {Col("id", "INT NOT NULL"), Col("name", "STRING"), Col("grp", "INT")};
  if (keyed) schema.primary_key = {"id"};
  return schema;
}

struct Answer {
  Rows rows;  // those that meet the conditions
  int64_t skipped = 0;
};

bool Meets(const arrow::RecordBatch& rows, int64_t row, const ColumnCondition& condition) {
  const arrow::Array& column = *rows.GetColumnByName(condition.column);
  if (column.IsNull(row)) return condition.op == Op::kIsNull;
  if (condition.op == Op::kIsNull || condition.op == Op::kIsNotNull) return condition.op == Op::kIsNotNull;
  if (condition.op == Op::kIn) {
    return std::any_of(condition.values.begin(), condition.values.end(), [&](const ColumnCondition::Value& value) {
      return Meets(rows, row, {condition.column, Op::kEqual, value});
    });
  }
  int64_t order = 0;
  if (const auto* text = std::get_if<std::string>(&condition.value)) {
    order = static_cast<const arrow::StringArray&>(column).GetView(row).compare(*text);
  } else {
    order = static_cast<const arrow::Int32Array&>(column).Value(row) - std::get<int64_t>(condition.value);
  }
  if (condition.op == Op::kAtMost) return order <= 0;
  if (condition.op == Op::kAtLeast) return order >= 0;
  return (order == 0) == (condition.op == Op::kEqual);
}

// `by_index`: the scan is told the conditions.
Result<Answer> Read(const ModelLake& lake, const Conditions& conditions, bool by_index) {
  Answer out;
  const auto table = lake.OpenTable();
  TRY_SET(auto scan, TableScan::Make(PosixEnv(), *table, std::nullopt, {}));
  if (by_index) scan.Want(conditions);
  for (DataBatch batch;;) {
    TRY_SET(const bool more, scan.Next(batch));
    if (!more) break;
    for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
      std::string line;
      for (const auto& column : batch.rows->columns()) {
        AppendJson(*column, row, line);
        line += '|';
      }
      const auto meets = [&](const ColumnCondition& condition) { return Meets(*batch.rows, row, condition); };
      if (std::all_of(conditions.begin(), conditions.end(), meets)) out.rows.insert(std::move(line));
    }
  }
  out.skipped = scan.files_skipped();
  return out;
}

const Options kIndexed = {{"file-index.bitmap.columns", "grp"},
                          {"metadata.stats-mode", "counts"},  // so that values are told by indexes alone
                          {"file-index.bloom-filter.columns", "id,name"},
                          {"file-index.bloom-filter.id.items", "100"},
                          {"file-index.bloom-filter.id.fpp", "0.001"},
                          {"file-index.bloom-filter.name.items", "100"}};

Options Indexed(Options more) {
  more.insert(kIndexed.begin(), kIndexed.end());
  return more;
}

std::vector<LiveFile> FilesOf(const ModelLake& lake) {
  const auto table = lake.OpenTable();
  return *table->LiveFiles(**table->LatestSnapshot());
}

class PaimonFileSkipTest : public ::testing::Test {
 protected:
  void Start(bool keyed, const Options& options) {
    lake_ = std::make_unique<ModelLake>(Shop(keyed));
    ASSERT_OK(lake_->Create({}, options));
  }
  // A commit of each row.
  void Put(const std::vector<std::vector<std::string>>& rows) {
    for (const auto& row : rows) {
      const RowKind kind = lake_->schema_->primary_key.empty() ? RowKind::kInsert : RowKind::kUpdateAfter;
      ASSERT_OK(lake_->Write({lake_->Row(kind, row)}));
      ASSERT_OK(lake_->CommitEpoch());
    }
  }
  // "rows, skipped files"; or an error.
  std::string Ask(const Conditions& conditions) {
    const auto answer = Read(*lake_, conditions, true);
    if (!answer.ok()) return answer.error().ToString();
    std::string out;
    for (const std::string& row : answer->rows) out += row + " ";
    return Str(out, answer->skipped);
  }

  std::unique_ptr<ModelLake> lake_;
};

TEST_F(PaimonFileSkipTest, FilesWithoutTheValueAreNotOpened) {
  for (const char* threshold : {"1 b", "10 mb"}) {
    ASSERT_NO_FATAL_FAILURE(Start(false, Indexed({{"file-index.in-manifest-threshold", threshold}})));
    ASSERT_NO_FATAL_FAILURE(Put({{"1", "a", "7"}, {"2", "b", "null"}, {"3", "c", "7"}}));
    for (const LiveFile& file : FilesOf(*lake_)) {
      const bool embedded = std::string(threshold) != "1 b";
      EXPECT_EQ(file.meta.embedded_index.has_value(), embedded);
      EXPECT_EQ(file.meta.extra_files, embedded ? std::vector<std::string>() : std::vector{file.meta.name + ".index"});
      EXPECT_EQ(std::filesystem::exists(file.path + ".index"), !embedded);
    }
    EXPECT_EQ(Ask({{"name", Op::kEqual, "b"}}), "2|\"b\"|null| 2");
    EXPECT_EQ(Ask({{"grp", Op::kIsNull}}), "2|\"b\"|null| 2");
    EXPECT_EQ(Ask({{"grp", Op::kIsNotNull}, {"id", Op::kEqual, int64_t{3}}}), "3|\"c\"|7| 2");
    EXPECT_EQ(Ask({{"grp", Op::kNotEqual, int64_t{7}}}), "3");
    EXPECT_EQ(Ask({{"name", Op::kNotEqual, "b"}}), "1|\"a\"|7| 3|\"c\"|7| 0");
    EXPECT_EQ(Ask({}), "1|\"a\"|7| 2|\"b\"|null| 3|\"c\"|7| 0");
    for (const LiveFile& file : FilesOf(*lake_)) {
      if (file.meta.value_stats.null_counts[2] == 0) std::filesystem::remove(file.path);
    }
    EXPECT_EQ(Ask({{"grp", Op::kIsNull}}), "2|\"b\"|null| 2") << "without the other files";
    EXPECT_NE(Ask({}).find(".parquet"), std::string::npos);
  }
}

TEST_F(PaimonFileSkipTest, FilesWhoseStatisticsRuleItOutAreNotOpened) {
  ASSERT_NO_FATAL_FAILURE(Start(false, {}));
  ASSERT_NO_FATAL_FAILURE(Put({{"1", "a", "7"}, {"2", "b", "null"}, {"3", "a name of more than 16 letters", "9"}}));
  EXPECT_EQ(Ask({{"name", Op::kEqual, "b"}}), "2|\"b\"|null| 2");
  EXPECT_EQ(Ask({{"name", Op::kEqual, "a name of more than 16 letters"}}), "3|\"a name of more than 16 letters\"|9| 2");
  EXPECT_EQ(Ask({{"id", Op::kAtLeast, int64_t{3}}}), "3|\"a name of more than 16 letters\"|9| 2");
  EXPECT_EQ(Ask({{"id", Op::kAtMost, int64_t{0}}}), "3");
  EXPECT_EQ(Ask({{"grp", Op::kIsNull}}), "2|\"b\"|null| 2");
  EXPECT_EQ(Ask({{"grp", Op::kAtLeast, int64_t{8}}, {"grp", Op::kIsNotNull}}),
            "3|\"a name of more than 16 letters\"|9| 2");
  EXPECT_EQ(Ask({{"grp", Op::kNotEqual, int64_t{7}}}), "3|\"a name of more than 16 letters\"|9| 1");
}

// Not for the range that they are in.
TEST_F(PaimonFileSkipTest, ValuesOfAnInAreAskedOneByOne) {
  for (const char* kind : {"bloom-filter", "bitmap", "bsi", "range-bitmap", "none"}) {
    Options options = {{"metadata.stats-mode", "none"}};
    if (kind == std::string("none")) options = {{"metadata.stats-mode", "full"}};  // bounds are asked so too
    if (kind != std::string("none")) options[Str("file-index.", kind, ".columns")] = "id,grp";
    ASSERT_NO_FATAL_FAILURE(Start(false, options));
    ASSERT_NO_FATAL_FAILURE(Put({{"1", "a", "7"}, {"2", "b", "8"}, {"3", "c", "9"}}));
    EXPECT_EQ(Ask({{"grp", Op::kIn, {}, {int64_t{7}, int64_t{9}, int64_t{11}}}}), "1|\"a\"|7| 3|\"c\"|9| 1") << kind;
    EXPECT_EQ(Ask({{"id", Op::kIn, {}, {int64_t{0}, int64_t{4}}}}), "3") << kind;
    std::vector<ColumnCondition::Value> many;
    for (int64_t id = 2; id < 80; ++id) many.push_back(id);
    EXPECT_EQ(Ask({{"id", Op::kIn, {}, many}}), "2|\"b\"|8| 3|\"c\"|9| 1") << kind;
  }
}

TEST_F(PaimonFileSkipTest, RangesAreAskedOfIndexes) {
  const Options none = {{"metadata.stats-mode", "none"}};
  for (const char* kind : {"bsi", "range-bitmap", "bitmap"}) {
    Options options = none;
    options[Str("file-index.", kind, ".columns")] = "id,grp";
    ASSERT_NO_FATAL_FAILURE(Start(false, options));
    ASSERT_NO_FATAL_FAILURE(Put({{"1", "a", "7"}, {"2", "b", "null"}, {"-3", "c", "9"}}));
    EXPECT_EQ(Ask({{"id", Op::kAtMost, int64_t{0}}}), "-3|\"c\"|9| 2") << kind;
    EXPECT_EQ(Ask({{"id", Op::kAtLeast, int64_t{2}}}), "2|\"b\"|null| 2");
    // A file with nothing but NULL has a bsi and a bitmap, but no range-bitmap: it is opened.
    const std::string seven = Str("1|\"a\"|7| ", kind == std::string("range-bitmap") ? 1 : 2);
    EXPECT_EQ(Ask({{"grp", Op::kAtLeast, int64_t{7}}, {"grp", Op::kAtMost, int64_t{8}}}), seven) << kind;
    EXPECT_EQ(Ask({{"grp", Op::kIsNull}}), "2|\"b\"|null| 2");
    EXPECT_EQ(Ask({{"grp", Op::kNotEqual, int64_t{9}}}), seven) << kind;
  }
}

TEST_F(PaimonFileSkipTest, TheIndexIsNotReadWhereTheTableSaysSo) {
  ASSERT_NO_FATAL_FAILURE(Start(false, Indexed({{"file-index.read.enabled", "False"}})));
  ASSERT_NO_FATAL_FAILURE(Put({{"1", "a", "7"}}));
  EXPECT_EQ(Ask({{"name", Op::kEqual, "b"}}), "0");
}

TEST_F(PaimonFileSkipTest, AnIndexThatIsGoneIsAnErrorByName) {
  ASSERT_NO_FATAL_FAILURE(Start(false, Indexed({{"file-index.in-manifest-threshold", "1 b"}})));
  ASSERT_NO_FATAL_FAILURE(Put({{"1", "a", "7"}}));
  const std::string index = FilesOf(*lake_)[0].path + ".index";
  std::filesystem::remove(index);
  EXPECT_NE(Ask({{"name", Op::kEqual, "b"}}).find(index), std::string::npos);
  EXPECT_EQ(Ask({}), "1|\"a\"|7| 0");
}

// Key 1 is in both files of its bucket; the newer one has grp 2.
TEST_F(PaimonFileSkipTest, OfFilesThatAreMergedOnlyTheKeyCounts) {
  ASSERT_NO_FATAL_FAILURE(Start(true, Indexed({{"bucket", "1"}, {"write-only", "true"}})));
  ASSERT_OK(lake_->Write({lake_->Put({"1", "a", "1"}), lake_->Put({"2", "a", "1"})}));
  ASSERT_OK(lake_->CommitEpoch());
  ASSERT_NO_FATAL_FAILURE(Put({{"1", "b", "2"}, {"3", "c", "3"}}));
  EXPECT_EQ(Ask({{"grp", Op::kEqual, int64_t{1}}}), "2|\"a\"|1| 1") << "only the file of key 3 shares none";
  EXPECT_EQ(Ask({{"name", Op::kEqual, "a"}, {"id", Op::kEqual, int64_t{1}}}), "1") << "key 1 is no longer so";
  EXPECT_EQ(Ask({{"id", Op::kEqual, int64_t{2}}}), "2|\"a\"|1| 2");
  EXPECT_EQ(Ask({{"grp", Op::kEqual, int64_t{3}}}), "3|\"c\"|3| 2") << "one of the merged rows would be it";
  EXPECT_EQ(Ask({{"grp", Op::kEqual, int64_t{4}}}), "3");
}

// The row that shows is made of both files, though none has it.
TEST_F(PaimonFileSkipTest, RowsThatAreMadeOfSeveralAreInNoFile) {
  ASSERT_NO_FATAL_FAILURE(
      Start(true, Indexed({{"bucket", "1"}, {"write-only", "true"}, {"merge-engine", "partial-update"}})));
  ASSERT_NO_FATAL_FAILURE(Put({{"1", "a", "null"}, {"1", "null", "2"}, {"5", "z", "5"}}));
  EXPECT_EQ(Ask({{"name", Op::kEqual, "a"}, {"grp", Op::kEqual, int64_t{2}}}), "1|\"a\"|2| 1");
  ASSERT_NO_FATAL_FAILURE(Start(true, Indexed({{"bucket", "1"},
                                               {"write-only", "true"},
                                               {"merge-engine", "aggregation"},
                                               {"fields.grp.aggregate-function", "sum"}})));
  ASSERT_NO_FATAL_FAILURE(Put({{"1", "a", "3"}, {"1", "a", "4"}}));
  EXPECT_EQ(Ask({{"grp", Op::kEqual, int64_t{7}}}), "1|\"a\"|7| 0");
}

// Whatever the table is, conditions give the rows that they give of all rows. `Random` asks many of each.
struct Kind {
  const char* name;
  bool keyed;
  Options options;
};

class PaimonFileSkipRandomTest : public ::testing::TestWithParam<Kind> {};

TEST_P(PaimonFileSkipRandomTest, NoWantedRowIsMissed) {
  const Kind& kind = GetParam();
  std::mt19937 random(7);
  const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<unsigned>(bound)); };
  ModelLake lake(Shop(kind.keyed));
  Options options = Indexed(kind.options);
  options["file-index.in-manifest-threshold"] = "180 b";  // some are above it
  options["parquet.page.row.count.limit"] = "1";
  options["file-index.bsi.columns"] = "id";
  options["file-index.range-bitmap.columns"] = "id,name,grp";
  if (random() % 2 == 0) options.erase("metadata.stats-mode");
  ASSERT_OK(lake.Create({}, options));
  int64_t skipped = 0;
  for (int epoch = 0; epoch < 12; ++epoch) {
    const int first = below(60);
    for (int n = below(6) + 1; n > 0; --n) {
      const std::vector<std::string> row = {Str(first + below(8)), below(5) == 0 ? "null" : Str("n", below(9)),
                                            below(4) == 0 ? "null" : Str(below(6))};
      const bool goes = kind.keyed && kind.options.contains("deletes") && below(4) == 0;
      const RowKind row_kind = kind.keyed ? RowKind::kUpdateAfter : RowKind::kInsert;
      ASSERT_OK(lake.Write({lake.Row(goes ? RowKind::kDelete : row_kind, row)}));
    }
    ASSERT_OK(lake.CommitEpoch());
    for (int asked = 0; asked < 8; ++asked) {
      Conditions conditions;
      const Op comparisons[] = {Op::kEqual, Op::kNotEqual, Op::kAtMost, Op::kAtLeast};
      const Op op = comparisons[below(4)];
      if (below(2) == 0) conditions.push_back({"id", comparisons[below(4)], int64_t{first + below(12)}});
      if (below(3) == 0) conditions.push_back({"name", below(5) == 0 ? Op::kIsNull : op, Str("n", below(10))});
      if (below(2) == 0) conditions.push_back({"grp", static_cast<Op>(below(6)), int64_t{below(7)}});
      if (below(3) == 0) {
        const bool text = below(2) == 0;
        ColumnCondition in{text ? "name" : below(2) == 0 ? "id" : "grp", Op::kIn};
        for (int n = below(4); n >= 0; --n) {
          in.values.push_back(text ? ColumnCondition::Value(Str("n", below(10))) : int64_t{first + below(12)});
        }
        conditions.push_back(std::move(in));
      }
      const auto all = Read(lake, conditions, false), chosen = Read(lake, conditions, true);
      ASSERT_TRUE(all.ok() && chosen.ok());
      ASSERT_EQ(all->rows, chosen->rows) << "epoch " << epoch << ", question " << asked;
      EXPECT_EQ(all->skipped, 0);
      skipped += chosen->skipped;
    }
  }
  EXPECT_GT(skipped, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, PaimonFileSkipRandomTest,
    ::testing::Values(
        Kind{"append", false, {}}, Kind{"append_buckets", false, {{"bucket", "2"}, {"bucket-key", "id"}}},
        Kind{"key", true, {{"bucket", "2"}, {"deletes", "1"}}},
        Kind{"key_not_compacted", true, {{"bucket", "1"}, {"write-only", "true"}, {"deletes", "1"}}},
        Kind{"key_dynamic", true, {{"deletes", "1"}}}, Kind{"key_orc", true, {{"bucket", "1"}, {"file.format", "orc"}}},
        Kind{"partial_update", true, {{"bucket", "1"}, {"merge-engine", "partial-update"}, {"write-only", "true"}}},
        Kind{"aggregation", true,
             {{"bucket", "1"}, {"merge-engine", "aggregation"}, {"fields.grp.aggregate-function", "sum"},
              {"fields.name.aggregate-function", "last_non_null_value"}, {"num-sorted-run.compaction-trigger", "9"}}},
        Kind{"first_row", true, {{"bucket", "1"}, {"merge-engine", "first-row"}}},
        Kind{"lookup", true, {{"bucket", "1"}, {"changelog-producer", "lookup"}, {"deletes", "1"}}},
        Kind{"vectors", true, {{"bucket", "2"}, {"deletion-vectors.enabled", "true"}, {"deletes", "1"}}},
        Kind{"sequence", true, {{"bucket", "1"}, {"sequence.field", "grp"}, {"write-only", "true"}}}),
    [](const auto& of) { return of.param.name; });

// Names of the files in the table's bucket that end in ".index", and of those that data files there would have.
struct IndexFiles {
  std::set<std::string> there, wanted;
};
IndexFiles IndexFilesOf(const std::string& folder) {
  IndexFiles out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (name.ends_with(".index")) out.there.insert(name);
    if (name.starts_with("data-") && !name.ends_with(".index")) out.wanted.insert(name + ".index");
  }
  return out;
}

// Compactions, levels that change, files that go at once, expiry: an index is there as long as its data file.
TEST(PaimonFileIndexUpkeep, AnIndexComesAndGoesWithItsFile) {
  const Options kept = {{"snapshot.num-retained.min", "1"}, {"snapshot.num-retained.max", "2"},
                        {"file-index.in-manifest-threshold", "1 b"}};
  for (const Options& more : {Options{}, Options{{"bucket", "1"}, {"num-sorted-run.compaction-trigger", "2"}},
                              Options{{"bucket", "1"}, {"changelog-producer", "lookup"}},
                              Options{{"bucket", "1"}, {"changelog-producer", "input"}}}) {
    ModelLake lake(Shop(!more.empty()));
    Options options = Indexed(more);
    options.insert(kept.begin(), kept.end());
    ASSERT_OK(lake.Create({}, options));
    size_t removed = 0;
    for (int epoch = 0; epoch < 12; ++epoch) {
      const RowKind kind = more.empty() ? RowKind::kInsert : RowKind::kUpdateAfter;
      ASSERT_OK(lake.Write({lake.Row(kind, {Str(epoch % 5), "a", "1"}), lake.Row(kind, {"100", "b", "2"})}));
      ASSERT_OK(lake.CommitEpoch());
      for (const LiveFile& file : FilesOf(lake)) {
        EXPECT_EQ(file.meta.extra_files, std::vector{file.meta.name + ".index"});
      }
      const auto before = IndexFilesOf(lake.folder_);
      EXPECT_EQ(before.there, before.wanted) << epoch;
      if (epoch % 3 != 2) continue;
      const auto table = lake.OpenTable();
      ASSERT_TRUE(ExpireSnapshots(PosixEnv(), *table).ok());
      const auto after = IndexFilesOf(lake.folder_);
      EXPECT_EQ(after.there, after.wanted) << epoch;
      removed += before.there.size() - after.there.size();
      const auto orphans = FindOrphans(PosixEnv(), lake.folder_, INT64_MAX);
      ASSERT_TRUE(orphans.ok());
      EXPECT_TRUE(orphans->empty()) << orphans->front().path;
    }
    EXPECT_GT(removed, 0u);
  }
}

}  // namespace
}  // namespace sluice::paimon
