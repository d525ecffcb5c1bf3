// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/key_range.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "lake/paimon/cell_order.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

Result<Columns> RowOf(const BinaryRowCodec& codec, const std::string& serialized) {
  TRY_SET(const auto cells, codec.Parse(serialized));
  Columns out;
  for (const auto& cell : cells) {
    ARROW_TRY_SET(auto array, arrow::MakeArrayFromScalar(*cell, 1));
    out.push_back(std::move(array));
  }
  return out;
}

}  // namespace

Result<BinaryRowCodec> KeyRange::Codec(const Schema& schema) {
  std::vector<DataType> types;
  TRY_SET(const auto fields, SupportedFields(schema, schema.TrimmedKey()));
  for (const Field* field : fields) types.push_back(field->type);
  return BinaryRowCodec::Make(std::move(types));
}

Result<KeyRange> KeyRange::Of(const BinaryRowCodec& codec, const DataFileMeta& file) {
  KeyRange range;
  TRY_SET(range.least_, RowOf(codec, file.min_key));
  TRY_SET(range.greatest_, RowOf(codec, file.max_key));
  return range;
}

int KeyRange::Compare(const Columns& a, const Columns& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (const int order = CompareCells(*a[i], 0, *b[i], 0); order != 0) return order;
  }
  return 0;
}

std::vector<std::vector<size_t>> SectionsOf(const std::vector<KeyRange>& ranges) {
  std::vector<size_t> order(ranges.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return ranges[a].BeginsBefore(ranges[b]); });
  std::vector<std::vector<size_t>> sections;
  const KeyRange* last = nullptr;  // of a section, with the greatest key
  for (size_t i : order) {
    if (last == nullptr || last->IsBelow(ranges[i])) sections.emplace_back();
    sections.back().push_back(i);
    if (last == nullptr || last->EndsBefore(ranges[i])) last = &ranges[i];
  }
  return sections;
}

}  // namespace sluice::paimon
