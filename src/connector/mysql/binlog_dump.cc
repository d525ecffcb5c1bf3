// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/binlog_dump.h"

#include <random>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "connector/mysql/catalog.h"

namespace sluice::mysql {
namespace {

constexpr int kComBinlogDump = 0x12;
constexpr uint16_t kNonBlocking = 1;

}  // namespace

Result<EventParser> NegotiateDump(Connection& connection) {
  TRY_SET(std::string checksum, connection.QueryValue("SELECT @@global.binlog_checksum"));
  TRY(connection.Execute(Str("SET @master_binlog_checksum=", Connection::Quote(checksum))));
  TRY(connection.Execute("SET @mariadb_slave_capability=4"));
  TRY_SET(auto charsets, ReadCollationCharsets(connection));
  return EventParser(checksum == "CRC32", std::move(charsets));
}

Status SendDump(Connection& connection, const DumpRequest& request) {
  std::string command;
  AppendLe<uint32_t>(command, request.offset);
  AppendLe<uint16_t>(command, request.wait ? 0 : kNonBlocking);
  AppendLe<uint32_t>(command, request.server_id);
  command += request.file;
  return connection.SendCommand(kComBinlogDump, command);
}

Result<std::optional<std::string_view>> ReadDumpEvent(Connection& connection) {
  TRY_SET(std::string_view packet, connection.ReadPacket());
  if (packet.empty()) return Corrupt("empty packet of the binlog");
  auto first = static_cast<uint8_t>(packet[0]);
  if (first == 0xFE && packet.size() < 9) return std::optional<std::string_view>();
  if (first != 0) return Corrupt(Str("packet of the binlog of unknown kind ", static_cast<int>(first)));
  return std::optional<std::string_view>(packet.substr(1));
}

Status ScanLog(const ConnectOptions& options, const ConnectionWatch& watch, const BinlogPosition& from,
               const ScanVisitor& visit) {
  struct Watched {  // ends before the connection does
    const ConnectionWatch& watch;
    std::unique_ptr<Connection> connection;
    ~Watched() { watch(nullptr); }
  } watched{watch, nullptr};
  TRY_SET(watched.connection, Connection::Open(options));
  Connection& connection = *watched.connection;
  watch(&connection);
  TRY_SET(EventParser parser, NegotiateDump(connection));
  BinlogPosition position = from;
  if (position.offset > UINT32_MAX) position.offset = 4;
  TRY(SendDump(connection, {.file = position.file,
                            .offset = static_cast<uint32_t>(position.offset),
                            .wait = false,
                            .server_id = std::random_device()() | 0x40000000u}));
  while (true) {
    TRY_SET(auto bytes, ReadDumpEvent(connection));
    if (!bytes) return Ok();
    auto event = parser.Parse(*bytes);
    if (!event.ok()) return std::move(event).error().With(Str("binlog ", position.ToString()));
    BinlogPosition begin = position;
    const EventHeader& header = event->header;
    if (!header.artificial() && header.end_position != 0) {
      position.offset = AdvanceOffset(position.offset, header.end_position);
    }
    if (auto* rotate = std::get_if<RotateEvent>(&event->body)) position = rotate->next;
    TRY_SET(bool more, visit(*event, begin));
    if (!more) return Ok();
  }
}

}  // namespace sluice::mysql
