// SPDX-License-Identifier: Apache-2.0
#include "cli/row_printer.h"

#include <arrow/record_batch.h>

#include <algorithm>

#include "base/text.h"
#include "cli/terminal_text.h"
#include "row/format_value.h"

namespace sluice {
namespace {

constexpr size_t kWidthMost = 60;       // of a column of the text table, on the terminal
constexpr size_t kRowsMeasured = 1000;  // rows that decide the widths

// An empty text is quoted: nothing at all is NULL.
void AppendCsvField(const std::string& text, std::string& line) {
  if (!text.empty() && text.find_first_of(",\"\n\r") == std::string::npos) {
    line += text;
    return;
  }
  line += '"';
  for (char c : text) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

}  // namespace

RowPrinter::RowPrinter(std::FILE* out, std::string format, std::vector<std::string> columns)
    : out_(out), format_(std::move(format)), columns_(std::move(columns)) {
  if (format_ != "csv") return;
  std::string line;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) line += ',';
    AppendCsvField(columns_[i], line);
  }
  Print(std::move(line));
}

void RowPrinter::Row(const arrow::RecordBatch& rows, int64_t row) {
  ++count_;
  if (format_ == "jsonl") return PrintJson(rows, row);
  if (format_ == "csv") return PrintCsv(rows, row);
  Hold(rows, row);
}

void RowPrinter::Flush() {
  if (!held_.empty()) PrintHeld();
  std::fflush(out_);
}

void RowPrinter::End() {
  if (format_ != "table") return;
  PrintHeld();
  Print(Str(count_, count_ == 1 ? " row" : " rows"));
}

void RowPrinter::PrintJson(const arrow::RecordBatch& rows, int64_t row) {
  std::string line = "{";
  for (size_t i = 0; i < columns_.size(); ++i) {
    line += Str(i > 0 ? ", " : "", "\"", JsonEscape(columns_[i]), "\": ");
    AppendJson(*rows.column(static_cast<int>(i)), row, line);
  }
  Print(line + "}");
}

void RowPrinter::PrintCsv(const arrow::RecordBatch& rows, int64_t row) {
  std::string line;
  std::string text;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) line += ',';
    text.clear();
    if (AppendText(*rows.column(static_cast<int>(i)), row, text)) AppendCsvField(text, line);
  }
  Print(std::move(line));
}

void RowPrinter::Hold(const arrow::RecordBatch& rows, int64_t row) {
  std::vector<std::string> cells(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    bool present = AppendText(*rows.column(static_cast<int>(i)), row, cells[i]);
    cells[i] = present ? EscapeControls(cells[i]) : "NULL";
  }
  held_.push_back(std::move(cells));
  if (held_.size() == kRowsMeasured) PrintHeld();
}

void RowPrinter::PrintHeld() {
  if (widths_.empty()) {
    std::vector<std::string> names;
    std::vector<std::string> rules;
    for (size_t i = 0; i < columns_.size(); ++i) {
      names.push_back(EscapeControls(columns_[i]));
      size_t width = TextColumns(names[i]);
      for (const auto& row : held_) width = std::max(width, TextColumns(row[i]));
      widths_.push_back(std::min(width, kWidthMost));
      rules.push_back(std::string(widths_[i], '-'));
    }
    PrintCells(names);
    PrintCells(rules);
  }
  for (const auto& row : held_) PrintCells(row);
  held_.clear();
}

void RowPrinter::PrintCells(const std::vector<std::string>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    size_t width = TextColumns(cells[i]);
    if (width < widths_[i]) line += std::string(widths_[i] - width, ' ');
    line += "  ";
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  Print(std::move(line));
}

void RowPrinter::Print(std::string line) {
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), out_);  // a text may have a byte 0
}

}  // namespace sluice
