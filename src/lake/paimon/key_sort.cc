// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/key_sort.h"

#include <arrow/array.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/bytes.h"
#include "lake/paimon/cell_order.h"

namespace sluice::paimon {
namespace {

constexpr uint64_t kSign = uint64_t{1} << 63;

// What of a cell orders as the cell does. `exact`: cells with equal prefixes are equal.
struct Prefix {
  const arrow::Array& column;
  bool exact = false;

  explicit Prefix(const arrow::Array& cells) : column(cells) {
    switch (column.type_id()) {
      case arrow::Type::INT32:
      case arrow::Type::DATE32:
      case arrow::Type::INT64:
      case arrow::Type::TIME64:
      case arrow::Type::TIMESTAMP: exact = column.null_count() == 0; break;
      default: break;
    }
  }

  uint64_t Of(int64_t row) const {
    if (column.IsNull(row)) return 0;
    switch (column.type_id()) {
      case arrow::Type::INT32:
      case arrow::Type::DATE32:
        return static_cast<uint64_t>(int64_t{column.data()->GetValues<int32_t>(1)[row]}) ^ kSign;
      case arrow::Type::INT64:
      case arrow::Type::TIME64:
      case arrow::Type::TIMESTAMP:
        return static_cast<uint64_t>(column.data()->GetValues<int64_t>(1)[row]) ^ kSign;
      case arrow::Type::DECIMAL128:  // the high half, with the sign
        return LoadLe<uint64_t>(static_cast<const arrow::Decimal128Array&>(column).GetValue(row) + 8) ^ kSign;
      case arrow::Type::STRING:
      case arrow::Type::BINARY: {
        const auto text = static_cast<const arrow::BinaryArray&>(column).GetView(row);
        uint64_t word = 0;
        std::memcpy(&word, text.data(), std::min<size_t>(8, text.size()));
        return __builtin_bswap64(word);
      }
      default: return 0;
    }
  }
};

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

template <typename Group>
void KeySorter::ByKey(const Columns& key, const std::vector<uint32_t>& rows, Group group) {
  const Prefix prefix(*key[0]);
  const size_t rest = prefix.exact ? 1 : 0;  // the first column that the prefix does not decide
  items_.clear();
  items_.reserve(rows.size());
  for (uint32_t row : rows) items_.push_back({prefix.Of(row), row});
  const auto order = [&](const Item& a, const Item& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix ? -1 : 1;
    return rest < key.size() ? Compare(key, rest, a.row, b.row) : 0;
  };
  std::sort(items_.begin(), items_.end(), [&](const Item& a, const Item& b) {
    const int by_key = order(a, b);
    return by_key != 0 ? by_key < 0 : a.row < b.row;
  });
  for (size_t i = 0; i < items_.size();) {
    size_t next = i + 1;
    while (next < items_.size() && order(items_[i], items_[next]) == 0) ++next;
    group(i, next);
    i = next;
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
