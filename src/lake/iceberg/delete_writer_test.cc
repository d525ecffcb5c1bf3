// SPDX-License-Identifier: Apache-2.0
// Position delete files: what is written comes back, Java's are read, foreign and broken ones are refused.
#include "lake/iceberg/delete_writer.h"

#include <fstream>

#include "base/bytes.h"
#include "lake/iceberg/data_file_test_util.h"

namespace sluice::iceberg {
namespace {

constexpr const char* kJavaDataFile =
    "/tmp/golden-lake/iceberg/v2/deletes_per_file/data/00000-1036-4f3b3a4a-d5da-41d4-9e10-207d497c5f59-0-00001.parquet";

class DeleteWriterTest : public DataFileFixture {};

DeleteSet Of(std::initializer_list<int64_t> positions) {
  DeleteSet out;
  for (int64_t position : positions) out.Add(position);
  return out;
}

TEST(DeleteSet, CountsEachPositionOnce) {
  DeleteSet set;
  EXPECT_TRUE(set.Add(1000));
  EXPECT_FALSE(set.Add(1000));
  EXPECT_TRUE(set.Add(0));
  EXPECT_TRUE(set.Contains(1000));
  EXPECT_FALSE(set.Contains(999));
  EXPECT_FALSE(set.Contains(1'000'000));
  EXPECT_EQ(set.count(), 2);
  DeleteSet other = Of({0, 64, 5000});
  set.Merge(other);
  EXPECT_EQ(set.count(), 4);
  EXPECT_TRUE(set == Of({5000, 1000, 64, 0}));
  EXPECT_FALSE(set == other);
  std::vector<int64_t> all;
  set.ForEach([&](int64_t position) { all.push_back(position); });
  EXPECT_EQ(all, (std::vector<int64_t>{0, 64, 1000, 5000}));
}

TEST_F(DeleteWriterTest, WhatIsWrittenComesBack) {
  DataFile data;
  data.path = "file:///lake/db/t/data/" + std::string(100, 'x') + ".parquet";
  data.spec_id = 3;
  data.partition = {PartitionValue(int32_t{7}), PartitionValue(std::string("a"))};
  DeleteSet deletes;
  for (int64_t i = 5; i < 100'000; i += 3) deletes.Add(i);
  auto file = WritePositionDeletes(env_, Path("d.parquet"), data, deletes, true, "file:///lake/d.parquet");
  ASSERT_TRUE(file.ok()) << file.error().ToString();
  EXPECT_EQ(file->content, FileContent::kPositionDeletes);
  EXPECT_EQ(file->path, "file:///lake/d.parquet");
  EXPECT_EQ(file->size, *env_.FileSize(Path("d.parquet")));
  EXPECT_EQ(file->record_count, deletes.count());
  EXPECT_EQ(file->spec_id, 3);
  EXPECT_EQ(file->partition, data.partition);
  EXPECT_EQ(file->referenced_data_file, data.path);
  EXPECT_EQ(file->lower_bounds.at(kDeleteFilePathId), data.path);
  EXPECT_EQ(file->upper_bounds.at(kDeleteFilePathId), data.path);
  EXPECT_EQ(LoadLe<int64_t>(file->lower_bounds.at(kDeletePosId).data()), 5);
  EXPECT_EQ(LoadLe<int64_t>(file->upper_bounds.at(kDeletePosId).data()), 99'998);
  EXPECT_EQ(file->DeletesOf(), data.path);
  EXPECT_FALSE(file->sort_order_id.has_value());
  auto read = ReadPositionDeletes(env_, Path("d.parquet"), *file, data.path, 100'000);
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_TRUE(*read == deletes);
  auto other = ReadPositionDeletes(env_, Path("d.parquet"), *file, "file:///other", 10);
  ASSERT_TRUE(other.ok());
  EXPECT_TRUE(other->empty());
  auto beyond = ReadPositionDeletes(env_, Path("d.parquet"), *file, data.path, 50'000);
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(beyond.error().message.find("which has 50000 rows"), std::string::npos) << beyond.error().message;
}

TEST_F(DeleteWriterTest, JavasDeletesAreRead) {
  DataFile file;
  file.content = FileContent::kPositionDeletes;
  auto read = ReadPositionDeletes(env_, Golden("deletes.parquet"), file, kJavaDataFile, 8);
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_TRUE(*read == Of({1, 2, 3, 4, 5}));
  Schema wanted;
  wanted.fields = {MakeField(2, "v", "string")};
  ReadOptions options;
  options.deletes = &*read;
  EXPECT_EQ(ReadRows(env_, Golden("deleted_from.parquet"), wanted, options),
            (std::vector<std::string>{R"(["a1"])", R"(["a7"])", R"(["a8"])"}));
}

TEST_F(DeleteWriterTest, OtherFormatsAndOtherFilesAreRefused) {
  DataFile file;
  file.content = FileContent::kPositionDeletes;
  file.format = "PUFFIN";
  EXPECT_EQ(ReadPositionDeletes(env_, Path("p"), file, "x", 1).error().code, ErrorCode::kUnsupported);
  file.format = "PARQUET";
  auto not_deletes = ReadPositionDeletes(env_, Golden("deleted_from.parquet"), file, "x", 1);
  EXPECT_EQ(not_deletes.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(not_deletes.error().message.find("has no columns file_path and pos"), std::string::npos);
  std::string good = *env_.ReadFile(Golden("deletes.parquet"));
  for (size_t size : {size_t{0}, size_t{10}, good.size() - 2}) {
    std::ofstream(Path("short"), std::ios::binary) << good.substr(0, size);
    auto read = ReadPositionDeletes(env_, Path("short"), file, kJavaDataFile, 8);
    ASSERT_FALSE(read.ok()) << size;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt) << size;
  }
  EXPECT_EQ(WritePositionDeletes(env_, Path("none"), file, DeleteSet()).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace sluice::iceberg
