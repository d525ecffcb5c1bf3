// SPDX-License-Identifier: Apache-2.0
// RowGroup: row images of one table that wait to be decoded together. To decode column by column is cheap for many rows
// and dear for one, and the events of most applications have one row or a few, so small events are copied here until
// there are enough of them. Filled and emptied by RowPlan. Owned by one thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "row/change_batch.h"

namespace sluice::mysql {

class RowPlan;

class RowGroup {
 public:
  int64_t rows() const { return count_ - first_; }  // that are not in the builder yet
  int64_t bytes() const { return static_cast<int64_t>(used_); }

 private:
  friend class RowPlan;
  static constexpr uint32_t kMost = 64;
  static constexpr uint32_t kSpare = kMost;  // the slot of an image that is only looked at
  static constexpr size_t kSlots = kMost + 1;
  static constexpr size_t kBytes = 16 << 10;
  static constexpr size_t kReadable = kBytes + 64;  // no value is too near to the end for the fast copies

  // Whether `size` more bytes, for this plan and use, find room beside what is there.
  bool Takes(const RowPlan* plan, bool keys_only, size_t size) const {
    return plan_.get() == plan && keys_only_ == keys_only && size <= kBytes - used_;
  }
  // Where the bytes of an event stand from now on; those of a large one where they are, so that they must be decoded
  // before it goes. Nothing else may wait then.
  std::string_view Keep(std::string_view bytes) {
    if (bytes.size() > kBytes) {
      readable_end_ = reinterpret_cast<const uint8_t*>(bytes.data()) + bytes.size();
      return bytes;
    }
    if (bytes_ == nullptr) bytes_ = std::make_unique<uint8_t[]>(kReadable);
    readable_end_ = bytes_.get() + kReadable;
    uint8_t* at = bytes_.get() + used_;
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    used_ += bytes.size();
    return {reinterpret_cast<const char*>(at), bytes.size()};
  }
  void Clear() {
    used_ = first_ = count_ = 0;
    by_column_ = false;
  }

  std::shared_ptr<const RowPlan> plan_;
  bool keys_only_ = false;
  // As long as no image has NULLs or lacks columns `cells_` has only the begins of its segments; then the place of each
  // cell (null: NULL or missing).
  bool by_column_ = false;
  uint32_t first_ = 0, count_ = 0;  // slots of rows that are not decoded yet
  RowKind kinds_[kMost];
  std::vector<const uint8_t*> cells_;  // kSlots a segment, or a column
  std::unique_ptr<uint8_t[]> bytes_;
  size_t used_ = 0;
  const uint8_t* readable_end_ = nullptr;
};

}  // namespace sluice::mysql
