// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/format_writer.h"

#include <arrow/record_batch.h>

#include <numeric>

namespace sluice {

Status FormatWriter::Append(const arrow::RecordBatch& batch) {
  std::vector<uint32_t> all(static_cast<size_t>(batch.num_rows()));
  std::iota(all.begin(), all.end(), 0u);
  return Append(batch, all);
}

}  // namespace sluice
