// SPDX-License-Identifier: Apache-2.0
// The folder of a partition: "dt=2024-01-01/hh=7/", as Paimon's Java code names it (PartitionPathUtils). Readers look
// there, so the text must be the same to the byte. Pure functions; any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "row/type.h"

namespace arrow {
struct Scalar;
}

namespace sluice::paimon {

struct PartitionPathStyle {
  bool legacy = true;  // `partition.legacy-name`: the texts of Java's internal values, DATE as the number of the day
  std::string default_name = "__DEFAULT_PARTITION__";  // `partition.default-name`: of NULL and blank texts
};

// Of one value per column, of the types' Arrow types; a slash follows each. Empty without columns.
std::string PartitionPath(const std::vector<std::string>& columns, const std::vector<DataType>& types,
                          const std::vector<std::shared_ptr<arrow::Scalar>>& values, const PartitionPathStyle& style);

// The texts in it, not escaped.
std::vector<std::string> PartitionTexts(const std::vector<DataType>& types,
                                        const std::vector<std::shared_ptr<arrow::Scalar>>& values,
                                        const PartitionPathStyle& style);

}  // namespace sluice::paimon
