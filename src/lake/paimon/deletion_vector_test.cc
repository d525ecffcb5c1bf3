// SPDX-License-Identifier: Apache-2.0
// Deletion vectors as Java writes them (its own golden bytes, and the portable form of each kind of container), alone
// and in an index file.
#include "lake/paimon/deletion_vector.h"

#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"
#include "base/text.h"
#include "io/folder_test_util.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {
namespace {

constexpr uint32_t kNoRuns = 12346, kWithRuns = 12347;

std::string Magic() { return {'\x5e', '\x43', '\xf2', '\xd0'}; }

template <typename... Numbers>
std::string Words(Numbers... numbers) {
  std::string out;
  (AppendLe(out, numbers), ...);
  return out;
}

std::string Joined(const DeleteSet& deletes) {
  std::string out;
  deletes.ForEach([&](int64_t position) { out += (out.empty() ? "" : " ") + std::to_string(position); });
  return out;
}

// The positions joined by blanks, or "wrong".
std::string Positions(const std::string& vector, int64_t rows = 1 << 20) {
  auto deletes = ParseDeletionVector(vector, rows);
  if (!deletes.ok()) return deletes.error().code == ErrorCode::kCorrupt ? "wrong" : "another error";
  return Joined(*deletes);
}

std::string Span(uint16_t first, uint16_t more) { return Words(first, more); }

// One container of runs, key 0.
std::string Runs(uint16_t count, const std::string& runs) {
  return Magic() + Words(kWithRuns, uint8_t{1}, uint16_t{0}, uint16_t{9}, count) + runs;
}

TEST(DeletionVector, OfBothWidthsIsReadAsJavaWroteIt) {
  const std::string bitmap =
      Words(kNoRuns, uint32_t{1}, uint16_t{0}, uint16_t{1}, uint32_t{16}, uint16_t{2}, uint16_t{3});
  EXPECT_EQ(Positions(Magic() + bitmap), "2 3");
  EXPECT_EQ(Positions(Words(uint32_t{1681511377}, uint64_t{1}, uint32_t{0}) + bitmap), "2 3");
}

TEST(DeletionVector, HasArraysRunsAndBitsets) {
  EXPECT_EQ(Positions(Runs(2, Span(3, 2) + Span(7, 0))), "3 4 5 7");
  const std::string second = Words(kNoRuns, uint32_t{1}, uint16_t{1}, uint16_t{0}, uint32_t{16}, uint16_t{5});
  EXPECT_EQ(Positions(Magic() + second), "65541");
  std::string bits = Magic() + Words(kNoRuns, uint32_t{1}, uint16_t{0}, uint16_t{4096}, uint32_t{16});
  for (int word = 0; word < 1024; ++word) bits += Words(uint64_t{word == 1023 ? uint64_t{1} << 63 : 0});
  EXPECT_EQ(Positions(bits), "65535");
}

TEST(DeletionVector, ThatIsDamagedIsAnErrorAndEndsSoon) {
  const std::string good = Runs(2, Span(3, 2) + Span(7, 0));
  EXPECT_EQ(Positions(good, 7), "wrong") << "row 7 of 7";
  for (size_t size = 0; size < good.size(); ++size) EXPECT_EQ(Positions(good.substr(0, size)), "wrong") << size;
  EXPECT_EQ(Positions("abcd" + good.substr(4)), "wrong");
  EXPECT_EQ(Positions(Runs(2, Span(3, 2) + Span(5, 0))), "wrong") << "runs overlap";
  EXPECT_EQ(Positions(Runs(1, Span(65535, 1))), "wrong") << "beyond the container";
  const std::string keys = Words(uint16_t{0}, uint16_t{0}, uint16_t{0}, uint16_t{0});
  const std::string twice =
      Words(kNoRuns, uint32_t{2}) + keys + Words(uint32_t{24}, uint32_t{26}, uint16_t{1}, uint16_t{1});
  EXPECT_EQ(Positions(Magic() + twice), "wrong") << "two containers of one key";
}

// The golden file of Java's DeletionVectorsIndexFile: {2, 3}, then {1}.
std::string IndexFile() {
  const auto bitmap = [](uint16_t more, const std::string& positions) {
    return Magic() + Words(kNoRuns, uint32_t{1}, uint16_t{0}, more, uint32_t{16}) + positions;
  };
  return '\x01' + std::string("\0\0\0\x18", 4) + bitmap(1, Words(uint16_t{2}, uint16_t{3})) + "\xc8\x98\xf6\x3d" +
         std::string("\0\0\0\x16", 4) + bitmap(0, Words(uint16_t{1})) + "\xfa\x2b\x51\x92";
}

// The positions at `offset` of an index file, joined by blanks, or what is wrong.
std::string ReadAt(const std::string& path, int32_t offset, int64_t rows = 10) {
  LiveFile file;
  file.meta.name = "a.parquet";
  file.meta.row_count = rows;
  file.deletion = DeletionRange{"a.parquet", offset, 0};
  file.index_path = path;
  auto deletes = ReadDeletions(PosixEnv(), file);
  if (deletes.ok()) return Joined(*deletes);
  const std::string& message = deletes.error().message;
  const std::string start = Str("index file ", path, ": the deletion vector of a.parquet ");
  const bool told = deletes.error().code == ErrorCode::kCorrupt && message.starts_with(start);
  return told ? message.substr(start.size()) : message;
}

TEST(DeletionVector, IsFoundByItsOffsetInTheIndexFile) {
  TestFolder folder;
  const std::string path = (folder.path() / "index").string(), bytes = IndexFile();
  ASSERT_EQ(bytes.size(), 63u);
  ASSERT_OK(PosixEnv().WriteFile(path, bytes));
  EXPECT_EQ(ReadAt(path, 1), "2 3");
  EXPECT_EQ(ReadAt(path, 33), "1");
  EXPECT_EQ(ReadAt(path, 33, 1), "is no Roaring bitmap of rows below 1");
  EXPECT_EQ(ReadAt(path, -1), "is outside of the file");
  EXPECT_EQ(ReadAt(path, 60), "is outside of the file");
  EXPECT_EQ(ReadAt(path, 59), "ends behind the file");
  EXPECT_EQ(ReadAt(path, 2147483647), "is outside of the file");
  EXPECT_NE(ReadAt(path + "x", 1).find(path + "x"), std::string::npos);
}

TEST(DeletionVector, OfAFileThatWasCutOrChangedIsAnError) {
  TestFolder folder;
  const std::string path = (folder.path() / "index").string(), bytes = IndexFile();
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_OK(PosixEnv().WriteFile(path, bytes.substr(0, size)));
    EXPECT_EQ(ReadAt(path, 33), size < 37 ? "is outside of the file" : "ends behind the file") << size;
    if (size >= 33) {
      EXPECT_EQ(ReadAt(path, 1), "2 3") << size;
    }
  }
  for (size_t at = 33; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] ^= 1;
    ASSERT_OK(PosixEnv().WriteFile(path, changed));
    const std::string wrong = at < 37 ? "ends behind the file" : "has another checksum";
    EXPECT_EQ(ReadAt(path, 33), wrong) << at;
  }
}

}  // namespace
}  // namespace sluice::paimon
