// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/column_index.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "lake/paimon/bitmap_index.h"
#include "lake/paimon/bitmap_view.h"
#include "lake/paimon/bloom_filter.h"
#include "lake/paimon/bsi_index.h"
#include "lake/paimon/file_index.h"
#include "lake/paimon/index_value.h"
#include "lake/paimon/indexed_values.h"
#include "lake/paimon/range_bitmap.h"
#include "row/timestamp.h"

namespace sluice::paimon {
namespace {

using Op = ColumnCondition::Op;
using MaybeRows = std::optional<RowBits>;

// Beyond so many values an index is asked for a range: each costs a pass over bits or bitmaps of all rows.
constexpr size_t kSlicedMost = 32;       // of an IN
constexpr int64_t kBitmapsMost = 4'096;  // of a column

bool IsRange(Op op) { return op == Op::kAtMost || op == Op::kAtLeast; }

// Whether a cell of the type can be it. Of what cannot be, the index would take another value for it.
bool CanBe(const DataType& type, int64_t cell) {
  if (IsIndexedByMilliseconds(type)) return cell % 1000 == 0;
  int bits = 64;
  switch (type.kind) {
    case TypeKind::kTinyInt: bits = 8; break;
    case TypeKind::kSmallInt: bits = 16; break;
    case TypeKind::kInt:
    case TypeKind::kDate: bits = 32; break;
    default: break;
  }
  const int64_t most = INT64_MAX >> (64 - bits);
  return cell >= -most - 1 && cell <= most;
}

bool CanBe(const DataType& type, double number) {
  if (type.kind != TypeKind::kFloat || !std::isfinite(number)) return true;
  if (std::abs(number) > std::numeric_limits<float>::max()) return false;
  return static_cast<double>(static_cast<float>(number)) == number;
}

// The values of an index that equal those of the condition. A value that no cell can be is none.
struct Wanted {
  std::vector<int64_t> numbers;
  std::vector<std::string> bytes;
  bool empty() const { return numbers.empty() && bytes.empty(); }
};

void AddWanted(const ColumnCondition::Value& value, const DataType& type, Wanted& out) {
  if (const auto* bytes = std::get_if<std::string>(&value)) out.bytes.push_back(*bytes);
  if (const auto* cell = std::get_if<int64_t>(&value); cell != nullptr && CanBe(type, *cell)) {
    out.numbers.push_back(IndexNumber(type, *cell));
  }
  if (const auto* real = std::get_if<double>(&value); real != nullptr && CanBe(type, *real)) {
    for (const double each : *real == 0 ? std::vector<double>{0.0, -0.0} : std::vector<double>{*real}) {
      const bool single = type.kind == TypeKind::kFloat;
      out.numbers.push_back(single ? IndexNumber(static_cast<float>(each)) : IndexNumber(each));
    }
  }
}

Wanted WantedOf(const ColumnCondition& condition, const DataType& type) {
  Wanted out;
  AddWanted(condition.value, type, out);
  for (const ColumnCondition::Value& value : condition.values) AddWanted(value, type, out);
  return out;
}

bool BloomMayHold(const BloomFilter& filter, const Wanted& wanted) {
  const auto may = [&](const auto& value) { return filter.MayHold(BloomHash(value)); };
  return std::any_of(wanted.bytes.begin(), wanted.bytes.end(), may) ||
         std::any_of(wanted.numbers.begin(), wanted.numbers.end(), may);
}

// Nothing: the index is not well formed. Ranges are not for it.
MaybeRows BitmapRows(const BitmapView& index, const DataType& type, Op op, const Wanted& wanted) {
  if (op == Op::kIsNull) return index.NullRows();
  std::set<std::string, std::less<>> values(wanted.bytes.begin(), wanted.bytes.end());
  for (int64_t number : wanted.numbers) values.insert(IndexedValue(type, number));
  const auto takes = [&](std::string_view value) { return values.contains(value); };
  if (op == Op::kEqual || op == Op::kIn) return index.RowsOf(takes);
  auto out = index.NullRows();
  if (!out) return out;
  if (op == Op::kNotEqual) {
    const auto equal = index.RowsOf(takes);
    if (!equal) return equal;
    *out |= *equal;
  }
  out->Flip();
  return out;
}

int64_t OrderOf(int64_t bits) { return bits < 0 ? bits ^ INT64_MAX : bits; }

// Of a real number, as IndexedOrder has it.
int64_t OrderOf(const DataType& type, double number) {
  if (type.kind != TypeKind::kFloat) return OrderOf(IndexNumber(number));
  const bool beyond = std::isfinite(number) && std::abs(number) > std::numeric_limits<float>::max();
  const float infinite = number > 0 ? std::numeric_limits<float>::infinity() : -std::numeric_limits<float>::infinity();
  return OrderOf(IndexNumber(beyond ? infinite : static_cast<float>(number)));
}

// One condition, asked of the indexes of one column.
class Question {
 public:
  Question(FileIndex& index, const Field& written, const ColumnCondition& condition, int64_t rows)
      : index_(index), name_(written.name), type_(written.type), condition_(condition), op_(condition.op),
        rows_(rows), wanted_(WantedOf(condition, type_)) {}

  // That all indexes leave.
  Result<MaybeRows> Rows() const {
    MaybeRows out;
    if ((IsEquality() || op_ == Op::kNotEqual) && wanted_.empty()) return out;
    if (op_ == Op::kNotEqual && HasNanos(type_)) return out;  // indexes have microseconds
    for (const auto ask : {&Question::AskBloomFilter, &Question::AskBitmap, &Question::AskBsi,
                           &Question::AskRangeBitmap}) {
      TRY_SET(auto rows, (this->*ask)());
      if (!rows) continue;
      if (out) *rows &= *out;
      out = std::move(rows);
      if (out->empty()) break;
    }
    return out;
  }

 private:
  bool IsEquality() const { return op_ == Op::kEqual || op_ == Op::kIn; }

  // Of the bytes, if there are any, what `ask` says.
  template <typename Ask>
  Result<MaybeRows> With(const char* type, Ask&& ask) const {
    TRY_SET(auto bytes, index_.Read(name_, type));
    MaybeRows out;
    if (!bytes) return out;
    if (ask(*std::move(bytes), out)) return out;
    return Corrupt(Str("file index ", index_.name(), ": the ", type, " of column ", name_, " is not well formed"),
                   "set file-index.read.enabled=false on the table to read without");
  }

  Result<MaybeRows> AskBloomFilter() const {
    if (!IsEquality() || !BloomFilter::CanHold(type_)) return MaybeRows();
    return With(kBloomFilterIndex, [&](std::string bytes, MaybeRows& out) {
      const auto filter = BloomFilter::Parse(std::move(bytes));
      if (filter && !BloomMayHold(*filter, wanted_)) out.emplace(rows_);
      return filter.has_value();
    });
  }

  Result<MaybeRows> AskBitmap() const {
    if ((IsRange(op_) && HasNanos(type_)) || !BitmapIndexBuilder::CanHold(type_)) return MaybeRows();
    return With(kBitmapIndex, [&](std::string_view bytes, MaybeRows& out) {
      const auto bitmap = BitmapView::Parse(type_, bytes, rows_);
      if (bitmap && IsRange(op_) && bitmap->values() > kBitmapsMost) return true;
      if (bitmap) out = IsRange(op_) ? RangeOf(*bitmap) : BitmapRows(*bitmap, type_, op_, wanted_);
      return out.has_value();
    });
  }

  MaybeRows RangeOf(const BitmapView& index) const {
    const RangeBitmapView::Value bound = Bound();
    return index.RowsOf([&](std::string_view bytes) {
      RangeBitmapView::Value value = bytes;
      if (IndexedWidth(type_) > 0) value = IndexedOrder(type_, bytes);
      return op_ == Op::kAtMost ? value <= bound : value >= bound;
    });
  }

  Result<MaybeRows> AskBsi() const {
    if (!BsiIndexBuilder::CanHold(type_)) return MaybeRows();
    return With(kBsiIndex, [&](std::string_view bytes, MaybeRows& out) {
      const auto bsi = BsiIndexView::Parse(bytes, rows_);
      const auto* bound = std::get_if<int64_t>(&condition_.value);
      if (bsi) out = SortedRows(*bsi, wanted_.numbers, bound == nullptr ? 0 : IndexNumber(type_, *bound));
      return out.has_value();
    });
  }

  Result<MaybeRows> AskRangeBitmap() const {
    if (!RangeBitmapBuilder::CanHold(type_)) return MaybeRows();
    return With(kRangeBitmapIndex, [&](std::string_view bytes, MaybeRows& out) {
      const auto range = RangeBitmapView::Parse(type_, bytes, rows_);
      std::vector<RangeBitmapView::Value> values(wanted_.bytes.begin(), wanted_.bytes.end());
      const bool real = type_.kind == TypeKind::kFloat || type_.kind == TypeKind::kDouble;
      for (int64_t number : wanted_.numbers) values.emplace_back(real ? OrderOf(number) : number);
      if (range) out = SortedRows(*range, values, Bound());
      return out.has_value();
    });
  }

  // Of a range, as an index of sorted values has it. Both zeros are in the ranges that end there.
  RangeBitmapView::Value Bound() const {
    if (const auto* text = std::get_if<std::string>(&condition_.value)) return std::string_view(*text);
    if (const auto* cell = std::get_if<int64_t>(&condition_.value)) return IndexNumber(type_, *cell);
    const auto* real = std::get_if<double>(&condition_.value);
    if (real == nullptr) return int64_t{0};
    return OrderOf(type_, *real != 0 ? *real : op_ == Op::kAtMost ? 0.0 : -0.0);
  }

  // `values`: those that are wanted, `bound`: of a range, as functions of `index` take them.
  template <typename View, typename Value>
  RowBits SortedRows(const View& index, const std::vector<Value>& values, const Value& bound) const {
    RowBits out(rows_);
    switch (op_) {
      case Op::kAtMost: return index.AtMost(bound);
      case Op::kAtLeast: return index.AtLeast(bound);
      case Op::kIsNotNull: return index.Present();
      case Op::kIsNull:
        out = index.Present();
        out.Flip();
        return out;
      case Op::kIn:
        if (values.size() > kSlicedMost) {
          const auto [least, most] = std::minmax_element(values.begin(), values.end());
          out = index.AtLeast(*least);
          return out &= index.AtMost(*most);
        }
        break;
      case Op::kEqual:
      case Op::kNotEqual: break;
    }
    for (const Value& value : values) out |= index.Equal(value);
    if (op_ != Op::kNotEqual) return out;
    RowBits others = index.Present();
    return others -= out;
  }

  FileIndex& index_;
  const std::string& name_;
  const DataType& type_;
  const ColumnCondition& condition_;
  const Op op_;
  const int64_t rows_;
  const Wanted wanted_;
};

// Nothing: there is none.
Result<std::optional<FileIndex>> IndexOf(Env& env, const LiveFile& file) {
  if (file.meta.embedded_index) {
    TRY_SET(auto index, FileIndex::Of(*file.meta.embedded_index, Str("of ", file.path, " in its manifest")));
    return std::optional(std::move(index));
  }
  for (const std::string& name : file.meta.extra_files) {
    if (!name.ends_with(kIndexSuffix)) continue;
    TRY_SET(auto index, FileIndex::Open(env, Str(FolderOf(file.path), "/", name)));
    return std::optional(std::move(index));
  }
  return std::optional<FileIndex>();
}

}  // namespace

Result<MaybeRows> RowsByIndex(Env& env, const LiveFile& file, const std::vector<FieldCondition>& asked) {
  MaybeRows out;
  const int64_t rows = file.meta.row_count;
  if (asked.empty() || rows < 0 || rows > INT32_MAX) return out;  // an index numbers rows by 32 bits
  TRY_SET(auto index, IndexOf(env, file));
  if (!index) return out;
  for (const FieldCondition& each : asked) {
    TRY_SET(auto chosen, Question(*index, *each.written, *each.condition, rows).Rows());
    if (!chosen) continue;
    if (out) *chosen &= *out;
    out = std::move(chosen);
    if (out->empty()) break;
  }
  return out;
}

}  // namespace sluice::paimon
