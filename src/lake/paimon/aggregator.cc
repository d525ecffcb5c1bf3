// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/aggregator.h"

#include <set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "lake/paimon/cell_order.h"
#include "lake/paimon/hll_sketch.h"
#include "lake/paimon/list_cells.h"
#include "lake/paimon/nested_merge.h"
#include "lake/paimon/roaring_set.h"
#include "lake/paimon/theta_sketch.h"
#include "row/nested_type.h"

namespace sluice::paimon {
namespace {

// Java's Character.isWhitespace: no-break spaces are none.
bool IsSpace(char32_t c) {
  if (c <= 0x20) return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f);
  return c == 0x1680 || (c >= 0x2000 && c <= 0x200a && c != 0x2007) || c == 0x2028 || c == 0x2029 || c == 0x205f ||
         c == 0x3000;
}

bool IsBlank(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    char32_t c = byte;
    size_t length = 1;
    if (byte >= 0x80) {  // all spaces above are of three bytes
      if ((byte & 0xf0) != 0xe0 || i + 3 > text.size()) return false;
      const auto second = static_cast<unsigned char>(text[i + 1]), third = static_cast<unsigned char>(text[i + 2]);
      c = (char32_t{byte} & 0xf) << 12 | (char32_t{second} & 0x3f) << 6 | (char32_t{third} & 0x3f);
      length = 3;
    }
    if (!IsSpace(c)) return false;
    i += length;
  }
  return true;
}

std::vector<std::string_view> Parts(std::string_view text, std::string_view delimiter) {
  if (delimiter.empty()) delimiter = " ";
  std::vector<std::string_view> out;
  for (size_t begin = 0;;) {
    const size_t end = text.find(delimiter, begin);
    if (end == std::string_view::npos) {
      if (begin < text.size()) out.push_back(text.substr(begin));
      return out;
    }
    out.push_back(text.substr(begin, end - begin));
    begin = end + delimiter.size();
  }
}

// Of types with parts; what writes a table asks MergeRules::CheckWritable.
bool Takes(AggregateFunction function, const DataType& type) {
  const bool parts = type.kind == TypeKind::kArray;
  switch (function) {
    case AggregateFunction::kPrimaryKey:
    case AggregateFunction::kLastValue:
    case AggregateFunction::kLastNonNullValue:
    case AggregateFunction::kFirstValue:
    case AggregateFunction::kFirstNonNullValue: return true;
    case AggregateFunction::kCollect: return parts && NestedOf(type).kind == NestedKind::kArray;
    default: return !parts || NestedMerge::Has(function);
  }
}

}  // namespace

Result<Aggregator> Aggregator::Make(const Aggregate& how, const std::string& column, const DataType& type) {
  if (!Takes(how.function, type)) {
    return Unsupported(Str("column ", column, " is ", type.ToString(), ", which the aggregate function ", how.name,
                           " does not take"),
                       "leave the column out (--columns)");
  }
  Aggregator out(how, column, type);
  if (NestedMerge::Has(how.function)) {
    auto nested = NestedMerge::Make(how, type);
    if (!nested.ok()) return std::move(nested).error().With(Str("column ", column));
    out.nested_ = *std::move(nested);
  }
  return out;
}

Status Aggregator::Combine(const MergedCell& older, const MergedCell& newer, MergedCell& out) {
  const bool either = older.IsNull() || newer.IsNull();
  const MergedCell& known = older.IsNull() ? newer : older;
  switch (how_.function) {
    case AggregateFunction::kPrimaryKey:
    case AggregateFunction::kLastValue: out.Copy(newer); break;
    case AggregateFunction::kLastNonNullValue: out.Copy(newer.IsNull() ? older : newer); break;
    case AggregateFunction::kFirstValue: out.Copy(std::exchange(met_, true) ? older : newer); break;
    case AggregateFunction::kFirstNonNullValue: {
      const bool first = !met_ && !newer.IsNull();
      met_ |= first;
      out.Copy(first ? newer : older);
      break;
    }
    case AggregateFunction::kSum: return Calculate(Arithmetic::kAdd, older, newer, out);
    case AggregateFunction::kProduct: return Calculate(Arithmetic::kMultiply, older, newer, out);
    case AggregateFunction::kMax:
    case AggregateFunction::kMin: {
      const bool rises = !either && CompareCells(*older.array, older.row, *newer.array, newer.row) < 0;
      const bool max = how_.function == AggregateFunction::kMax;
      out.Copy(either ? known : rises == max ? newer : older);
      break;
    }
    case AggregateFunction::kListagg: List(older, newer, out); break;
    case AggregateFunction::kBoolAnd: out.Copy(either ? known : older.Boolean() ? newer : older); break;
    case AggregateFunction::kBoolOr: out.Copy(either ? known : older.Boolean() ? older : newer); break;
    case AggregateFunction::kCollect: return Collect(older, newer, out);
    case AggregateFunction::kRbm32:
    case AggregateFunction::kRbm64:
    case AggregateFunction::kHllSketch:
    case AggregateFunction::kThetaSketch: return Unite(older, newer, out);
    case AggregateFunction::kMergeMap:
    case AggregateFunction::kMergeMapWithKeyTime:
    case AggregateFunction::kNestedUpdate:
    case AggregateFunction::kNestedPartialUpdate: {
      Status done = nested_->Combine(older, newer, out);
      if (done.ok()) return done;
      return std::move(done).error().With(Str("column ", column_, ": ", how_.name));
    }
  }
  return Ok();
}

Status Aggregator::Collect(const MergedCell& older, const MergedCell& newer, MergedCell& out) const {
  if ((older.IsNull() || newer.IsNull()) && !(how_.distinct && older.IsNull() != newer.IsNull())) {
    out.Copy(older.IsNull() ? newer : older);
    return Ok();
  }
  TRY_SET(OneList list, how_.distinct ? UniteLists(older, newer) : JoinLists(older, newer));
  out.PickOwn(std::move(list));
  return Ok();
}

Status Aggregator::Unite(const MergedCell& older, const MergedCell& newer, MergedCell& out) const {
  if (older.IsNull() || newer.IsNull()) {
    out.Copy(older.IsNull() ? newer : older);
    return Ok();
  }
  auto both = UnionOfValues(older.Text(), newer.Text());
  if (!both.ok()) return std::move(both).error().With(Str("column ", column_, ": ", how_.name));
  out.text = *std::move(both);
  out.computed = true;
  return Ok();
}

Result<std::string> Aggregator::UnionOfValues(std::string_view older, std::string_view newer) const {
  switch (how_.function) {
    case AggregateFunction::kHllSketch: return UnionOfHllSketches(older, newer);
    case AggregateFunction::kThetaSketch: return UnionOfThetaSketches(older, newer);
    default: return UnionOfBitmaps(older, newer);
  }
}

Result<std::string> Aggregator::UnionOfBitmaps(std::string_view a, std::string_view b) const {
  const bool narrow = how_.function == AggregateFunction::kRbm32;
  const RoaringWidth width = narrow ? RoaringWidth::k32 : RoaringWidth::k64;
  RoaringSet first, second;
  if (!ParseRoaring(width, a, first) || !ParseRoaring(width, b, second)) {
    return Invalid(Str("a value is no serialised ", narrow ? "RoaringBitmap" : "Roaring64Bitmap"),
                   "write such values with Java's RoaringBitmap library, or use another aggregate function");
  }
  return SerializeRoaring(width, UnionOf(std::move(first), std::move(second)));
}

Status Aggregator::Calculate(Arithmetic op, const MergedCell& a, const MergedCell& b, MergedCell& out) const {
  if (a.IsNull() || b.IsNull()) {
    out.Copy(a.IsNull() ? b : a);
    return Ok();
  }
  Status done = Compute(op, type_, a, b, out);
  if (done.ok()) return done;
  return std::move(done).error().With(Str("column ", column_, ": ", how_.name));
}

void Aggregator::List(const MergedCell& older, const MergedCell& newer, MergedCell& out) const {
  if (newer.IsNull() || IsBlank(newer.Text())) return out.Copy(older);
  if (older.IsNull() || IsBlank(older.Text())) return out.Copy(newer);
  std::string list(older.Text());
  if (how_.distinct) {
    const auto there = Parts(older.Text(), how_.delimiter);
    std::set<std::string_view> known(there.begin(), there.end());
    for (std::string_view part : Parts(newer.Text(), how_.delimiter)) {
      if (IsBlank(part) || !known.insert(part).second) continue;
      list += how_.delimiter;
      list += part;
    }
  } else {
    list += how_.delimiter;
    list += newer.Text();
  }
  out.text = std::move(list);
  out.computed = true;
}

Status Aggregator::Retract(MergedCell& sum, const MergedCell& value) {
  if (how_.ignore_retract) return Ok();
  switch (how_.function) {
    case AggregateFunction::kPrimaryKey: sum.Copy(value); return Ok();
    case AggregateFunction::kLastValue: sum.SetNull(); return Ok();
    case AggregateFunction::kLastNonNullValue:
      if (!value.IsNull()) sum.SetNull();
      return Ok();
    case AggregateFunction::kSum: {
      if (value.IsNull()) return Ok();
      if (!sum.IsNull()) return Calculate(Arithmetic::kSubtract, sum, value, sum);
      MergedCell zero;
      zero.computed = true;
      zero.real = -0.0;  // Java negates: 0.0 becomes -0.0
      return Calculate(Arithmetic::kSubtract, zero, value, sum);
    }
    case AggregateFunction::kProduct:
      return sum.IsNull() || value.IsNull() ? Ok() : Calculate(Arithmetic::kDivide, sum, value, sum);
    case AggregateFunction::kCollect: {
      if (sum.IsNull() || value.IsNull()) return Ok();
      TRY_SET(OneList list, TakeFromList(sum, value));
      sum.PickOwn(std::move(list));
      return Ok();
    }
    case AggregateFunction::kMergeMap:
    case AggregateFunction::kNestedUpdate: return nested_->Retract(sum, value, sum);
    default:
      return Invalid(Str("column ", column_, ": the aggregate function ", how_.name, " cannot take a value back"),
                     Str("set the table option fields.", column_, ".ignore-retract: true"));
  }
}

}  // namespace sluice::paimon
