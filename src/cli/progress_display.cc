// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_display.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <mutex>

#include "base/log.h"
#include "base/text.h"

namespace sluice {
namespace {

constexpr std::chrono::milliseconds kRedraw{500};
constexpr std::chrono::milliseconds kLogEvery{5'000};
constexpr size_t kTablesShown = 8;

std::mutex g_draw_mutex;
size_t g_lines_drawn = 0;

void Erase() {
  for (; g_lines_drawn > 0; --g_lines_drawn) std::fputs("\033[1A\033[2K", stderr);
}

// A log line goes above the display.
void WriteAbove(const std::string& line) {
  std::lock_guard lock(g_draw_mutex);
  Erase();
  std::fputs(line.c_str(), stderr);
}

std::string Rate(int64_t rows, double seconds) {
  double rate = seconds > 0 ? static_cast<double>(rows) / seconds : 0;
  if (rate >= 10'000) return Str(static_cast<int64_t>(rate / 1000), " k rows/s");
  return Str(static_cast<int64_t>(rate), " rows/s");
}

int64_t Percent(int64_t done, int64_t expected, bool complete) {
  if (complete) return 100;
  if (expected <= 0) return 0;
  return std::min<int64_t>(99, done * 100 / expected);
}

std::string SinkPart(const JobProgress& now, int64_t wall_ms) {
  std::string out = Str(now.sink.inserted, " inserted, ", now.sink.updated, " updated, ", now.sink.deleted,
                        " deleted, ", now.sink.commits, " commits");
  if (now.last_commit_ms > 0) {
    out += Str(", last ", std::max<int64_t>(0, wall_ms - now.last_commit_ms) / 1000, " s ago");
  }
  if (now.restarts > 0) out += Str(", ", now.restarts, " restarts");
  return out;
}

}  // namespace

std::string ProgressLine(const JobProgress& now, const JobProgress& before, double seconds, int64_t wall_ms) {
  std::string out;
  if (now.source.snapshotting) {
    int64_t done = 0;
    int64_t expected = 0;
    size_t complete = 0;
    for (const TableProgress& table : now.source.tables) {
      done += table.rows_done;
      expected += std::max(table.rows_expected, table.rows_done);
      complete += table.done ? 1 : 0;
    }
    out = Str("snapshot ", complete, " of ", now.source.tables.size(), " tables, ",
              Percent(done, expected, complete == now.source.tables.size()), " %, ", done, " rows, ");
  } else {
    out = Str("following ", now.source.position, ", ");
    if (now.source.lag_ms >= 0) out += Str("lag ", now.source.lag_ms / 1000, " s, ");
  }
  return Str(out, Rate(now.rows_read - before.rows_read, seconds), "; ", SinkPart(now, wall_ms));
}

std::string ProgressBlock(const JobProgress& now, const JobProgress& before, double seconds, int64_t wall_ms) {
  std::string out;
  if (now.source.snapshotting) {
    size_t shown = 0;
    for (const TableProgress& table : now.source.tables) {
      if (table.done || table.rows_done == 0 || shown == kTablesShown) continue;
      ++shown;
      out += Str("  ", table.table.ToString(), "  ", Percent(table.rows_done, table.rows_expected, false), " %  ",
                 table.rows_done, " rows\n");
    }
  }
  return out + ProgressLine(now, before, seconds, wall_ms) + "\n";
}

ProgressDisplay::ProgressDisplay(const Job& job, Env& env)
    : job_(job), env_(env), terminal_(::isatty(STDERR_FILENO) == 1) {
  if (terminal_) SetLogWriter(&WriteAbove);
  thread_ = std::thread([this] { Run(); });
}

ProgressDisplay::~ProgressDisplay() {
  stop_.Stop();
  thread_.join();
  if (!terminal_) return;
  SetLogWriter(nullptr);
  std::lock_guard lock(g_draw_mutex);
  Erase();
}

void ProgressDisplay::Run() {
  JobProgress before = job_.progress();
  auto interval = terminal_ ? kRedraw : kLogEvery;
  double seconds = static_cast<double>(interval.count()) / 1000;
  std::string last;
  while (!stop_.WaitFor(interval)) {
    JobProgress now = job_.progress();
    if (terminal_) {
      std::string block = ProgressBlock(now, before, seconds, env_.NowMs());
      std::lock_guard lock(g_draw_mutex);
      Erase();
      std::fputs(block.c_str(), stderr);
      g_lines_drawn = static_cast<size_t>(std::count(block.begin(), block.end(), '\n'));
    } else if (now.rows_read != before.rows_read || now.epoch != before.epoch || last.empty()) {
      last = ProgressLine(now, before, seconds, env_.NowMs());
      LogInfo(last);
    }
    before = now;
  }
}

}  // namespace sluice
