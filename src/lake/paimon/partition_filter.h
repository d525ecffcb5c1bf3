// SPDX-License-Identifier: Apache-2.0
// PartitionFilter: which partitions of a table are meant, by the texts of their values. Of one schema; any thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/schema.h"

namespace sluice::paimon {

using PartitionSpec = std::map<std::string, std::string>;  // column -> text of its value

// "dt=2024-01-01,hh=08"; kInvalid if it is none.
Result<PartitionSpec> ParsePartitionSpec(std::string_view text);

// The values of a partition as texts.
class PartitionReader {
 public:
  // kInvalid for a table without partitions.
  static Result<PartitionReader> Of(const Schema& schema);

  const std::vector<std::string>& columns() const { return columns_; }
  // By column: numbers, dates as 2024-01-31; `partition.default-name` for NULL.
  Result<std::vector<std::string>> Texts(const std::string& partition) const;
  // dt=2024-01-31,hh=8
  Result<std::string> Name(const std::string& partition) const;

 private:
  friend class PartitionFilter;
  PartitionReader(std::vector<std::string> columns, std::vector<DataType> types, BinaryRowCodec codec)
      : columns_(std::move(columns)), types_(std::move(types)), codec_(std::move(codec)) {}
  Result<std::vector<std::string>> Texts(const std::string& partition, bool legacy) const;

  std::vector<std::string> columns_;
  std::vector<DataType> types_;
  BinaryRowCodec codec_;
  std::string default_name_;
};

class PartitionFilter {
 public:
  // All that are one of the specs; one may leave columns out. kInvalid names what is no column of the partitions.
  static Result<PartitionFilter> Make(const Schema& schema, const std::vector<PartitionSpec>& specs);
  // A value is meant by its text, by that of its folder, or by an equal number.
  Result<bool> Matches(const std::string& partition) const;

 private:
  PartitionFilter(PartitionReader reader, std::vector<PartitionSpec> specs)
      : reader_(std::move(reader)), specs_(std::move(specs)) {}

  PartitionReader reader_;
  std::vector<PartitionSpec> specs_;
};

}  // namespace sluice::paimon
