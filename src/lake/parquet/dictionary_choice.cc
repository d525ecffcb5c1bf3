// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/dictionary_choice.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <string_view>

namespace sluice {
namespace {

constexpr int64_t kSampleRows = 4096;
constexpr int64_t kLeastRows = 512;  // fewer tell nothing: keep the dictionary

// Calls visit(i, hash of the value) for those of the first `count` rows that are not NULL.
template <typename Visit>
void VisitHashes(const arrow::Array& column, const uint32_t* rows, int64_t count, Visit&& visit) {
  const bool text = column.type_id() == arrow::Type::STRING || column.type_id() == arrow::Type::BINARY;
  const int width = column.type()->byte_width();
  const uint8_t* fixed = text ? nullptr : column.data()->GetValues<uint8_t>(1, 0);
  std::hash<std::string_view> hash;
  for (int64_t i = 0; i < count; ++i) {
    int64_t row = rows ? rows[i] : i;
    if (column.IsNull(row)) continue;
    if (text) {
      std::string_view value = static_cast<const arrow::BinaryArray&>(column).GetView(row);
      visit(i, hash(value.substr(0, 256)) ^ value.size());
    } else {
      auto* at = reinterpret_cast<const char*>(fixed) + (column.offset() + row) * width;
      visit(i, hash(std::string_view(at, static_cast<size_t>(width))));
    }
  }
}

}  // namespace

bool DictionaryPays(const arrow::Array& column, const uint32_t* rows, int64_t count) {
  const auto id = column.type_id();
  if (id == arrow::Type::BOOL) return false;  // Parquet has none for it
  const bool text = id == arrow::Type::STRING || id == arrow::Type::BINARY;
  if (!text && (!arrow::is_fixed_width(id) || column.type()->byte_width() < 1)) return true;
  count = std::min(count, kSampleRows);
  if (count < kLeastRows) return true;
  std::array<uint64_t, 4 * kSampleRows> seen{};  // open addressing; 0 = free
  int64_t sampled = 0, fresh_early = 0, fresh_late = 0;
  VisitHashes(column, rows, count, [&](int64_t i, uint64_t hash) {
    hash = std::max<uint64_t>(hash, 1);
    ++sampled;
    size_t slot = hash % seen.size();
    while (seen[slot] != 0 && seen[slot] != hash) slot = (slot + 1) % seen.size();
    if (seen[slot] == hash) return;
    seen[slot] = hash;
    ++(i < count / 2 ? fresh_early : fresh_late);
  });
  if (sampled < kLeastRows) return true;
  bool steady = fresh_late * 10 > fresh_early * 8;
  return !(steady && (fresh_early + fresh_late) * 8 > sampled);
}

}  // namespace sluice
