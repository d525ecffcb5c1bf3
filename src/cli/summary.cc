// SPDX-License-Identifier: Apache-2.0
#include "cli/summary.h"

#include <filesystem>
#include <map>

#include "base/log.h"
#include "base/text.h"

namespace sluice {
namespace {

// {"shop.t.d: dates that are none": 7}
std::string ReplacedJson(const std::map<std::string, int64_t>& replaced) {
  std::string out;
  for (const auto& [what, count] : replaced) out += Str(out.empty() ? "" : ",", "\"", JsonEscape(what), "\":", count);
  return Str("{", out, "}");
}

std::string SummaryMembers(const JobSummary& summary) {
  const JobProgress& p = summary.progress;
  return Str("\"rows_read\":", p.rows_read, ",\"inserted\":", p.sink.inserted, ",\"updated\":", p.sink.updated,
             ",\"deleted\":", p.sink.deleted, ",\"commits\":", p.sink.commits,
             ",\"bytes_written\":", p.sink.bytes_written, ",\"epoch\":", p.epoch, ",\"restarts\":", p.restarts,
             ",\"elapsed_ms\":", summary.elapsed_ms, ",\"peak_memory_bytes\":", summary.peak_memory_bytes,
             ",\"caught_up\":", summary.caught_up, ",\"stopped\":", summary.stopped,
             ",\"position\":\"", JsonEscape(p.source.position),
             "\",\"replaced_values\":", ReplacedJson(p.source.replaced_values));
}

// A device, a pipe or a link: renaming a file over it would take it away.
bool IsWrittenInPlace(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_symlink(path, ignored) ||
         (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored));
}

}  // namespace

std::string SummaryLine(const JobSummary& summary) {
  const JobProgress& p = summary.progress;
  std::string text = Str(summary.caught_up ? "caught up" : "stopped", " after ", summary.elapsed_ms / 1000, ".",
                         summary.elapsed_ms % 1000 / 100, " s: ", p.rows_read, " rows read; ", p.sink.inserted,
                         " inserted, ", p.sink.updated, " updated, ", p.sink.deleted, " deleted in ", p.sink.commits,
                         " commits; position ", p.source.position);
  if (CurrentLogFormat() == LogFormat::kText) return text + "\n";
  return LogLine(LogLevel::kInfo, text, Str(",\"event\":\"summary\",", SummaryMembers(summary)));
}

std::string SummaryJson(const JobSummary& summary, const Error* error) {
  std::string out = Str("{", SummaryMembers(summary));
  if (error != nullptr) {
    out += Str(",\"error\":{\"code\":\"", ErrorCodeName(error->code), "\",\"message\":\"", JsonEscape(error->message),
               "\",\"hint\":\"", JsonEscape(error->hint), "\"}");
  }
  return out + "}\n";
}

Status CheckSummaryFile(Env& env, const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return Invalid(Str("--summary ", path, " is a directory"), "give the path of a file");
  }
  if (IsWrittenInPlace(path)) return Ok();
  Status writable = env.CheckWritable(path);
  if (writable.ok()) return Ok();
  return Invalid(Str("--summary: ", writable.error().message),
                 "give the path of a file in a folder that exists and that sluice may write to");
}

Status WriteSummaryFile(Env& env, const std::string& path, const std::string& json) {
  auto write = [&]() -> Status {
    if (!IsWrittenInPlace(path)) return env.WriteFileDurably(path, json);
    TRY_SET(auto file, env.NewFile(path));
    TRY(file->Append(json));
    return file->Close();
  };
  Status status = write();
  if (status.ok()) return Ok();
  Error error = std::move(status).error().With("--summary");
  error.hint = "the run itself ended as said before; its tables and its state are not affected";
  return error;
}

}  // namespace sluice
