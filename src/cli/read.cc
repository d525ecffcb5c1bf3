// SPDX-License-Identifier: Apache-2.0
// `sluice read`: rows of an Iceberg table as a text table, JSON lines or CSV.
#include <arrow/record_batch.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/read_filter.h"
#include "lake/iceberg/scan.h"
#include "row/format_value.h"

namespace sluice {
namespace {

constexpr size_t kWidthMost = 60;      // of a column of the text table, in bytes
constexpr size_t kRowsMeasured = 1000;  // rows that decide the widths

class RowPrinter {
 public:
  RowPrinter(std::string format, std::vector<std::string> columns)
      : format_(std::move(format)), columns_(std::move(columns)) {
    if (format_ == "csv") PrintCsv(columns_);
  }
  void Row(const arrow::RecordBatch& rows, int64_t row) {
    ++count_;
    if (format_ == "jsonl") return PrintJson(rows, row);
    std::vector<std::string> cells(columns_.size());
    for (size_t i = 0; i < columns_.size(); ++i) {
      bool present = AppendText(*rows.column(static_cast<int>(i)), row, cells[i]);
      if (!present && format_ == "table") cells[i] = "NULL";
    }
    if (format_ == "csv") return PrintCsv(cells);
    held_.push_back(std::move(cells));
    if (held_.size() == kRowsMeasured) Flush();
  }
  void End() {
    if (format_ != "table") return;
    Flush();
    std::printf("%lld row%s\n", static_cast<long long>(count_), count_ == 1 ? "" : "s");
  }

 private:
  void PrintJson(const arrow::RecordBatch& rows, int64_t row) {
    std::string line = "{";
    for (size_t i = 0; i < columns_.size(); ++i) {
      line += Str(i > 0 ? ", " : "", "\"", JsonEscape(columns_[i]), "\": ");
      AppendJson(*rows.column(static_cast<int>(i)), row, line);
    }
    std::puts((line + "}").c_str());
  }
  static void PrintCsv(const std::vector<std::string>& cells) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line += ',';
      if (cells[i].find_first_of(",\"\n\r") == std::string::npos) {
        line += cells[i];
        continue;
      }
      line += '"';
      for (char c : cells[i]) line += c == '"' ? std::string("\"\"") : std::string(1, c);
      line += '"';
    }
    std::puts(line.c_str());
  }
  void Flush() {
    if (widths_.empty()) {
      for (size_t i = 0; i < columns_.size(); ++i) {
        size_t width = columns_[i].size();
        for (const auto& row : held_) width = std::max(width, row[i].size());
        widths_.push_back(std::min(width, kWidthMost));
      }
      PrintLine(columns_);
      std::string rule;
      for (size_t width : widths_) rule += std::string(width, '-') + "  ";
      std::puts(rule.c_str());
    }
    for (const auto& row : held_) PrintLine(row);
    held_.clear();
  }
  void PrintLine(const std::vector<std::string>& cells) const {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      line += cells[i];
      if (cells[i].size() < widths_[i]) line += std::string(widths_[i] - cells[i].size(), ' ');
      line += "  ";
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    std::puts(line.c_str());
  }

  std::string format_;
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> held_;
  std::vector<size_t> widths_;
  int64_t count_ = 0;
};

Status Read(const ReadArguments& arguments) {
  TRY_SET(RowCondition condition, RowCondition::Parse(arguments.where));
  TRY_SET(auto table, iceberg::Table::OpenAt(PosixEnv(), AbsolutePath(arguments.table)));
  std::vector<std::string> columns = arguments.columns;
  if (columns.empty()) {
    TRY_SET(auto all, iceberg::TableScan::Make(PosixEnv(), *table, arguments.snapshot, {}));
    for (const auto& field : all.schema().fields) columns.push_back(field.name);
  }
  std::vector<std::string> wanted = columns;  // those of the condition are read too, and not printed
  for (const std::string& name : condition.columns()) {
    if (std::find(wanted.begin(), wanted.end(), name) == wanted.end()) wanted.push_back(name);
  }
  TRY_SET(auto scan, iceberg::TableScan::Make(PosixEnv(), *table, arguments.snapshot, wanted));
  RowPrinter printer(arguments.format, columns);
  int64_t left = arguments.limit < 0 ? INT64_MAX : arguments.limit;
  iceberg::DataBatch batch;
  while (left > 0) {
    TRY_SET(bool more, scan.Next(batch));
    if (!more) break;
    for (int64_t row = 0; row < batch.rows->num_rows() && left > 0; ++row) {
      if (!condition.Holds(*batch.rows, row)) continue;
      printer.Row(*batch.rows, row);
      --left;
    }
  }
  printer.End();
  return Ok();
}

}  // namespace

int ReadCommand(const ReadArguments& arguments) {
  Status status = Read(arguments);
  if (!status.ok()) {
    int code = PrintError(status.error(), nullptr);
    return status.error().code == ErrorCode::kInvalid ? code : 1;
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace sluice
