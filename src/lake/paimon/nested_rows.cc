// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/nested_rows.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>

#include "lake/paimon/cell_hash.h"
#include "lake/paimon/cell_order.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

NestedRow RowOf(const RowsOfCell& cell, int64_t row) {
  NestedRow out;
  for (const auto& field : cell.fields) out.emplace_back(field.get(), row);
  return out;
}

// By the fields in their order, NULL below all.
bool IsOlder(const NestedRow& a, const NestedRow& b, const std::vector<int>& fields) {
  for (int field : fields) {
    const auto& [cells_a, row_a] = a[static_cast<size_t>(field)];
    const auto& [cells_b, row_b] = b[static_cast<size_t>(field)];
    const int order = CompareCells(*cells_a, row_a, *cells_b, row_b);
    if (order != 0) return order < 0;
  }
  return false;
}

}  // namespace

RowsOfCell::RowsOfCell(const MergedCell& cell) {
  if (cell.IsNull()) return;
  const auto& lists = static_cast<const arrow::ListArray&>(*cell.array);
  rows = lists.values();
  fields = static_cast<const arrow::StructArray&>(*rows).fields();
  begin = lists.value_offset(cell.row);
  end = lists.value_offset(cell.row + 1);
}

void NestedRows::Add(const RowsOfCell& cell, int64_t row) { rows_.push_back(RowOf(cell, row)); }

void NestedRows::AddAll(const RowsOfCell& cell, int64_t most) {
  for (int64_t i = cell.begin; i < cell.end && most > 0; ++i) {
    if (cell.rows->IsNull(i)) continue;
    Add(cell, i);
    --most;
  }
}

Status NestedRows::PutInto(MergedCell& out) const {
  ARROW_TRY_SET(const auto made, arrow::MakeBuilder(type_));
  auto& builder = static_cast<arrow::ListBuilder&>(*made);
  ARROW_TRY(builder.Append());
  auto& rows = static_cast<arrow::StructBuilder&>(*builder.value_builder());
  for (const NestedRow& row : rows_) {
    ARROW_TRY(rows.Append());
    for (size_t i = 0; i < fields_; ++i) {
      auto* field = rows.field_builder(static_cast<int>(i));
      const auto& [cells, at] = row[i];
      ARROW_TRY(cells == nullptr ? field->AppendNull()
                                 : field->AppendArraySlice(arrow::ArraySpan(*cells->data()), at, 1));
    }
  }
  ARROW_TRY_SET(std::shared_ptr<arrow::Array> one, builder.Finish());
  out.PickOwn(std::move(one));
  return Ok();
}

std::string KeyedRows::KeyOf(const RowsOfCell& cell, int64_t row) const {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (int field : key_) columns.push_back(cell.fields[static_cast<size_t>(field)]);
  std::string key;
  codec_.Encode(columns, row, key);
  return key;
}

Result<bool> KeyedRows::Counts(const RowsOfCell& cell, int64_t row) const {
  if (cell.rows->IsNull(row)) return false;
  for (int field : key_) {
    if (null_key_ == NestedKeyNull::kMerge || cell.fields[static_cast<size_t>(field)]->IsValid(row)) continue;
    if (null_key_ == NestedKeyNull::kIgnore) return false;
    return Invalid("a row of an array has a NULL in its nested-key",
                   "set fields.<column>.nested-key-null-strategy: merge or ignore");
  }
  return true;
}

KeyedRows::Keyed& KeyedRows::At(const std::string& key, bool& is_new) {
  const auto [found, added] = places_.emplace(key, rows_.size());
  is_new = added;
  if (added) rows_.push_back({static_cast<uint32_t>(HashBinaryRow(key)), {}});
  return rows_[found->second];
}

Status KeyedRows::Update(const RowsOfCell& cell, const std::vector<int>& sequence, int64_t most) {
  for (int64_t i = cell.begin; i < cell.end; ++i) {
    TRY_SET(const bool counts, Counts(cell, i));
    if (!counts) continue;
    const std::string key = KeyOf(cell, i);
    if (!places_.contains(key) && static_cast<int64_t>(places_.size()) >= most) continue;
    bool is_new = false;
    Keyed& keyed = At(key, is_new);
    NestedRow row = RowOf(cell, i);
    if (is_new || !IsOlder(row, keyed.row, sequence)) keyed.row = std::move(row);
  }
  return Ok();
}

Status KeyedRows::UpdateParts(const RowsOfCell& cell) {
  for (int64_t i = cell.begin; i < cell.end; ++i) {
    TRY_SET(const bool counts, Counts(cell, i));
    if (!counts) continue;
    bool is_new = false;
    Keyed& keyed = At(KeyOf(cell, i), is_new);
    keyed.row.resize(cell.fields.size());
    for (size_t field = 0; field < cell.fields.size(); ++field) {
      if (cell.fields[field]->IsValid(i)) keyed.row[field] = {cell.fields[field].get(), i};
    }
  }
  return Ok();
}

void KeyedRows::Remove(const RowsOfCell& cell) {
  for (int64_t i = cell.begin; i < cell.end; ++i) {
    if (cell.rows->IsNull(i)) continue;
    const auto found = places_.find(KeyOf(cell, i));
    if (found == places_.end()) continue;
    rows_[found->second].gone = true;
    places_.erase(found);
  }
}

Status KeyedRows::PutInto(const std::shared_ptr<arrow::DataType>& type, MergedCell& out) const {
  std::vector<uint32_t> hashes;
  std::vector<const NestedRow*> left;
  for (const Keyed& keyed : rows_) {
    if (keyed.gone) continue;
    hashes.push_back(keyed.hash);
    left.push_back(&keyed.row);
  }
  NestedRows rows(type, left.empty() ? 0 : left[0]->size());
  for (size_t place : JavaMapOrder(hashes)) rows.Add(*left[place]);
  return rows.PutInto(out);
}

}  // namespace sluice::paimon
