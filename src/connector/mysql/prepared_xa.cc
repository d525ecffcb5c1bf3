// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/prepared_xa.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "connector/mysql/catalog.h"

namespace sluice::mysql {
namespace {

bool Prepares(const BinlogEvent& event, const std::string& xid) {
  auto* gtid = std::get_if<MariadbGtidEvent>(&event.body);
  return gtid != nullptr && gtid->prepared_xa && gtid->xid == xid;
}

}  // namespace

void PreparedEvents::Begin(const std::string& xid) {
  Drop(xid);
  groups_[xid];
}

void PreparedEvents::Add(const std::string& xid, std::string_view event) {
  auto group = groups_.find(xid);
  if (group == groups_.end()) return;
  if (bytes_ + event.size() > bytes_most_) return Drop(xid);
  bytes_ += event.size();
  group->second.emplace_back(event);
}

std::optional<std::vector<std::string>> PreparedEvents::Take(const std::string& xid) {
  auto group = groups_.extract(xid);
  if (group.empty()) return std::nullopt;
  for (const std::string& event : group.mapped()) bytes_ -= event.size();
  return std::move(group.mapped());
}

void PreparedEvents::Clear() {
  groups_.clear();
  bytes_ = 0;
}

Result<BinlogPosition> FindPreparedGroup(const ConnectOptions& options, const ConnectionWatch& watch,
                                         const std::string& xid, const BinlogPosition& before) {
  TRY_SET(auto connection, Connection::Open(options));
  TRY_SET(auto logs, ListLogs(*connection));
  connection.reset();
  std::reverse(logs.begin(), logs.end());
  for (const std::string& file : logs) {
    if (BinlogPosition{file, 0} > before) continue;
    std::optional<BinlogPosition> found;
    auto visit = [&](const BinlogEvent& event, const BinlogPosition& begin) -> Result<bool> {
      if (begin.file != file || begin >= before) return false;
      if (Prepares(event, xid)) found = begin;
      return true;
    };
    TRY(ScanLog(options, watch, {file, 4}, visit));
    if (found) return *found;
  }
  return NotFound(Str("the log up to ", before.ToString(), " does not prepare it"));
}

Status ReadPreparedGroup(const ConnectOptions& options, const ConnectionWatch& watch, const std::string& xid,
                         const BinlogPosition& at, const std::function<Status(const RowsEvent&)>& rows) {
  bool inside = false;
  bool whole = false;
  auto visit = [&](const BinlogEvent& event, const BinlogPosition& begin) -> Result<bool> {
    if (begin == at && Prepares(event, xid)) inside = true;
    if (!inside) return begin <= at;
    if (auto* row = std::get_if<RowsEvent>(&event.body)) TRY(rows(*row));
    whole = std::holds_alternative<XaPrepareEvent>(event.body);
    return !whole;
  };
  TRY(ScanLog(options, watch, at, visit));
  if (whole) return Ok();
  return Corrupt(Str("the log at ", at.ToString(), " does not hold the prepared XA transaction that was there"),
                 "was the log reset? Remove the state directory and the tables in the sink to copy anew");
}

}  // namespace sluice::mysql
