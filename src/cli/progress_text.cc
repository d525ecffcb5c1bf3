// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_text.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "cli/terminal_text.h"
#include "row/format_value.h"

namespace sluice {
namespace {

constexpr size_t kTablesShown = 8;
constexpr int64_t kEagerMs = 30'000;  // lines come every few seconds for so long
constexpr int64_t kIdleMs = 60'000;   // then once in so long, unless rows move

struct Copied {
  size_t tables = 0;
  size_t complete = 0;
  int64_t rows = 0;
  int64_t expected = 0;
};

Copied CopiedOf(const SourceProgress& source) {
  Copied out;
  out.tables = source.tables.size();
  for (const TableProgress& table : source.tables) {
    out.rows += table.rows_done;
    out.expected += std::max(table.rows_expected, table.rows_done);
    out.complete += table.done ? 1 : 0;
  }
  return out;
}

const char* PhaseOf(const JobProgress& now) {
  if (now.source.snapshotting) return "snapshot";
  if (now.finished) return "finishing";
  return now.source.position.empty() ? "starting" : "following";
}

// A restart counts from 0 again.
double RowsPerSecond(const ProgressStep& step) {
  auto rows = static_cast<double>(std::max<int64_t>(0, step.now.rows_read - step.before.rows_read));
  return step.seconds > 0 ? rows / step.seconds : 0;
}

std::string Rate(double rate) {
  if (rate >= 10'000) return Str(static_cast<int64_t>(rate / 1000), " k rows/s");
  return Str(static_cast<int64_t>(rate), " rows/s");
}

int64_t Percent(int64_t done, int64_t expected, bool complete) {
  if (complete) return 100;
  if (expected <= 0) return 0;
  return std::min<int64_t>(99, done * 100 / expected);
}

// The longest part, the position, is last: a narrow terminal cuts it.
std::string SourcePart(const ProgressStep& step) {
  const SourceProgress& source = step.now.source;
  std::string rate = Rate(RowsPerSecond(step));
  if (source.snapshotting) {
    Copied copied = CopiedOf(source);
    return Str("snapshot ", copied.complete, " of ", copied.tables, " tables, ",
               Percent(copied.rows, copied.expected, copied.complete == copied.tables), " %, ", copied.rows, " rows, ",
               rate);
  }
  std::string out = PhaseOf(step.now);
  if (source.lag_ms >= 0) out += Str(", lag ", source.lag_ms / 1000, " s");
  out += Str(", ", rate);
  if (!source.position.empty()) out += Str(", ", source.position);
  return out;
}

std::string SinkPart(const ProgressStep& step) {
  const JobProgress& now = step.now;
  std::string out = Str(now.sink.inserted, " inserted, ", now.sink.updated, " updated, ", now.sink.deleted,
                        " deleted, ", now.sink.commits, " commits");
  if (now.last_commit_ms > 0) {
    out += Str(", last ", std::max<int64_t>(0, step.wall_ms - now.last_commit_ms) / 1000, " s ago");
  }
  if (now.restarts > 0) out += Str(", ", now.restarts, " restarts");
  return out;
}

// Nothing but the log's own position.
bool Idle(const JobProgress& now, const JobProgress& before) {
  Copied a = CopiedOf(now.source);
  Copied b = CopiedOf(before.source);
  return now.rows_read == before.rows_read && now.sink.commits == before.sink.commits &&
         now.restarts == before.restarts && now.finished == before.finished &&
         now.source.snapshotting == before.source.snapshotting && a.rows == b.rows && a.complete == b.complete;
}

}  // namespace

std::string ProgressLine(const ProgressStep& step) { return Str(SourcePart(step), "; ", SinkPart(step)); }

std::string ProgressMembers(const ProgressStep& step) {
  const JobProgress& now = step.now;
  std::string out = Str(",\"event\":\"progress\",\"phase\":\"", PhaseOf(now), "\"");
  if (now.source.snapshotting) {
    Copied copied = CopiedOf(now.source);
    out += Str(",\"tables\":", copied.tables, ",\"tables_done\":", copied.complete, ",\"rows_copied\":", copied.rows,
               ",\"rows_expected\":", copied.expected);
  }
  out += Str(",\"rows\":", now.rows_read, ",\"rows_per_second\":", std::llround(RowsPerSecond(step)),
             ",\"lag_ms\":", now.source.lag_ms >= 0 ? Str(now.source.lag_ms) : "null", ",\"position\":\"",
             JsonEscape(now.source.position), "\",\"inserted\":", now.sink.inserted, ",\"updated\":", now.sink.updated,
             ",\"deleted\":", now.sink.deleted, ",\"commits\":", now.sink.commits, ",\"last_commit\":");
  if (now.last_commit_ms > 0) {
    out += '"';
    AppendTimestamp(now.last_commit_ms * 1000, /*zoned=*/true, out);
    out += '"';
  } else {
    out += "null";
  }
  return Str(out, ",\"epoch\":", now.epoch, ",\"restarts\":", now.restarts);
}

std::vector<std::string> ProgressBlock(const ProgressStep& step, TerminalSize size) {
  std::vector<std::string> lines;
  for (const TableProgress& table : step.now.source.tables) {
    if (!step.now.source.snapshotting || lines.size() == kTablesShown) break;
    if (table.done || table.rows_done == 0) continue;
    lines.push_back(Str("  ", table.table.ToString(), "  ", Percent(table.rows_done, table.rows_expected, false),
                        " %  ", table.rows_done, " rows"));
  }
  lines.push_back(SourcePart(step));
  lines.push_back("  " + SinkPart(step));
  // The cursor needs the last row; the tables are the first to go.
  size_t fit = std::max<size_t>(1, size.rows) - 1;
  if (lines.size() > fit) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(fit));
  // A full line would put the cursor on the next row of some terminals.
  size_t columns = std::max<size_t>(1, size.columns) - 1;
  for (std::string& line : lines) line = CutToColumns(EscapeControls(line), columns);
  return lines;
}

size_t RowsTaken(const std::vector<std::string>& lines, size_t columns) {
  size_t rows = 0;
  columns = std::max<size_t>(1, columns);
  for (const std::string& line : lines) rows += std::max<size_t>(1, (TextColumns(line) + columns - 1) / columns);
  return rows;
}

bool ProgressPace::Due(const JobProgress& now, int64_t elapsed_ms) {
  bool due = elapsed_ms <= kEagerMs || elapsed_ms - last_ms_ >= kIdleMs || !Idle(now, last_);
  if (!due) return false;
  last_ = now;
  last_ms_ = elapsed_ms;
  return true;
}

}  // namespace sluice
