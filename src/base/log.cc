// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
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

void Write(const std::string& line) {
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

std::string TimeStamp() {
  timeval now{};
  gettimeofday(&now, nullptr);
  tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  char stamp[40];
  size_t length = std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(stamp + length, sizeof stamp - length, ".%03ldZ", static_cast<long>(now.tv_usec / 1000));
  return stamp;
}

std::string JsonLine(LogLevel level, std::string_view message, std::string_view more) {
  return Str("{\"ts\":\"", TimeStamp(), "\",\"level\":\"", Name(level), "\",\"msg\":\"", JsonEscape(message), "\"",
             more, "}\n");
}

// The members for "shop.yaml:3:5: …"; empty for any other message.
std::string PlaceMembers(std::string_view message) {
  std::string_view place = message.substr(0, std::min(message.find(": "), message.size()));
  size_t column_at = place.rfind(':');
  if (column_at == std::string_view::npos || column_at == 0) return {};
  size_t line_at = place.rfind(':', column_at - 1);
  if (line_at == std::string_view::npos || line_at == 0) return {};
  int64_t line = 0, column = 0;
  if (!ParseNumber(place.substr(line_at + 1, column_at - line_at - 1), line)) return {};
  if (!ParseNumber(place.substr(column_at + 1), column)) return {};
  return Str(",\"file\":\"", JsonEscape(place.substr(0, line_at)), "\",\"line\":", line, ",\"column\":", column);
}

}  // namespace

void SetLogFormat(LogFormat format) { g_format = format; }
LogFormat CurrentLogFormat() { return g_format; }
void SetLogLevel(LogLevel least) { g_least = least; }
void SetLogWriter(void (*writer)(const std::string& line)) { g_writer = writer; }

std::string LogLine(LogLevel level, std::string_view message, std::string_view members) {
  if (g_format.load() == LogFormat::kJson) return JsonLine(level, message, members);
  return Str(TimeStamp(), " ", Name(level), " ", message, "\n");
}

void Log(LogLevel level, std::string_view message, std::string_view members) {
  if (level >= g_least.load()) Write(LogLine(level, message, members));
}

void LogFailure(const Error& error) {
  if (g_format.load() == LogFormat::kText) return Write(Str("error: ", error.ToString(), "\n"));
  std::string more = Str(",\"code\":\"", ErrorCodeName(error.code), "\"");
  if (!error.hint.empty()) more += Str(",\"hint\":\"", JsonEscape(error.hint), "\"");
  Write(JsonLine(LogLevel::kError, error.message, more + PlaceMembers(error.message)));
}

}  // namespace sluice
