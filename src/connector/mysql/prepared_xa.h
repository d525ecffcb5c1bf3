// SPDX-License-Identifier: Apache-2.0
// XA transactions that are prepared apart from their commit (docs/adr/0014): their rows stand in the log where they
// were prepared, and count where XA COMMIT stands. Used by the stream's thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connector/mysql/binlog_dump.h"

namespace sluice::mysql {

// The events of groups that were prepared a moment ago, so that most are not read from the server again. Bounded: what
// does not fit is left out.
class PreparedEvents {
 public:
  explicit PreparedEvents(size_t bytes_most) : bytes_most_(bytes_most) {}

  void Begin(const std::string& xid);
  void Add(const std::string& xid, std::string_view event);  // gives up the group if there is no room
  // All events of the group since Begin; nothing if it is not held. It is not held afterwards.
  std::optional<std::vector<std::string>> Take(const std::string& xid);
  void Drop(const std::string& xid) { Take(xid); }
  void Clear();
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_most_;
  size_t bytes_ = 0;
  std::map<std::string, std::vector<std::string>> groups_;
};

// Where the newest group that prepares `xid` begins, searched backwards from `before`, file by file. kNotFound.
Result<BinlogPosition> FindPreparedGroup(const ConnectOptions& options, const ConnectionWatch& watch,
                                         const std::string& xid, const BinlogPosition& before);
// The row events of the group that begins at `at`, from the server's log. kCorrupt if another one begins there.
Status ReadPreparedGroup(const ConnectOptions& options, const ConnectionWatch& watch, const std::string& xid,
                         const BinlogPosition& at, const std::function<Status(const RowsEvent&)>& rows);

}  // namespace sluice::mysql
