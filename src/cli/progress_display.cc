// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_display.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "cli/progress_text.h"

namespace sluice {
namespace {

constexpr std::chrono::milliseconds kRedraw{500};

std::mutex g_draw_mutex;
std::vector<std::string> g_drawn;

// Asked before each draw: a window changes its size at any time.
TerminalSize SizeNow() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) size = {};
  return {size.ws_col != 0 ? size.ws_col : size_t{80}, size.ws_row != 0 ? size.ws_row : size_t{24}};
}

// What takes away the lines that were drawn; `size` is the terminal's now.
std::string Erasure(TerminalSize size) {
  return g_drawn.empty() ? "" : Str("\r\033[", RowsTaken(g_drawn, size.columns), "A\033[J");
}

std::string Drawing() {
  std::string out;
  for (const std::string& line : g_drawn) out += line + "\n";
  return out;
}

// A log line goes above the display.
void WriteAbove(const std::string& line) {
  std::lock_guard lock(g_draw_mutex);
  std::fputs(Str(Erasure(SizeNow()), line, Drawing()).c_str(), stderr);
}

// Lines of JSON are for programs, also where one watches them.
bool IsLiveTerminal() {
  if (CurrentLogFormat() == LogFormat::kJson) return false;
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && (term == nullptr || std::string_view(term) != "dumb");
}

}  // namespace

ProgressDisplay::ProgressDisplay(const Job& job, Env& env) : job_(job), env_(env), terminal_(IsLiveTerminal()) {
  if (terminal_) SetLogWriter(&WriteAbove);
  thread_ = std::thread([this] { Run(); });
}

ProgressDisplay::~ProgressDisplay() {
  stop_.Stop();
  thread_.join();
  if (!terminal_) return;
  SetLogWriter(nullptr);
  std::lock_guard lock(g_draw_mutex);
  std::fputs(Erasure(SizeNow()).c_str(), stderr);
  g_drawn.clear();
}

void ProgressDisplay::Run() { terminal_ ? Redraw() : WriteLog(); }

void ProgressDisplay::Redraw() {
  JobProgress before = job_.progress();
  int64_t before_ms = env_.MonotonicMs();
  while (!stop_.WaitFor(kRedraw)) {
    JobProgress now = job_.progress();
    int64_t now_ms = env_.MonotonicMs();
    ProgressStep step{now, before, static_cast<double>(now_ms - before_ms) / 1000, env_.NowMs()};
    {
      TerminalSize size = SizeNow();
      std::lock_guard lock(g_draw_mutex);
      std::string erasure = Erasure(size);
      g_drawn = ProgressBlock(step, size);
      std::fputs(Str(erasure, Drawing()).c_str(), stderr);
    }
    before = std::move(now);
    before_ms = now_ms;
  }
}

void ProgressDisplay::WriteLog() {
  ProgressPace pace;
  JobProgress before = job_.progress();
  int64_t before_ms = env_.MonotonicMs();
  const int64_t started_ms = before_ms;
  while (!stop_.WaitFor(std::chrono::milliseconds(ProgressPace::kStepMs))) {
    JobProgress now = job_.progress();
    int64_t now_ms = env_.MonotonicMs();
    if (!pace.Due(now, now_ms - started_ms)) continue;
    ProgressStep step{now, before, static_cast<double>(now_ms - before_ms) / 1000, env_.NowMs()};
    Log(LogLevel::kInfo, ProgressLine(step), ProgressMembers(step));
    before = std::move(now);
    before_ms = now_ms;
  }
}

}  // namespace sluice
