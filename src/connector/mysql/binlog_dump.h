// SPDX-License-Identifier: Apache-2.0
// COM_BINLOG_DUMP: asking a server for its raw log and taking the events off the wire. Free functions on a borrowed
// Connection, which serves for nothing else afterwards.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "connector/mysql/connection.h"
#include "format/mysql/binlog_event.h"

namespace sluice::mysql {

struct DumpRequest {
  std::string file;      // empty: by @slave_connect_state
  uint32_t offset = 4;
  bool wait = true;      // for more, at the end of the log
  uint32_t server_id = 0;  // no other reader of the server may have it: it would be thrown out
};

// Tells the server what we understand; a parser that fits its checksums and character sets.
Result<EventParser> NegotiateDump(Connection& connection);
Status SendDump(Connection& connection, const DumpRequest& request);
// The next event's bytes, borrowed until the next call; nothing at the end of a dump that does not wait.
Result<std::optional<std::string_view>> ReadDumpEvent(Connection& connection);

// Told of a connection that another thread may interrupt, and with nullptr that it is gone.
using ConnectionWatch = std::function<void(Connection*)>;
// An event and the place where it begins; false ends the scan.
using ScanVisitor = std::function<Result<bool>(const BinlogEvent& event, const BinlogPosition& begin)>;
// Reads the log from `from`, over a connection and a server id of its own, until the visitor or the log ends. From
// beyond 4 GiB, which cannot be asked for, it begins with the file.
Status ScanLog(const ConnectOptions& options, const ConnectionWatch& watch, const BinlogPosition& from,
               const ScanVisitor& visit);

}  // namespace sluice::mysql
