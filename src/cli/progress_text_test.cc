// SPDX-License-Identifier: Apache-2.0
// What is said of a running job, and how often.
#include "cli/progress_text.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "cli/terminal_text.h"

namespace sluice {
namespace {

constexpr TerminalSize kUsual{80, 24};

JobProgress Following() {
  JobProgress progress;
  progress.source.position = "mysql-bin.000042:19837 gtid 0-1-1234567,1-1-22,2-2-333,3-3-4444,4-4-55555";
  progress.source.lag_ms = 1'500;
  progress.rows_read = 900;
  progress.sink.inserted = 812'000'000;
  progress.sink.updated = 412'000'000;
  progress.sink.deleted = 212'000'000;
  progress.sink.commits = 100'000;
  progress.last_commit_ms = 1'000'000;
  progress.restarts = 12;
  return progress;
}

JobProgress Copying(int tables, const std::string& name) {
  JobProgress progress;
  progress.source.snapshotting = true;
  for (int i = 0; i < tables; ++i) progress.source.tables.push_back({{"shop", Str(name, i)}, 50, 200, false});
  return progress;
}

std::vector<std::string> Block(const JobProgress& now, TerminalSize size) {
  return ProgressBlock({now, JobProgress{}, 0.5, 1'003'000}, size);
}

TEST(ProgressText, ALineSaysHowItGoes) {
  EXPECT_EQ(ProgressLine({Following(), JobProgress{}, 3, 1'003'000}),
            "following, lag 1 s, 300 rows/s, mysql-bin.000042:19837 gtid 0-1-1234567,1-1-22,2-2-333,3-3-4444,4-4-55555"
            "; 812000000 inserted, 412000000 updated, 212000000 deleted, 100000 commits, last 3 s ago, 12 restarts");
  JobProgress copying = Copying(2, "t");
  copying.source.tables[0].done = true;
  EXPECT_EQ(ProgressLine({copying, JobProgress{}, 3, 0}),
            "snapshot 1 of 2 tables, 25 %, 100 rows, 0 rows/s; 0 inserted, 0 updated, 0 deleted, 0 commits");
}

TEST(ProgressText, AsMembersOfJson) {
  JobProgress now = Following();
  now.source.position = "binlog.000001:4 gtid \"0-1-2\"";
  now.last_commit_ms = 1'700'000'000'250;
  now.epoch = 7;
  EXPECT_EQ(ProgressMembers({now, JobProgress{}, 3, 0}),
            R"(,"event":"progress","phase":"following","rows":900,"rows_per_second":300,"lag_ms":1500,)"
            R"("position":"binlog.000001:4 gtid \"0-1-2\"","inserted":812000000,"updated":412000000,)"
            R"("deleted":212000000,"commits":100000,"last_commit":"2023-11-14T22:13:20.25Z","epoch":7,"restarts":12)");
  JobProgress copying = Copying(3, "t");
  copying.source.tables[1].done = true;
  EXPECT_EQ(ProgressMembers({copying, JobProgress{}, 0, 0}),
            R"(,"event":"progress","phase":"snapshot","tables":3,"tables_done":1,"rows_copied":150,)"
            R"("rows_expected":600,"rows":0,"rows_per_second":0,"lag_ms":null,"position":"","inserted":0,"updated":0,)"
            R"("deleted":0,"commits":0,"last_commit":null,"epoch":0,"restarts":0)");
}

TEST(ProgressText, ABoundedCopyFollowsNothing) {
  JobProgress progress;
  EXPECT_EQ(ProgressLine({progress, progress, 3, 0}).substr(0, 9), "starting,");
  progress.source.position = "binlog.000001:4";
  progress.finished = true;
  std::string line = ProgressLine({progress, progress, 3, 0});
  EXPECT_EQ(line.substr(0, 10), "finishing,");
  EXPECT_EQ(line.find("following"), std::string::npos);
}

TEST(ProgressText, ARestartIsNoNegativeRate) {
  JobProgress now = Following();
  now.rows_read = 0;
  EXPECT_NE(ProgressLine({now, Following(), 3, 0}).find(", 0 rows/s"), std::string::npos);
}

TEST(ProgressText, NoLineOfABlockWraps) {
  for (const JobProgress& progress : {Following(), Copying(5, "tafel_"), Copying(5, std::string(90, 'x')),
                                      Copying(5, "注文注文注文注文注文注文注文注文注文注文注文注文注文注文注文"),
                                      Copying(5, "a\nb\tc\x1B[1m")}) {
    for (size_t columns : {1, 2, 20, 40, 79, 80, 81, 200}) {
      for (const std::string& line : Block(progress, {columns, 24})) {
        EXPECT_LT(TextColumns(line), columns) << line;
        EXPECT_EQ(line.find_first_of("\n\t\x1B"), std::string::npos) << line;
      }
    }
  }
}

TEST(ProgressText, ABlockKeepsWhatCountsOnANarrowTerminal) {
  auto lines = Block(Following(), kUsual);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].substr(0, 33), "following, lag 1 s, 1800 rows/s, ");
  EXPECT_NE(lines[1].find("812000000 inserted"), std::string::npos) << lines[1];
}

TEST(ProgressText, ABlockFitsTheTerminalsHeight) {
  EXPECT_EQ(Block(Copying(30, "t"), kUsual).size(), 10u);
  auto lines = Block(Copying(30, "t"), {80, 4});
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[1].substr(0, 8), "snapshot") << "the tables are the first to go";
  EXPECT_EQ(Block(Copying(30, "t"), {80, 1}).size(), 0u);
}

TEST(ProgressText, RowsOfATerminalThatBecameNarrower) {
  EXPECT_EQ(RowsTaken({}, 80), 0u);
  EXPECT_EQ(RowsTaken({"", std::string(79, 'a'), std::string(80, 'a')}, 80), 3u);
  EXPECT_EQ(RowsTaken({std::string(79, 'a'), "b"}, 40), 3u);
  EXPECT_EQ(RowsTaken({"ab"}, 0), 2u);
}

// The lines of `hours`, in which `move` changes the job at every step.
template <typename Move>
int LinesOf(int hours, Move move) {
  ProgressPace pace;
  JobProgress progress = Following();
  int lines = 0;
  for (int64_t ms = ProgressPace::kStepMs; ms <= hours * 3'600'000LL; ms += ProgressPace::kStepMs) {
    move(progress);
    lines += pace.Due(progress, ms) ? 1 : 0;
  }
  return lines;
}

TEST(ProgressPace, AnIdleJobSpeaksOnceAMinute) {
  EXPECT_EQ(LinesOf(1, [](JobProgress&) {}), 6 + 59);
}

TEST(ProgressPace, AServerThatWritesOtherTablesIsIdle) {
  int lines = LinesOf(1, [](JobProgress& progress) {
    ++progress.epoch;
    progress.source.position += "1";
  });
  EXPECT_EQ(lines, 6 + 59);
}

TEST(ProgressPace, ABusyJobSpeaksEveryFewSeconds) {
  EXPECT_EQ(LinesOf(1, [](JobProgress& progress) { ++progress.rows_read; }), 720);
}

TEST(ProgressPace, TheEndOfAnIdleTimeIsSaidAtOnce) {
  ProgressPace pace;
  JobProgress progress;
  EXPECT_TRUE(pace.Due(progress, 5'000));
  EXPECT_TRUE(pace.Due(progress, 30'000));
  EXPECT_FALSE(pace.Due(progress, 35'000));
  progress.source.snapshotting = true;
  EXPECT_TRUE(pace.Due(progress, 40'000));
  EXPECT_FALSE(pace.Due(progress, 95'000));
  EXPECT_TRUE(pace.Due(progress, 100'000));
}

}  // namespace
}  // namespace sluice
