// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/tracked_files.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "lake/iceberg/table_writer_test_util.h"

namespace sluice::iceberg {
namespace {

// Found by a soak: a writer that lives for months must not remember each file that it ever wrote.
TEST(TrackedFiles, OrdinalsOfFilesThatAreGoneAreGivenAgain) {
  Lake lake(Shop());
  ASSERT_TRUE(lake.Create({}).ok());
  auto table = Table::Open(PosixEnv(), *lake.catalog_, kTable);
  ASSERT_TRUE(table.ok());
  TrackedFiles files(PosixEnv(), **table);
  auto commit = [&] {
    TableChange change;
    ASSERT_TRUE(files.Finish("/nowhere/", "file:///nowhere/", change).ok());
    files.Committed(change, true);
  };
  std::optional<uint32_t> before;
  for (int epoch = 0; epoch < 100; ++epoch) {
    uint32_t ordinal = files.Add();
    DataFile data;
    data.path = Str("file:///nowhere/", epoch, ".parquet");
    data.record_count = 1;
    files.Close(ordinal, data);
    if (before) {
      EXPECT_NE(ordinal, *before) << "a file that is still in the table keeps its ordinal";
      files.Remove(*before);
    }
    commit();
    before = ordinal;
  }
  EXPECT_LE(files.size(), 2u);
  EXPECT_EQ(files.live_rows(), 1);
  EXPECT_EQ(files.LiveOrdinals(), std::vector<uint32_t>{*before});
  EXPECT_EQ(files.at(*before).data.path, "file:///nowhere/99.parquet");
}

}  // namespace
}  // namespace sluice::iceberg
