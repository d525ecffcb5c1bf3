// SPDX-License-Identifier: Apache-2.0
#include "cli/lake_scan.h"

#include <utility>

#include "base/text.h"
#include "io/routing_env.h"
#include "lake/iceberg/scan.h"
#include "lake/iceberg/table.h"
#include "lake/paimon/local_time.h"
#include "lake/paimon/rollback.h"
#include "lake/paimon/scan.h"
#include "lake/paimon/table.h"
#include "lake/paimon/tags.h"
#include "lake/paimon/time_travel.h"

namespace sluice {
namespace {

template <typename Scan>
class ScanOf final : public LakeScan {
 public:
  ScanOf(Scan scan, std::vector<LakeColumn> columns) : scan_(std::move(scan)), columns_(std::move(columns)) {}

  const std::vector<LakeColumn>& columns() const override { return columns_; }
  void Want(const std::vector<ColumnCondition>& conditions) override {
    if constexpr (requires { scan_.Want(conditions); }) scan_.Want(conditions);
  }
  Result<bool> Next(DataBatch& out) override { return scan_.Next(out); }

 private:
  Scan scan_;
  const std::vector<LakeColumn> columns_;
};

// With the table that it borrows.
class OwningScan final : public LakeScan {
 public:
  OwningScan(std::shared_ptr<void> table, std::unique_ptr<LakeScan> scan)
      : table_(std::move(table)), scan_(std::move(scan)) {}

  const std::vector<LakeColumn>& columns() const override { return scan_->columns(); }
  void Want(const std::vector<ColumnCondition>& conditions) override { scan_->Want(conditions); }
  Result<bool> Next(DataBatch& out) override { return scan_->Next(out); }

 private:
  std::shared_ptr<void> table_;
  std::unique_ptr<LakeScan> scan_;
};

std::unique_ptr<LakeScan> OfPaimon(paimon::TableScan scan) {
  std::vector<LakeColumn> found;
  for (const FileColumn& column : scan.columns()) {
    found.push_back({column.name, column.type, column.type.ToString()});
  }
  return std::unique_ptr<LakeScan>(new ScanOf<paimon::TableScan>(std::move(scan), std::move(found)));
}

template <typename Table>
Result<std::unique_ptr<LakeScan>> Own(Env& env, std::unique_ptr<Table> table, std::optional<int64_t> snapshot,
                                      const std::vector<std::string>& columns) {
  TRY_SET(auto scan, MakeLakeScan(env, *table, snapshot, columns));
  return std::unique_ptr<LakeScan>(new OwningScan(std::shared_ptr<void>(std::move(table)), std::move(scan)));
}

// Nothing: the newest snapshot, or that of the number.
Result<std::optional<paimon::Snapshot>> MomentOf(Env& env, paimon::Table& table, const LakeVersion& version) {
  std::optional<paimon::Snapshot> found;
  if (!version.tag.empty()) {
    TRY_SET(paimon::Tag tag, paimon::ReadTag(env, table.history(), version.tag));
    found = std::move(tag.snapshot);
  } else if (!version.timestamp.empty()) {
    TRY_SET(const int64_t time, ParseMoment("--timestamp", version.timestamp));
    TRY_SET(const int64_t id, paimon::SnapshotAt(table, time));
    TRY_SET(found, table.SnapshotOf(id));
  } else if (version.watermark) {
    TRY_SET(found, paimon::SnapshotOfWatermark(table, *version.watermark));
  }
  return found;
}

// A table, or a branch of it, and the other one, of which the partitions come that the first has not.
struct JoinedTables {
  std::unique_ptr<paimon::Table> first, second;
};

Result<std::unique_ptr<LakeScan>> OpenJoined(Env& env, JoinedTables tables, const LakeVersion& version,
                                             const std::vector<std::string>& columns) {
  TRY_SET(auto moment, MomentOf(env, *tables.first, version));
  if (version.snapshot) {
    TRY_SET(moment, tables.first->SnapshotOf(*version.snapshot));
  }
  TRY_SET(auto scan, moment ? paimon::TableScan::OfSnapshot(env, *tables.first, *moment, columns)
                            : paimon::TableScan::Make(env, *tables.first, std::nullopt, columns));
  std::optional<int64_t> time_ms;
  if (moment) time_ms = moment->time_ms;
  TRY_SET(const auto other, paimon::NewestUpTo(*tables.second, time_ms));
  if (other) TRY(scan.AddMissingPartitions(*tables.second, *other));
  return std::unique_ptr<LakeScan>(
      new OwningScan(std::make_shared<JoinedTables>(std::move(tables)), OfPaimon(std::move(scan))));
}

Result<std::unique_ptr<LakeScan>> OpenPaimon(Env& env, const std::string& path, const LakeVersion& version,
                                             const std::vector<std::string>& columns) {
  TRY_SET(auto table, version.branch.empty() ? paimon::Table::Open(env, path)
                                             : paimon::Table::OpenBranch(env, path, version.branch));
  const std::string fallback = table->newest_schema().Option("scan.fallback-branch", "");
  const std::string primary = table->newest_schema().Option("scan.primary-branch", "");
  if (version.branch.empty() && !(fallback.empty() && primary.empty())) {
    TRY_SET(auto branch, paimon::Table::OpenBranch(env, path, fallback.empty() ? primary : fallback));
    if (fallback.empty()) std::swap(table, branch);
    return OpenJoined(env, {std::move(table), std::move(branch)}, version, columns);
  }
  TRY_SET(const auto snapshot, MomentOf(env, *table, version));
  if (!snapshot) return Own(env, std::move(table), version.snapshot, columns);
  TRY_SET(auto scan, paimon::TableScan::OfSnapshot(env, *table, *snapshot, columns));
  return std::unique_ptr<LakeScan>(
      new OwningScan(std::shared_ptr<void>(std::move(table)), OfPaimon(std::move(scan))));
}

}  // namespace

Result<int64_t> ParseMoment(const std::string& option, std::string_view text) {
  int64_t number = 0;
  if (ParseNumber(Trim(text), number)) return number;
  if (const auto local = paimon::ParseLocal(Trim(text))) return paimon::UtcOfLocal(*local);
  return Invalid(Str(option, ": \"", text, "\" is no time"),
                 "give milliseconds since 1970, or a time as in '2024-01-31 20:15:00'");
}

Result<std::unique_ptr<LakeScan>> MakeLakeScan(Env& env, iceberg::Table& table, std::optional<int64_t> snapshot,
                                               const std::vector<std::string>& columns) {
  TRY_SET(auto scan, iceberg::TableScan::Make(env, table, snapshot, columns));
  std::vector<LakeColumn> found;
  for (const iceberg::Field& field : scan.schema().fields) {
    found.push_back({field.name, field.type, field.iceberg_type});
  }
  return std::unique_ptr<LakeScan>(new ScanOf<iceberg::TableScan>(std::move(scan), std::move(found)));
}

Result<std::unique_ptr<LakeScan>> MakeLakeScan(Env& env, paimon::Table& table, std::optional<int64_t> snapshot,
                                               const std::vector<std::string>& columns) {
  TRY_SET(auto scan, paimon::TableScan::Make(env, table, snapshot, columns));
  return OfPaimon(std::move(scan));
}

Result<std::unique_ptr<LakeScan>> OpenLakeScan(const std::string& path, const LakeVersion& version,
                                               const std::vector<std::string>& columns) {
  Env& env = LakeEnv();
  const bool paimon = env.IsObjectStore(path) || paimon::Table::IsTable(env, path);  // Iceberg is on local disks only
  if (paimon) return OpenPaimon(env, path, version, columns);
  auto opened = iceberg::Table::OpenAt(env, path);
  if (!opened.ok()) {
    Error error = std::move(opened).error();
    if (error.code == ErrorCode::kNotFound) {
      error.hint = "give the folder of an Iceberg table (with metadata/v<N>.metadata.json), a metadata file of one, or "
                   "the folder of a Paimon table (with schema/schema-0)";
    }
    return error;
  }
  const bool of_paimon =
      !version.tag.empty() || !version.branch.empty() || !version.timestamp.empty() || version.watermark;
  if (of_paimon) {
    return Unsupported(Str(path, ": tags, branches and other moments of an Iceberg table"), "use --snapshot");
  }
  return Own(env, *std::move(opened), version.snapshot, columns);
}

}  // namespace sluice
