// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/server_id.h"

#include "base/bytes.h"
#include "base/text.h"

namespace sluice::mysql {
namespace {

constexpr int kComRegisterSlave = 0x15;
constexpr std::string_view kReplicaName = "sluice";
constexpr const char* kFix = "choose another server-id in the file";

std::string LockOfId(const ReaderId& reader) { return Connection::Quote(Str("sluice server-id ", reader.server_id)); }
std::string LockOfJob(const ReaderId& reader) {
  return Connection::Quote(Str("sluice server-id ", reader.server_id, " job ", reader.job));
}

// The session that holds the id's lock, unless it is one of the same job; empty if there is none.
Result<std::string> OtherHolder(Connection& connection, const ReaderId& reader) {
  TRY_SET(auto locks, connection.Query(Str("SELECT IS_USED_LOCK(", LockOfId(reader), "), IS_USED_LOCK(",
                                           LockOfJob(reader), ")")));
  if (locks.empty() || locks[0].size() < 2 || !locks[0][0] || locks[0][0] == locks[0][1]) return std::string();
  const std::string session = *locks[0][0];
  TRY_SET(auto who,
          connection.Query(Str("SELECT USER, HOST FROM information_schema.PROCESSLIST WHERE ID = ", session)));
  if (who.empty()) return Str("connection ", session, " of another user");
  return Str("connection ", session, " of ", who[0][0].value_or("?"), " from ", who[0][1].value_or("?"));
}

}  // namespace

Status ShowServerId(Connection& connection, const ReaderId& reader) {
  TRY(connection.Execute(Str("DO GET_LOCK(", LockOfId(reader), ", 0), GET_LOCK(", LockOfJob(reader), ", 0)")));
  std::string command;
  AppendLe<uint32_t>(command, reader.server_id);
  command += static_cast<char>(kReplicaName.size());
  command += kReplicaName;
  command.append(2, '\0');           // user and password, which SHOW REPLICA HOSTS would show
  AppendLe<uint16_t>(command, 0);    // port
  AppendLe<uint32_t>(command, 0);    // rank, not used
  AppendLe<uint32_t>(command, 0);    // id of the server it replicates, which fills it in
  TRY(connection.SendCommand(kComRegisterSlave, command));
  return connection.ReadAnswer();
}

Result<std::vector<Finding>> FindServerIdClash(Connection& connection, const ServerInfo& info, const ReaderId& reader) {
  std::vector<Finding> out;
  const std::string id = Str(reader.server_id);
  if (info.server_id == id) {
    out.push_back({true, Str("server-id ", id, " is the server's own"), kFix});
    return out;
  }
  TRY_SET(const std::string holder, OtherHolder(connection, reader));
  if (!holder.empty()) {
    out.push_back({true, Str("server-id ", id, " is taken by another job of sluice (", holder, ")"), kFix});
    return out;
  }
  auto replicas = connection.Query("SHOW SLAVE HOSTS");
  if (!replicas.ok()) {
    if (!reader.given) return out;
    out.push_back({false, Str("whether a replica has the server-id ", id, " already cannot be seen by this user"),
                   "see SHOW REPLICA HOSTS; the server ends the older of two readers with one id"});
    return out;
  }
  for (const TextRow& row : *replicas) {
    const std::string name = row.size() > 1 ? row[1].value_or("") : std::string();
    if (row[0].value_or("") != id || name == kReplicaName) continue;  // a sluice is found by its lock
    out.push_back({true, Str("server-id ", id, " is taken by the replica ", name), kFix});
  }
  return out;
}

}  // namespace sluice::mysql
