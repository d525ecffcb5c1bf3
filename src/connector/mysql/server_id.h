// SPDX-License-Identifier: Apache-2.0
// The id under which a job reads a server's log. Two readers with one id throw each other out, so each job shows its
// id: as a replica (SHOW REPLICA HOSTS) and by locks of its session, which other jobs can see without a privilege.
// Free functions on a borrowed Connection.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/mysql/catalog.h"
#include "connector/mysql/connection.h"

namespace sluice::mysql {

struct ReaderId {
  uint32_t server_id = 0;
  bool given = false;  // in the file; else it was drawn
  std::string job;     // tells jobs apart; a few letters and digits
};

// For the session that is about to read the log; it ends with the session. It never fails for the id's sake: the
// session of an earlier connection of this job may not have ended yet.
Status ShowServerId(Connection& connection, const ReaderId& reader);

// Other readers of that id, as far as they can be seen.
Result<std::vector<Finding>> FindServerIdClash(Connection& connection, const ServerInfo& info, const ReaderId& reader);

}  // namespace sluice::mysql
