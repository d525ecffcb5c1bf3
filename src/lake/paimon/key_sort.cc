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

}  // namespace

void KeySorter::Sort(const Columns& key, const Columns& sequence, bool descending, std::vector<uint32_t>& rows) {
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
  rows.clear();
  for (size_t i = 0; i < items_.size();) {
    uint32_t newest = items_[i].row;
    size_t next = i + 1;
    for (; next < items_.size() && order(items_[i], items_[next]) == 0; ++next) {
      int newer = 0;
      for (size_t column = 0; column < sequence.size() && newer == 0; ++column) {
        newer = CompareSequence(*sequence[column], items_[next].row, *sequence[column], newest, descending);
      }
      if (newer >= 0) newest = items_[next].row;
    }
    rows.push_back(newest);
    i = next;
  }
}

}  // namespace sluice::paimon
