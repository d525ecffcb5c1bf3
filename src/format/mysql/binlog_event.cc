// SPDX-License-Identifier: Apache-2.0
// EventParser: header and checksum, then each type of event. The order of the fields is that of docs/formats/binlog.md.
#include "format/mysql/binlog_event.h"

#include <zlib.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/crc32.h"
#include "base/text.h"
#include "format/mysql/charset.h"

namespace sluice::mysql {

namespace {

constexpr size_t kHeaderSize = 19;
constexpr size_t kTablesMax = 4096;              // table maps kept; then all inactive ones are forgotten
constexpr uint64_t kInflatedMax = 1ull << 30;    // the servers' largest packet
constexpr uint64_t kInflateRatioMax = 1100;      // deflate's own limit is 1032
constexpr uint64_t kDummyTableId = 0xFFFFFF;

std::string Place(const EventHeader& header) {
  return Str("event ", static_cast<int>(header.type), " of server ", header.server_id, " that ends at position ",
             header.end_position);
}

Error CutOff(const EventHeader& header) { return Corrupt(Str(Place(header), " is cut off or malformed")); }

// What precedes statements of the STATEMENT format and load files; the statement itself follows as a QUERY.
bool IsStatementContext(EventType type) {
  return type == EventType::kIntvar || type == EventType::kRand || type == EventType::kUserVar;
}

bool IsStatementData(EventType type) {
  switch (type) {
    case EventType::kLoad: case EventType::kCreateFile: case EventType::kAppendBlock: case EventType::kExecLoad:
    case EventType::kDeleteFile: case EventType::kNewLoad: case EventType::kBeginLoadQuery:
    case EventType::kExecuteLoadQuery:
      return true;
    default:
      return false;
  }
}

// Events that carry nothing a reader of rows needs.
bool IsKnownIgnored(EventType type) {
  switch (type) {
    case EventType::kBinlogCheckpoint: case EventType::kStartEncryption: case EventType::kPreviousGtids:
    case EventType::kRowsQuery: case EventType::kIgnorable: case EventType::kTransactionContext:
    case EventType::kViewChange: case EventType::kSlave:
      return true;
    default:
      return IsStatementContext(type);
  }
}

Error NotUnderstood(const EventHeader& header) {
  const std::string place = Place(header);
  switch (header.type) {
    case EventType::kTransactionPayload:
      return Unsupported(Str(place, ": compressed transactions (TRANSACTION_PAYLOAD) are not supported"),
                         "SET GLOBAL binlog_transaction_compression = OFF");
    case EventType::kPartialUpdateRows:
      return Unsupported(Str(place, ": partial JSON updates are not supported"),
                         "SET GLOBAL binlog_row_value_options = ''");
    case EventType::kGtidTagged:
      return Unsupported(Str(place, ": tagged GTIDs are not supported"), "use GTID_NEXT = AUTOMATIC without a tag");
    default:
      break;
  }
  if (IsStatementData(header.type)) {
    return Unsupported(Str(place, ": the log holds a LOAD DATA statement instead of rows"),
                       "SET GLOBAL binlog_format = 'ROW', also in sessions that set their own");
  }
  return Unsupported(Str(place, ": this type of event is not known, and it is not marked as ignorable"),
                     "the job stops so that no change is lost; report the event's number and the server's version");
}

// Codes and values in the order the server writes them; an unknown code ends what can be read.
void ReadStatusVariables(ByteReader in, QueryEvent& out) {
  while (in.ok() && in.remaining() > 0) {
    switch (in.U8()) {
      case 0: case 3: case 10: in.Skip(4); break;    // flags, auto increment, size
      case 1: out.sql_mode = in.U64(); break;
      case 2: in.Skip(in.U8() + size_t{1}); break;   // catalog with its end
      case 4:
        out.client_collation = in.U16();
        in.Skip(4);
        break;
      case 5: out.time_zone = std::string(in.Bytes(in.U8())); break;
      case 6: in.Skip(in.U8()); break;               // catalog
      case 7: case 8: in.Skip(2); break;             // names of months, database's collation
      case 9: case 17: case 129: in.Skip(8); break;  // tables of a multi-table update, XID of a DDL
      case 11:                                       // user, host
        in.Skip(in.U8());
        in.Skip(in.U8());
        break;
      case 13: case 128: out.began_micros += in.U24(); break;
      default: return;
    }
  }
}

Result<RowsKind> RowsKindOf(const EventHeader& header) {
  switch (header.type) {
    case EventType::kWriteRowsV1: case EventType::kWriteRows: case EventType::kWriteRowsCompressedV1:
    case EventType::kWriteRowsCompressed:
      return RowsKind::kWrite;
    case EventType::kUpdateRowsV1: case EventType::kUpdateRows: case EventType::kUpdateRowsCompressedV1:
    case EventType::kUpdateRowsCompressed:
      return RowsKind::kUpdate;
    case EventType::kDeleteRowsV1: case EventType::kDeleteRows: case EventType::kDeleteRowsCompressedV1:
    case EventType::kDeleteRowsCompressed:
      return RowsKind::kDelete;
    default:
      return NotUnderstood(header);
  }
}

bool IsRowsV2(EventType type) {
  return (type >= EventType::kWriteRows && type <= EventType::kDeleteRows) ||
         (type >= EventType::kWriteRowsCompressed && type <= EventType::kDeleteRowsCompressed);
}

bool IsCompressedRows(EventType type) {
  return type >= EventType::kWriteRowsCompressedV1 && type <= EventType::kDeleteRowsCompressed;
}

MariadbGtidEvent ReadMariadbGtid(ByteReader& in, uint32_t server) {
  MariadbGtidEvent out;
  out.gtid.sequence = in.U64();
  out.gtid.domain = in.U32();
  out.gtid.server = server;
  const uint8_t flags = in.U8();
  out.standalone = flags & 1;
  out.transactional = flags & 4;
  out.ddl = flags & 32;
  out.prepared_xa = flags & 64;
  out.completed_xa = flags & 128;
  if (flags & 2) {
    out.commit_id = in.U64();
  }
  if (out.prepared_xa || out.completed_xa) {
    const auto* begin = reinterpret_cast<const char*>(in.at());
    if (in.remaining() >= 6) {
      const size_t size = 6u + in.at()[4] + in.at()[5];
      in.Skip(size);
      if (in.ok()) out.xid.assign(begin, size);
    }
  }
  if (in.remaining() == 0) return out;
  const uint8_t extra = in.U8();  // zero: the padding of a short event
  if (extra & 1) in.Skip(1);      // number of further engines
  if (extra & 2) out.alter = AlterPhase::kStart;
  if (extra & 4) out.alter = AlterPhase::kCommit;
  if (extra & 8) out.alter = AlterPhase::kRollback;
  if (extra & 12) out.alter_start = in.U64();
  return out;
}

GtidListEvent ReadGtidList(ByteReader& in) {
  GtidListEvent out;
  const uint32_t count = in.U32() & 0x0FFFFFFF;
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    MariadbGtid gtid;
    gtid.domain = in.U32();
    gtid.server = in.U32();
    gtid.sequence = in.U64();
    if (in.ok()) out.gtids.push_back(gtid);
  }
  return out;
}

}  // namespace

Result<BinlogEvent> EventParser::Parse(std::string_view event) {
  BinlogEvent out;
  TRY(Parse(event, out));
  return out;
}

Status EventParser::Parse(std::string_view event, BinlogEvent& out) {
  ByteReader in(event);
  EventHeader& header = out.header;
  header.timestamp = in.U32();
  header.type = static_cast<EventType>(in.U8());
  header.server_id = in.U32();
  header.size = in.U32();
  header.end_position = in.U32();
  header.flags = in.U16();
  if (!in.ok() || header.size != event.size()) {
    return Corrupt(Str("a binlog event of ", event.size(), " bytes says that it has ", header.size, " bytes"),
                   "the connection or the log file is damaged; check it with mariadb-binlog --verify-binlog-checksum");
  }
  std::string_view body = event.substr(kHeaderSize);
  if (header.type == EventType::kFormatDescription) {
    TRY_SET(out.body, ParseFormatDescription(body, event));
    return Ok();
  }
  const bool told = !post_header_lengths_.empty();
  if (checksum_ || !told) {
    // Before the first format description: whether there is a checksum is seen from the checksum.
    const bool long_enough = body.size() >= 4;
    const bool good = long_enough && Crc32(event.substr(0, event.size() - 4)) == LoadLe<uint32_t>(event.end() - 4);
    if (!good && told) {
      return Corrupt(Str("the checksum of ", Place(header), " is wrong"),
                     "the log file or the connection is damaged: mariadb-binlog --verify-binlog-checksum tells which");
    }
    if (good) body.remove_suffix(4);
  }
  return ParseBody(body, out);
}

Result<FormatDescription> EventParser::ParseFormatDescription(std::string_view body, std::string_view event) {
  ByteReader in(body);
  FormatDescription out;
  out.binlog_version = in.U16();
  const std::string_view version = in.Bytes(50);
  in.Skip(4);
  const uint8_t header_size = in.U8();
  // The post-header lengths are followed by one byte for the checksum algorithm and four for the checksum.
  if (!in.ok() || in.remaining() < 5 + 33) return Corrupt("the log's format description is cut off");
  if (out.binlog_version != 4 || header_size != kHeaderSize) {
    return Unsupported(Str("the log has format ", out.binlog_version, " with headers of ", header_size, " bytes"),
                       "MariaDB 10.x or newer and MySQL 5.6 or newer write format 4");
  }
  out.server_version = std::string(version.substr(0, version.find('\0')));
  out.mariadb = out.server_version.find("MariaDB") != std::string::npos;
  const std::string_view lengths = in.Bytes(in.remaining() - 5);
  const uint8_t algorithm = in.U8();
  if (algorithm > 1) {
    return Unsupported(Str("the log's checksum algorithm is ", static_cast<int>(algorithm)),
                       "SET GLOBAL binlog_checksum = 'CRC32'");
  }
  out.checksum = algorithm == 1;
  // The "in use" flag is set after the checksum was made.
  std::string copy(event.substr(0, event.size() - 4));
  copy[17] = static_cast<char>(copy[17] & ~1);
  if (out.checksum && Crc32(copy) != LoadLe<uint32_t>(event.end() - 4)) {
    return Corrupt("the checksum of the log's format description is wrong");
  }
  post_header_lengths_.assign(lengths.begin(), lengths.end());
  checksum_ = out.checksum;
  mariadb_ = out.mariadb;
  tables_.clear();
  active_.clear();
  return out;
}

Status EventParser::ParseBody(std::string_view body, BinlogEvent& out) {
  switch (out.header.type) {
    case EventType::kTableMap:
      return ParseTableMap(body, out);
    case EventType::kQuery:
    case EventType::kQueryCompressed:
      return ParseQuery(body, out);
    case EventType::kWriteRowsV1: case EventType::kUpdateRowsV1: case EventType::kDeleteRowsV1:
    case EventType::kWriteRows: case EventType::kUpdateRows: case EventType::kDeleteRows:
    case EventType::kWriteRowsCompressedV1: case EventType::kUpdateRowsCompressedV1:
    case EventType::kDeleteRowsCompressedV1: case EventType::kWriteRowsCompressed:
    case EventType::kUpdateRowsCompressed: case EventType::kDeleteRowsCompressed:
      return ParseRows(body, out);
    default:
      return ParseOther(body, out);
  }
}

Status EventParser::ParseOther(std::string_view body, BinlogEvent& out) {
  ByteReader in(body);
  switch (out.header.type) {
    case EventType::kXid:
      out.body = XidEvent{in.U64()};
      break;
    case EventType::kMariadbGtid:
      out.body = ReadMariadbGtid(in, out.header.server_id);
      break;
    case EventType::kGtidList:
      out.body = ReadGtidList(in);
      break;
    case EventType::kRotate: {
      const uint64_t offset = in.U64();
      out.body = RotateEvent{{std::string(in.Bytes(in.remaining())), offset}};
      break;
    }
    case EventType::kAnnotateRows:
      out.body = AnnotateRowsEvent{body};
      break;
    case EventType::kGtid:
    case EventType::kAnonymousGtid: {
      MysqlGtidEvent gtid{.anonymous = out.header.type == EventType::kAnonymousGtid};
      in.Skip(1);
      const std::string_view source = in.Bytes(16);
      std::copy(source.begin(), source.end(), gtid.source.begin());
      gtid.sequence = in.U64();
      out.body = gtid;
      break;
    }
    case EventType::kXaPrepare: {
      XaPrepareEvent prepare;
      prepare.one_phase = in.U8() != 0;
      const uint32_t format = in.U32(), gtrid = in.U32(), bqual = in.U32();
      const std::string_view data = in.Bytes(uint64_t{gtrid} + bqual);
      AppendLe(prepare.xid, format);
      prepare.xid += static_cast<char>(gtrid);
      prepare.xid += static_cast<char>(bqual);
      prepare.xid += data;
      out.body = std::move(prepare);
      break;
    }
    case EventType::kHeartbeat:
      out.body = HeartbeatEvent{std::string(body)};
      break;
    case EventType::kHeartbeatV2:
      out.body = HeartbeatEvent{};
      break;
    case EventType::kStop:
      out.body = StopEvent{};
      break;
    case EventType::kIncident: {
      const uint16_t number = in.U16();
      out.body = IncidentEvent{number, std::string(in.Bytes(in.U8()))};
      break;
    }
    default:
      if (!IsKnownIgnored(out.header.type) && !out.header.ignorable()) return NotUnderstood(out.header);
      out.body = IgnoredEvent{};
      break;
  }
  return in.ok() ? Ok() : Status(CutOff(out.header));
}

// A statement stands in the log in the character set of the session that sent it.
std::string EventParser::StatementText(std::string_view sql, uint16_t collation) const {
  const auto found = charsets_.find(collation);
  const Charset* charset = found == charsets_.end() ? nullptr : FindCharset(found->second);
  const bool plain = charset == nullptr || charset->form == Charset::Form::kUtf8 ||
                     charset->form == Charset::Form::kAscii ||
                     IsAsciiText(reinterpret_cast<const uint8_t*>(sql.data()), sql.size());
  if (plain) return std::string(sql);
  std::string out;
  ToUtf8(*charset, sql, out);
  return out;
}

Status EventParser::ParseQuery(std::string_view body, BinlogEvent& out) {
  ByteReader in(body);
  QueryEvent query;
  query.began_micros = out.header.timestamp * int64_t{1'000'000};
  query.thread_id = in.U32();
  in.Skip(4);
  const uint8_t database_size = in.U8();
  query.error_code = in.U16();
  const std::string_view status = in.Bytes(in.U16());
  query.database = std::string(in.Bytes(database_size));
  in.Skip(1);
  if (!in.ok()) return CutOff(out.header);
  ReadStatusVariables(ByteReader(status), query);
  std::string_view sql = in.Bytes(in.remaining());
  if (out.header.type == EventType::kQueryCompressed) {
    auto inflated = Inflate(sql);
    if (!inflated.ok()) return std::move(inflated).error().With(Place(out.header));
    sql = *inflated;
  }
  query.sql = StatementText(sql, query.client_collation);
  out.body = std::move(query);
  return Ok();
}

Status EventParser::ParseTableMap(std::string_view body, BinlogEvent& out) {
  ByteReader in(body);
  const bool short_id = post_header_lengths_.size() > 18 && post_header_lengths_[18] == 6;
  const uint64_t id = short_id ? in.U32() : in.U48();
  in.Skip(2);
  if (!in.ok()) return CutOff(out.header);
  if (tables_.size() >= kTablesMax && tables_.find(id) == tables_.end()) {
    std::erase_if(tables_, [](const auto& item) { return !item.second.active; });
    if (tables_.size() >= kTablesMax) return Unsupported(Str(Place(out.header), ": a statement on too many tables"));
  }
  MappedTable& mapped = tables_[id];
  if (mapped.map == nullptr || mapped.bytes != body) {
    auto map = std::make_shared<TableMap>();
    map->id = id;
    auto parsed = ParseTableMapBody(std::string_view(body).substr(body.size() - in.remaining()), *map);
    if (!parsed.ok()) {
      tables_.erase(id);
      std::erase(active_, id);
      return std::move(parsed).error().With(Place(out.header));
    }
    mapped.bytes = std::string(body);
    mapped.map = std::move(map);
  }
  if (!mapped.active) active_.push_back(id);
  mapped.active = true;
  out.body = mapped.map;
  return Ok();
}

Status EventParser::ParseRows(std::string_view body, BinlogEvent& out) {
  ByteReader in(body);
  RowsEvent& rows = out.body.emplace<RowsEvent>();
  TRY_SET(rows.kind, RowsKindOf(out.header));
  const size_t type = static_cast<size_t>(out.header.type);
  const bool short_id = post_header_lengths_.size() >= type && post_header_lengths_[type - 1] == 6;
  const uint64_t id = short_id ? in.U32() : in.U48();
  const uint16_t flags = in.U16();
  rows.statement_end = flags & 1;
  if (IsRowsV2(out.header.type)) {
    const uint16_t extra = in.U16();
    if (extra < 2) return CutOff(out.header);
    in.Skip(extra - 2u);
  }
  const auto found = tables_.find(id);
  const bool mapped = found != tables_.end() && found->second.active;
  if (in.ok() && !mapped) {
    if (id == kDummyTableId && rows.statement_end) {
      out.body = IgnoredEvent{};
      return Ok();
    }
    return Corrupt(Str(Place(out.header), " has rows of the table number ", id, ", which no TABLE_MAP event named"));
  }
  rows.column_count = in.LengthEncoded();
  if (!in.ok()) return CutOff(out.header);
  rows.table = found->second.map;
  if (rows.column_count != rows.table->columns.size()) {
    return Corrupt(Str(Place(out.header), " has ", rows.column_count, " columns; its TABLE_MAP event told ",
                       rows.table->columns.size()));
  }
  rows.present_before = in.Bytes((rows.column_count + 7) / 8);
  rows.present_after = rows.kind == RowsKind::kUpdate ? in.Bytes((rows.column_count + 7) / 8) : rows.present_before;
  rows.rows = in.Bytes(in.remaining());
  if (!in.ok()) return CutOff(out.header);
  if (IsCompressedRows(out.header.type)) {
    auto inflated = Inflate(rows.rows);
    if (!inflated.ok()) return std::move(inflated).error().With(Place(out.header));
    rows.rows = *inflated;
  }
  if (rows.statement_end) {
    for (uint64_t active : active_) {
      if (auto item = tables_.find(active); item != tables_.end()) item->second.active = false;
    }
    active_.clear();
  }
  return Ok();
}

// One byte (0x80, algorithm in bits 4 to 6, bytes of the size in bits 0 to 2), the size big-endian, a zlib stream.
Result<std::string_view> EventParser::Inflate(std::string_view compressed) {
  ByteReader in(compressed);
  const uint8_t first = in.U8();
  const size_t size_bytes = first & 7;
  const std::string_view size_raw = in.Bytes(size_bytes);
  if (!in.ok() || !(first & 0x80) || size_bytes < 1 || size_bytes > 4) {
    return Corrupt("the head of compressed data is malformed");
  }
  if ((first & 0x70) != 0) return Unsupported(Str("compression algorithm ", (first & 0x70) >> 4, " is not supported"));
  const uint64_t size = LoadBe(size_raw.data(), size_bytes);
  if (size > kInflatedMax || size > in.remaining() * kInflateRatioMax + 1024) {
    return Corrupt(Str(in.remaining(), " compressed bytes say that they hold ", size, " bytes"));
  }
  inflated_.resize(size);
  uLongf got = size;
  const int code = uncompress(reinterpret_cast<Bytef*>(inflated_.data()), &got, in.at(), in.remaining());
  if (code != Z_OK || got != size) return Corrupt(Str("compressed data cannot be inflated (zlib code ", code, ")"));
  return std::string_view(inflated_);
}

}  // namespace sluice::mysql
