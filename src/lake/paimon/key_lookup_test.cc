// SPDX-License-Identifier: Apache-2.0
// What a commit reads when it looks rows up: the pages of the rows that changed, whatever the table holds beside.
#include "lake/paimon/key_lookup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "io/counting_env_test_util.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

constexpr int kTexts = 8;

TableSchema WideSchema(const std::string& key_type) {
  TableSchema schema;
  schema.columns.push_back(Col("id", key_type + " NOT NULL"));
  for (int i = 0; i < kTexts; ++i) schema.columns.push_back(Col(Str("c", i), "VARCHAR(40)"));
  schema.primary_key = {"id"};
  return schema;
}

class LookupTable {
 public:
  LookupTable(Options options, const std::string& key_type)
      : lake_(WideSchema(key_type), env_), text_key_(key_type != "BIGINT") {
    options["bucket"] = "1";
    options["parquet.page.row.count.limit"] = "256";
    EXPECT_TRUE(lake_.Create({}, options).ok());
  }

  // An epoch of these rows, all of whose texts have the epoch's number; bytes that it read of opened files.
  int64_t Epoch(const std::vector<int64_t>& ids, RowKind kind = RowKind::kUpdateAfter) {
    ChangeBatch batch;
    batch.table = kTestTable;
    batch.schema = lake_.schema_;
    batch.kinds.assign(ids.size(), kind);
    const auto types = lake_.schema_->ToArrow();
    arrow::ArrayVector columns = {Keys(ids)};
    for (int i = 0; i < kTexts; ++i) {
      arrow::StringBuilder builder;
      for (int64_t id : ids) EXPECT_TRUE(builder.Append(Text(id, i, lake_.epoch_ + 1)).ok());
      columns.push_back(*builder.Finish());
    }
    batch.rows = arrow::RecordBatch::Make(types, static_cast<int64_t>(ids.size()), std::move(columns));
    EXPECT_TRUE(lake_.writer_->Write(batch).ok());
    const int64_t before = env_.bytes_read();
    const Status done = lake_.CommitEpoch();
    EXPECT_TRUE(done.ok()) << done.error().ToString();
    for (int64_t id : ids) epochs_[id] = kind == RowKind::kDelete ? 0 : lake_.epoch_;
    return env_.bytes_read() - before;
  }
  void Fill(int64_t rows) {
    std::vector<int64_t> ids;
    for (int64_t id = 0; id < rows; ++id) ids.push_back(id);
    (void)Epoch(ids, RowKind::kInsert);
  }
  int64_t DataBytes() const {
    int64_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(lake_.folder_)) {
      if (entry.path().filename().string().starts_with("data-")) bytes += static_cast<int64_t>(entry.file_size());
    }
    return bytes;
  }
  // What is read is what was written last.
  void ExpectRows() const {
    Rows expected;
    for (const auto& [id, epoch] : epochs_) {
      if (epoch == 0) continue;
      std::string line = text_key_ ? Str("\"", KeyText(id), "\"|") : Str(id, "|");
      for (int i = 0; i < kTexts; ++i) line += Str("\"", Text(id, i, epoch), "\"|");
      expected.insert(std::move(line));
    }
    EXPECT_TRUE(lake_.Read() == expected);
  }

  CountingEnv env_{PosixEnv()};
  ModelLake lake_;

 private:
  static std::string KeyText(int64_t id) { return Str("key-of-a-row-", 10'000'000 + id); }
  // Different in each row, so that it is not small in the file.
  static std::string Text(int64_t id, int column, int64_t epoch) {
    return Str(epoch, "-", static_cast<uint64_t>(id * kTexts + column + 1) * 0x9E3779B97F4A7C15u);
  }
  std::shared_ptr<arrow::Array> Keys(const std::vector<int64_t>& ids) const {
    if (!text_key_) {
      arrow::Int64Builder builder;
      EXPECT_TRUE(builder.AppendValues(ids).ok());
      return *builder.Finish();
    }
    arrow::StringBuilder builder;
    for (int64_t id : ids) EXPECT_TRUE(builder.Append(KeyText(id)).ok());
    return *builder.Finish();
  }

  const bool text_key_;
  std::map<int64_t, int64_t> epochs_;  // that wrote the row; 0: none is there
};

const std::vector<int64_t> kFew = {7, 3000, 3001, 15'000, 29'998};

struct Kind {
  std::string name;
  Options options;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class PaimonKeyLookupTest : public testing::TestWithParam<Kind> {};

TEST_P(PaimonKeyLookupTest, ReadsThePagesOfTheRowsThatChanged) {
  for (const std::string key : {"BIGINT", "VARCHAR(40)"}) {
    LookupTable table(GetParam().options, key);
    table.Fill(30'000);
    const int64_t whole = table.DataBytes();
    EXPECT_LT(table.Epoch(kFew), whole / 5) << key;
    EXPECT_LT(table.Epoch(kFew), whole / 5) << key;  // now some are in another file
    EXPECT_LT(table.Epoch({4, 4000, 50'000}, RowKind::kDelete), whole / 5) << key;
    EXPECT_LT(table.Epoch({40'000, 4, 60'000}, RowKind::kInsert), whole / 5) << key;
    if (!GetParam().options.contains("merge-engine")) table.ExpectRows();
  }
}

TEST_P(PaimonKeyLookupTest, ReadsNoMoreOfALargerTable) {
  int64_t read[2];
  for (int i = 0; i < 2; ++i) {
    LookupTable table(GetParam().options, "BIGINT");
    table.Fill(i == 0 ? 30'000 : 90'000);
    (void)table.Epoch(kFew);  // the page index is in memory from now on
    read[i] = table.Epoch({8, 2900, 15'001, 29'000});
  }
  EXPECT_LT(read[1], read[0] * 3 / 2);
}

TEST_P(PaimonKeyLookupTest, NewKeysReadNoRows) {
  LookupTable table(GetParam().options, "BIGINT");
  table.Fill(30'000);
  (void)table.Epoch({40'000});
  const int64_t small = table.Epoch({50'000});  // of the files that came since
  EXPECT_LT(small, table.DataBytes() / 20);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, PaimonKeyLookupTest,
    testing::Values(Kind{"lookup", {{"changelog-producer", "lookup"}}},
                    Kind{"vectors", {{"deletion-vectors.enabled", "true"}}},
                    Kind{"vectorsAndLookup", {{"deletion-vectors.enabled", "true"}, {"changelog-producer", "lookup"}}},
                    Kind{"firstRow", {{"merge-engine", "first-row"}, {"ignore-delete", "true"}}},
                    Kind{"partialUpdate", {{"merge-engine", "partial-update"}, {"ignore-delete", "true"},
                                           {"changelog-producer", "lookup"}}}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace sluice::paimon
