// SPDX-License-Identifier: Apache-2.0
// RowDigests: which rows two sides have, compared without regard to order: by key for tables with a primary key, as a
// bag of rows else. Holds about 80 bytes a row of the left side, so that it can be compared with a right side again and
// again, and be changed in between. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace arrow {
class RecordBatch;
}

namespace sluice {

struct ChangeBatch;

class RowDigests {
 public:
  // Columns by name: those of the key (may be empty) and all that are compared.
  RowDigests(std::vector<std::string> key, std::vector<std::string> columns)
      : key_(std::move(key)), columns_(std::move(columns)) {}

  void AddLeft(const arrow::RecordBatch& rows);
  // Later changes of the left side. -U and -D need the key's columns, and all of them if there is no key.
  void ChangeLeft(const ChangeBatch& changes);
  void BeginRight();  // forgets the right side that was compared before
  void AddRight(const arrow::RecordBatch& rows);
  void Finish();  // what the right side has not named is missing there

  int64_t left_rows() const { return left_rows_; }
  int64_t right_rows() const { return right_rows_; }
  uint64_t left_checksum() const { return left_sum_; }  // of all rows, independent of their order
  uint64_t right_checksum() const { return right_sum_; }
  int64_t differences() const { return differences_; }
  // At most ten, one line each: "id=5: only in the source".
  const std::vector<std::string>& examples() const { return examples_; }

 private:
  struct Row {
    uint64_t hash = 0;
    uint32_t count = 0;
    uint32_t named = 0;  // by the right side
    std::string key;     // text, kept only for small tables
  };
  template <typename Visit>
  void ForEach(const arrow::RecordBatch& rows, Visit&& visit);
  void Differ(const std::string& key, const char* how);
  void Put(const std::string& key, uint64_t key_hash, uint64_t hash);
  void Take(uint64_t key_hash);
  std::vector<std::string> key_;
  std::vector<std::string> columns_;
  std::unordered_map<uint64_t, Row> left_;
  int64_t left_rows_ = 0;
  int64_t right_rows_ = 0;
  uint64_t left_sum_ = 0;
  uint64_t right_sum_ = 0;
  int64_t differences_ = 0;
  std::vector<std::string> examples_;
};

}  // namespace sluice
