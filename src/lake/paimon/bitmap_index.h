// SPDX-License-Identifier: Apache-2.0
// Bitmap file index: for each value of a column the rows that have it (Paimon's BitmapFileIndex, versions 1 and 2).
// Values are sorted, which readers need in version 2; Java's order of the bitmaps themselves is that of a hash map. One
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lake/paimon/indexed_values.h"
#include "row/type.h"

namespace sluice::paimon {

class BitmapIndexBuilder {
 public:
  static bool CanHold(const DataType& type);
  BitmapIndexBuilder(const DataType& type, int version, int64_t block_bytes)
      : values_(type), version_(version), block_bytes_(block_bytes) {}

  // Of the next row.
  void AddNull() { values_.AddNull(); }
  void Add(int64_t number) { values_.Add(number); }
  void Add(std::string_view bytes) { values_.Add(bytes); }
  // Nothing: it is too large for Java's offsets.
  std::optional<std::string> Build() const;

 private:
  struct Entry {
    const std::string* value;  // null: of NULL
    std::string bitmap;        // empty: one row
    uint32_t row = 0;          // the first one
    int32_t offset = 0;        // of the bitmap in the body, or -1 - row
  };

  std::vector<Entry> Sorted() const;  // the first one is that of NULL, if there is one
  void AppendEntry(const Entry& entry, std::string& out) const;
  void AppendBlocks(std::span<const Entry> entries, std::string& out) const;
  size_t BytesOf(const std::string& value) const;
  size_t width() const { return IndexedWidth(values_.type()); }

  IndexedValues values_;
  int version_;
  int64_t block_bytes_;  // of version 2
};

}  // namespace sluice::paimon
