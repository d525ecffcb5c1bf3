// SPDX-License-Identifier: Apache-2.0
#include "cli/change_scan.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <csignal>
#include <ctime>
#include <utility>

#include "base/text.h"
#include "cli/lake_places.h"
#include "io/routing_env.h"
#include "lake/paimon/local_time.h"
#include "lake/paimon/table_changes.h"
#include "lake/paimon/time_travel.h"
#include "row/arrow_status.h"

namespace sluice {
namespace {

using paimon::ChangeScan;

constexpr int64_t kPollMs = 200;

sigset_t EndSet() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

Result<ChangeScan> ScanModeOf(const std::string& text) {
  if (text == "auto") return ChangeScan::kAuto;
  if (text == "delta") return ChangeScan::kDelta;
  if (text == "changelog") return ChangeScan::kChangelog;
  return ChangeScan::kDiff;
}

// What both ways of reading share.
class PaimonChanges : public LakeScan {
 public:
  const std::vector<LakeColumn>& columns() const override { return columns_; }

 protected:
  PaimonChanges(std::unique_ptr<paimon::Table> table, std::vector<std::string> names)
      : table_(std::move(table)), schema_(table_->newest_schema()) {
    request_.schema = &schema_;
    request_.columns = std::move(names);
  }
  Status Init() {
    TRY_SET(const auto found, paimon::ColumnsOf(schema_, request_.columns));
    request_.columns.clear();
    columns_.push_back({kRowKindColumn, DataType{.kind = TypeKind::kString}, "STRING"});
    for (const FileColumn& column : found) {
      request_.columns.push_back(column.name);
      columns_.push_back({column.name, column.type, column.type.ToString()});
    }
    return Ok();
  }
  static Status WithKinds(const std::vector<RowKind>& kinds, std::shared_ptr<arrow::RecordBatch> rows,
                          DataBatch& out) {
    arrow::StringBuilder builder;
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      ARROW_TRY(builder.Append(RowKindName(kinds.empty() ? RowKind::kInsert : kinds[static_cast<size_t>(row)])));
    }
    ARROW_TRY_SET(const auto column, builder.Finish());
    ARROW_TRY_SET(out.rows, rows->AddColumn(0, kRowKindColumn, column));
    return Ok();
  }

  Env& env_ = LakeEnv();
  const std::unique_ptr<paimon::Table> table_;
  const paimon::Schema schema_;  // of the time of the opening
  paimon::ChangeRequest request_;
  std::vector<LakeColumn> columns_;
};

class Between final : public PaimonChanges {
 public:
  static Result<std::unique_ptr<LakeScan>> Open(std::unique_ptr<paimon::Table> table, const ReadArguments& arguments,
                                                const std::vector<std::string>& names) {
    std::unique_ptr<Between> scan(new Between(std::move(table), names));
    TRY(scan->Init());
    TRY_SET(scan->request_.scan, ScanModeOf(arguments.between_scan_mode));
    TRY_SET(const auto range, scan->Range(arguments));
    TRY_SET(scan->reader_, paimon::ReadChangesBetween(scan->env_, *scan->table_, range, scan->request_));
    return std::unique_ptr<LakeScan>(std::move(scan));
  }

  Result<bool> Next(DataBatch& out) override {
    paimon::RowChanges changes;
    TRY_SET(const bool more, reader_->Next(changes));
    if (more) TRY(WithKinds(changes.kinds, std::move(changes.rows), out));
    return more;
  }

 private:
  using PaimonChanges::PaimonChanges;

  Result<paimon::SnapshotRange> Range(const ReadArguments& arguments) {
    if (!arguments.to_auto_tag.empty()) return paimon::FindAutoTagRange(env_, *table_, arguments.to_auto_tag);
    if (!arguments.between.empty()) return paimon::FindRange(env_, *table_, arguments.between);
    const std::string option = "--incremental-between-timestamp";
    const auto parts = Split(arguments.between_timestamp, ',');
    if (parts.size() != 2) {
      return Invalid(Str(option, ": \"", arguments.between_timestamp, "\" is no pair of times"),
                     "give two times with a comma between");
    }
    TRY_SET(const int64_t from, ParseMoment(option, parts[0]));
    TRY_SET(const int64_t to, ParseMoment(option, parts[1]));
    return paimon::FindTimeRange(*table_, from, to);
  }

  std::unique_ptr<paimon::ChangeReader> reader_;
};

class Following final : public PaimonChanges {
 public:
  static Result<std::unique_ptr<LakeScan>> Open(std::unique_ptr<paimon::Table> table, const ReadArguments& arguments,
                                                const std::vector<std::string>& names, EndSignals& signals) {
    std::unique_ptr<Following> scan(new Following(std::move(table), names, signals));
    TRY(scan->Init());
    TRY(scan->Begin(arguments));
    return std::unique_ptr<LakeScan>(std::move(scan));
  }

  Result<bool> Next(DataBatch& out) override {
    while (!signals_.Wait(0)) {
      TRY_SET(const bool more, NextRows(out));
      if (more) return true;
      if (follower_->next() > target_) return false;
      TRY_SET(const auto snapshot, follower_->Next());
      if (snapshot) {
        id_ = snapshot->id;
        auto opened = paimon::ReadChanges(env_, *table_, *snapshot, request_);
        if (!opened.ok()) return paimon::ReadingError(*table_, id_, std::move(opened).error());
        changes_ = *std::move(opened);
      } else if (signals_.Wait(kPollMs)) {
        break;
      }
    }
    return false;
  }

 private:
  Following(std::unique_ptr<paimon::Table> table, std::vector<std::string> names, EndSignals& signals)
      : PaimonChanges(std::move(table), std::move(names)), signals_(signals) {}

  Status Begin(const ReadArguments& arguments) {
    TRY_SET(const auto rules, paimon::ChangeRules::Of(schema_));
    TRY_SET(const auto latest, table_->LatestSnapshot());
    int64_t next = latest ? latest->id + 1 : 1;
    if (arguments.until_caught_up) target_ = next - 1;
    if (arguments.from_snapshot) {
      next = *arguments.from_snapshot;
      TRY(paimon::SnapshotFollower(*table_, next).Next());  // is it one that is there, or comes next?
    } else if (!arguments.from_timestamp.empty()) {
      TRY_SET(const int64_t time, ParseMoment("--from-timestamp", arguments.from_timestamp));
      TRY_SET(next, paimon::FirstSince(*table_, time));
    } else if (latest) {
      id_ = latest->id;
      paimon::ScanOptions told = rules.Told();
      told.schema = &schema_;
      TRY_SET(auto scan, paimon::TableScan::OfSnapshot(env_, *table_, *latest, request_.columns, told));
      state_ = std::make_unique<paimon::TableScan>(std::move(scan));
    }
    follower_ = std::make_unique<paimon::SnapshotFollower>(*table_, next);
    return Ok();
  }

  // Of the state, or of a snapshot's changes; false at their end.
  Result<bool> NextRows(DataBatch& out) {
    paimon::RowChanges changes;
    bool more = false;
    if (state_ != nullptr) {
      DataBatch batch;
      auto read = state_->Next(batch);
      if (!read.ok()) return paimon::ReadingError(*table_, id_, std::move(read).error());
      more = *read;
      changes.rows = std::move(batch.rows);
      if (!more) state_.reset();
    } else if (changes_ != nullptr) {
      auto read = changes_->Next(changes);
      if (!read.ok()) return paimon::ReadingError(*table_, id_, std::move(read).error());
      more = *read;
      if (!more) changes_.reset();
    }
    if (more) TRY(WithKinds(changes.kinds, std::move(changes.rows), out));
    return more;
  }

  EndSignals& signals_;
  int64_t target_ = INT64_MAX;  // the last snapshot that is wanted
  int64_t id_ = 0;              // of the snapshot that is read
  std::unique_ptr<paimon::TableScan> state_;
  std::unique_ptr<paimon::SnapshotFollower> follower_;
  std::unique_ptr<paimon::ChangeReader> changes_;
};

}  // namespace

EndSignals::EndSignals() {
  const sigset_t set = EndSet();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

bool EndSignals::Wait(int64_t ms) {
  if (received_ != 0) return true;
  const sigset_t set = EndSet();
  const timespec time{ms / 1000, ms % 1000 * 1'000'000};
  const int signal = sigtimedwait(&set, nullptr, &time);
  if (signal > 0) received_ = signal;
  return received_ != 0;
}

Result<std::unique_ptr<LakeScan>> OpenChangeScan(const ReadArguments& arguments,
                                                 const std::vector<std::string>& columns, EndSignals* signals) {
  TRY_SET(const std::string path, MountTable(arguments.table, arguments.catalog));
  if (!LakeEnv().IsObjectStore(path) && !paimon::Table::IsTable(LakeEnv(), path)) {
    return Unsupported(Str(path, " is no Paimon table: only of those changes can be read"),
                       "give the folder of a Paimon table (with schema/schema-0)");
  }
  TRY_SET(auto table, arguments.branch.empty() ? paimon::Table::Open(LakeEnv(), path)
                                               : paimon::Table::OpenBranch(LakeEnv(), path, arguments.branch));
  if (arguments.follow) return Following::Open(std::move(table), arguments, columns, *signals);
  return Between::Open(std::move(table), arguments, columns);
}

}  // namespace sluice
