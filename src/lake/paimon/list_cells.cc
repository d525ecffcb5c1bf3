// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/list_cells.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "lake/paimon/merged_cell.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

struct Element {
  const arrow::Array* array = nullptr;
  int64_t at = 0;
};
// What an element is equal by, as Java's equals has it: the text, or a float's bits; none: NULL.
using Value = std::optional<std::string>;

// The cell's elements, behind those of `out`.
void AddElements(const MergedCell& cell, std::vector<Element>& out) {
  if (cell.IsNull()) return;
  const auto& lists = static_cast<const arrow::ListArray&>(*cell.array);
  for (int64_t i = lists.value_offset(cell.row); i < lists.value_offset(cell.row + 1); ++i) {
    out.push_back({lists.values().get(), i});
  }
}

Value ValueOf(const Element& element) {
  if (element.array->IsNull(element.at)) return {};
  if (element.array->type_id() != arrow::Type::FLOAT) {
    return std::string(static_cast<const arrow::BinaryArray&>(*element.array).GetView(element.at));
  }
  float number = static_cast<const arrow::FloatArray&>(*element.array).Value(element.at);
  if (std::isnan(number)) number = std::numeric_limits<float>::quiet_NaN();  // Java has one
  std::string bits;
  AppendLe(bits, number);
  return bits;
}

uint32_t Mixed(uint32_t hash, uint32_t word) {
  hash ^= std::rotl(word * 0xcc9e2d51, 15) * 0x1b873593;
  return std::rotl(hash, 13) * 5 + 0xe6546b64;
}

// Paimon's BinaryString.hashCode: Murmur3, but for the bytes behind the last word, which count as words of their own.
uint32_t HashOfText(std::string_view text) {
  uint32_t hash = 42;
  size_t at = 0;
  for (; at + 4 <= text.size(); at += 4) hash = Mixed(hash, LoadLe<uint32_t>(text.data() + at));
  for (; at < text.size(); ++at) hash = Mixed(hash, static_cast<uint32_t>(static_cast<signed char>(text[at])));
  hash ^= static_cast<uint32_t>(text.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6b;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35;
  return hash ^ hash >> 16;
}

uint32_t HashOf(const Element& element, const Value& value) {
  if (!value) return 0;
  return element.array->type_id() == arrow::Type::FLOAT ? LoadLe<uint32_t>(value->data()) : HashOfText(*value);
}

Result<OneList> ListOf(const std::shared_ptr<arrow::DataType>& type, const std::vector<Element>& elements) {
  ARROW_TRY_SET(const auto made, arrow::MakeBuilder(type));
  auto& builder = static_cast<arrow::ListBuilder&>(*made);
  ARROW_TRY(builder.Append());
  for (const Element& element : elements) {
    ARROW_TRY(builder.value_builder()->AppendArraySlice(arrow::ArraySpan(*element.array->data()), element.at, 1));
  }
  ARROW_TRY_SET(OneList out, builder.Finish());
  return out;
}

}  // namespace

Result<OneList> JoinLists(const MergedCell& first, const MergedCell& second) {
  std::vector<Element> elements;
  AddElements(first, elements);
  AddElements(second, elements);
  return ListOf(first.array->type(), elements);
}

Result<OneList> UniteLists(const MergedCell& first, const MergedCell& second) {
  struct Placed {
    Element element;
    uint32_t hash = 0;
  };
  std::vector<Element> elements;
  AddElements(first, elements);
  AddElements(second, elements);
  std::set<Value> there;
  std::vector<Placed> placed;
  for (const Element& element : elements) {
    const auto [value, is_new] = there.insert(ValueOf(element));
    if (!is_new) continue;
    const uint32_t hash = HashOf(element, *value);
    placed.push_back({element, hash ^ hash >> 16});
  }
  size_t buckets = 16;  // of the set, which doubles when it is full to three quarters
  while (placed.size() > buckets / 4 * 3) buckets *= 2;
  std::stable_sort(placed.begin(), placed.end(), [&](const Placed& a, const Placed& b) {
    return (a.hash & (buckets - 1)) < (b.hash & (buckets - 1));
  });
  elements.clear();
  for (const Placed& one : placed) elements.push_back(one.element);
  return ListOf((first.IsNull() ? second : first).array->type(), elements);
}

Result<OneList> TakeFromList(const MergedCell& list, const MergedCell& taken) {
  std::vector<Element> elements, gone, left;
  AddElements(list, elements);
  AddElements(taken, gone);
  std::multiset<Value> values;
  for (const Element& element : gone) values.insert(ValueOf(element));
  for (const Element& element : elements) {
    const auto found = values.find(ValueOf(element));
    if (found == values.end()) left.push_back(element);
    else values.erase(found);
  }
  return ListOf(list.array->type(), left);
}

}  // namespace sluice::paimon
