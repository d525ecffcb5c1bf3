// SPDX-License-Identifier: Apache-2.0
#include "cli/summary.h"

#include "base/log.h"
#include "base/text.h"

namespace sluice {
namespace {

std::string SummaryMembers(const JobSummary& summary) {
  const JobProgress& p = summary.progress;
  return Str("\"rows_read\":", p.rows_read, ",\"inserted\":", p.sink.inserted, ",\"updated\":", p.sink.updated,
             ",\"deleted\":", p.sink.deleted, ",\"commits\":", p.sink.commits,
             ",\"bytes_written\":", p.sink.bytes_written, ",\"epoch\":", p.epoch, ",\"restarts\":", p.restarts,
             ",\"elapsed_ms\":", summary.elapsed_ms, ",\"caught_up\":", summary.caught_up,
             ",\"stopped\":", summary.stopped, ",\"position\":\"", JsonEscape(p.source.position), "\"");
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

}  // namespace sluice
