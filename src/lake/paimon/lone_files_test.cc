// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/lone_files.h"

#include <arrow/json/from_string.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "lake/paimon/evolve.h"
#include "lake/paimon/key_range.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kMb = 1 << 20;

class PaimonLoneFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TableSchema table;
    table.columns = {{"id", *ParseDataType("INT NOT NULL"), "", {}}};
    table.primary_key = {"id"};
    schema_ = *FromTableSchema(table, {}, {{"bucket", "1"}});
    options_ = *TableOptions::Of(schema_);
  }
  // With the next sequence numbers.
  DataFileMeta& Add(int level, int least, int most, int64_t bytes = 10 * kMb) {
    const BinaryRowCodec codec = *KeyRange::Codec(schema_);
    const auto keys = *arrow::json::ArrayFromJSONString(arrow::int32(), Str("[", least, ", ", most, "]"));
    DataFileMeta file;
    file.name = Str("f", files_.size());
    file.level = level;
    file.size = bytes;
    file.delete_row_count = 0;
    file.min_key = codec.Serialize({keys}, 0);
    file.max_key = codec.Serialize({keys}, 1);
    file.min_sequence = static_cast<int64_t>(files_.size()) * 100;
    file.max_sequence = file.min_sequence + 99;
    return files_.emplace_back(std::move(file));
  }
  std::string Names() const {
    std::string out;
    const auto lone = *LoneFiles(schema_, options_, files_);
    for (const DataFileMeta& file : lone) out += (out.empty() ? "" : " ") + file.name;
    return out;
  }

  Schema schema_;
  TableOptions options_;
  std::vector<DataFileMeta> files_;
};

TEST_F(PaimonLoneFilesTest, OverlapNone) {
  EXPECT_EQ(Names(), "");
  Add(0, 1, 10);
  Add(0, 11, 20);
  EXPECT_EQ(Names(), "f0 f1");
}

TEST_F(PaimonLoneFilesTest, MayHaveKeysOfNewerOnes) {
  Add(0, 1, 10);
  Add(0, 10, 20);
  EXPECT_EQ(Names(), "f0");
}

TEST_F(PaimonLoneFilesTest, OverlapNoneOfAHigherLevelHoweverNew) {
  Add(0, 1, 10);
  Add(3, 5, 6);
  EXPECT_EQ(Names(), "");
}

// Two writers may have numbered rows at once: which of them is newer is not known of the files.
TEST_F(PaimonLoneFilesTest, OverlapNoneWithSequenceNumbersOfItsOwn) {
  Add(0, 1, 10);
  Add(0, 5, 20).min_sequence = 99;
  EXPECT_EQ(Names(), "");
}

TEST_F(PaimonLoneFilesTest, AreNotSmallAndHaveNoDeletions) {
  Add(0, 1, 10, 4 * kMb - 1);
  Add(0, 11, 20, 4 * kMb);
  Add(0, 21, 30).delete_row_count = 1;
  EXPECT_EQ(Names(), "f1");
}

TEST_F(PaimonLoneFilesTest, DoNotFillTheHighestLevelWithSmallOnes) {
  for (int i = 0; i < 63; ++i) Add(5, i, i);
  for (int i = 63; i < 66; ++i) Add(0, i, i);
  Add(0, 66, 66, 100 * kMb);
  EXPECT_EQ(Names(), "f63 f66");
}

TEST_F(PaimonLoneFilesTest, StayWhereACompactionHasMoreToDo) {
  Add(0, 1, 10);
  const TableOptions plain = options_;
  options_.changelog = ChangelogProducer::kFullCompaction;
  EXPECT_EQ(Names(), "");
  options_ = plain;
  options_.deletion_vectors = true;
  EXPECT_EQ(Names(), "");
  options_ = plain;
  options_.full_interval_ms = 1;
  EXPECT_EQ(Names(), "");
  schema_.options["file.format.per.level"] = "5:orc";
  options_ = *TableOptions::Of(schema_);
  EXPECT_EQ(Names(), "");
  options_ = plain;
  EXPECT_EQ(Names(), "f0");
}

}  // namespace
}  // namespace sluice::paimon
