// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <ctime>
#include <mutex>

#include "base/text.h"

namespace sluice {
namespace {

std::mutex g_mutex;
std::atomic<LogFormat> g_format{LogFormat::kText};
std::atomic<LogLevel> g_least{LogLevel::kInfo};
std::atomic<void (*)(const std::string&)> g_writer{nullptr};

const char* Name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarn: return "warn";
    case LogLevel::kError: return "error";
  }
  return "";
}

}  // namespace

void SetLogFormat(LogFormat format) { g_format = format; }
void SetLogLevel(LogLevel least) { g_least = least; }
void SetLogWriter(void (*writer)(const std::string& line)) { g_writer = writer; }

void Log(LogLevel level, std::string_view message) {
  if (level < g_least.load()) return;
  timeval now{};
  gettimeofday(&now, nullptr);
  tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  char stamp[40];
  size_t length = std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(stamp + length, sizeof stamp - length, ".%03ldZ", static_cast<long>(now.tv_usec / 1000));
  std::string line = g_format.load() == LogFormat::kJson
                         ? Str("{\"ts\":\"", stamp, "\",\"level\":\"", Name(level), "\",\"msg\":\"",
                               JsonEscape(message), "\"}\n")
                         : Str(stamp, " ", Name(level), " ", message, "\n");
  std::lock_guard lock(g_mutex);
  if (auto* writer = g_writer.load()) {
    writer(line);
    return;
  }
  size_t written = 0;
  while (written < line.size()) {
    ssize_t n = ::write(STDERR_FILENO, line.data() + written, line.size() - written);
    if (n <= 0) return;
    written += static_cast<size_t>(n);
  }
}

}  // namespace sluice
