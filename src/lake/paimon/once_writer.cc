// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/once_writer.h"

#include <arrow/record_batch.h>

#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace sluice::paimon {
namespace {

constexpr int kTriesMax = 5;

}  // namespace

Result<std::unique_ptr<OnceWriter>> OnceWriter::Make(Env& env, Table& table, int64_t base,
                                                     TableWriterOptions options) {
  auto columns = std::make_shared<TableSchema>();
  for (const Field& field : table.newest_schema().fields) columns->columns.push_back({field.name, field.type, {}, {}});
  columns->primary_key = table.newest_schema().primary_keys;
  std::unique_ptr<OnceWriter> out(new OnceWriter(std::move(columns)));
  TRY_SET(auto own, Table::Open(env, table.folder()));
  options.once_on = base;
  options.user = env.Uuid();
  options.name = table.folder();
  TRY_SET(out->writer_, TableWriter::Make(env, std::move(own), std::move(options)));
  return out;
}

TableWriterOptions OnceWriter::InPlaceOf(const TableOptions& options, const std::set<std::string>& partitions) {
  TableWriterOptions out;
  out.overwritten.assign(partitions.begin(), partitions.end());
  out.keeps_postponed = true;
  out.overrides = {{"write-only", "false"}};
  // Nothing changes that a changelog would have to tell; a later compaction that made one must find nothing in level 0.
  if (options.keyed) {
    out.overrides["changelog-producer"] = "none";
    out.overrides["compaction.force-up-level-0"] = "true";
  }
  return out;
}

Status OnceWriter::Write(std::shared_ptr<arrow::RecordBatch> rows, std::vector<RowKind> kinds) {
  ChangeBatch batch;
  batch.schema = columns_;
  batch.rows = std::move(rows);
  batch.kinds = std::move(kinds);
  if (overtaken_) return Ok();
  Status written = writer_->Write(batch);
  overtaken_ = !written.ok() && written.error().code == ErrorCode::kConflict;
  return overtaken_ ? Ok() : std::move(written);
}

Result<std::optional<int64_t>> OnceWriter::Commit() {
  if (overtaken_) return std::optional<int64_t>();
  const auto commit = [&]() -> Result<int64_t> {
    TRY_SET(const TableChange change, writer_->Finish({}));
    return writer_->Commit(change, INT64_MAX);
  };
  const auto made = commit();
  if (!made.ok() && made.error().code == ErrorCode::kConflict) return std::optional<int64_t>();
  if (!made.ok()) return Error(made.error());
  return std::optional(writer_->base_snapshot());
}

Status UntilAlone(const std::string& folder, const std::function<Result<bool>()>& once) {
  for (int tries = 0; tries < kTriesMax; ++tries) {
    TRY_SET(const bool done, once());
    if (done) return Ok();
    LogInfo(Str(folder, ": another writer has committed; it is done again from its snapshot"));
  }
  return Conflict(Str(folder, ": other writers committed meanwhile, ", kTriesMax, " times"),
                  "nothing is changed; stop the jobs that write the table, and try again");
}

}  // namespace sluice::paimon
