// SPDX-License-Identifier: Apache-2.0
// The files of an initial copy that several readers make, each of a part of the table: what they become without being
// read again, and that no row is lost where rows go on waiting.
#include <gtest/gtest.h>

#include <algorithm>

#include "lake/paimon/table_check_test_util.h"
#include "lake/paimon/random_value_test_util.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kRowsOfPart = 400, kRowsOfBatch = 30;

class PaimonCopiedFilesTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  // Files from 32 KiB on are raised; the buffer holds some 300 rows, so that many files come of a part or two.
  void Start(Options options) {
    TableSchema schema;
    schema.columns = {Col("id", "INT NOT NULL"), Col("text", "STRING")};
    schema.primary_key = {"id"};
    lake_ = std::make_unique<ModelLake>(std::move(schema));
    options.insert({{"target-file-size", "1 mb"}, {"write-buffer-size", "300 kb"}, {"file.compression", "none"}});
    ASSERT_OK(lake_->Create({}, options));
  }
  Cells RowOf(int64_t id, char c) {
    std::string text(1000, c);
    for (int i = 0; i < 8; ++i) text[random_(text.size())] = static_cast<char>('a' + random_(26));
    const Cells row = lake_->Put({Str(id), text}).second;
    rows_[id] = Line(row);
    return row;
  }
  // Parts that `readers` take in turns, a batch of a random one at a time, and a commit now and then.
  void Copy(int64_t parts, size_t readers, bool commits) {
    struct Reader {
      int64_t part = -1, next = 0;
    };
    std::vector<Reader> all(readers);
    int64_t begun = 0;
    while (true) {
      Reader& reader = all[random_(all.size())];
      if (reader.part < 0 && begun < parts) reader = {begun++, 0};
      if (reader.part < 0) {
        const auto idle = [](const Reader& other) { return other.part < 0; };
        if (begun == parts && std::all_of(all.begin(), all.end(), idle)) return;
        continue;
      }
      const int64_t end = std::min(kRowsOfPart, reader.next + kRowsOfBatch);
      std::vector<Cells> rows;
      for (int64_t row = reader.next; row < end; ++row) rows.push_back(RowOf(reader.part * kRowsOfPart + row, 'c'));
      ASSERT_OK(lake_->WriteCopied(rows, {reader.part, reader.next == 0, end == kRowsOfPart}));
      reader.next = end;
      if (end == kRowsOfPart) reader.part = -1;
      if (commits && random_.OneIn(40)) ASSERT_OK(lake_->CommitEpoch());
    }
  }
  void Check() {
    Rows wanted;
    for (const auto& [id, line] : rows_) wanted.insert(line);
    EXPECT_EQ(lake_->Read(), wanted);
    TableChecker checker(PosixEnv(), lake_->folder_);
    for (const Snapshot& snapshot : lake_->Snapshots()) ASSERT_OK(checker.CheckSnapshot(snapshot.id));
    ASSERT_OK(checker.CheckNames());
  }
  // Rows of all files in these levels.
  int64_t RowsFrom(int level) const {
    int64_t rows = 0;
    const auto live = *lake_->OpenTable()->LiveFiles(lake_->Snapshots().back());
    for (const LiveFile& file : live) rows += file.meta.level >= level ? file.meta.row_count : 0;
    return rows;
  }
  // Rows that compactions wrote.
  int64_t RewrittenRows() const {
    int64_t rows = 0;
    const auto live = *lake_->OpenTable()->LiveFiles(lake_->Snapshots().back());
    for (const LiveFile& file : live) rows += file.meta.source == FileSource::kCompact ? file.meta.row_count : 0;
    return rows;
  }

  Random random_{GetParam()};
  std::unique_ptr<ModelLake> lake_;
  std::map<int64_t, std::string> rows_;
};

TEST_P(PaimonCopiedFilesTest, BecomeTheHighestLevelUnread) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}}));
  ASSERT_NO_FATAL_FAILURE(Copy(/*parts=*/8, /*readers=*/1 + random_(3), /*commits=*/false));
  ASSERT_OK(lake_->CommitEpoch());
  EXPECT_LE(RewrittenRows(), 8 * kRowsOfPart / 10);  // crumbs
  EXPECT_GE(RowsFrom(5), 8 * kRowsOfPart * 8 / 10);
  Check();
}

TEST_P(PaimonCopiedFilesTest, HoldEachRowOnceWhateverComesBetween) {
  const std::vector<Options> all = {{{"bucket", "1"}},
                                    {{"bucket", "3"}},
                                    {{"bucket", "-1"}, {"dynamic-bucket.target-row-num", "500"}},
                                    {{"bucket", "2"}, {"changelog-producer", "input"}},
                                    {{"bucket", "1"}, {"changelog-producer", "lookup"}},
                                    {{"bucket", "1"}, {"deletion-vectors.enabled", "true"}},
                                    {{"bucket", "1"}, {"merge-engine", "partial-update"}},
                                    {{"bucket", "1"}, {"num-levels", "3"}, {"file.format.per.level", "0:avro"},
                                     {"file.compression.per.level", "0:snappy"}}};
  ASSERT_NO_FATAL_FAILURE(Start(all[GetParam() % all.size()]));
  ASSERT_NO_FATAL_FAILURE(Copy(/*parts=*/6, /*readers=*/1 + random_(4), /*commits=*/true));
  for (int epoch = 0; epoch < 4; ++epoch) {  // the log
    std::vector<std::pair<RowKind, Cells>> changes;
    for (int i = 0; i < 200; ++i) {
      const auto id = static_cast<int64_t>(random_(7 * kRowsOfPart));
      changes.emplace_back(RowKind::kUpdateAfter, RowOf(id, static_cast<char>('0' + epoch)));
    }
    ASSERT_OK(lake_->Write(changes));
    ASSERT_OK(lake_->CommitEpoch());
    if (random_.OneIn(3)) ASSERT_OK(lake_->Reopen());
  }
  Check();
}

INSTANTIATE_TEST_SUITE_P(Seeds, PaimonCopiedFilesTest, ::testing::Range<uint64_t>(1, 17));

}  // namespace
}  // namespace sluice::paimon
