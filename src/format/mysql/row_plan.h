// SPDX-License-Identifier: Apache-2.0
// RowPlan: decodes rows events of one table, compiled once per (TABLE_MAP, table, options, before-image mode).
// Immutable; any thread (the BatchBuilder is the caller's). Its rows are equal to those of TextPlan (text_row.h).
//
// Values that a type cannot hold (zero or partial date, TIME outside a day) -> NULL, counted; in a key column an error.
// Bytes that are invalid in the column's character set -> U+FFFD, counted; in a key column an error.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/mysql/batch_builder.h"
#include "format/mysql/binlog_event.h"
#include "format/mysql/cell_op.h"
#include "format/mysql/column.h"
#include "format/mysql/cell_op.h"
#include "format/mysql/key.h"

namespace sluice::mysql {

// Says which row images are wanted, by their encoded key (key.h). Asked once per image; both images of an update.
// Before wanted, after not: the row becomes -D. After wanted, before not: +I.
class RowFilter {
 public:
  virtual ~RowFilter() = default;
  virtual bool Keep(std::string_view key) = 0;
};

class RowPlan {
 public:
  // kConflict: the log's columns are not those of `table` (its definition changed in between: reload it).
  // kUnsupported: a column type that cannot be decoded.
  static Result<std::shared_ptr<const RowPlan>> Make(const TableMap& map, const MysqlTable& table,
                                                     const MappingOptions& options, BeforeImage before);

  // Appends the rows of `event`. `filter` may be null; if not, HasExactOrder(table) must hold. After an error `out`
  // holds the rows before the bad one and must be dropped. kUnsupported if the row image is not FULL.
  Status Decode(const RowsEvent& event, RowFilter* filter, BatchBuilder& out) const;

  // Rows of `event`, counted without decoding them; an update counts once.
  Result<int64_t> CountRows(const RowsEvent& event) const;

 private:
  // Where the key's values stand in a row image; null = NULL.
  struct KeyCells {
    const uint8_t* at[32];
    uint32_t size[32];
  };
  // To step over an image without NULLs: some bytes, then a value with a length before it (of 0 bytes: none).
  struct SkipStep {
    uint32_t fixed = 0;
    uint8_t length_bytes = 0;
  };
  struct Shape;
  struct Image;
  RowPlan() = default;
  Status CheckPresent(const RowsEvent& event) const;
  Status DecodeRow(RowsKind kind, const Shape& shape, const uint8_t*& at, RowFilter* filter, BatchBuilder& out) const;
  Status DecodeUpdate(const Shape& before_shape, const Shape& after_shape, const uint8_t*& at, RowFilter* filter,
                      BatchBuilder& out) const;
  Status AppendWhole(const Image& image, RowKind kind, const uint8_t*& next, BatchBuilder& out) const;
  Status AppendKey(const Image& image, RowKind kind, BatchBuilder& out) const;
  const uint8_t* AppendAll(const Image& image, BatchBuilder& out, int64_t row) const;
  bool AppendKeys(const Image& image, BatchBuilder& out, int64_t row) const;
  const uint8_t* Skip(const Image& image) const;
  bool FindKey(const Image& image, KeyCells& cells) const;
  Result<bool> Wanted(RowFilter* filter, const Image& image, BatchBuilder& out) const;
  Error Failure(const Image& image, BatchBuilder& out) const;
  Error Malformed() const;

  std::string name_;  // "db.table"
  BeforeImage before_ = BeforeImage::kFull;
  bool key_images_ = false;  // of a row that goes only the key is given
  std::vector<std::string> column_names_;
  std::vector<CellOp> ops_;           // one a column
  std::vector<SkipStep> skip_;
  std::vector<uint32_t> key_;         // columns of the primary key in key order
  std::vector<uint32_t> key_sorted_;  // the same in the order of the columns
  std::vector<KeyPart> key_parts_;    // empty if the order is not exact
};

}  // namespace sluice::mysql
