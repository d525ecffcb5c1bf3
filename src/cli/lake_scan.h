// SPDX-License-Identifier: Apache-2.0
// LakeScan: the rows of a lake table of any format, as `sluice read` and others show them. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/parquet/column_condition.h"
#include "lake/parquet/data_reader.h"
#include "row/type.h"

namespace sluice {

namespace iceberg {
class Table;
}
namespace paimon {
class Table;
}

struct LakeColumn {
  std::string name;
  DataType type;
  std::string type_text;  // in the words of the format
};

class LakeScan {
 public:
  virtual ~LakeScan() = default;
  virtual const std::vector<LakeColumn>& columns() const = 0;
  // Before the first Next: rows that do not meet all conditions may be left out.
  virtual void Want(const std::vector<ColumnCondition>& conditions) { (void)conditions; }
  virtual Result<bool> Next(DataBatch& out) = 0;  // false at the end
};

// Borrows the table.
Result<std::unique_ptr<LakeScan>> MakeLakeScan(Env& env, iceberg::Table& table, std::optional<int64_t> snapshot,
                                               const std::vector<std::string>& columns);
Result<std::unique_ptr<LakeScan>> MakeLakeScan(Env& env, paimon::Table& table, std::optional<int64_t> snapshot,
                                               const std::vector<std::string>& columns);

// What of a table's history is read: nothing set: the newest rows.
struct LakeVersion {
  std::optional<int64_t> snapshot;
  std::string tag, branch;  // of Paimon
  std::string timestamp;    // of Paimon: the newest snapshot of that time
  std::optional<int64_t> watermark;  // of Paimon: the first snapshot with it
};

// A number of milliseconds since 1970, or a time on this machine's clock. kInvalid names the option.
Result<int64_t> ParseMoment(const std::string& option, std::string_view text);

// `path`: the folder of an Iceberg or Paimon table, or an Iceberg metadata file. `columns`: in the wanted order; empty:
// all. kNotFound for an unknown table, column, snapshot, tag or branch.
Result<std::unique_ptr<LakeScan>> OpenLakeScan(const std::string& path, const LakeVersion& version,
                                               const std::vector<std::string>& columns);

}  // namespace sluice
