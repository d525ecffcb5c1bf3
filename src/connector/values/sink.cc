// SPDX-License-Identifier: Apache-2.0
// Lines on stdout.
#include "connector/values/sink.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "base/text.h"
#include "connector/values/spec.h"
#include "row/format_value.h"

namespace sluice {
namespace {

constexpr size_t kFlushBytes = 1 << 16;

void AppendRow(const ChangeBatch& batch, int64_t row, const std::string& table, std::string& out) {
  out += RowKindName(batch.kind(row));
  out += '[';
  for (int i = 0; i < batch.rows->num_columns(); ++i) {
    if (i > 0) out += ", ";
    size_t begin = out.size();
    if (!AppendText(*batch.rows->column(i), row, out)) out += "null";
    if (out.find('\n', begin) == std::string::npos) continue;
    std::string escaped = JsonEscape(std::string_view(out).substr(begin));  // a row is one line
    out.replace(begin, std::string::npos, escaped);
  }
  out += "] ";
  out += table;
  out += '\n';
}

void Count(const ChangeBatch& batch, SinkStats& stats) {
  for (int64_t row = 0; row < batch.row_count(); ++row) {
    switch (batch.kind(row)) {
      case RowKind::kInsert: ++stats.inserted; break;
      case RowKind::kUpdateAfter: ++stats.updated; break;
      case RowKind::kDelete: ++stats.deleted; break;
      case RowKind::kUpdateBefore: break;
    }
  }
}

}  // namespace

Status ValuesSink::Print(const std::string& text) {
  if (text.empty() || std::fwrite(text.data(), 1, text.size(), config_.out) == text.size()) return Ok();
  return Unavailable("standard output cannot be written to", "is the pipe that reads it still open?");
}

Status ValuesSink::Apply(const SchemaChange& change) {
  if (config_.refuse_changes && change.kind != SchemaChangeKind::kCreateTable) {
    return Unsupported(Str("error.on.schema.change is set: ", Describe(change)));
  }
  if (!config_.print) return Ok();
  std::string line = Describe(change);
  std::string table = change.table.ToString();
  std::string_view rest = std::string_view(line).substr(table.size() + 2);  // "table: tag what"
  size_t tag = std::min(rest.find(' '), rest.size());
  return Print(Str(rest.substr(0, tag), " ", table, rest.substr(tag), "\n"));
}

Status ValuesSink::Write(const ChangeBatch& batch) {
  Count(batch, stats_);
  if (!config_.print) return Ok();
  std::string table = batch.table.ToString();
  std::string out;
  for (int64_t row = 0; row < batch.row_count(); ++row) {
    AppendRow(batch, row, table, out);
    if (out.size() < kFlushBytes) continue;
    TRY(Print(out));
    stats_.bytes_written += static_cast<int64_t>(out.size());
    out.clear();
  }
  stats_.bytes_written += static_cast<int64_t>(out.size());
  return Print(out);
}

Result<std::string> ValuesSink::Prepare(const EpochInfo&) {
  if (std::fflush(config_.out) != 0) return Unavailable("standard output cannot be written to");
  ++stats_.commits;
  return std::string();
}

Status ValuesSink::Commit(const std::string&) { return Ok(); }

Result<std::unique_ptr<Sink>> MakeValuesSink(const PipelineSpec& spec, std::vector<std::string>& warnings) {
  TRY_SET(Options options, Options::Check(Str("sink \"", spec.sink.type, "\""), ValuesSinkOptions(), spec.sink.options,
                                          spec.sink.place, warnings));
  ValuesSink::Config config;
  config.print = options.Boolean("print.enabled");
  config.refuse_changes = options.Boolean("error.on.schema.change");
  return std::unique_ptr<Sink>(std::make_unique<ValuesSink>(config));
}

}  // namespace sluice
