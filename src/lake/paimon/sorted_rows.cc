// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/sorted_rows.h"

#include <string>
#include <utility>

#include "base/text.h"
#include "lake/paimon/append_compaction.h"
#include "lake/paimon/rolling_writer.h"
#include "lake/paimon/row_sorter.h"
#include "lake/paimon/stored_types.h"
#include "lake/parquet/data_reader.h"

namespace sluice::paimon {
namespace {

// The rows of the files, one file after the other.
Status AddRows(Env& env, const SchemasById& schemas, const RowLayout& layout, const std::string& folder,
               const std::vector<DataFileMeta>& inputs, const DeletionsByFile& deletions, RowSorter& sorter) {
  for (const DataFileMeta& file : inputs) {
    ReadOptions whole;
    whole.rows = file.row_count;
    if (const auto gone = deletions.find(file.name); gone != deletions.end()) whole.deletes = &gone->second;
    auto columns = ColumnsOfFile(layout.FileColumns(), *schemas.at(file.schema_id), whole);
    TRY_SET(const auto reader, DataFileReader::Open(env, Str(folder, "/", file.name), std::move(columns), whole));
    for (DataBatch batch;;) {
      TRY_SET(const bool more, reader->Next(batch));
      if (!more) break;
      TRY(sorter.Add(batch.rows));
    }
  }
  return Ok();
}

}  // namespace

Result<CompactionResult> SortFiles(Env& env, const SchemasById& schemas, const TableOptions& options,
                                   const std::shared_ptr<const RowLayout>& layout, const RowFileOptions& files,
                                   const std::vector<DataFileMeta>& inputs, const DeletionsByFile& deletions,
                                   const SortOrder& order, int64_t run_bytes) {
  for (const DataFileMeta& file : inputs) {
    if (CanJoin(file)) continue;
    return Unsupported(Str("data file ", file.name, " is outside of the table, or has some of its columns only"),
                       "compact the table with Flink");
  }
  CompactionResult result;
  result.before = inputs;
  RowSorter sorter(env, layout, files, *schemas.rbegin()->second, order, run_bytes);
  TRY(AddRows(env, schemas, *layout, files.folder, inputs, deletions, sorter));
  RollingWriter writer(env, layout, files, options.target_file_bytes);
  const auto write = [&]() -> Status {
    TRY(sorter.Sort([&](const auto& rows) { return writer.Append(*rows); }));
    return writer.Close();
  };
  Status done = write();
  if (!done.ok()) {
    writer.Remove();
    return std::move(done).error();
  }
  result.after = std::move(writer.closed());
  NumberRows(inputs, result.after);
  return result;
}

}  // namespace sluice::paimon
