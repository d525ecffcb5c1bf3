// SPDX-License-Identifier: Apache-2.0
// A row image is a bitmap of NULLs (one bit a present column) and the values of the present columns that are not NULL.
// Images are located first, with all checks of bounds, and then decoded column by column (column_decode.h).
#include "format/mysql/row_plan.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "format/mysql/cell_decode.h"
#include "format/mysql/column_decode.h"

namespace sluice::mysql {

namespace {

bool Bit(const uint8_t* bitmap, size_t i) { return bitmap[i >> 3] >> (i & 7) & 1; }

bool AllBits(std::string_view bitmap, size_t bits) {
  uint8_t all = 0xFF;
  for (size_t i = 0; i < bits / 8; ++i) all &= static_cast<uint8_t>(bitmap[i]);
  if (bits % 8 != 0) all &= static_cast<uint8_t>(bitmap[bits / 8] | 0xFF << bits % 8);
  return all == 0xFF;
}

size_t CountBits(std::string_view bitmap, size_t bits) {
  if (AllBits(bitmap, bits)) return bits;
  size_t count = 0;
  for (size_t i = 0; i < bits; ++i) count += Bit(reinterpret_cast<const uint8_t*>(bitmap.data()), i);
  return count;
}

// One key value in the form of key.h, from its bytes in the log.
void EncodeKeyCell(const KeyPart& part, const CellOp& op, const uint8_t* at, uint32_t size, std::string& out) {
  switch (part.kind) {
    case KeyKind::kSigned: {
      uint64_t value = 0;
      std::memcpy(&value, at, size);
      const uint32_t shift = 64 - 8 * size;
      return EncodeSigned(static_cast<int64_t>(value << shift) >> shift, out);
    }
    case KeyKind::kUnsigned: {
      uint64_t value = 0;
      std::memcpy(&value, at, size);
      return EncodeUnsigned(value, out);
    }
    case KeyKind::kYear: return EncodeUnsigned(*at == 0 ? 0 : 1900u + *at, out);
    case KeyKind::kDate: {
      const uint32_t packed = LoadUint24(at);
      return EncodeUnsigned(uint64_t{packed >> 9} * 512 + (packed & 511), out);
    }
    case KeyKind::kDatetime: {
      const CivilTime t = op.kind == CellKind::kDatetime ? UnpackDatetime(at) : UnpackDatetime2(at, op.precision);
      EncodeUnsigned((static_cast<uint64_t>(t.year) * 16 + t.month) * 32 + t.day, out);
      return EncodeUnsigned(static_cast<uint64_t>(MicrosOfDay(t)), out);
    }
    case KeyKind::kTimestamp: {
      const bool old = op.kind == CellKind::kTimestamp;
      const uint64_t seconds = old ? LoadLe<uint32_t>(at) : LoadBe(at, 4);
      const uint32_t micros = old ? 0 : LoadFraction(at + 4, op.precision);
      return EncodeSigned(static_cast<int64_t>(seconds) * 1'000'000 + micros, out);
    }
    case KeyKind::kPadText:
      return EncodePadText({reinterpret_cast<const char*>(at), size}, out);
    case KeyKind::kNoPadBytes: {
      std::string_view bytes(reinterpret_cast<const char*>(at), size);
      if (part.fixed_length <= size) return EncodeNoPadBytes(bytes, out);
      std::string filled(bytes);
      filled.resize(part.fixed_length, '\0');
      return EncodeNoPadBytes(filled, out);
    }
  }
}

}  // namespace

// What all images of one side of an event have in common.
struct RowPlan::Shape {
  const uint8_t* present = nullptr;  // null: all columns
  size_t null_bytes = 0;
  uint8_t last_bits = 0xFF;      // of the last byte; servers set the others
  const uint8_t* end = nullptr;  // of the event

  Shape(std::string_view bitmap, size_t columns, const uint8_t* event_end) : end(event_end) {
    const size_t count = CountBits(bitmap, columns);
    present = count == columns ? nullptr : reinterpret_cast<const uint8_t*>(bitmap.data());
    null_bytes = (count + 7) / 8;
    if (count % 8 != 0) last_bits = static_cast<uint8_t>((1 << count % 8) - 1);
  }
  // `nulls`: null_bytes bytes.
  bool AnyNull(const uint8_t* nulls) const {
    if (null_bytes == 0) return false;
    uint8_t any = nulls[null_bytes - 1] & last_bits;
    for (size_t i = 0; i + 1 < null_bytes; ++i) any |= nulls[i];
    return any != 0;
  }
};

// An image as it stands in the event.
struct RowPlan::Image {
  const uint8_t* present = nullptr;
  const uint8_t* nulls = nullptr;
  const uint8_t* values = nullptr;
  const uint8_t* end = nullptr;
  bool plain = false;  // all columns, none NULL

  bool Open(const uint8_t* at, const Shape& shape) {
    present = shape.present;
    nulls = at;
    end = shape.end;
    if (shape.null_bytes > static_cast<size_t>(end - at)) return false;
    values = at + shape.null_bytes;
    plain = present == nullptr && !shape.AnyNull(nulls);
    return true;
  }
};

Result<std::shared_ptr<const RowPlan>> RowPlan::Make(const TableMap& map, const MysqlTable& table,
                                                     const MappingOptions& options, BeforeImage before) {
  std::shared_ptr<RowPlan> plan(new RowPlan);
  plan->name_ = table.database + "." + table.name;
  plan->before_ = before;
  if (map.columns.size() != table.columns.size()) {
    return Conflict(Str("the log has ", map.columns.size(), " columns for ", plan->name_, ", its definition has ",
                        table.columns.size()),
                    "the table was changed after its definition was read: read it again");
  }
  for (size_t i = 0; i < map.columns.size(); ++i) {
    const MysqlColumn& column = table.columns[i];
    const TableMapColumn& log = map.columns[i];
    const std::string name = Str(plan->name_, ".", column.name);
    const bool other_name = map.has_names && !EqualsIgnoreCase(log.name, column.name);
    const bool integer = column.type.ends_with("int");
    if (other_name || (map.has_signedness && integer && log.is_unsigned != column.is_unsigned)) {
      return Conflict(Str("column ", i + 1, " of the log is ", log.is_unsigned ? "unsigned `" : "`",
                          other_name ? log.name : column.name, "`, which is not how ", name, " is defined"),
                      "the table was changed after its definition was read: read it again");
    }
    TRY_SET(CellOp op, MakeCellOp(log, column, options, name));
    plan->AddColumn(column.name, std::move(op));
  }
  for (const std::string& name : table.primary_key) {
    const int index = table.Find(name);
    if (index < 0 || plan->key_.size() == 32) {
      return Invalid(Str("the primary key of ", plan->name_, " has no `", name, "`"));
    }
    plan->key_.push_back(static_cast<uint32_t>(index));
  }
  plan->key_sorted_ = plan->key_;
  std::sort(plan->key_sorted_.begin(), plan->key_sorted_.end());
  plan->key_parts_ = KeyParts(table);
  plan->key_images_ = before != BeforeImage::kFull && before != BeforeImage::kRow && !plan->key_.empty();
  if (plan->ops_.empty()) return Invalid(Str(plan->name_, " has no columns"));
  return std::shared_ptr<const RowPlan>(std::move(plan));
}

void RowPlan::AddColumn(const std::string& name, CellOp op) {
  if (segments_.empty() || segments_.back().length_bytes > 0) segments_.emplace_back();
  Segment& segment = segments_.back();
  places_.push_back({static_cast<uint32_t>(segments_.size() - 1), segment.size});
  segment.size += op.length_bytes > 0 ? op.length_bytes : op.width;
  segment.length_bytes = op.length_bytes;
  ops_.push_back(std::move(op));
  column_names_.push_back(name);
}

Error RowPlan::Malformed() const {
  return Corrupt(Str("the rows of ", name_, " in the log do not fit the columns that TABLE_MAP told"),
                 "check the log with mariadb-binlog --verify-binlog-checksum");
}

// Only columns that are not needed may be missing: those of a before image of which only the key is used.
Status RowPlan::CheckPresent(const RowsEvent& event) const {
  if (AllBits(event.present_before, ops_.size()) && AllBits(event.present_after, ops_.size())) return Ok();
  const auto missing = [&](std::string_view bitmap, bool keys_only) -> int {
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (Bit(reinterpret_cast<const uint8_t*>(bitmap.data()), i)) continue;
      if (!keys_only || std::binary_search(key_sorted_.begin(), key_sorted_.end(), i)) return static_cast<int>(i);
    }
    return -1;
  };
  const bool keys_only = event.kind != RowsKind::kWrite && key_images_;
  int column = missing(event.present_before, keys_only);
  if (column < 0) column = missing(event.present_after, event.kind == RowsKind::kDelete && keys_only);
  if (column < 0) return Ok();
  return Unsupported(Str("the log lacks column `", column_names_[static_cast<size_t>(column)], "` of rows of ", name_,
                         ": binlog_row_image was not FULL in the session that wrote them"),
                     "SET GLOBAL binlog_row_image = 'FULL', also in sessions that set their own; copy the table again");
}

inline const uint8_t* RowPlan::LocateSegments(const uint8_t* at, const uint8_t* end, const uint8_t** slot) const {
  for (const Segment& segment : segments_) {
    *slot = at;
    slot += RowGroup::kSlots;
    if (segment.size > static_cast<size_t>(end - at)) return nullptr;
    at += segment.size;
    if (segment.length_bytes == 0) continue;
    const uint32_t size =
        segment.length_bytes == 1 ? at[-1] : LoadLength(at - segment.length_bytes, segment.length_bytes);
    if (size > static_cast<size_t>(end - at)) return nullptr;
    at += size;
  }
  return at;
}

// The images of one event on their way into a group, each in a slot.
class RowPlan::Rows {
 public:
  Rows(const RowPlan& of, const RowsEvent& event, RowFilter* row_filter, RowGroup& group, BatchBuilder& builder)
      : kind(event.kind), filter(row_filter), out(builder), plan_(of), group_(group), bytes_(group.Keep(event.rows)) {
    MakeCells(of.segments_.size());
  }

  const uint8_t* begin() const { return reinterpret_cast<const uint8_t*>(bytes_.data()); }
  const uint8_t* end() const { return begin() + bytes_.size(); }

  // Finds the cells of an image that lacks no column and has no NULL, which is the common case; false: not found, and
  // Locate is to be asked.
  bool LocateWhole(const Shape& shape, uint32_t slot, const uint8_t*& next) {
    const uint8_t* at = next;
    if (by_column() || shape.present != nullptr || shape.null_bytes >= static_cast<size_t>(end() - at)) return false;
    if (shape.AnyNull(at)) return false;
    at = plan_.LocateSegments(at + shape.null_bytes, end(), &group_.cells_[slot]);
    if (at == nullptr) return false;
    next = at;
    return true;
  }
  // Finds the cells of the image; `next` is then its end.
  Status Locate(const Image& image, uint32_t slot, const uint8_t*& next) {
    if (!by_column() && !image.plain) {
      TRY(Decode());
      group_.by_column_ = true;
    }
    if (by_column()) MakeCells(plan_.ops_.size());
    const uint8_t** at = &group_.cells_[slot];
    next = by_column() ? plan_.LocateColumns(image, at) : plan_.LocateSegments(image.values, end(), at);
    return next == nullptr ? Status(plan_.Malformed()) : Ok();
  }
  bool by_column() const { return group_.by_column_; }
  // The cell in each slot, behind `offset`.
  const uint8_t* const* Cells(size_t column, uint32_t& offset) const { return plan_.Cells(group_, column, offset); }

  uint32_t next_slot() const { return group_.count_; }
  Status MakeRoom(uint32_t slots) {
    if (group_.count_ + slots <= RowGroup::kMost) return Ok();
    TRY(Decode());
    group_.first_ = group_.count_ = 0;
    return Ok();
  }
  // The image in the next slot becomes a row.
  void Add(RowKind row_kind) { group_.kinds_[group_.count_++] = row_kind; }
  // The image in `slot` becomes a row of its key alone.
  Status AddKey(RowKind row_kind, uint32_t slot) {
    TRY(Decode());
    return plan_.DecodeRows(group_, slot, 1, &row_kind, true, out);
  }
  // What stands in the slot after the next one is moved down.
  void MoveDown() {
    const size_t lines = by_column() ? plan_.ops_.size() : plan_.segments_.size();
    const uint8_t** cells = &group_.cells_[group_.count_];
    for (size_t i = 0; i < lines; ++i) cells[i * RowGroup::kSlots] = cells[i * RowGroup::kSlots + 1];
  }

  const RowsKind kind;
  RowFilter* const filter;
  BatchBuilder& out;

 private:
  void MakeCells(size_t lines) {
    if (group_.cells_.size() < lines * RowGroup::kSlots) group_.cells_.resize(lines * RowGroup::kSlots);
  }
  Status Decode() { return plan_.DecodeWaiting(group_, out); }

  const RowPlan& plan_;
  RowGroup& group_;
  const std::string_view bytes_;
};

const uint8_t* RowPlan::LocateColumns(const Image& image, const uint8_t** slot) const {
  const uint8_t* at = image.values;
  size_t bit = 0;
  for (size_t i = 0; i < ops_.size(); ++i, slot += RowGroup::kSlots) {
    *slot = nullptr;
    if ((image.present != nullptr && !Bit(image.present, i)) || Bit(image.nulls, bit++)) continue;
    *slot = at;
    uint32_t size;
    if (!CellSize(ops_[i], at, image.end, size)) return nullptr;
    at += size;
  }
  return at;
}

// The value of a key column in a slot.
std::string_view RowPlan::KeyCell(const Rows& rows, uint32_t column, uint32_t slot) const {
  uint32_t offset, size;
  const uint8_t* at = rows.Cells(column, offset)[slot];
  if (at == nullptr) return {};
  at += offset;
  return CellSize(ops_[column], at, rows.end(), size) ? std::string_view(reinterpret_cast<const char*>(at), size)
                                                      : std::string_view();
}

Result<bool> RowPlan::Wanted(const Rows& rows, uint32_t slot) const {
  if (key_parts_.empty()) return true;
  std::string& key = rows.out.scratch();
  key.clear();
  for (size_t k = 0; k < key_.size(); ++k) {
    const std::string_view cell = KeyCell(rows, key_[k], slot);
    if (cell.data() == nullptr) return CellFailure(CellError::kMalformed, name_, column_names_[key_[k]]);
    EncodeKeyCell(key_parts_[k], ops_[key_[k]], reinterpret_cast<const uint8_t*>(cell.data()),
                  static_cast<uint32_t>(cell.size()), key);
  }
  return rows.filter->Keep(key);
}

bool RowPlan::KeyDiffers(const Rows& rows, uint32_t a, uint32_t b) const {
  for (uint32_t column : key_) {
    if (KeyCell(rows, column, a) != KeyCell(rows, column, b)) return true;
  }
  return false;
}

const uint8_t* const* RowPlan::Cells(const RowGroup& group, size_t column, uint32_t& offset) const {
  const Place& place = places_[column];
  offset = group.by_column_ ? 0 : place.offset;
  return &group.cells_[(group.by_column_ ? column : place.segment) * RowGroup::kSlots];
}

Status RowPlan::DecodeWaiting(RowGroup& group, BatchBuilder& out) const {
  const uint32_t first = std::exchange(group.first_, group.count_);
  return DecodeRows(group, first, group.count_ - first, group.kinds_ + first, group.keys_only_, out);
}

// Of rows with their key alone the other columns are NULL.
Status RowPlan::DecodeRows(const RowGroup& group, uint32_t first, uint32_t count, const RowKind* kinds, bool keys_only,
                           BatchBuilder& out) const {
  if (count == 0) return Ok();
  ColumnCells cells;
  cells.nullable = group.by_column_;
  cells.row = out.BeginRows(count);
  cells.count = count;
  cells.end = group.readable_end_;
  if (cells.row < 0) return CellFailure(out.failure(), name_, "*");
  for (size_t i = 0; i < ops_.size(); ++i) {
    BatchBuilder::ColumnData& column = out.column(i);
    if (keys_only && !column.key) {
      for (uint32_t row = 0; row < count; ++row) out.SetNull(column, cells.row + row);
      continue;
    }
    cells.at = Cells(group, i, cells.offset) + first;
    if (keys_only && std::find(cells.at, cells.at + count, nullptr) != cells.at + count) return Malformed();
    DecodeColumn(ops_[i], cells, out, column);
    if (out.failure() != CellError::kNone) return CellFailure(out.failure(), name_, column_names_[i]);
  }
  out.EndRows(kinds, count);
  return Ok();
}

Status RowPlan::DecodeRow(Rows& rows, const Shape& shape, const uint8_t*& at) const {
  TRY(rows.MakeRoom(1));
  const uint32_t slot = rows.next_slot();
  if (!rows.LocateWhole(shape, slot, at)) {
    Image image;
    if (!image.Open(at, shape)) return Malformed();
    TRY(rows.Locate(image, slot, at));
  }
  if (rows.filter != nullptr) {
    TRY_SET(const bool wanted, Wanted(rows, slot));
    if (!wanted) return Ok();
  }
  rows.Add(rows.kind == RowsKind::kWrite ? RowKind::kInsert : RowKind::kDelete);
  return Ok();
}

// The images of an update, of which one may have NULLs.
Status RowPlan::LocatePair(Rows& rows, const Shape& before_shape, uint32_t old_slot, const Shape& after_shape,
                           uint32_t new_slot, const uint8_t*& at) const {
  Image before, after;
  const bool by_column = rows.by_column();
  if (!before.Open(at, before_shape)) return Malformed();
  TRY(rows.Locate(before, old_slot, at));
  if (!after.Open(at, after_shape)) return Malformed();
  TRY(rows.Locate(after, new_slot, at));
  if (rows.by_column() == by_column) return Ok();
  const uint8_t* unused;  // the form changed in between
  return rows.Locate(before, old_slot, unused);
}

Status RowPlan::DecodeUpdate(Rows& rows, const Shape& before_shape, const Shape& after_shape,
                             const uint8_t*& at) const {
  TRY(rows.MakeRoom(2));
  const uint32_t old_slot = key_images_ ? RowGroup::kSpare : rows.next_slot();
  const uint32_t new_slot = key_images_ ? rows.next_slot() : rows.next_slot() + 1;
  const uint8_t* begin = at;
  if (!rows.LocateWhole(before_shape, old_slot, at) || !rows.LocateWhole(after_shape, new_slot, at)) {
    at = begin;
    TRY(LocatePair(rows, before_shape, old_slot, after_shape, new_slot, at));
  }
  bool want_before = true, want_after = true;
  if (rows.filter != nullptr) {
    TRY_SET(want_before, Wanted(rows, old_slot));
    TRY_SET(want_after, Wanted(rows, new_slot));
  }
  bool emit_before = want_before && (before_ == BeforeImage::kFull || !want_after);
  const bool by_key = before_ == BeforeImage::kKey || before_ == BeforeImage::kRow;
  if (want_before && want_after && by_key) emit_before = KeyDiffers(rows, old_slot, new_slot);
  const RowKind old_kind = want_after ? RowKind::kUpdateBefore : RowKind::kDelete;
  if (emit_before && key_images_) TRY(rows.AddKey(old_kind, old_slot));
  if (emit_before && !key_images_) rows.Add(old_kind);
  if (want_after && !emit_before && !key_images_) rows.MoveDown();
  if (want_after) rows.Add(want_before ? RowKind::kUpdateAfter : RowKind::kInsert);
  return Ok();
}

Status RowPlan::Decode(const RowsEvent& event, RowFilter* filter, BatchBuilder& out) const {
  RowGroup group;
  TRY(Collect(event, filter, group, out));
  return Flush(group, out);
}

Status RowPlan::Collect(const RowsEvent& event, RowFilter* filter, RowGroup& group, BatchBuilder& out) const {
  if (event.column_count != ops_.size()) return Malformed();
  TRY(CheckPresent(event));
  const bool keys_only = event.kind == RowsKind::kDelete && key_images_;
  if (!group.Takes(this, keys_only, event.rows.size())) {
    TRY(Flush(group, out));
    if (group.plan_.get() != this) group.plan_ = shared_from_this();
    group.keys_only_ = keys_only;
  }
  Rows rows(*this, event, filter, group, out);
  const uint8_t* at = rows.begin();
  const Shape before(event.present_before, ops_.size(), rows.end());
  const Shape after(event.present_after, ops_.size(), rows.end());
  if (event.kind == RowsKind::kUpdate) {
    while (at < rows.end()) TRY(DecodeUpdate(rows, before, after, at));
  } else {
    while (at < rows.end()) TRY(DecodeRow(rows, before, at));
  }
  return group.bytes() == 0 ? Flush(group, out) : Ok();
}

Status RowPlan::Flush(RowGroup& group, BatchBuilder& out) {
  if (group.rows() > 0) TRY(group.plan_->DecodeWaiting(group, out));
  group.Clear();
  return Ok();
}

Result<int64_t> RowPlan::CountRows(const RowsEvent& event) const {
  if (event.column_count != ops_.size()) return Malformed();
  auto* at = reinterpret_cast<const uint8_t*>(event.rows.data());
  const uint8_t* end = at + event.rows.size();
  const Shape before(event.present_before, ops_.size(), end), after(event.present_after, ops_.size(), end);
  if (before.null_bytes == 0 || after.null_bytes == 0) return Malformed();
  const bool update = event.kind == RowsKind::kUpdate;
  std::vector<const uint8_t*> cells(ops_.size() * RowGroup::kSlots);
  int64_t images = 0;
  for (; at < end; ++images) {
    Image image;
    if (!image.Open(at, update && images % 2 == 1 ? after : before)) return Malformed();
    if (at = LocateColumns(image, cells.data()); at == nullptr) return Malformed();
  }
  return update ? images / 2 : images;
}

}  // namespace sluice::mysql
