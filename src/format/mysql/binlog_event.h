// SPDX-License-Identifier: Apache-2.0
// Events of the binary log of MariaDB 10.x/11.x and MySQL 8: bytes -> structs (docs/formats/binlog.md). EventParser
// keeps what later events need (checksum algorithm, table maps); one parser per stream, owned by its thread. It does no
// I/O and knows no tables. What it does not understand is an error, unless the server marked it as ignorable.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/result.h"
#include "format/mysql/position.h"
#include "format/mysql/table_map.h"

namespace sluice::mysql {

enum class EventType : uint8_t {
  kStart = 1, kQuery = 2, kStop = 3, kRotate = 4, kIntvar = 5, kLoad = 6, kSlave = 7, kCreateFile = 8, kAppendBlock = 9,
  kExecLoad = 10, kDeleteFile = 11, kNewLoad = 12, kRand = 13, kUserVar = 14, kFormatDescription = 15, kXid = 16,
  kBeginLoadQuery = 17, kExecuteLoadQuery = 18, kTableMap = 19, kWriteRowsV1 = 23, kUpdateRowsV1 = 24,
  kDeleteRowsV1 = 25, kIncident = 26, kHeartbeat = 27, kIgnorable = 28, kRowsQuery = 29, kWriteRows = 30,
  kUpdateRows = 31, kDeleteRows = 32, kGtid = 33, kAnonymousGtid = 34, kPreviousGtids = 35, kTransactionContext = 36,
  kViewChange = 37, kXaPrepare = 38, kPartialUpdateRows = 39, kTransactionPayload = 40, kHeartbeatV2 = 41,
  kGtidTagged = 42, kAnnotateRows = 160, kBinlogCheckpoint = 161, kMariadbGtid = 162, kGtidList = 163,
  kStartEncryption = 164, kQueryCompressed = 165, kWriteRowsCompressedV1 = 166, kUpdateRowsCompressedV1 = 167,
  kDeleteRowsCompressedV1 = 168, kWriteRowsCompressed = 169, kUpdateRowsCompressed = 170, kDeleteRowsCompressed = 171,
};

struct EventHeader {
  uint32_t timestamp = 0;  // seconds since the epoch; 0 if made up by the server
  EventType type = EventType::kQuery;
  uint32_t server_id = 0;
  uint32_t size = 0;          // header, body and checksum
  uint32_t end_position = 0;  // low 32 bits of the offset after it in its file; 0 if not in the file (AdvanceOffset)
  uint16_t flags = 0;

  bool artificial() const { return flags & 0x20; }
  bool ignorable() const { return flags & 0x80; }
};

struct IgnoredEvent {};  // known and of no interest, or marked ignorable by the server

struct FormatDescription {
  uint16_t binlog_version = 4;
  std::string server_version;  // "10.11.19-MariaDB-log"
  bool mariadb = false;
  bool checksum = false;  // every event ends in a CRC32
};

struct RotateEvent {
  BinlogPosition next;
};

struct QueryEvent {
  std::string database;
  std::string sql;           // UTF-8, where the parser knows the session's character set; else its bytes
  uint16_t error_code = 0;
  uint32_t thread_id = 0;
  uint64_t sql_mode = 0;
  uint16_t client_collation = 0;  // number; 0 = not told
  std::string time_zone;     // empty = not told
  int64_t began_micros = 0;  // since 1970; whole seconds unless the statement used the fraction
};

struct XidEvent {  // COMMIT of a transaction
  uint64_t xid = 0;
};

// Of an ALTER TABLE under binlog_alter_two_phase (MariaDB 10.8 and newer): it is logged when it begins, and again, with
// the same text, when it is known how it ended.
enum class AlterPhase : uint8_t { kWhole, kStart, kCommit, kRollback };

struct MariadbGtidEvent {  // begins an event group
  MariadbGtid gtid;
  uint64_t commit_id = 0;
  bool standalone = false;  // no COMMIT ends the group: one event follows (DDL, XA COMMIT…)
  bool transactional = false;
  bool ddl = false;
  AlterPhase alter = AlterPhase::kWhole;
  uint64_t alter_start = 0;   // kCommit, kRollback: sequence number of the kStart
  bool prepared_xa = false;   // the group is XA START … XA PREPARE
  bool completed_xa = false;  // the group is XA COMMIT or XA ROLLBACK
  std::string xid;            // of an XA transaction: format, gtrid length, bqual length and data as in the log
};

struct GtidListEvent {
  std::vector<MariadbGtid> gtids;
};

struct MysqlGtidEvent {  // GTID or anonymous GTID of MySQL; begins a transaction
  bool anonymous = false;
  std::array<uint8_t, 16> source{};
  uint64_t sequence = 0;
};

struct AnnotateRowsEvent {
  std::string_view sql;  // borrows from the packet
};

struct XaPrepareEvent {
  bool one_phase = false;
  std::string xid;
};

struct HeartbeatEvent {
  std::string file;
};

struct StopEvent {};

struct IncidentEvent {
  uint16_t number = 0;  // 1 = lost events
  std::string message;
};

enum class RowsKind : uint8_t { kWrite, kUpdate, kDelete };

struct RowsEvent {
  RowsKind kind = RowsKind::kWrite;
  std::shared_ptr<const TableMap> table;
  bool statement_end = false;
  size_t column_count = 0;
  std::string_view present_before;  // bitmaps, bit i = column i; update: the before image; else the only image
  std::string_view present_after;   // equal to present_before but for kUpdate
  std::string_view rows;            // borrows from the packet, or from the parser until the next Parse
};

struct BinlogEvent {
  EventHeader header;
  std::variant<IgnoredEvent, FormatDescription, RotateEvent, QueryEvent, XidEvent, MariadbGtidEvent, GtidListEvent,
               MysqlGtidEvent, AnnotateRowsEvent, XaPrepareEvent, HeartbeatEvent, StopEvent, IncidentEvent,
               std::shared_ptr<const TableMap>, RowsEvent>
      body;
};

class EventParser {
 public:
  using ClientCharsets = std::map<uint16_t, std::string>;  // character sets by the numbers of their collations
  // `checksum`: what the stream uses before its first format description (@master_binlog_checksum of the session).
  // `charsets`: of the server; statements of sessions with another character set are not made UTF-8.
  explicit EventParser(bool checksum = false, ClientCharsets charsets = {})
      : charsets_(std::move(charsets)), checksum_(checksum) {}

  // One whole event: header, body, checksum (without the packet's leading OK byte). kCorrupt: bytes are wrong;
  // kUnsupported: not understood, the position must not pass it.
  Result<BinlogEvent> Parse(std::string_view event);
  // The same into `out`, which may be an event of before.
  Status Parse(std::string_view event, BinlogEvent& out);

  bool checksum() const { return checksum_; }

 private:
  struct MappedTable {
    std::string bytes;  // the event's body, so that the same bytes give the same TableMap
    std::shared_ptr<const TableMap> map;
    bool active = false;  // named by the current statement
  };
  Result<FormatDescription> ParseFormatDescription(std::string_view body, std::string_view event);
  Status ParseTableMap(std::string_view body, BinlogEvent& out);
  Status ParseRows(std::string_view body, BinlogEvent& out);
  Status ParseQuery(std::string_view body, BinlogEvent& out);
  Status ParseBody(std::string_view body, BinlogEvent& out);
  Status ParseOther(std::string_view body, BinlogEvent& out);
  Result<std::string_view> Inflate(std::string_view compressed);
  std::string StatementText(std::string_view sql, uint16_t collation) const;

  ClientCharsets charsets_;
  bool checksum_ = false;
  bool mariadb_ = false;
  std::vector<uint8_t> post_header_lengths_;
  std::unordered_map<uint64_t, MappedTable> tables_;
  std::vector<uint64_t> active_;
  std::string inflated_;
};

}  // namespace sluice::mysql
