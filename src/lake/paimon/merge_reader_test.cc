// SPDX-License-Identifier: Apache-2.0
// Large rows are merged a few at a time: an array of texts cannot hold 2 GiB.
#include "lake/paimon/merge_reader.h"

#include <arrow/util/byte_size.h>
#include <gtest/gtest.h>

#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

constexpr int kRows = 80;
constexpr int64_t kRowBytes = 1 << 20, kMost = 48 << 20;

TEST(PaimonMergeReader, LargeRowsComeInSmallBatches) {
  TableSchema schema;
  schema.columns = {Col("id", "INT NOT NULL"), Col("text", "STRING"), Col("n", "INT")};
  schema.primary_key = {"id"};
  for (const char* engine : {"deduplicate", "partial-update", "aggregation"}) {
    SCOPED_TRACE(engine);
    ModelLake lake(schema);
    ASSERT_OK(lake.Create({}, {{"bucket", "1"}, {"write-only", "true"}, {"merge-engine", engine},
                               {"file.compression", "zstd"}, {"write-buffer-size", "1 gb"}}));
    for (const char letter : {'a', 'b'}) {
      std::vector<std::pair<RowKind, Cells>> rows;
      for (int id = 0; id < kRows; ++id) {
        rows.push_back(lake.Put({Str(id), std::string(static_cast<size_t>(kRowBytes), letter), "1"}));
      }
      ASSERT_OK(lake.Write(rows));
      ASSERT_OK(lake.CommitEpoch());
    }
    const auto table = lake.OpenTable();
    auto scan = TableScan::Make(PosixEnv(), *table, {}, {});
    ASSERT_OK(scan);
    int64_t rows = 0, most = 0;
    for (DataBatch batch; *scan->Next(batch);) {
      rows += batch.rows->num_rows();
      most = std::max(most, *arrow::util::ReferencedBufferSize(*batch.rows));
    }
    EXPECT_EQ(rows, kRows);
    EXPECT_LT(most, kMost);
  }
}

}  // namespace
}  // namespace sluice::paimon
