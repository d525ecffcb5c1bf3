// SPDX-License-Identifier: Apache-2.0
// IndexedValues: the different values of a column, as file indexes name them, and which of them each row has. One
// thread. Memory: the values and 4 bytes a row.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "row/type.h"

namespace sluice::paimon {

// Bytes of a value in an index; 0: of text, whose bytes stand behind their length.
size_t IndexedWidth(const DataType& type);
// As it stands there, big-endian; of text its bytes alone.
std::string IndexedValue(const DataType& type, int64_t number);
// What orders the numbers as Java's compare does; of all that the type can have.
int64_t IndexedOrder(const DataType& type, std::string_view value);

class IndexedValues {
 public:
  static constexpr uint32_t kNull = UINT32_MAX;

  explicit IndexedValues(const DataType& type) : type_(type) {}

  // Of the next row.
  void AddNull() { rows_.push_back(kNull); }
  void Add(int64_t number);
  void Add(std::string_view bytes);

  const DataType& type() const { return type_; }
  size_t values() const { return values_.size(); }
  const std::vector<uint32_t>& rows() const { return rows_; }  // of each its value's number, or kNull
  // Values and their numbers, the least value first.
  std::vector<std::pair<const std::string*, uint32_t>> Sorted() const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  DataType type_;
  std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> values_;  // -> number, by appearance
  std::vector<uint32_t> rows_;
};

}  // namespace sluice::paimon
