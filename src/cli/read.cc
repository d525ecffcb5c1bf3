// SPDX-License-Identifier: Apache-2.0
// `sluice read`: rows of an Iceberg or Paimon table as a text table, JSON lines or CSV.
#include <arrow/record_batch.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "cli/change_scan.h"
#include "cli/commands.h"
#include "cli/lake_places.h"
#include "cli/lake_scan.h"
#include "cli/read_filter.h"
#include "cli/row_printer.h"

namespace sluice {
namespace {

using Names = std::vector<std::string>;

bool Has(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Rows, or changes with their kind in the first column.
Result<std::unique_ptr<LakeScan>> OpenScan(const ReadArguments& arguments, Names wanted, EndSignals* signals) {
  if (!arguments.changes()) {
    const LakeVersion version{arguments.snapshot, arguments.tag, arguments.branch, arguments.timestamp,
                              arguments.watermark};
    TRY_SET(const std::string path, MountTable(arguments.table, arguments.catalog));
    return OpenLakeScan(path, version, wanted);
  }
  std::erase(wanted, kRowKindColumn);
  return OpenChangeScan(arguments, wanted, signals);
}

Status Print(const ReadArguments& arguments, LakeScan& scan, const RowCondition& condition, RowPrinter& printer) {
  std::vector<uint8_t> selected;
  int64_t left = arguments.limit < 0 ? INT64_MAX : arguments.limit;
  DataBatch batch;
  while (left > 0 && std::ferror(stdout) == 0) {
    TRY_SET(bool more, scan.Next(batch));
    if (!more) break;
    condition.Select(*batch.rows, selected);
    for (int64_t row = 0; row < batch.rows->num_rows() && left > 0; ++row) {
      if (selected[static_cast<size_t>(row)] == 0) continue;
      printer.Row(*batch.rows, row);
      --left;
    }
    if (arguments.follow) printer.Flush();  // the next rows may take a while
  }
  printer.End();
  return Ok();
}

// Paimon's names of branches: table$branch_x is --branch x of the table.
Result<ReadArguments> TakeBranch(ReadArguments arguments) {
  constexpr std::string_view kMark = "$branch_";
  const size_t mark = arguments.table.rfind(kMark);
  if (mark == std::string::npos || arguments.table.find('/', mark) != std::string::npos) return arguments;
  if (!arguments.branch.empty()) {
    return Invalid(Str("--branch ", arguments.branch, ": the name of the table has a branch already: ",
                       arguments.table), "keep one of them");
  }
  arguments.branch = arguments.table.substr(mark + kMark.size());
  arguments.table.resize(mark);
  return arguments;
}

Status Read(const ReadArguments& given, EndSignals* signals) {
  TRY_SET(const ReadArguments arguments, TakeBranch(given));
  TRY_SET(RowCondition condition, RowCondition::Parse(arguments.where));
  Names columns = arguments.columns;  // none: all
  if (arguments.changes() && !columns.empty()) {
    std::erase(columns, kRowKindColumn);
    columns.insert(columns.begin(), kRowKindColumn);
  }
  Names wanted = columns;  // those of the condition are read too, and not printed
  if (!columns.empty()) {
    for (const std::string& name : condition.columns()) {
      if (!Has(wanted, name)) wanted.push_back(name);
    }
  }
  TRY_SET(const auto scan, OpenScan(arguments, std::move(wanted), signals));
  TRY(condition.Bind(scan->columns()));
  scan->Want(condition.Conditions());
  if (columns.empty()) {
    for (const LakeColumn& column : scan->columns()) columns.push_back(column.name);
  }
  RowPrinter printer(stdout, arguments.format, columns);
  return Print(arguments, *scan, condition, printer);
}

}  // namespace

int ReadCommand(const ReadArguments& arguments) {
  std::optional<EndSignals> signals;
  if (arguments.follow) signals.emplace();
  Status status = Read(arguments, signals ? &*signals : nullptr);
  if (!status.ok()) {
    int code = PrintError(status.error(), nullptr);
    return status.error().code == ErrorCode::kInvalid ? code : 1;
  }
  return FinishOutput(signals && signals->received() != 0 ? 128 + signals->received() : 0);
}

}  // namespace sluice
