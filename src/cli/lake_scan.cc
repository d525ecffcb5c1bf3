// SPDX-License-Identifier: Apache-2.0
#include "cli/lake_scan.h"

#include <utility>

#include "io/env.h"
#include "lake/iceberg/scan.h"
#include "lake/iceberg/table.h"
#include "lake/paimon/scan.h"
#include "lake/paimon/table.h"

namespace sluice {
namespace {

template <typename Table, typename Scan>
class ScanOf final : public LakeScan {
 public:
  ScanOf(std::unique_ptr<Table> table, Scan scan, std::vector<LakeColumn> columns)
      : table_(std::move(table)), scan_(std::move(scan)), columns_(std::move(columns)) {}

  const std::vector<LakeColumn>& columns() const override { return columns_; }
  Result<bool> Next(DataBatch& out) override { return scan_.Next(out); }

 private:
  std::unique_ptr<Table> table_;  // outlives the scan
  Scan scan_;
  const std::vector<LakeColumn> columns_;
};

}  // namespace

Result<std::unique_ptr<LakeScan>> OpenLakeScan(const std::string& path, std::optional<int64_t> snapshot,
                                               const std::vector<std::string>& columns) {
  Env& env = PosixEnv();
  std::vector<LakeColumn> found;
  if (paimon::Table::IsTable(env, path)) {
    TRY_SET(auto table, paimon::Table::Open(env, path));
    TRY_SET(auto scan, paimon::TableScan::Make(env, *table, snapshot, columns));
    for (const FileColumn& column : scan.columns()) {
      found.push_back({column.name, column.type, column.type.ToString()});
    }
    using Found = ScanOf<paimon::Table, paimon::TableScan>;
    return std::unique_ptr<LakeScan>(new Found(std::move(table), std::move(scan), std::move(found)));
  }
  auto opened = iceberg::Table::OpenAt(env, path);
  if (!opened.ok()) {
    Error error = std::move(opened).error();
    if (error.code == ErrorCode::kNotFound) {
      error.hint = "give the folder of an Iceberg table (with metadata/v<N>.metadata.json), a metadata file of one, or "
                   "the folder of a Paimon table (with schema/schema-0)";
    }
    return error;
  }
  auto table = *std::move(opened);
  TRY_SET(auto scan, iceberg::TableScan::Make(env, *table, snapshot, columns));
  for (const iceberg::Field& field : scan.schema().fields) {
    found.push_back({field.name, field.type, field.iceberg_type});
  }
  using Found = ScanOf<iceberg::Table, iceberg::TableScan>;
  return std::unique_ptr<LakeScan>(new Found(std::move(table), std::move(scan), std::move(found)));
}

}  // namespace sluice
