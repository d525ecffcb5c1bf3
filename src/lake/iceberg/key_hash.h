// SPDX-License-Identifier: Apache-2.0
// KeyHasher: primary key columns of a batch -> one KeyHash a row. Compiled once per list of key types; any thread.
//
// Exact keys (one column of at most 8 bytes: integers, boolean, date, time, timestamp) are mixed by a bijection, so two
// keys are equal if and only if their hashes are. All others become XXH3-128 of an unambiguous encoding: integers
// sign-extended to 8 bytes and decimals to 16, so that widening a key column keeps the hash; texts and binaries with
// their length before them. docs/adr/0012-sorted-key-index.md has the choice and the odds of a collision.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace arrow {
class Array;
class DataType;
}  // namespace arrow

namespace sluice::iceberg {

struct KeyHash {
  uint64_t hi = 0;
  uint64_t lo = 0;  // 0 for exact keys
  bool operator==(const KeyHash&) const = default;
};

class KeyHasher {
 public:
  // kUnsupported for a type that cannot be a key (float, double, list). `seed`: any number, the same for one index.
  static Result<KeyHasher> Make(const std::vector<std::shared_ptr<arrow::DataType>>& types, uint64_t seed);

  bool exact() const { return exact_; }

  // `columns`: the key columns in key order, as many as there are types, equally long, of types that Make took or
  // narrower ones. kInvalid if a key is NULL.
  Status Hash(const std::vector<std::shared_ptr<arrow::Array>>& columns, std::vector<KeyHash>& out) const;

 private:
  size_t columns_ = 0;
  bool exact_ = false;
  uint64_t seed_ = 0;
};

}  // namespace sluice::iceberg
