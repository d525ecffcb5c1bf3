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
#include "format/mysql/key.h"
#include "format/mysql/row_group.h"

namespace sluice::mysql {

// Says which row images are wanted, by their encoded key (key.h). Asked once per image; both images of an update.
// Before wanted, after not: the row becomes -D. After wanted, before not: +I.
class RowFilter {
 public:
  virtual ~RowFilter() = default;
  virtual bool Keep(std::string_view key) = 0;
};

class RowPlan : public std::enable_shared_from_this<RowPlan> {
 public:
  // kConflict: the log's columns are not those of `table` (its definition changed in between: reload it).
  // kUnsupported: a column type that cannot be decoded.
  static Result<std::shared_ptr<const RowPlan>> Make(const TableMap& map, const MysqlTable& table,
                                                     const MappingOptions& options, BeforeImage before);

  // Appends the rows of `event`. `filter` may be null; if not, HasExactOrder(table) must hold. After an error `out`
  // must be dropped. kUnsupported if the row image is not FULL.
  Status Decode(const RowsEvent& event, RowFilter* filter, BatchBuilder& out) const;
  // The same, but the rows may wait in `group` until Flush, so that those of small events are decoded together. An
  // error may then be one of a row that came before. A group is always used with the same builder; several plans may
  // share it.
  Status Collect(const RowsEvent& event, RowFilter* filter, RowGroup& group, BatchBuilder& out) const;
  static Status Flush(RowGroup& group, BatchBuilder& out);

  // Rows of `event`, counted without decoding them; an update counts once.
  Result<int64_t> CountRows(const RowsEvent& event) const;

 private:
  // Columns of fixed width and then, perhaps, one with a length before it: in an image without NULLs each stands at a
  // fixed place behind the segment's begin.
  struct Segment {
    uint32_t size = 0;         // with the length, without the last value
    uint8_t length_bytes = 0;  // 0: all is of fixed width
  };
  struct Place {
    uint32_t segment, offset;
  };
  struct Shape;
  struct Image;
  class Rows;
  RowPlan() = default;
  void AddColumn(const std::string& name, CellOp op);
  Status CheckPresent(const RowsEvent& event) const;
  Status DecodeRow(Rows& rows, const Shape& shape, const uint8_t*& at) const;
  Status DecodeUpdate(Rows& rows, const Shape& before_shape, const Shape& after_shape, const uint8_t*& at) const;
  Status DecodeWaiting(RowGroup& group, BatchBuilder& out) const;
  Status DecodeRows(const RowGroup& group, uint32_t first, uint32_t count, const RowKind* kinds, bool keys_only,
                    BatchBuilder& out) const;
  const uint8_t* const* Cells(const RowGroup& group, size_t column, uint32_t& offset) const;
  const uint8_t* LocateSegments(const uint8_t* at, const uint8_t* end, const uint8_t** slot) const;
  Status LocatePair(Rows& rows, const Shape& before_shape, uint32_t old_slot, const Shape& after_shape,
                    uint32_t new_slot, const uint8_t*& at) const;
  const uint8_t* LocateColumns(const Image& image, const uint8_t** slot) const;
  std::string_view KeyCell(const Rows& rows, uint32_t column, uint32_t slot) const;
  Result<bool> Wanted(const Rows& rows, uint32_t slot) const;
  bool KeyDiffers(const Rows& rows, uint32_t a, uint32_t b) const;
  Error Malformed() const;

  std::string name_;  // "db.table"
  BeforeImage before_ = BeforeImage::kFull;
  bool key_images_ = false;  // of a row that goes only the key is given
  std::vector<std::string> column_names_;
  std::vector<CellOp> ops_;    // one a column
  std::vector<Place> places_;  // one a column
  std::vector<Segment> segments_;
  std::vector<uint32_t> key_;         // columns of the primary key in key order
  std::vector<uint32_t> key_sorted_;  // the same in the order of the columns
  std::vector<KeyPart> key_parts_;    // empty if the order is not exact
};

}  // namespace sluice::mysql
