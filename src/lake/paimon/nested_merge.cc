// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/nested_merge.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "lake/paimon/cell_hash.h"
#include "lake/paimon/cell_order.h"
#include "lake/paimon/nested_rows.h"
#include "row/arrow_status.h"
#include "row/nested_type.h"

namespace sluice::paimon {
namespace {

Result<int> FieldOf(const NestedType& row, const std::string& name, const char* option) {
  for (size_t i = 0; i < row.parts.size(); ++i) {
    if (row.parts[i].name == name) return static_cast<int>(i);
  }
  return Invalid(Str(option, " names ", name, ", which is no field of ", NestedText(row)));
}

Error WrongType(const char* function, const char* takes) { return Invalid(Str(function, " takes ", takes, " only")); }

// A map's cell: where its entries are.
struct MapCell {
  std::shared_ptr<arrow::Array> keys, values;
  int64_t begin = 0, end = 0;

  explicit MapCell(const MergedCell& cell) {
    const auto& maps = static_cast<const arrow::MapArray&>(*cell.array);
    const auto& entries = static_cast<const arrow::StructArray&>(*maps.values());
    keys = entries.field(0);
    values = entries.field(1);
    begin = maps.value_offset(cell.row);
    end = maps.value_offset(cell.row + 1);
  }
};

// Entries as Java's HashMap takes them: a key that is there keeps its place.
class Entries {
 public:
  struct Entry {
    const arrow::Array* keys = nullptr;
    int64_t key = 0;
    const arrow::Array* values = nullptr;
    int64_t value = 0;
    bool gone = false;
  };

  void Put(const MapCell& map, int64_t i) { PutAt(IdentityOf(*map.keys, i), map, i); }
  void PutAt(const std::string& key, const MapCell& map, int64_t i) {
    const auto [found, is_new] = places_.emplace(key, entries_.size());
    if (is_new) entries_.push_back({map.keys.get(), i});
    entries_[found->second].values = map.values.get();
    entries_[found->second].value = i;
  }
  void Remove(const std::string& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    entries_[found->second].gone = true;
    places_.erase(found);
  }
  const Entry* Find(const std::string& key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? nullptr : &entries_[found->second];
  }

  Status PutInto(const std::shared_ptr<arrow::DataType>& type, MergedCell& out) {
    std::erase_if(entries_, [](const Entry& entry) { return entry.gone; });
    std::vector<uint32_t> hashes;
    for (const Entry& entry : entries_) {
      if (const auto hash = JavaHash(*entry.keys, entry.key)) hashes.push_back(*hash);
    }
    std::vector<size_t> order(entries_.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    if (hashes.size() == entries_.size()) order = JavaMapOrder(hashes);
    ARROW_TRY_SET(const auto made, arrow::MakeBuilder(type));
    auto& builder = static_cast<arrow::MapBuilder&>(*made);
    ARROW_TRY(builder.Append());
    for (size_t i : order) {
      const Entry& entry = entries_[i];
      ARROW_TRY(builder.key_builder()->AppendArraySlice(arrow::ArraySpan(*entry.keys->data()), entry.key, 1));
      ARROW_TRY(builder.item_builder()->AppendArraySlice(arrow::ArraySpan(*entry.values->data()), entry.value, 1));
    }
    ARROW_TRY_SET(std::shared_ptr<arrow::Array> one, builder.Finish());
    out.PickOwn(std::move(one));
    return Ok();
  }

 private:
  std::map<std::string, size_t> places_;
  std::vector<Entry> entries_;
};

// Whether the entry of a newer map says nothing, or nothing later than the one that is there.
bool IsEarlier(const MapCell& map, int64_t i, const Entries::Entry* there, int time) {
  const auto at = [&](const arrow::Array& rows) { return static_cast<const arrow::StructArray&>(rows).field(time); };
  const auto mine = at(*map.values);
  if (mine->IsNull(i)) return true;
  if (there == nullptr || there->values->IsNull(there->value)) return false;
  const auto other = at(*there->values);
  return !other->IsNull(there->value) && CompareCells(*mine, i, *other, there->value) <= 0;
}

}  // namespace

Result<std::shared_ptr<const NestedMerge>> NestedMerge::Make(const Aggregate& how, const DataType& type) {
  std::shared_ptr<NestedMerge> out(new NestedMerge(how));
  if (type.kind != TypeKind::kArray) return WrongType(how.name.c_str(), "columns of type MAP or ARRAY<ROW>");
  out->type_ = type.ToArrow();
  const bool maps = how.function == AggregateFunction::kMergeMap ||
                    how.function == AggregateFunction::kMergeMapWithKeyTime;
  TRY(maps ? out->BindMap(type) : out->BindRow(type));
  return std::shared_ptr<const NestedMerge>(std::move(out));
}

Status NestedMerge::BindMap(const DataType& type) {
  const NestedType& map = NestedOf(type);
  if (map.kind != NestedKind::kMap) return WrongType("merge_map", "columns of type MAP");
  if (function_ == AggregateFunction::kMergeMap) return Ok();
  constexpr const char* kTakes = "columns of type MAP whose values are a ROW of two fields at least";
  const DataType& value = map.parts[1].type;
  if (!IsNested(value)) return WrongType("merge_map_with_keytime", kTakes);
  const NestedType& row = NestedOf(value);
  if (row.kind != NestedKind::kRow || row.parts.size() < 2) return WrongType("merge_map_with_keytime", kTakes);
  time_ = static_cast<int>(row.parts.size()) - 1;
  if (!rules_.time.empty()) {
    TRY_SET(time_, FieldOf(row, rules_.time, "ts-field"));
  }
  const TypeKind kind = row.parts[static_cast<size_t>(time_)].type.kind;
  if (kind == TypeKind::kString || kind == TypeKind::kVarChar || kind == TypeKind::kChar) return Ok();
  return Invalid(Str("merge_map_with_keytime needs a text in the field ", row.parts[static_cast<size_t>(time_)].name,
                     " of the values, which says what is later"), "set fields.<column>.ts-field");
}

Status NestedMerge::BindRow(const DataType& type) {
  const char* name = function_ == AggregateFunction::kNestedUpdate ? "nested_update" : "nested_partial_update";
  const NestedType& list = NestedOf(type);
  const bool rows = list.kind == NestedKind::kArray && IsNested(list.parts[0].type) &&
                    NestedOf(list.parts[0].type).kind == NestedKind::kRow;
  if (!rows) return WrongType(name, "columns of type ARRAY<ROW<…>>");
  const NestedType& row = NestedOf(list.parts[0].type);
  std::vector<DataType> key_types;
  for (const std::string& field : rules_.key) {
    TRY_SET(key_.emplace_back(), FieldOf(row, field, "nested-key"));
    key_types.push_back(row.parts[static_cast<size_t>(key_.back())].type);
  }
  for (const std::string& field : rules_.sequence) {
    TRY_SET(sequence_.emplace_back(), FieldOf(row, field, "nested-sequence-field"));
    if (row.parts[static_cast<size_t>(sequence_.back())].type.kind == TypeKind::kArray) {
      return Invalid(Str("nested-sequence-field names ", field, ", which has no order"));
    }
  }
  if (key_.empty()) {
    const bool parts = function_ == AggregateFunction::kNestedPartialUpdate;
    const bool needed = parts || !sequence_.empty() || rules_.has_null_key;
    return needed ? Status(Invalid(Str(name, " needs the table option fields.<column>.nested-key"))) : Ok();
  }
  TRY_SET(BinaryRowCodec codec, BinaryRowCodec::Make(std::move(key_types)));
  key_codec_ = std::make_shared<const BinaryRowCodec>(std::move(codec));
  return Ok();
}

Status NestedMerge::Combine(const MergedCell& older, const MergedCell& newer, MergedCell& out) const {
  const bool maps = function_ == AggregateFunction::kMergeMap || function_ == AggregateFunction::kMergeMapWithKeyTime;
  if (newer.IsNull() || (maps && older.IsNull())) {
    out.Copy(newer.IsNull() ? older : newer);
    return Ok();
  }
  return maps ? MergeMaps(older, newer, out) : UpdateRows(older, newer, out);
}

Status NestedMerge::Retract(const MergedCell& sum, const MergedCell& value, MergedCell& out) const {
  if (sum.IsNull() || value.IsNull()) {
    out.Copy(sum);
    return Ok();
  }
  if (function_ == AggregateFunction::kNestedUpdate) return TakeRows(sum, value, out);
  const MapCell map(sum), taken(value);
  std::set<std::string> gone;
  for (int64_t i = taken.begin; i < taken.end; ++i) gone.insert(IdentityOf(*taken.keys, i));
  Entries entries;
  for (int64_t i = map.begin; i < map.end; ++i) {
    std::string key = IdentityOf(*map.keys, i);
    if (!gone.contains(key)) entries.PutAt(key, map, i);
  }
  return entries.PutInto(type_, out);
}

Status NestedMerge::MergeMaps(const MergedCell& older, const MergedCell& newer, MergedCell& out) const {
  const MapCell first(older), second(newer);
  Entries entries;
  for (int64_t i = first.begin; i < first.end; ++i) entries.Put(first, i);
  for (int64_t i = second.begin; i < second.end; ++i) {
    const std::string key = IdentityOf(*second.keys, i);
    if (time_ >= 0 && second.values->IsNull(i)) {
      entries.Remove(key);
    } else if (time_ < 0 || !IsEarlier(second, i, entries.Find(key), time_)) {
      entries.PutAt(key, second, i);
    }
  }
  return entries.PutInto(type_, out);
}

Status NestedMerge::UpdateRows(const MergedCell& older, const MergedCell& newer, MergedCell& out) const {
  const RowsOfCell there(older), added(newer);
  if (key_.empty()) {
    const int64_t have = older.IsNull() ? 0 : there.end - there.begin;
    if (!older.IsNull() && have >= rules_.count_limit) {
      out.Copy(older);
      return Ok();
    }
    NestedRows rows(type_, there.field_count(added));
    rows.AddAll(there, std::numeric_limits<int64_t>::max());
    rows.AddAll(added, rules_.count_limit - have);
    return rows.PutInto(out);
  }
  KeyedRows rows(*key_codec_, key_, rules_.null_key);
  if (function_ == AggregateFunction::kNestedPartialUpdate) {
    for (const RowsOfCell* cell : {&there, &added}) TRY(rows.UpdateParts(*cell));
  } else {
    TRY(rows.Update(there, sequence_, std::numeric_limits<int64_t>::max()));
    TRY(rows.Update(added, sequence_, rules_.count_limit));
  }
  return rows.PutInto(type_, out);
}

Status NestedMerge::TakeRows(const MergedCell& sum, const MergedCell& value, MergedCell& out) const {
  const RowsOfCell there(sum), taken(value);
  if (!key_.empty()) {
    KeyedRows rows(*key_codec_, key_, NestedKeyNull::kMerge);
    TRY(rows.Update(there, {}, std::numeric_limits<int64_t>::max()));
    rows.Remove(taken);
    return rows.PutInto(type_, out);
  }
  std::set<std::string> gone;
  for (int64_t i = taken.begin; i < taken.end; ++i) {
    if (taken.rows->IsValid(i)) gone.insert(IdentityOf(*taken.rows, i));
  }
  NestedRows rows(type_, there.field_count(taken));
  for (int64_t i = there.begin; i < there.end; ++i) {
    if (there.rows->IsValid(i) && !gone.contains(IdentityOf(*there.rows, i))) rows.Add(there, i);
  }
  return rows.PutInto(out);
}

}  // namespace sluice::paimon
