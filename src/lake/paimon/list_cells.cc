// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/list_cells.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include <set>
#include <string>
#include <vector>

#include "lake/paimon/cell_hash.h"
#include "lake/paimon/merged_cell.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

struct Element {
  const arrow::Array* array = nullptr;
  int64_t at = 0;
};
// The cell's elements, behind those of `out`.
void AddElements(const MergedCell& cell, std::vector<Element>& out) {
  if (cell.IsNull()) return;
  const auto& lists = static_cast<const arrow::ListArray&>(*cell.array);
  for (int64_t i = lists.value_offset(cell.row); i < lists.value_offset(cell.row + 1); ++i) {
    out.push_back({lists.values().get(), i});
  }
}

std::string ValueOf(const Element& element) { return IdentityOf(*element.array, element.at); }

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
  std::vector<Element> elements, distinct;
  AddElements(first, elements);
  AddElements(second, elements);
  std::set<std::string> there;
  std::vector<uint32_t> hashes;
  for (const Element& element : elements) {
    if (!there.insert(ValueOf(element)).second) continue;
    distinct.push_back(element);
    if (const auto hash = JavaHash(*element.array, element.at)) hashes.push_back(*hash);
  }
  const auto& type = (first.IsNull() ? second : first).array->type();
  if (hashes.size() < distinct.size()) return ListOf(type, distinct);
  elements.clear();
  for (size_t place : JavaMapOrder(hashes)) elements.push_back(distinct[place]);
  return ListOf(type, elements);
}

Result<OneList> TakeFromList(const MergedCell& list, const MergedCell& taken) {
  std::vector<Element> elements, gone, left;
  AddElements(list, elements);
  AddElements(taken, gone);
  std::multiset<std::string> values;
  for (const Element& element : gone) values.insert(ValueOf(element));
  for (const Element& element : elements) {
    const auto found = values.find(ValueOf(element));
    if (found == values.end()) left.push_back(element);
    else values.erase(found);
  }
  return ListOf(list.array->type(), left);
}

}  // namespace sluice::paimon
