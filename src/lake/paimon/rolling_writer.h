// SPDX-License-Identifier: Apache-2.0
// RollingWriter: rows -> files of about the target size, as compactions write them. Whole batches, in order; one
// thread. Its files stay when it goes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/row_file.h"

namespace sluice::paimon {

class RollingWriter {
 public:
  // `files`: where they come. `level`: theirs.
  RollingWriter(Env& env, std::shared_ptr<const RowLayout> layout, RowFileOptions files, int64_t target_bytes,
                int level = 0);

  Status Append(const arrow::RecordBatch& rows);  // as RowFileWriter::Append
  Status Close();                                 // the open file, if there is one; more can come
  std::vector<DataFileMeta>& closed() { return closed_; }
  void Remove();  // all files that were written

 private:
  Env& env_;
  const std::shared_ptr<const RowLayout> layout_;
  const RowFileOptions files_;
  const int64_t target_bytes_;
  const int level_;
  std::unique_ptr<RowFileWriter> open_;
  std::vector<std::string> paths_;
  std::vector<DataFileMeta> closed_;
};

}  // namespace sluice::paimon
