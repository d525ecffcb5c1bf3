// SPDX-License-Identifier: Apache-2.0
// OrcNestedTimes: the TIME and TIMESTAMP cells inside of a column with parts. Arrow's reader gives the column; a TIME
// is a number there, and a TIMESTAMP counts nanoseconds, which end in the year 2262: its cells are read again, in
// microseconds if its type has no more digits. A stripe's cells are in memory. Borrows the file; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "format/orc/file.h"
#include "lake/orc/timestamps.h"
#include "row/type.h"

namespace arrow {
class Array;
struct ArrayData;
}  // namespace arrow

namespace sluice {

class OrcNestedTimes {
 public:
  // `place`: the column's in the row; `stored`: its type as Arrow reads it.
  OrcNestedTimes(const OrcFile& file, size_t place, const std::shared_ptr<arrow::DataType>& stored,
                 const DataType& wanted);

  const std::shared_ptr<arrow::DataType>& type() const { return type_; }  // with time32[ms] and timestamp
  bool empty() const { return type_ == nullptr; }                         // nothing in it is to be read otherwise

  Status OpenStripe(size_t stripe);
  // The next cells of the stripe, in their order.
  Result<std::shared_ptr<arrow::Array>> Convert(const std::shared_ptr<arrow::Array>& cells);

 private:
  struct Leaf {
    int id = 0;
    OrcTimestamps::Form form;
    std::vector<int64_t> cells = {};  // of the stripe, that are not NULL
    size_t next = 0;
  };
  using TypePtr = std::shared_ptr<arrow::DataType>;
  using DataPtr = std::shared_ptr<arrow::ArrayData>;

  TypePtr TypeOf(const TypePtr& stored, const DataType* wanted, int id);
  Result<DataPtr> ConvertData(const DataPtr& cells, const TypePtr& type, size_t& leaf);
  Result<DataPtr> ConvertLeaf(const DataPtr& cells, const TypePtr& type, Leaf& leaf);

  const OrcFile& file_;
  bool times_ = false;
  std::vector<Leaf> leaves_;  // timestamps, in the type's order
  TypePtr type_;
};

}  // namespace sluice
