// SPDX-License-Identifier: Apache-2.0
// KeySorter: the rows of a buffer by key, of each key only the newest. Keeps its memory; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace arrow {
class Array;
}

namespace sluice::paimon {

using Columns = std::vector<std::shared_ptr<arrow::Array>>;

class KeySorter {
 public:
  // `rows` of the columns, in order of arrival, become those that stay, by key. Of two rows with the same key the one
  // with the higher `sequence` cells (lower, if `descending`; not NULL) is newer, then the later one.
  void Sort(const Columns& key, const Columns& sequence, bool descending, std::vector<uint32_t>& rows);
  // All of them stay, those of a key from the oldest to the newest. `ends`: where each key's rows end.
  void SortAll(const Columns& key, const Columns& sequence, bool descending, std::vector<uint32_t>& rows,
               std::vector<uint32_t>& ends);

 private:
  struct Item {
    uint64_t prefix;  // orders as the first key column does
    uint32_t row;
  };
  // By key and arrival, in items_. `group` gets the place of each key's first row and that after its last.
  template <typename Group>
  void ByKey(const Columns& key, const std::vector<uint32_t>& rows, Group group);
  void ByPrefix();
  std::vector<Item> items_, spare_;
};

}  // namespace sluice::paimon
