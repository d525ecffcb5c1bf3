// SPDX-License-Identifier: Apache-2.0
// RowPrinter: rows as a text table, JSON lines or CSV, for `sluice read`. Holds the rows that decide the widths of a
// table. One thread. Errors of writing stay in the FILE.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace arrow {
class RecordBatch;
}

namespace sluice {

//   table  for people: control characters escaped, NULL as a word
//   jsonl  an object a row
//   csv    RFC 4180 with a header; an empty field is NULL, "" an empty text
class RowPrinter {
 public:
  RowPrinter(std::FILE* out, std::string format, std::vector<std::string> columns);
  // The batch begins with the columns, in this order.
  void Row(const arrow::RecordBatch& rows, int64_t row);
  // What is held is printed too: a text table has the widths of the rows until then.
  void Flush();
  void End();

 private:
  void PrintJson(const arrow::RecordBatch& rows, int64_t row);
  void PrintCsv(const arrow::RecordBatch& rows, int64_t row);
  void Hold(const arrow::RecordBatch& rows, int64_t row);
  void PrintHeld();
  void PrintCells(const std::vector<std::string>& cells);
  void Print(std::string line);

  std::FILE* out_;
  std::string format_;
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> held_;  // of a table, escaped
  std::vector<size_t> widths_;
  int64_t count_ = 0;
};

}  // namespace sluice
