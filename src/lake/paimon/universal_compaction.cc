// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/universal_compaction.h"

#include <algorithm>
#include <map>

#include "lake/paimon/local_time.h"

namespace sluice::paimon {
namespace {

using Product = __int128;  // of a size and any percentage

struct Run {
  int level = 0;
  std::vector<const DataFileMeta*> files;
  int64_t bytes = 0;
};

// Level 0 from the newest file on, then the other levels.
std::vector<Run> RunsOf(const std::vector<DataFileMeta>& files) {
  std::vector<Run> runs;
  std::map<int, Run> levels;
  for (const DataFileMeta& file : files) {
    if (file.level == 0) {
      runs.push_back({0, {&file}, file.size});
      continue;
    }
    Run& run = levels[file.level];
    run.level = file.level;
    run.files.push_back(&file);
    run.bytes += file.size;
  }
  std::stable_sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) {
    return a.files[0]->max_sequence > b.files[0]->max_sequence;
  });
  for (auto& [level, run] : levels) runs.push_back(std::move(run));
  return runs;
}

CompactionUnit UnitOf(const std::vector<Run>& runs, size_t count, int output_level) {
  CompactionUnit unit;
  unit.output_level = output_level;
  for (size_t i = 0; i < count; ++i) {
    for (const DataFileMeta* file : runs[i].files) unit.files.push_back(*file);
  }
  unit.drop_deletes = output_level > 0;
  for (size_t i = count; i < runs.size(); ++i) {
    unit.drop_deletes &= runs[i].level < output_level;
    for (const DataFileMeta* file : runs[i].files) unit.below.push_back(*file);
  }
  return unit;
}

// The first `count` runs, to the level below the next one.
CompactionUnit UnitUpTo(const std::vector<Run>& runs, size_t count, int top) {
  if (count == runs.size()) return UnitOf(runs, count, top);
  int level = std::max(0, runs[count].level - 1);
  if (level == 0) {  // level 0 is for files that come: take all up to the first run above it
    while (count < runs.size()) {
      level = runs[count++].level;
      if (level != 0) break;
    }
  }
  if (count == runs.size()) return UnitOf(runs, count, top);
  return UnitOf(runs, count, level);
}

// From `count` runs on, as many as are about as large as those before them together.
size_t Grow(const std::vector<Run>& runs, size_t count, int64_t ratio) {
  int64_t bytes = 0;
  for (size_t i = 0; i < count; ++i) bytes += runs[i].bytes;
  while (count < runs.size() && Product{bytes} * (Product{100} + ratio) / 100 >= runs[count].bytes) {
    bytes += runs[count++].bytes;
  }
  return count;
}

// When the newest file of the highest level was made: the last time that all became one run.
int64_t LastFullMs(const std::vector<Run>& runs, int top) {
  int64_t newest = -1;
  for (const Run& run : runs) {
    for (const DataFileMeta* file : run.files) {
      if (run.level == top) newest = std::max(newest, file->creation_ms.value_or(-1));
    }
  }
  return newest;
}

// Whether all become one run before their shape asks for it.
bool IsFullDue(const std::vector<Run>& runs, const TableOptions& options, int top, int64_t now_ms) {
  if (runs.size() < 2) return false;
  int64_t total = 0, above = 0;
  for (const Run& run : runs) {
    total += run.bytes;
    if (run.level != top) above += run.bytes;
  }
  if (options.full_interval_ms > 0) {
    const int64_t last_ms = LastFullMs(runs, top);
    if (last_ms < 0 || now_ms - last_ms > options.full_interval_ms) return true;
  }
  return total < options.full_below_bytes || (options.full_above_bytes > 0 && above > options.full_above_bytes);
}

// Per cent by which a run may be larger than the newer ones, at this hour.
int64_t SizeRatio(const TableOptions& options, int64_t now_ms) {
  const int start = options.offpeak_start, end = options.offpeak_end;
  if (start < 0 || end < 0) return options.size_ratio;
  const auto hour = static_cast<int>((LocalOfUtc(now_ms) / 3'600'000) % 24);
  const bool offpeak = start <= end ? start <= hour && hour < end : start <= hour || hour < end;
  return options.size_ratio + (offpeak ? options.offpeak_ratio : 0);
}

// What Paimon's "universal" compaction takes.
std::optional<CompactionUnit> PickByShape(const std::vector<Run>& runs, const TableOptions& options, int top,
                                          int64_t ratio) {
  const auto trigger = static_cast<size_t>(options.compaction_trigger);
  if (runs.size() < trigger || runs.size() < 2) return {};
  int64_t above = 0;
  for (size_t i = 0; i + 1 < runs.size(); ++i) above += runs[i].bytes;
  if (Product{above} * 100 > Product{options.size_amplification} * runs.back().bytes) {
    return UnitOf(runs, runs.size(), top);
  }
  if (const size_t count = Grow(runs, 1, ratio); count > 1) return UnitUpTo(runs, count, top);
  if (runs.size() <= trigger) return {};
  return UnitUpTo(runs, Grow(runs, runs.size() - trigger + 1, ratio), top);
}

// Of the only run, which is as low as it can be.
std::optional<CompactionUnit> PickExpired(const Run& run, const std::set<std::string>& expired) {
  CompactionUnit unit;
  unit.output_level = run.level;
  unit.drop_deletes = true;
  for (const DataFileMeta* file : run.files) {
    (expired.contains(file->name) ? unit.files : unit.below).push_back(*file);
  }
  if (unit.files.empty()) return {};
  return unit;
}

std::optional<CompactionUnit> Pick(const std::vector<Run>& runs, const TableOptions& options, bool full,
                                   const std::set<std::string>& expired, int64_t now_ms) {
  if (runs.empty()) return {};
  int top = options.levels - 1;
  for (const Run& run : runs) top = std::max(top, run.level);
  if (full) {
    if (runs.size() == 1 && runs[0].level == top) return PickExpired(runs[0], expired);
    return UnitOf(runs, runs.size(), top);
  }
  if (IsFullDue(runs, options, top, now_ms)) return UnitOf(runs, runs.size(), top);
  const int64_t ratio = SizeRatio(options, now_ms);
  const bool leaves_level_0 = !options.looks_up() && !options.force_up_level_0;
  if (auto unit = PickByShape(runs, options, top, ratio); unit || leaves_level_0) return unit;
  const auto upper = std::find_if(runs.begin(), runs.end(), [](const Run& run) { return run.level > 0; });
  const auto count = static_cast<size_t>(upper - runs.begin());
  if (count == 0) return {};
  return UnitUpTo(runs, Grow(runs, count, ratio), top);
}

}  // namespace

int CountRuns(const std::vector<DataFileMeta>& files) { return static_cast<int>(RunsOf(files).size()); }

std::set<std::string> NamesOf(const std::vector<DataFileMeta>& files) {
  std::set<std::string> out;
  for (const DataFileMeta& file : files) out.insert(file.name);
  return out;
}

std::optional<CompactionUnit> PickCompaction(const std::vector<DataFileMeta>& files, const TableOptions& options,
                                             bool full, const std::set<std::string>& expired, int64_t now_ms) {
  auto unit = Pick(RunsOf(files), options, full, expired, now_ms);
  if (unit) unit->expired = expired;
  // A deletion that is written to a vector need not be a row.
  if (unit && options.deletion_vectors) unit->drop_deletes = unit->output_level > 0;
  return unit;
}

}  // namespace sluice::paimon
