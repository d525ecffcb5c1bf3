// SPDX-License-Identifier: Apache-2.0
// A row image is a bitmap of NULLs (one bit a present column) and the values of the present columns that are not NULL.
#include "format/mysql/row_plan.h"

#include <algorithm>

#include "base/text.h"
#include "format/mysql/cell_decode.h"

namespace sluice::mysql {

namespace {

bool Bit(const uint8_t* bitmap, size_t i) { return bitmap[i >> 3] >> (i & 7) & 1; }

size_t CountBits(std::string_view bitmap, size_t bits) {
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
  const uint8_t* end = nullptr;  // of the event

  Shape(std::string_view bitmap, size_t columns, const uint8_t* event_end) : end(event_end) {
    const size_t count = CountBits(bitmap, columns);
    present = count == columns ? nullptr : reinterpret_cast<const uint8_t*>(bitmap.data());
    null_bytes = (count + 7) / 8;
  }
};

// An image as it stands in the event.
struct RowPlan::Image {
  const uint8_t* present = nullptr;
  const uint8_t* nulls = nullptr;
  const uint8_t* values = nullptr;
  const uint8_t* end = nullptr;
  size_t null_bytes = 0;

  bool Open(const uint8_t* at, const Shape& shape) {
    present = shape.present;
    null_bytes = shape.null_bytes;
    nulls = at;
    end = shape.end;
    if (null_bytes > static_cast<size_t>(end - at)) return false;
    values = at + null_bytes;
    return true;
  }
  bool AnyNull() const {
    uint8_t any = 0;
    for (size_t i = 0; i < null_bytes; ++i) any |= nulls[i];
    return any != 0;
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
    if (plan->skip_.empty() || plan->skip_.back().length_bytes > 0) plan->skip_.emplace_back();
    plan->skip_.back().fixed += op.length_bytes > 0 ? 0 : op.width;
    plan->skip_.back().length_bytes = op.length_bytes;
    plan->ops_.push_back(std::move(op));
    plan->column_names_.push_back(column.name);
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
  plan->key_images_ = before != BeforeImage::kFull && !plan->key_.empty();
  if (plan->ops_.empty()) return Invalid(Str(plan->name_, " has no columns"));
  return std::shared_ptr<const RowPlan>(std::move(plan));
}

Error RowPlan::Malformed() const {
  return Corrupt(Str("the rows of ", name_, " in the log do not fit the columns that TABLE_MAP told"),
                 "check the log with mariadb-binlog --verify-binlog-checksum");
}

// Only columns that are not needed may be missing: those of a before image of which only the key is used.
Status RowPlan::CheckPresent(const RowsEvent& event) const {
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

const uint8_t* RowPlan::Skip(const Image& image) const {
  const uint8_t* at = image.values;
  if (image.present == nullptr && !image.AnyNull()) {
    CellOp var;
    for (const SkipStep& step : skip_) {
      if (step.fixed > static_cast<size_t>(image.end - at)) return nullptr;
      at += step.fixed;
      if (step.length_bytes == 0) continue;
      uint32_t size;
      var.length_bytes = step.length_bytes;
      if (!CellSize(var, at, image.end, size)) return nullptr;
      at += size;
    }
    return at;
  }
  size_t bit = 0;
  for (size_t i = 0; i < ops_.size(); ++i) {
    if (image.present != nullptr && !Bit(image.present, i)) continue;
    if (Bit(image.nulls, bit++)) continue;
    uint32_t size;
    if (!CellSize(ops_[i], at, image.end, size)) return nullptr;
    at += size;
  }
  return at;
}

bool RowPlan::FindKey(const Image& image, KeyCells& cells) const {
  const uint8_t* at = image.values;
  size_t bit = 0, found = 0;
  for (size_t i = 0; found < key_.size(); ++i) {
    if (image.present != nullptr && !Bit(image.present, i)) continue;
    const bool null = Bit(image.nulls, bit++);
    uint32_t size = 0;
    if (!null && !CellSize(ops_[i], at, image.end, size)) return false;
    for (size_t k = 0; k < key_.size(); ++k) {
      if (key_[k] != i) continue;
      cells.at[k] = null ? nullptr : at;
      cells.size[k] = size;
      ++found;
    }
    at += size;
  }
  return true;
}

const uint8_t* RowPlan::AppendAll(const Image& image, BatchBuilder& out, int64_t row) const {
  const uint8_t* at = image.values;
  for (size_t i = 0; i < ops_.size(); ++i) {
    ColumnData& column = out.column(i);
    if (Bit(image.nulls, i)) {
      out.SetNull(column, row);
      continue;
    }
    const CellOp& op = ops_[i];
    uint32_t size;
    if (!CellSize(op, at, image.end, size)) return nullptr;
    DecodeValue(op, at, size, out, column, row);
    at += size;
  }
  return at;
}

bool RowPlan::AppendKeys(const Image& image, BatchBuilder& out, int64_t row) const {
  KeyCells cells;
  if (!FindKey(image, cells)) return false;
  for (size_t i = 0; i < ops_.size(); ++i) {
    if (!out.column(i).key) out.SetNull(out.column(i), row);
  }
  for (size_t k = 0; k < key_.size(); ++k) {
    if (cells.at[k] == nullptr) return false;
    DecodeValue(ops_[key_[k]], cells.at[k], cells.size[k], out, out.column(key_[k]), row);
  }
  return true;
}

// All columns; `next` becomes the place after the image.
Status RowPlan::AppendWhole(const Image& image, RowKind kind, const uint8_t*& next, BatchBuilder& out) const {
  const int64_t row = out.BeginRow();
  next = row < 0 ? nullptr : AppendAll(image, out, row);
  if (next == nullptr || out.failure() != CellError::kNone) return Failure(image, out);
  out.EndRow(kind);
  return Ok();
}

// The key columns, NULL in the others.
Status RowPlan::AppendKey(const Image& image, RowKind kind, BatchBuilder& out) const {
  const int64_t row = out.BeginRow();
  if (row < 0 || !AppendKeys(image, out, row) || out.failure() != CellError::kNone) return Failure(image, out);
  out.EndRow(kind);
  return Ok();
}

// `out` will be dropped, so the values may be decoded once more to find the column that failed.
Error RowPlan::Failure(const Image& image, BatchBuilder& out) const {
  const CellError error = out.failure();
  const uint8_t* at = image.values;
  std::string_view name = "*";
  size_t bit = 0;
  for (size_t i = 0; i < ops_.size() && error != CellError::kTooLarge; ++i) {
    if ((image.present != nullptr && !Bit(image.present, i)) || Bit(image.nulls, bit++)) continue;
    uint32_t size;
    if (!CellSize(ops_[i], at, image.end, size)) break;
    out.ClearFailure();
    DecodeValue(ops_[i], at, size, out, out.column(i), out.rows());
    if (out.failure() != CellError::kNone) {
      name = column_names_[i];
      break;
    }
    at += size;
  }
  out.Fail(error);
  return CellFailure(error == CellError::kNone ? CellError::kMalformed : error, name_, name);
}

Result<bool> RowPlan::Wanted(RowFilter* filter, const Image& image, BatchBuilder& out) const {
  if (filter == nullptr || key_parts_.empty()) return true;
  KeyCells cells;
  if (!FindKey(image, cells)) return CellFailure(CellError::kMalformed, name_, "*");
  std::string& key = out.scratch();
  key.clear();
  for (size_t k = 0; k < key_.size(); ++k) {
    if (cells.at[k] == nullptr) return CellFailure(CellError::kMalformed, name_, column_names_[key_[k]]);
    EncodeKeyCell(key_parts_[k], ops_[key_[k]], cells.at[k], cells.size[k], key);
  }
  return filter->Keep(key);
}

Status RowPlan::DecodeRow(RowsKind kind, const Shape& shape, const uint8_t*& at, RowFilter* filter,
                          BatchBuilder& out) const {
  Image image;
  if (!image.Open(at, shape)) return Malformed();
  const bool insert = kind == RowsKind::kWrite;
  TRY_SET(const bool wanted, Wanted(filter, image, out));
  const RowKind row_kind = insert ? RowKind::kInsert : RowKind::kDelete;
  if (wanted && (insert || !key_images_)) return AppendWhole(image, row_kind, at, out);
  if (wanted) TRY(AppendKey(image, RowKind::kDelete, out));
  at = Skip(image);
  return at == nullptr ? Status(Malformed()) : Ok();
}

Status RowPlan::DecodeUpdate(const Shape& before_shape, const Shape& after_shape, const uint8_t*& at, RowFilter* filter,
                             BatchBuilder& out) const {
  Image before, after;
  if (!before.Open(at, before_shape)) return Malformed();
  at = Skip(before);
  if (at == nullptr || !after.Open(at, after_shape)) return Malformed();
  TRY_SET(const bool want_before, Wanted(filter, before, out));
  TRY_SET(const bool want_after, Wanted(filter, after, out));
  bool emit_before = want_before && (before_ == BeforeImage::kFull || !want_after);
  if (want_before && want_after && before_ == BeforeImage::kKey && !key_.empty()) {
    KeyCells a, b;
    if (!FindKey(before, a) || !FindKey(after, b)) return Malformed();
    for (size_t k = 0; k < key_.size() && !emit_before; ++k) {
      emit_before = a.size[k] != b.size[k] || (a.size[k] > 0 && std::memcmp(a.at[k], b.at[k], a.size[k]) != 0);
    }
  }
  if (emit_before) {
    const RowKind kind = want_after ? RowKind::kUpdateBefore : RowKind::kDelete;
    const uint8_t* unused = nullptr;
    TRY(key_images_ ? AppendKey(before, kind, out) : AppendWhole(before, kind, unused, out));
  }
  if (want_after) return AppendWhole(after, want_before ? RowKind::kUpdateAfter : RowKind::kInsert, at, out);
  at = Skip(after);
  return at == nullptr ? Status(Malformed()) : Ok();
}

Status RowPlan::Decode(const RowsEvent& event, RowFilter* filter, BatchBuilder& out) const {
  if (event.column_count != ops_.size()) return Malformed();
  TRY(CheckPresent(event));
  auto* at = reinterpret_cast<const uint8_t*>(event.rows.data());
  const uint8_t* end = at + event.rows.size();
  const Shape before(event.present_before, ops_.size(), end), after(event.present_after, ops_.size(), end);
  if (event.kind == RowsKind::kUpdate) {
    while (at < end) TRY(DecodeUpdate(before, after, at, filter, out));
  } else {
    while (at < end) TRY(DecodeRow(event.kind, before, at, filter, out));
  }
  return Ok();
}

Result<int64_t> RowPlan::CountRows(const RowsEvent& event) const {
  if (event.column_count != ops_.size()) return Malformed();
  auto* at = reinterpret_cast<const uint8_t*>(event.rows.data());
  const uint8_t* end = at + event.rows.size();
  const Shape before(event.present_before, ops_.size(), end), after(event.present_after, ops_.size(), end);
  if (before.null_bytes == 0 || after.null_bytes == 0) return Malformed();
  const bool update = event.kind == RowsKind::kUpdate;
  int64_t images = 0;
  for (; at < end; ++images) {
    Image image;
    if (!image.Open(at, update && images % 2 == 1 ? after : before)) return Malformed();
    if (at = Skip(image); at == nullptr) return Malformed();
  }
  return update ? images / 2 : images;
}

}  // namespace sluice::mysql
