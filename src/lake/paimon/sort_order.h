// SPDX-License-Identifier: Apache-2.0
// SortOrder: the order that a sort compaction gives the rows of a table (docs of Paimon: "Sort Compact"). A row's place
// is a key of bytes that compare as rows do. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/parquet/file_column.h"

namespace arrow {
class RecordBatch;
}

namespace sluice::paimon {

class SortOrder {
 public:
  enum class Curve : uint8_t {
    kOrder,    // by the first column, then the next: NULL first, texts by bytes
    kZorder,   // the bits of 8 bytes of each column in turn
    kHilbert,  // the same along a Hilbert curve
  };
  // order, zorder, hilbert; kInvalid for another word.
  static Result<Curve> ParseCurve(std::string_view text);

  // `columns`: those of the rows. kInvalid: `by` names none or one that there is not, or twice; kUnsupported: of a type
  // without order.
  static Result<SortOrder> Make(Curve curve, const std::vector<std::string>& by,
                                const std::vector<FileColumn>& columns);
  // Of a row of a batch of these columns. Replaces `out`.
  void Key(const arrow::RecordBatch& rows, int64_t row, std::string& out) const;

 private:
  SortOrder(Curve curve, std::vector<int> columns) : curve_(curve), columns_(std::move(columns)) {}

  Curve curve_;
  std::vector<int> columns_;
};

}  // namespace sluice::paimon
