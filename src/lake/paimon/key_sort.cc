// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/key_sort.h"

#include <arrow/array.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lake/paimon/cell_order.h"
#include "lake/paimon/key_prefix.h"

namespace sluice::paimon {
namespace {

int Compare(const Columns& columns, size_t from, uint32_t a, uint32_t b) {
  for (size_t i = from; i < columns.size(); ++i) {
    const int order = CompareCells(*columns[i], a, *columns[i], b);
    if (order != 0) return order;
  }
  return 0;
}

// Of the sequence fields of two rows.
int CompareOrder(const Columns& sequence, uint32_t a, uint32_t b, bool descending) {
  for (const auto& column : sequence) {
    const int order = CompareSequence(*column, a, *column, b, descending);
    if (order != 0) return order;
  }
  return 0;
}

}  // namespace

// A radix sort: fewer steps a row than comparisons, and numbers near each other differ in few bytes.
void KeySorter::ByPrefix() {
  uint64_t differs = 0;
  for (const Item& item : items_) differs |= item.prefix ^ items_[0].prefix;
  spare_.resize(items_.size());
  for (int shift = 0; shift < 64; shift += 8) {
    if ((differs >> shift & 0xFF) == 0) continue;
    std::array<size_t, 256> places{};
    for (const Item& item : items_) ++places[item.prefix >> shift & 0xFF];
    size_t before = 0;
    for (size_t& place : places) before += std::exchange(place, before);
    for (const Item& item : items_) spare_[places[item.prefix >> shift & 0xFF]++] = item;
    items_.swap(spare_);
  }
}

template <typename Group>
void KeySorter::ByKey(const Columns& key, const std::vector<uint32_t>& rows, Group group) {
  const KeyPrefix prefix(*key[0]);
  const size_t rest = prefix.exact() ? 1 : 0;  // the first column that the prefix does not decide
  items_.clear();
  items_.reserve(rows.size());
  for (uint32_t row : rows) items_.push_back({prefix.Of(row), row});
  ByPrefix();
  const auto compare = [&](const Item& a, const Item& b) {
    return rest < key.size() ? Compare(key, rest, a.row, b.row) : 0;
  };
  const auto at = items_.begin();
  for (size_t i = 0; i < items_.size();) {
    size_t end = i + 1;  // of the equal prefixes
    while (end < items_.size() && items_[end].prefix == items_[i].prefix) ++end;
    if (rest < key.size() && end > i + 1) {
      std::sort(at + static_cast<std::ptrdiff_t>(i), at + static_cast<std::ptrdiff_t>(end),
                [&](const Item& a, const Item& b) {
                  const int by_key = compare(a, b);
                  return by_key != 0 ? by_key < 0 : a.row < b.row;
                });
    }
    while (i < end) {
      size_t next = i + 1;
      while (next < end && compare(items_[i], items_[next]) == 0) ++next;
      group(i, next);
      i = next;
    }
  }
}

void KeySorter::Sort(const Columns& key, const Columns& sequence, bool descending, std::vector<uint32_t>& rows) {
  size_t kept = 0;  // items_ has the rows: their places are free
  ByKey(key, rows, [&](size_t from, size_t to) {
    uint32_t newest = items_[from].row;
    for (size_t i = from + 1; i < to; ++i) {
      if (CompareOrder(sequence, items_[i].row, newest, descending) >= 0) newest = items_[i].row;
    }
    rows[kept++] = newest;
  });
  rows.resize(kept);
}

void KeySorter::SortAll(const Columns& key, const Columns& sequence, bool descending, std::vector<uint32_t>& rows,
                        std::vector<uint32_t>& ends) {
  ends.clear();
  ByKey(key, rows, [&](size_t from, size_t to) {
    ends.push_back(static_cast<uint32_t>(to));
    if (to == from + 1 || sequence.empty()) return;
    const auto at = items_.begin();
    std::stable_sort(at + static_cast<std::ptrdiff_t>(from), at + static_cast<std::ptrdiff_t>(to),
                     [&](const Item& a, const Item& b) {
                       return CompareOrder(sequence, a.row, b.row, descending) < 0;
                     });
  });
  for (size_t i = 0; i < items_.size(); ++i) rows[i] = items_[i].row;
}

}  // namespace sluice::paimon
