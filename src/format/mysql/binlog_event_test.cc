// SPDX-License-Identifier: Apache-2.0
// Events of a log that MariaDB 10.11 wrote (test/data/mysql/events.sql), and broken ones.
#include "format/mysql/binlog_event.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <map>

#include "base/bytes.h"
#include "base/crc32.h"
#include "format/mysql/capture_test_util.h"

namespace sluice::mysql {
namespace {

struct Parsed {
  std::vector<BinlogEvent> events;
  template <typename T>
  std::vector<const T*> All() const {
    std::vector<const T*> out;
    for (const auto& event : events) {
      if (auto* body = std::get_if<T>(&event.body)) out.push_back(body);
    }
    return out;
  }
};

// `raw` outlives the result: annotations borrow from it.
Parsed ParseAll(const std::vector<std::string>& raw) {
  EventParser parser;
  Parsed out;
  for (const std::string& bytes : raw) {
    auto event = parser.Parse(bytes);
    EXPECT_TRUE(event.ok()) << event.error().ToString();
    if (!event.ok()) break;
    if (auto* rows = std::get_if<RowsEvent>(&event->body)) rows->rows = {};  // may live in the parser
    out.events.push_back(*std::move(event));
  }
  return out;
}

std::string WithChecksum(std::string event) {
  const auto size = static_cast<uint32_t>(event.size() + 4);
  std::memcpy(event.data() + 9, &size, 4);
  AppendLe(event, Crc32(event));
  return event;
}

// The bytes before the checksum.
std::string Plain(const std::string& event) { return event.substr(0, event.size() - 4); }

TEST(EventParser, ReadsTheTwoPhasesOfAnAlter) {
  const auto raw = CapturedEvents("two_phase.binlog");
  const Parsed log = ParseAll(raw);
  std::vector<std::pair<AlterPhase, uint64_t>> phases;
  for (const auto* gtid : log.All<MariadbGtidEvent>()) {
    if (gtid->ddl) phases.emplace_back(gtid->alter, gtid->alter_start);
  }
  EXPECT_EQ(phases, (std::vector<std::pair<AlterPhase, uint64_t>>{{AlterPhase::kWhole, 0},
                                                                  {AlterPhase::kWhole, 0},
                                                                  {AlterPhase::kStart, 0},
                                                                  {AlterPhase::kCommit, 4},
                                                                  {AlterPhase::kStart, 0},
                                                                  {AlterPhase::kRollback, 6}}));
}

TEST(EventParser, ReadsACapturedLog) {
  const auto raw = CapturedEvents("events.binlog");
  const Parsed log = ParseAll(raw);
  ASSERT_EQ(log.events.size(), raw.size());

  const auto* format = std::get_if<FormatDescription>(&log.events[0].body);
  ASSERT_NE(format, nullptr);
  EXPECT_TRUE(format->mariadb && format->checksum);
  EXPECT_EQ(format->server_version.substr(0, 6), "10.11.");

  const auto gtids = log.All<MariadbGtidEvent>();
  ASSERT_EQ(gtids.size(), 16u);
  EXPECT_EQ(gtids[0]->gtid.ToString(), "0-77-1");
  EXPECT_TRUE(gtids[0]->standalone && gtids[0]->ddl);
  EXPECT_EQ(gtids[3]->gtid.ToString(), "0-77-4");
  EXPECT_TRUE(gtids[3]->transactional && !gtids[3]->standalone && !gtids[3]->ddl);
  EXPECT_TRUE(gtids[10]->prepared_xa);
  EXPECT_TRUE(gtids[11]->completed_xa);
  EXPECT_EQ(gtids[10]->xid, std::string("\3\0\0\0\5\5gtridbqual", 16));
  EXPECT_EQ(gtids[11]->xid, gtids[10]->xid);
  EXPECT_EQ(gtids[12]->gtid.ToString(), "5-77-1");

  const auto prepares = log.All<XaPrepareEvent>();
  ASSERT_EQ(prepares.size(), 1u);
  EXPECT_EQ(prepares[0]->xid, gtids[10]->xid);

  EXPECT_EQ(log.All<XidEvent>().size(), 9u);
  EXPECT_EQ(log.All<AnnotateRowsEvent>()[0]->sql.substr(0, 13), "INSERT INTO k");
  const auto* rotate = std::get_if<RotateEvent>(&log.events.back().body);
  ASSERT_NE(rotate, nullptr);
  EXPECT_EQ(rotate->next.ToString(), "binlog.000002:4");
  EXPECT_TRUE(log.All<GtidListEvent>()[0]->gtids.empty());
}

TEST(EventParser, ReadsStatementsAlsoCompressedOnes) {
  const auto raw = CapturedEvents("events.binlog");
  const Parsed log = ParseAll(raw);
  const auto queries = log.All<QueryEvent>();
  ASSERT_GE(queries.size(), 4u);
  EXPECT_EQ(queries[0]->sql, "DROP DATABASE IF EXISTS ev");
  EXPECT_EQ(queries[2]->database, "ev");
  EXPECT_EQ(queries[2]->client_collation, 45);  // utf8mb4_general_ci
  EXPECT_EQ(queries[3]->sql.substr(0, 51), "CREATE TABLE compressed_query_event_with_a_long_nam");
  EXPECT_EQ(queries[3]->error_code, 0);
}

TEST(EventParser, MakesStatementsUtf8) {
  const auto raw = CapturedEvents("events.binlog");
  const auto statement = [&](EventParser parser) {
    EXPECT_TRUE(parser.Parse(raw[0]).ok());
    for (const std::string& event : raw) {
      const size_t at = event.find("DROP DATABASE IF EXISTS ev");
      if (at == std::string::npos) continue;
      std::string latin = Plain(event);
      latin[at + 24] = '\xE4';  // "ä" of latin1
      auto parsed = parser.Parse(WithChecksum(latin));
      EXPECT_TRUE(parsed.ok()) << parsed.error().ToString();
      return std::get<QueryEvent>(parsed->body).sql;
    }
    return std::string();
  };
  EXPECT_EQ(statement(EventParser()), "DROP DATABASE IF EXISTS \xE4v");
  EXPECT_EQ(statement(EventParser(false, {{45, "latin1"}})), "DROP DATABASE IF EXISTS \u00e4v");
  EXPECT_EQ(statement(EventParser(false, {{45, "utf8mb4"}})), "DROP DATABASE IF EXISTS \xE4v");
  EXPECT_EQ(statement(EventParser(false, {{8, "latin1"}})), "DROP DATABASE IF EXISTS \xE4v");
}

TEST(EventParser, ReadsTableMapsWithAndWithoutMetadata) {
  const auto raw = CapturedEvents("events.binlog");
  const Parsed log = ParseAll(raw);
  const auto maps = log.All<std::shared_ptr<const TableMap>>();
  const TableMap& first = **maps.front();
  EXPECT_EQ(first.database + "." + first.table, "ev.k");
  ASSERT_EQ(first.columns.size(), 4u);
  EXPECT_EQ(first.columns[1].name, "b");
  EXPECT_EQ(first.columns[1].type, FieldType::kVarchar);
  EXPECT_EQ(first.columns[1].meta, 80);
  EXPECT_EQ(first.columns[1].collation, 46u);  // utf8mb4_bin
  EXPECT_FALSE(first.columns[2].nullable);
  EXPECT_TRUE(first.columns[3].nullable);
  EXPECT_TRUE(first.has_names && first.has_signedness);
  EXPECT_EQ(first.primary_key, (std::vector<uint32_t>{1, 0}));
  EXPECT_EQ(maps[0]->get(), maps[1]->get()) << "the same bytes give the same map";
  const TableMap& last = **maps.back();
  EXPECT_FALSE(last.has_names);
  EXPECT_EQ(last.columns.size(), 5u);
}

TEST(EventParser, RefusesWhatItDoesNotUnderstand) {
  const auto raw = CapturedEvents("events.binlog");
  EventParser parser;
  ASSERT_TRUE(parser.Parse(raw[0]).ok());
  auto parse_as = [&](int type, uint16_t flags) {
    std::string event = Plain(raw[1]);
    event[4] = static_cast<char>(type);
    std::memcpy(event.data() + 17, &flags, 2);
    return parser.Parse(WithChecksum(event));
  };
  for (int type : {40, 39, 42, 18, 99, 200, 0}) {
    auto event = parse_as(type, 0);
    ASSERT_FALSE(event.ok()) << type;
    EXPECT_EQ(event.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(event.error().message.find("event " + std::to_string(type)), std::string::npos);
    EXPECT_NE(event.error().message.find("position 285"), std::string::npos);
  }
  auto skipped = parse_as(200, 0x80);
  ASSERT_TRUE(skipped.ok());
  EXPECT_TRUE(std::holds_alternative<IgnoredEvent>(skipped->body));
}

TEST(EventParser, EveryFlippedBitIsFound) {
  const auto raw = CapturedEvents("events.binlog");
  EventParser parser;
  ASSERT_TRUE(parser.Parse(raw[0]).ok());
  std::string event = raw[4];
  for (size_t i = 0; i < event.size() * 8; ++i) {
    event[i / 8] = static_cast<char>(event[i / 8] ^ 1 << i % 8);
    auto parsed = parser.Parse(event);
    ASSERT_FALSE(parsed.ok()) << i;
    ASSERT_EQ(parsed.error().code, ErrorCode::kCorrupt) << i;
    event[i / 8] = static_cast<char>(event[i / 8] ^ 1 << i % 8);
  }
}

// Each event cut at each place, with a right checksum: an error, or at least no reading beyond its end (ASan).
TEST(EventParser, EveryTruncationIsSafe) {
  const auto raw = CapturedEvents("events.binlog");
  for (size_t i = 1; i < raw.size(); ++i) {
    EventParser parser;
    for (size_t before = 0; before < i; ++before) ASSERT_TRUE(parser.Parse(raw[before]).ok());
    const std::string plain = Plain(raw[i]);
    for (size_t size = 19; size < plain.size(); ++size) {
      EventParser copy = parser;
      (void)copy.Parse(WithChecksum(plain.substr(0, size)));
    }
  }
}

TEST(EventParser, RowsNeedTheirTableMap) {
  const auto raw = CapturedEvents("events.binlog");
  EventParser parser;
  ASSERT_TRUE(parser.Parse(raw[0]).ok());
  for (const std::string& event : raw) {
    if (static_cast<EventType>(event[4]) != EventType::kWriteRowsV1) continue;
    auto parsed = parser.Parse(event);
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(parsed.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(parsed.error().message.find("no TABLE_MAP"), std::string::npos);
    break;
  }
}

TEST(Crc32, IsZlibsAtEveryLength) {
  std::string bytes;
  for (int i = 0; i < 600; ++i) {
    const auto* at = reinterpret_cast<const Bytef*>(bytes.data());
    ASSERT_EQ(Crc32(bytes), crc32_z(0, at, bytes.size())) << i;
    bytes += static_cast<char>(i * 37 + i / 7);
  }
}

}  // namespace
}  // namespace sluice::mysql
