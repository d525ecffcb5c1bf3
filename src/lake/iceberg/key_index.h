// SPDX-License-Identifier: Apache-2.0
// KeyIndex: where the live row of each primary key lies: KeyHash -> (file, row in it). In memory only, rebuilt from the
// key columns of the table. Owned by a TableWriter; one thread.
//
// Each of the 256 shards is an array sorted by hash, with gaps: a row's home is proportional to its hash, rows stand at
// their home or right of it, so a probe that meets a larger hash knows that the key is absent. 16 bytes a row for exact
// keys, 24 for others; load between 0.64 and 0.8. A shard grows alone, by a quarter and in place: no peak in memory
// (docs/adr/0012-sorted-key-index.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "lake/iceberg/key_hash.h"

namespace sluice::iceberg {

inline constexpr uint32_t kNoFile = UINT32_MAX;

struct RowLocation {
  uint32_t file = kNoFile;  // ordinal within the TableWriter; kNoFile = no row
  uint32_t position = 0;
  bool operator==(const RowLocation&) const = default;
};

class KeyIndex {
 public:
  explicit KeyIndex(bool exact);
  ~KeyIndex();
  KeyIndex(KeyIndex&&) noexcept;
  KeyIndex& operator=(KeyIndex&&) noexcept;

  // For each of the `count` keys, in order: before[i] = where it was; now it is at now[i], or gone if now[i].file is
  // kNoFile. Give thousands of keys a call: memory is fetched ahead.
  void Apply(const KeyHash* keys, const RowLocation* now, RowLocation* before, size_t count);
  // Room for so many keys, so that building does not grow step by step.
  void Reserve(size_t keys);
  RowLocation Find(const KeyHash& key) const;

  size_t size() const;
  size_t memory_bytes() const;
  void Clear();  // and gives the memory back

 private:
  class Table;
  template <typename Entry>
  class TableOf;
  std::unique_ptr<Table> table_;
};

}  // namespace sluice::iceberg
