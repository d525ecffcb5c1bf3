// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/indexed_values.h"

#include <algorithm>

#include "base/bytes.h"
#include "lake/paimon/index_value.h"
#include "lake/paimon/java_bytes.h"

namespace sluice::paimon {

size_t IndexedWidth(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
    case TypeKind::kTinyInt: return 1;
    case TypeKind::kSmallInt: return 2;
    case TypeKind::kInt:
    case TypeKind::kFloat:
    case TypeKind::kDate:
    case TypeKind::kTime: return 4;
    case TypeKind::kChar:
    case TypeKind::kVarChar:
    case TypeKind::kString: return 0;
    default: return 8;
  }
}

std::string IndexedValue(const DataType& type, int64_t number) {
  std::string out;
  AppendBe(out, number);
  return out.substr(8 - IndexedWidth(type));
}

int64_t IndexedOrder(const DataType& type, std::string_view value) {
  const int unused = static_cast<int>(64 - value.size() * 8);
  auto number = static_cast<int64_t>(LoadBe(value.data(), value.size()) << unused) >> unused;
  if (type.kind == TypeKind::kFloat) number = IndexNumber(std::bit_cast<float>(static_cast<int32_t>(number)));
  else if (type.kind == TypeKind::kDouble) number = IndexNumber(std::bit_cast<double>(number));
  else return number;
  return number < 0 ? number ^ INT64_MAX : number;
}

void IndexedValues::Add(int64_t number) {
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(static_cast<uint64_t>(number) >> (56 - 8 * i));
  const size_t width = IndexedWidth(type_);
  Add(std::string_view(bytes + 8 - width, width));
}

void IndexedValues::Add(std::string_view bytes) {
  auto found = values_.find(bytes);
  if (found == values_.end()) found = values_.emplace(bytes, static_cast<uint32_t>(values_.size())).first;
  rows_.push_back(found->second);
}

std::vector<std::pair<const std::string*, uint32_t>> IndexedValues::Sorted() const {
  std::vector<std::pair<const std::string*, uint32_t>> out;
  for (const auto& [value, number] : values_) out.emplace_back(&value, number);
  std::sort(out.begin(), out.end(), [&](const auto& a, const auto& b) {
    if (IndexedWidth(type_) == 0) return *a.first < *b.first;
    return IndexedOrder(type_, *a.first) < IndexedOrder(type_, *b.first);
  });
  return out;
}

}  // namespace sluice::paimon
