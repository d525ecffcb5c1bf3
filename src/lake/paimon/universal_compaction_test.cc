// SPDX-License-Identifier: Apache-2.0
// What is compacted next: Paimon's rules, one case each, and a bucket that gets files for ever.
#include "lake/paimon/universal_compaction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "base/text.h"
#include "lake/paimon/local_time.h"

namespace sluice::paimon {
namespace {

// "0:10 0:8 5:100": level and size of files, the newest first; those of one level are one run.
std::vector<DataFileMeta> Files(const std::string& text) {
  std::vector<DataFileMeta> files;
  for (const std::string& part : Split(text, ' ')) {
    if (part.empty()) continue;
    DataFileMeta file;
    const size_t colon = part.find(':');
    file.name = Str("f", files.size());
    file.level = std::stoi(part.substr(0, colon));
    file.size = std::stoll(part.substr(colon + 1));
    file.max_sequence = 1000 - static_cast<int64_t>(files.size());
    files.push_back(std::move(file));
  }
  return files;
}

TableOptions Trigger(int trigger) {
  TableOptions options;
  options.compaction_trigger = trigger;
  options.levels = trigger + 1;
  return options;
}

// "3 to 5", " drops" behind it if deletions go; "" for nothing. The files are always the newest ones.
std::string Pick(const std::string& text, const TableOptions& options, bool full = false) {
  std::vector<DataFileMeta> files = Files(text);
  std::reverse(files.begin(), files.end());  // the order in which they are given has no meaning
  const auto unit = PickCompaction(files, options, full);
  if (!unit) return "";
  std::set<std::string> names;
  for (const DataFileMeta& file : unit->files) names.insert(file.name);
  for (size_t i = 0; i < names.size(); ++i) EXPECT_TRUE(names.contains(Str("f", i))) << text;
  EXPECT_EQ(names.size(), unit->files.size());
  return Str(unit->files.size(), " to ", unit->output_level, unit->drop_deletes ? " drops" : "");
}

TEST(UniversalCompaction, WaitsForTheTrigger) {
  EXPECT_EQ(Pick("", Trigger(5)), "");
  EXPECT_EQ(Pick("0:10", Trigger(1)), "");
  EXPECT_EQ(Pick("0:10 0:10 0:10 0:10", Trigger(5)), "");
  EXPECT_EQ(Pick("0:10 0:10 0:10 0:10 0:10", Trigger(5)), "5 to 5 drops");
  EXPECT_EQ(Pick("0:1 4:10 4:10 4:10 4:10 4:10", Trigger(5)), "");  // a level is one run
}

// Its readers pass over level 0.
TEST(UniversalCompaction, OfFirstRowsLeavesNothingInLevel0) {
  TableOptions options = Trigger(5);
  options.merge.engine = MergeEngine::kFirstRow;
  EXPECT_EQ(Pick("0:10", options), "1 to 5 drops");
  EXPECT_EQ(Pick("0:10 5:100", options), "1 to 4");
  EXPECT_EQ(Pick("0:10 0:10 4:10 5:100", options), "3 to 4");
  EXPECT_EQ(Pick("0:10 1:100 5:500", options), "2 to 1");
  EXPECT_EQ(Pick("4:10 5:100", options), "");
  const auto unit = PickCompaction(Files("0:10 5:100 5:100"), options);
  ASSERT_TRUE(unit.has_value());
  EXPECT_EQ(unit->below.size(), 2u);  // whose keys the new rows must not have
}

TEST(UniversalCompaction, TakesAllWhenTheNewerFilesAreMoreThanTwiceTheOldest) {
  EXPECT_EQ(Pick("0:1 0:2 5:100", Trigger(3)), "");
  EXPECT_EQ(Pick("0:100 0:100 5:100", Trigger(3)), "3 to 5 drops");  // 200 %: not yet more; but by size ratio
  EXPECT_EQ(Pick("0:50 0:151 5:100", Trigger(3)), "3 to 5 drops");
  EXPECT_EQ(Pick("0:1 0:200 5:100", Trigger(3)), "3 to 5 drops");
  EXPECT_EQ(Pick("0:1 0:199 5:100", Trigger(3)), "");
  EXPECT_EQ(Pick("0:1 0:199 5:50 5:50", Trigger(3)), "");
  TableOptions options = Trigger(3);
  options.size_amplification = 100;
  EXPECT_EQ(Pick("0:1 0:100 5:100", options), "3 to 5 drops");
  options.size_amplification = 0;
  EXPECT_EQ(Pick("0:1 0:2 5:1000", options), "3 to 5 drops");
}

TEST(UniversalCompaction, TakesRunsOfAboutTheSameSize) {
  EXPECT_EQ(Pick("0:100 0:101 5:1000", Trigger(3)), "2 to 4");   // 1 % more is the same
  EXPECT_EQ(Pick("0:100 0:102 5:1000", Trigger(3)), "");
  EXPECT_EQ(Pick("0:100 0:100 0:202 4:1000 5:9000", Trigger(5)), "3 to 3");
  EXPECT_EQ(Pick("0:100 0:100 0:203 4:1000 5:9000", Trigger(5)), "4 to 4");  // see below: never to level 0
  TableOptions options = Trigger(3);
  options.size_ratio = 100;
  EXPECT_EQ(Pick("0:100 0:200 5:1000", options), "2 to 4");
  EXPECT_EQ(Pick("0:100 0:201 5:1000", options), "");
}

TEST(UniversalCompaction, NeverWritesToLevelZero) {
  // The next run is of level 0: all up to the first one above it go along.
  EXPECT_EQ(Pick("0:10 0:10 0:100 0:900 5:9000", Trigger(5)), "5 to 5 drops");
  EXPECT_EQ(Pick("0:10 0:10 0:100 3:900 5:9000", Trigger(5)), "4 to 3");
  EXPECT_EQ(Pick("0:10 0:10 0:100 0:900 0:9000", Trigger(5)), "5 to 5 drops");  // there is none above it
  // The next run is of level 1.
  EXPECT_EQ(Pick("0:10 0:10 1:100 2:900 5:9000", Trigger(5)), "3 to 1");
}

TEST(UniversalCompaction, TakesTheNewestWhenThereAreTooMany) {
  EXPECT_EQ(Pick("0:1 0:10 3:100 4:1000", Trigger(3)), "2 to 2");
  EXPECT_EQ(Pick("0:1 0:10 2:11 3:100 4:1000", Trigger(3)), "3 to 2");  // and what is as large as those
  EXPECT_EQ(Pick("0:1 0:10 2:100 3:1000 4:10000", Trigger(3)), "3 to 2");
  EXPECT_EQ(Pick("0:1 0:10 5:100", Trigger(3)), "");  // no more than the trigger
}

TEST(UniversalCompaction, DropsDeletionsOnlyWhereNothingIsBelow) {
  EXPECT_EQ(Pick("0:100 0:100 5:1000", Trigger(3)), "2 to 4");
  EXPECT_EQ(Pick("0:100 0:100 0:100", Trigger(3)), "3 to 3 drops");
  EXPECT_EQ(Pick("0:10 2:10 4:10 5:50", Trigger(4)), "3 to 4");
}

TEST(UniversalCompaction, KeepsAHighestLevelThatAnotherWriterUses) {
  EXPECT_EQ(Pick("0:100 0:100 9:1", Trigger(3)), "3 to 9 drops");
  EXPECT_EQ(Pick("0:100 0:100 9:5000", Trigger(3)), "2 to 8");
}

// Files as Pick has them, of which the highest level's were made at 1 000 000.
std::string PickAt(const std::string& text, const TableOptions& options, int64_t now_ms) {
  std::vector<DataFileMeta> files = Files(text);
  for (DataFileMeta& file : files) file.creation_ms = file.level == options.levels - 1 ? 1'000'000 : 2'000'000;
  const auto unit = PickCompaction(files, options, false, {}, now_ms);
  return unit ? Str(unit->files.size(), " to ", unit->output_level) : "";
}

TEST(UniversalCompaction, TakesAllWhenTheLastTimeIsLongAgo) {
  TableOptions options = Trigger(5);
  options.full_interval_ms = 60'000;
  EXPECT_EQ(PickAt("0:1 5:100", options, 1'060'000), "");
  EXPECT_EQ(PickAt("0:1 5:100", options, 1'060'001), "2 to 5");
  EXPECT_EQ(PickAt("5:100", options, 9'060'001), "");  // it is one run
  EXPECT_EQ(PickAt("0:1", options, 9'060'001), "");
  EXPECT_EQ(PickAt("0:1 4:100", options, 1'000'001), "2 to 5");  // it has never been
}

TEST(UniversalCompaction, TakesAllOfBucketsThatAreSmallAndWhenMuchIsNew) {
  TableOptions options = Trigger(5);
  options.full_below_bytes = 100;
  EXPECT_EQ(Pick("0:10 5:89", options), "2 to 5 drops");
  EXPECT_EQ(Pick("0:10 5:90", options), "");
  EXPECT_EQ(Pick("5:10", options), "");
  options.full_below_bytes = 0;
  options.full_above_bytes = 100;
  EXPECT_EQ(Pick("0:60 3:40 5:9000", options), "");
  EXPECT_EQ(Pick("0:60 3:41 5:9000", options), "3 to 5 drops");
}

TEST(UniversalCompaction, TakesLargerRunsInTheHoursOfLittleWork) {
  TableOptions options = Trigger(3);
  options.offpeak_ratio = 100;
  const auto at = [&](int hour, int start, int end) {
    options.offpeak_start = start;
    options.offpeak_end = end;
    return PickAt("0:100 0:200 5:9000", options, UtcOfLocal((20'000 * int64_t{24} + hour) * 3'600'000));
  };
  EXPECT_EQ(at(5, 1, 6), "2 to 4");
  EXPECT_EQ(at(6, 1, 6), "");
  EXPECT_EQ(at(1, 1, 6), "2 to 4");
  EXPECT_EQ(at(23, 22, 4), "2 to 4");  // over midnight
  EXPECT_EQ(at(3, 22, 4), "2 to 4");
  EXPECT_EQ(at(4, 22, 4), "");
  EXPECT_EQ(at(4, 4, 4), "");
  EXPECT_EQ(at(4, -1, 6), "");
}

TEST(UniversalCompaction, LeavesNothingInLevel0IfItMustNot) {
  TableOptions options = Trigger(5);
  options.force_up_level_0 = true;
  EXPECT_EQ(Pick("0:10", options), "1 to 5 drops");
  EXPECT_EQ(Pick("0:10 5:100", options), "1 to 4");
  EXPECT_EQ(Pick("4:10 5:100", options), "");
}

TEST(UniversalCompaction, InFullTakesAllFilesToTheHighestLevel) {
  EXPECT_EQ(Pick("", Trigger(5), true), "");
  EXPECT_EQ(Pick("0:1", Trigger(5), true), "1 to 5 drops");
  EXPECT_EQ(Pick("5:1 5:2", Trigger(5), true), "");
  EXPECT_EQ(Pick("4:1 4:2", Trigger(5), true), "2 to 5 drops");
  EXPECT_EQ(Pick("0:1 5:1000", Trigger(5), true), "2 to 5 drops");
}

TEST(UniversalCompaction, CountsRuns) {
  EXPECT_EQ(CountRuns(Files("")), 0);
  EXPECT_EQ(CountRuns(Files("0:1 0:1 3:1 3:1 5:1")), 4);
}

// Products of sizes and percentages that do not fit into 64 bits.
TEST(UniversalCompaction, TakesOptionsOfAnySize) {
  TableOptions options = Trigger(2);
  options.size_amplification = INT64_MAX;
  EXPECT_EQ(Pick("0:1000000000000 5:2000000000000", options), "");
  options.size_ratio = INT64_MAX;
  EXPECT_EQ(Pick("0:1000000000000 5:2000000000000", options), "2 to 5 drops");
}

// Files of level 0 come one by one; compaction is simulated by the sum of the sizes. It ends, there are never more runs
// than the trigger, and the work is bounded.
TEST(UniversalCompaction, KeepsTheNumberOfRunsBounded) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    std::mt19937_64 random(seed);
    TableOptions options = Trigger(1 + static_cast<int>(random() % 6));
    if (seed % 3 == 0) options.levels = 2 + static_cast<int>(random() % 4);
    if (seed % 2 == 0) options.size_ratio = static_cast<int64_t>(random() % 300);
    std::vector<DataFileMeta> files;
    for (int64_t i = 1; i <= 300; ++i) {
      DataFileMeta file;
      file.name = Str(i);
      file.size = 1 + static_cast<int64_t>(random() % (seed % 5 == 0 ? 100'000 : 100));
      file.max_sequence = i;
      files.push_back(file);
      int rounds = 0;
      while (const auto unit = PickCompaction(files, options)) {
        ASSERT_LT(++rounds, 20);
        ASSERT_GT(unit->files.size(), 1u);
        ASSERT_GT(unit->output_level, 0);
        DataFileMeta merged;
        merged.level = unit->output_level;
        for (const DataFileMeta& f : unit->files) {
          merged.size += f.size;
          merged.max_sequence = std::max(merged.max_sequence, f.max_sequence);
          std::erase_if(files, [&](const DataFileMeta& other) { return other.name == f.name; });
        }
        merged.name = Str("m", i, "-", rounds);
        for (const DataFileMeta& f : files) {  // older than all that is merged, and below it
          ASSERT_LT(f.max_sequence, merged.max_sequence);
          ASSERT_GT(f.level, merged.level);
          ASSERT_FALSE(unit->drop_deletes);
        }
        files.push_back(merged);
      }
      ASSERT_LE(CountRuns(files), std::max(options.compaction_trigger, 1));
    }
  }
}

}  // namespace
}  // namespace sluice::paimon
