// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/row_deletion.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/text.h"
#include "lake/paimon/once_writer.h"
#include "lake/paimon/scan.h"
#include "lake/paimon/table_options.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

Result<std::shared_ptr<arrow::RecordBatch>> Chosen(const arrow::RecordBatch& rows,
                                                   const std::vector<uint8_t>& selected) {
  arrow::BooleanBuilder mask;
  ARROW_TRY(mask.AppendValues(selected.data(), static_cast<int64_t>(selected.size())));
  std::shared_ptr<arrow::Array> kept;
  ARROW_TRY(mask.Finish(&kept));
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const auto& column : rows.columns()) {
    ARROW_TRY_SET(const arrow::Datum datum, arrow::compute::Filter(column, kept));
    columns.push_back(datum.make_array());
  }
  const int64_t count = std::count_if(selected.begin(), selected.end(), [](uint8_t one) { return one != 0; });
  return arrow::RecordBatch::Make(rows.schema(), count, std::move(columns));
}

// False: another writer came in between.
Result<bool> DeleteOnce(Env& env, const std::string& folder,
                        const std::function<Result<RowDeletion>(const Schema&)>& prepare, DeletionReport& report) {
  report = {};
  TRY_SET(const auto table, Table::Open(env, folder));
  TRY(CheckDeletable(table->newest_schema()));
  TRY_SET(const RowDeletion deletion, prepare(table->newest_schema()));
  TRY_SET(const auto base, table->LatestSnapshot());
  if (!base) return true;
  ScanOptions options;
  options.schema = &table->newest_schema();
  TRY_SET(TableScan scan, TableScan::OfSnapshot(env, *table, *base, {}, options));
  scan.Want(deletion.conditions);
  TRY_SET(const auto writer, OnceWriter::Make(env, *table, base->id, {}));
  DataBatch batch;
  std::vector<uint8_t> selected;
  while (true) {
    TRY_SET(const bool more, scan.Next(batch));
    if (!more) break;
    deletion.selects(*batch.rows, selected);
    TRY_SET(auto rows, Chosen(*batch.rows, selected));
    if (rows->num_rows() == 0) continue;
    report.rows += rows->num_rows();
    std::vector<RowKind> kinds(static_cast<size_t>(rows->num_rows()), RowKind::kDelete);
    TRY(writer->Write(std::move(rows), std::move(kinds)));
  }
  if (report.rows == 0) return true;
  TRY_SET(const auto made, writer->Commit());
  if (made) report.snapshot = *made;
  return made.has_value();
}

}  // namespace

Status CheckDeletable(const Schema& schema) {
  TRY_SET(const TableOptions options, TableOptions::Of(schema));
  if (!options.keyed) {
    return Unsupported("rows of a table without a primary key cannot be deleted, as in Paimon",
                       "drop_partition removes whole partitions");
  }
  if (options.merge.engine != MergeEngine::kDeduplicate) {
    return Unsupported(Str("rows of a table with merge-engine=", schema.Option("merge-engine", ""),
                           " cannot be deleted, as in Paimon"),
                       "only deduplicate has rows that go");
  }
  for (const char* option : {"rowkind.field", "ignore-delete"}) {
    const std::string value = Lower(Trim(schema.Option(option, "")));
    if (value.empty() || value == "false") continue;
    return Unsupported(Str("the table has ", option, "=", value, ": rows that delete others would not count"),
                       "alter the option for the time of the deletion");
  }
  return Ok();
}

Result<DeletionReport> DeleteRows(Env& env, const std::string& folder,
                                  const std::function<Result<RowDeletion>(const Schema&)>& prepare) {
  DeletionReport report;
  TRY(UntilAlone(folder, [&] { return DeleteOnce(env, folder, prepare, report); }));
  return report;
}

}  // namespace sluice::paimon
