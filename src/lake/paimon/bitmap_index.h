// SPDX-License-Identifier: Apache-2.0
// Bitmap file index: for each value of a column the rows that have it (Paimon's BitmapFileIndex, versions 1 and 2).
// Values are sorted, which readers need in version 2; Java's order of the bitmaps themselves is that of a hash map. One
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "row/type.h"

namespace sluice::paimon {

// As it stands in an index; of bytes these alone.
std::string BitmapValue(const DataType& type, int64_t number);

class BitmapIndexBuilder {
 public:
  static bool CanHold(const DataType& type);
  BitmapIndexBuilder(const DataType& type, int version, int64_t block_bytes)
      : type_(type), version_(version), block_bytes_(block_bytes) {}

  // Of the next row.
  void AddNull() { rows_.push_back(kNull); }
  void Add(int64_t number);
  void Add(std::string_view bytes);
  // Nothing: it is too large for Java's offsets.
  std::optional<std::string> Build() const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Entry {
    const std::string* value;  // null: of NULL
    std::string bitmap;        // empty: one row
    uint32_t row = 0;          // the first one
    int32_t offset = 0;        // of the bitmap in the body, or -1 - row
  };
  static constexpr uint32_t kNull = UINT32_MAX;

  std::vector<Entry> Sorted() const;  // the first one is that of NULL, if there is one
  void AppendEntry(const Entry& entry, std::string& out) const;
  void AppendBlocks(std::span<const Entry> entries, std::string& out) const;
  size_t BytesOf(const std::string& value) const;

  const DataType type_;
  const int version_;
  const int64_t block_bytes_;  // of version 2
  std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> values_;  // -> number, by appearance
  std::vector<uint32_t> rows_;  // of each its value's number
};

// What an index tells without its bitmaps. Borrows the bytes.
class BitmapIndexView {
 public:
  // Nothing: not well formed.
  static std::optional<BitmapIndexView> Parse(const DataType& type, std::string_view bytes);
  bool has_null() const { return has_null_; }
  int64_t values() const { return values_; }  // different ones, without NULL
  // How many of these values it has. Nothing: not well formed.
  std::optional<int64_t> Count(const std::vector<std::string>& values) const;

 private:
  template <typename Visit>
  bool VisitValues(Visit&& visit) const;

  DataType type_;
  bool has_null_ = false;
  int version_ = 0;
  int64_t values_ = 0;
  std::string_view rest_;  // behind the part about NULL
};

}  // namespace sluice::paimon
