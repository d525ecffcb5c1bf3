// SPDX-License-Identifier: Apache-2.0
// The closing words of a run, and the file of --summary.
#include "cli/summary.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/log.h"
#include "base/text.h"
#include "io/folder_test_util.h"

namespace sluice {
namespace {

JobSummary Summary() {
  JobSummary summary;
  summary.progress.rows_read = 40;
  summary.progress.sink = {.inserted = 30, .updated = 7, .deleted = 3, .commits = 2, .bytes_written = 512};
  summary.progress.epoch = 5;
  summary.progress.source.position = "binlog.000001:4";
  summary.elapsed_ms = 1'250;
  summary.peak_memory_bytes = 4'096;
  summary.caught_up = true;
  summary.progress.source.replaced_values = {{"shop.t.d: \"dates\"", 3}, {"shop.t.x: texts", 1}};
  return summary;
}

constexpr const char* kMembers =
    R"("rows_read":40,"inserted":30,"updated":7,"deleted":3,"commits":2,"bytes_written":512,"epoch":5,"restarts":0,)"
    R"("elapsed_ms":1250,"peak_memory_bytes":4096,"caught_up":true,"stopped":false,"position":"binlog.000001:4",)"
    R"("replaced_values":{"shop.t.d: \"dates\"":3,"shop.t.x: texts":1})";

TEST(Summary, AsText) {
  EXPECT_EQ(SummaryLine(Summary()),
            "caught up after 1.2 s: 40 rows read; 30 inserted, 7 updated, 3 deleted in 2 commits; position "
            "binlog.000001:4\n");
}

TEST(Summary, AsALineOfJson) {
  SetLogFormat(LogFormat::kJson);
  std::string line = SummaryLine(Summary());
  SetLogFormat(LogFormat::kText);
  EXPECT_EQ(line.substr(0, 6), "{\"ts\":");
  EXPECT_EQ(line.substr(line.find(",\"event\"")), Str(",\"event\":\"summary\",", kMembers, "}\n"));
}

TEST(Summary, OfAFailure) {
  EXPECT_EQ(SummaryJson(Summary(), nullptr), Str("{", kMembers, "}\n"));
  Error error = Unavailable("host \"a\" is away", "start it");
  EXPECT_EQ(SummaryJson(Summary(), &error),
            Str("{", kMembers, R"(,"error":{"code":"unavailable","message":"host \"a\" is away","hint":"start it"}})",
                "\n"));
}

class SummaryFile : public testing::Test {
 protected:
  std::string Path(const char* name) const { return (folder_.path() / name).string(); }
  std::string ErrorOf(const std::string& path) const {
    Status status = CheckSummaryFile(PosixEnv(), path);
    return status.ok() ? "" : status.error().ToString();
  }
  TestFolder folder_;
};

TEST_F(SummaryFile, WhatCannotBeWrittenIsRefused) {
  constexpr const char* kHint = "\nhint: give the path of a file in a folder that exists and that sluice may write to";
  EXPECT_EQ(ErrorOf(Path("s.json")), "");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path())) << "the check leaves nothing";
  EXPECT_EQ(ErrorOf(Path("none/s.json")),
            Str("--summary: create ", Path("none/s.json"), ": No such file or directory", kHint));
  EXPECT_EQ(ErrorOf(folder_.path().string()),
            Str("--summary ", folder_.path().string(), " is a directory\nhint: give the path of a file"));
}

TEST_F(SummaryFile, IsReplacedAsAWhole) {
  ASSERT_OK(WriteSummaryFile(PosixEnv(), Path("s.json"), "a long first text"));
  ASSERT_OK(WriteSummaryFile(PosixEnv(), Path("s.json"), "second"));
  EXPECT_EQ(*PosixEnv().ReadFile(Path("s.json")), "second");
  Status status = WriteSummaryFile(PosixEnv(), Path("none/s.json"), "x");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, Str("--summary: create ", Path("none/s.json"), ": No such file or directory"));
}

TEST_F(SummaryFile, ALinkStaysALink) {
  ASSERT_OK(WriteSummaryFile(PosixEnv(), Path("s.json"), "first"));
  std::filesystem::create_symlink(Path("s.json"), Path("link"));
  EXPECT_EQ(ErrorOf(Path("link")), "");
  ASSERT_OK(WriteSummaryFile(PosixEnv(), Path("link"), "second"));
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link")));
  EXPECT_EQ(*PosixEnv().ReadFile(Path("s.json")), "second");
}

}  // namespace
}  // namespace sluice
