// SPDX-License-Identifier: Apache-2.0
// `sluice read`: rows of an Iceberg or Paimon table as a text table, JSON lines or CSV.
#include <arrow/record_batch.h>

#include <algorithm>
#include <cstdio>

#include "cli/commands.h"
#include "cli/lake_scan.h"
#include "cli/read_filter.h"
#include "cli/row_printer.h"

namespace sluice {
namespace {

Status Read(const ReadArguments& arguments) {
  TRY_SET(RowCondition condition, RowCondition::Parse(arguments.where));
  std::vector<std::string> columns = arguments.columns;  // none: all
  std::vector<std::string> wanted = columns;  // those of the condition are read too, and not printed
  if (!columns.empty()) {
    for (const std::string& name : condition.columns()) {
      if (std::find(wanted.begin(), wanted.end(), name) == wanted.end()) wanted.push_back(name);
    }
  }
  const LakeVersion version{arguments.snapshot, arguments.tag, arguments.branch};
  TRY_SET(const auto scan, OpenLakeScan(AbsolutePath(arguments.table), version, wanted));
  TRY(condition.Bind(scan->columns()));
  if (columns.empty()) {
    for (const LakeColumn& column : scan->columns()) columns.push_back(column.name);
  }
  RowPrinter printer(stdout, arguments.format, columns);
  std::vector<uint8_t> selected;
  int64_t left = arguments.limit < 0 ? INT64_MAX : arguments.limit;
  DataBatch batch;
  while (left > 0 && std::ferror(stdout) == 0) {
    TRY_SET(bool more, scan->Next(batch));
    if (!more) break;
    condition.Select(*batch.rows, selected);
    for (int64_t row = 0; row < batch.rows->num_rows() && left > 0; ++row) {
      if (selected[static_cast<size_t>(row)] == 0) continue;
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
  return FinishOutput(0);
}

}  // namespace sluice
