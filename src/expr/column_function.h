// SPDX-License-Identifier: Apache-2.0
// ColumnFunction: one function of Paimon's --computed_column over a column (compat.md D.1.1): year, month, day, hour,
// minute, second, date_format, substring, truncate, upper, lower, trim. NULL gives NULL. A value that the function
// cannot take is an error. Immutable; any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "row/type.h"

namespace arrow {
class Array;
}

namespace sluice {

class ColumnFunction {
 public:
  static const std::vector<std::string>& Names();

  // `arguments`: those after the column. kInvalid says what they should be.
  static Result<ColumnFunction> Make(const std::string& name, const DataType& input,
                                     const std::vector<std::string>& arguments);

  const DataType& type() const { return type_; }  // nullable
  // `column` as the input's Arrow type.
  Result<std::shared_ptr<arrow::Array>> Apply(const std::shared_ptr<arrow::Array>& column) const {
    return run_(column);
  }

 private:
  using Run = std::function<Result<std::shared_ptr<arrow::Array>>(const std::shared_ptr<arrow::Array>&)>;
  ColumnFunction(DataType type, Run run) : type_(type), run_(std::move(run)) { type_.nullable = true; }
  static Result<ColumnFunction> MakeTemporal(const std::string& name, const DataType& input,
                                             const std::vector<std::string>& arguments);
  static Result<ColumnFunction> MakeSubstring(const DataType& input, const std::vector<std::string>& arguments);
  static Result<ColumnFunction> MakeTruncate(const DataType& input, const std::vector<std::string>& arguments);
  static Result<ColumnFunction> MakeText(const std::string& name, const DataType& input,
                                         const std::vector<std::string>& arguments);

  DataType type_;
  Run run_;
};

}  // namespace sluice
