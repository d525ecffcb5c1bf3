// SPDX-License-Identifier: Apache-2.0
// The program's log: one line an event on stderr, as text or JSON. Thread safe. Never give it a secret.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kText, kJson };

void SetLogFormat(LogFormat format);
LogFormat CurrentLogFormat();
void SetLogLevel(LogLevel least);
// While a live display owns the terminal, each line is passed to it instead of stderr; nullptr gives it back.
void SetLogWriter(void (*writer)(const std::string& line));

// `members` (`,"key":value…`) are for programs: they stand in JSON only.
void Log(LogLevel level, std::string_view message, std::string_view members = {});
// The line that Log would write, with its line end.
std::string LogLine(LogLevel level, std::string_view message, std::string_view members = {});
// The last words of a command. Text: "error: …" and "hint: …" without a time. JSON: a line like all others, with
// "code", "hint" and, if the message begins with a place in a file, "file", "line" and "column".
void LogFailure(const Error& error);
inline void LogInfo(std::string_view message) { Log(LogLevel::kInfo, message); }
inline void LogWarn(std::string_view message) { Log(LogLevel::kWarn, message); }
inline void LogError(std::string_view message) { Log(LogLevel::kError, message); }
inline void LogDebug(std::string_view message) { Log(LogLevel::kDebug, message); }

}  // namespace sluice
