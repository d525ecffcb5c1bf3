// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/rolling_writer.h"

#include <arrow/record_batch.h>

#include <utility>

#include "lake/paimon/file_index.h"

namespace sluice::paimon {

RollingWriter::RollingWriter(Env& env, std::shared_ptr<const RowLayout> layout, RowFileOptions files,
                             int64_t target_bytes, int level)
    : env_(env),
      layout_(std::move(layout)),
      files_(std::move(files)),
      target_bytes_(target_bytes),
      level_(level) {}

Status RollingWriter::Append(const arrow::RecordBatch& rows) {
  if (rows.num_rows() == 0) return Ok();
  if (open_ == nullptr) {
    TRY_SET(open_, RowFileWriter::Open(env_, layout_, files_));
  }
  TRY(open_->Append(rows));
  return open_->bytes() >= target_bytes_ ? Close() : Ok();
}

Status RollingWriter::Close() {
  if (open_ == nullptr) return Ok();
  paths_.push_back(open_->path());
  TRY_SET(DataFileMeta meta, open_->Close(env_.NowMs()));
  open_.reset();
  meta.level = level_;
  meta.source = FileSource::kCompact;
  closed_.push_back(std::move(meta));
  return Ok();
}

void RollingWriter::Remove() {
  if (open_ != nullptr) open_->Remove();
  open_.reset();
  for (const std::string& path : paths_) {
    (void)env_.Remove(path).ok();
    (void)env_.Remove(path + kIndexSuffix).ok();
  }
}

}  // namespace sluice::paimon
