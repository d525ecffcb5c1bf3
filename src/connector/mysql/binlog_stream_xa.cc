// SPDX-License-Identifier: Apache-2.0
// XA transactions that are prepared in one event group and committed or rolled back in a later one.
#include <utility>

#include "base/text.h"
#include "connector/mysql/binlog_stream.h"
#include "connector/mysql/table_stream.h"

namespace sluice::mysql {

void BinlogStream::BeginGroup(const MariadbGtidEvent& event, uint64_t offset) {
  gtid_ = event.gtid;
  alter_ = event.alter;
  in_transaction_ = true;
  standalone_ = event.standalone;
  prepares_ = event.prepared_xa ? event.xid : std::string();
  completes_ = event.completed_xa ? event.xid : std::string();
  group_begin_ = {position_.file, offset};
  if (prepares_.empty()) return;
  state_.prepared[prepares_] = {.at = group_begin_, .rows = false};  // until a row tells otherwise
  prepared_changed_ = true;
  prepared_events_.Begin(prepares_);
}

// Rows of one of our tables: they count at the XA COMMIT.
void BinlogStream::NotePreparedRows() {
  state_.prepared[prepares_].rows = true;
  prepared_changed_ = true;
}

Status BinlogStream::EndPreparedGroup() {
  if (!prepares_.empty() && !state_.prepared[prepares_].rows) prepared_events_.Drop(prepares_);
  prepares_.clear();
  return EndTransaction();
}

Status BinlogStream::CompleteXa(std::string_view sql) {
  std::string xid = std::exchange(completes_, {});
  if (EqualsIgnoreCase(sql.substr(0, 9), "XA COMMIT")) {
    Status applied = ApplyPrepared(xid);
    if (!applied.ok()) return std::move(applied).error().With(std::string(sql.substr(0, 300)));
  }
  prepared_events_.Drop(xid);
  if (state_.prepared.erase(xid) > 0) prepared_changed_ = true;
  return EndTransaction();
}

// The rows as if they stood here. A prepared transaction keeps its tables from being altered, so the definitions of
// here are those of there.
Status BinlogStream::ApplyPrepared(const std::string& xid) {
  auto rows = [this](const RowsEvent& event) -> Status {
    if (stopped_) return Cancelled("the source was stopped");
    TRY_SET(TableStream* table, StreamOf(event));
    return table == nullptr ? Ok() : DecodeRows(*table, event);
  };
  auto known = state_.prepared.find(xid);
  if (known != state_.prepared.end() && !known->second.rows) return Ok();
  if (auto held = prepared_events_.Take(xid)) {
    for (const std::string& bytes : *held) {
      TRY_SET(BinlogEvent event, parser_.Parse(bytes));
      if (auto* row = std::get_if<RowsEvent>(&event.body)) TRY(rows(*row));
    }
    return Ok();
  }
  auto watch = [this](Connection* connection) { WatchSecond(connection); };
  BinlogPosition at;
  if (known != state_.prepared.end()) {
    at = known->second.at;
  } else {  // prepared before this job began to read
    auto found = FindPreparedGroup(options_.connect, watch, xid, group_begin_);
    if (!found.ok() && found.error().code == ErrorCode::kNotFound) {
      return Unsupported(Str(found.error().message, ": the server has deleted that part"),
                         "whether it changed tables of this job is not known: remove the state directory and the "
                         "tables in the sink and copy anew");
    }
    TRY_SET(at, std::move(found));
  }
  return ReadPreparedGroup(options_.connect, watch, xid, at, rows);
}

}  // namespace sluice::mysql
