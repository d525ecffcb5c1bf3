// SPDX-License-Identifier: Apache-2.0
// CPU time of the row codecs, alone: rows events and text rows -> Arrow columns. Events are made in memory in the
// layout of docs/formats/binlog.md, with checksums. Goal: at most 0.1 us a row image.
//   decode_bench [rows [part of a case's name [rows an event]]]
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/crc32.h"
#include "format/mysql/binlog_event.h"
#include "format/mysql/row_plan.h"
#include "format/mysql/text_row.h"

namespace sluice::mysql {
namespace {

std::string only;  // part of the name of the cases to run
int event_rows = 20;  // the server cuts events at 8 KiB

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

MysqlColumn ColumnOf(const char* name, const char* type) {
  MysqlColumn column;
  column.name = name;
  if (!ParseColumnType(type, column).ok()) abort();
  column.nullable = false;
  column.charset = column.type == "char" || column.type == "varchar" ? "utf8mb4" : "";
  column.collation = "utf8mb4_general_ci";
  return column;
}

MysqlTable Sysbench() {
  MysqlTable table;
  table.database = "b";
  table.name = "sbtest";
  table.primary_key = {"id"};
  table.columns = {ColumnOf("id", "bigint(20)"), ColumnOf("k", "int(11)"), ColumnOf("c", "char(120)"),
                   ColumnOf("pad", "char(60)")};
  return table;
}

MysqlTable Lineitem() {
  MysqlTable table;
  table.database = "b";
  table.name = "lineitem";
  table.primary_key = {"l_orderkey", "l_linenumber"};
  const char* columns[][2] = {
      {"l_orderkey", "bigint(20)"}, {"l_partkey", "int(11)"}, {"l_suppkey", "int(11)"}, {"l_linenumber", "int(11)"},
      {"l_quantity", "decimal(15,2)"}, {"l_extendedprice", "decimal(15,2)"}, {"l_discount", "decimal(15,2)"},
      {"l_tax", "decimal(15,2)"}, {"l_returnflag", "char(1)"}, {"l_linestatus", "char(1)"}, {"l_shipdate", "date"},
      {"l_commitdate", "date"}, {"l_receiptdate", "date"}, {"l_shipinstruct", "char(25)"}, {"l_shipmode", "char(10)"},
      {"l_comment", "varchar(44)"}};
  for (auto& column : columns) table.columns.push_back(ColumnOf(column[0], column[1]));
  return table;
}

// Lengths and years by it are nothing that a processor guesses.
uint64_t Scramble(uint64_t n) { return n * 0x9E3779B97F4A7C15ull >> 32; }

// A row image, and the same row as text values.
void AppendRow(const MysqlTable& table, uint64_t n, std::string& image, std::vector<std::string>& texts) {
  image.append((table.columns.size() + 7) / 8, '\0');
  const size_t used = table.columns.size() % 8;
  if (used > 0) image.back() = static_cast<char>(0xFF << used);  // as the servers do
  texts.clear();
  for (const MysqlColumn& column : table.columns) {
    if (column.type == "bigint") {
      AppendLe(image, n);
      texts.push_back(std::to_string(n));
    } else if (column.type == "int") {
      AppendLe(image, static_cast<uint32_t>(n % 1000003));
      texts.push_back(std::to_string(n % 1000003));
    } else if (column.type == "decimal") {
      const uint64_t whole = n * 7919 % 100000, cents = n % 100;
      const uint32_t big = __builtin_bswap32(static_cast<uint32_t>(whole));
      image += std::string{'\x80', '\0'};
      AppendLe(image, big);
      image += static_cast<char>(cents);
      texts.push_back(std::to_string(whole) + (cents < 10 ? ".0" : ".") + std::to_string(cents));
    } else if (column.type == "date") {
      const auto year = static_cast<uint32_t>(1992 + Scramble(n) % 7), month = static_cast<uint32_t>(1 + n % 12),
                 day = static_cast<uint32_t>(1 + n % 28), packed = year << 9 | month << 5 | day;
      image.append(reinterpret_cast<const char*>(&packed), 3);
      char text[16];
      snprintf(text, sizeof text, "%04u-%02u-%02u", year % 10000, month % 100, day % 100);
      texts.push_back(text);
    } else {
      auto length = static_cast<size_t>(column.length);
      const uint64_t random = Scramble(n);
      if (column.type == "varchar") length = 10 + random % 34;
      if (column.length == 25) length = 12 + random % 6;
      if (column.length == 10) length = 3 + random % 5;
      std::string text;
      for (size_t i = 0; i < length; ++i) text += static_cast<char>('0' + (n + i * 7) % 60);
      if (column.length * 4 > 255) image += std::string{static_cast<char>(length), 0};
      else image += static_cast<char>(length);
      image += text;
      texts.push_back(text);
    }
  }
}

std::string Event(EventType type, const std::string& body) {
  std::string out;
  AppendLe(out, uint32_t{1});
  out += static_cast<char>(type);
  AppendLe(out, uint32_t{1});
  AppendLe(out, static_cast<uint32_t>(19 + body.size() + 4));
  AppendLe(out, uint32_t{1000});
  AppendLe(out, uint16_t{0});
  out += body;
  AppendLe(out, Crc32(out));
  return out;
}

std::string TableMapEvent(const MysqlTable& table) {
  std::string types, meta, body;
  for (const MysqlColumn& column : table.columns) {
    if (column.type == "bigint") types += '\x08';
    if (column.type == "int") types += '\x03';
    if (column.type == "date") types += '\x0a';
    if (column.type == "decimal") types += '\xf6', meta += std::string{15, 2};
    if (column.type == "varchar") types += '\x0f', AppendLe(meta, static_cast<uint16_t>(column.length * 4));
    if (column.type == "char") {
      const auto bytes = static_cast<uint32_t>(column.length * 4);
      types += '\xfe';
      meta += static_cast<char>(0xfe ^ ((bytes & 0x300) >> 4));
      meta += static_cast<char>(bytes & 0xff);
    }
  }
  body = std::string("\x2a\0\0\0\0\0\1\0", 8);
  body += static_cast<char>(table.database.size()) + table.database + '\0';
  body += static_cast<char>(table.name.size()) + table.name + '\0';
  body += static_cast<char>(types.size()) + types + static_cast<char>(meta.size()) + meta;
  body.append((types.size() + 7) / 8, '\0');
  return Event(EventType::kTableMap, body);
}

void Check(const Status& status) {
  if (status.ok()) return;
  fprintf(stderr, "%s\n", status.error().ToString().c_str());
  exit(1);
}

void RunLog(const char* name, const MysqlTable& table, bool update, BeforeImage before, int64_t rows) {
  if (std::string(name).find(only) == std::string::npos) return;
  std::vector<std::string> events;
  const size_t bitmap = (table.columns.size() + 7) / 8;
  std::vector<std::string> texts;
  size_t bytes = 0;
  for (uint64_t n = 0; n < 20000;) {
    std::string head("\x2a\0\0\0\0\0\1\0", 8);
    head += static_cast<char>(table.columns.size());
    head.append(bitmap * (update ? 2 : 1), '\xff');
    for (int i = 0; i < event_rows; ++i, ++n) {
      AppendRow(table, n, head, texts);
      if (update) AppendRow(table, n, head, texts);
    }
    events.push_back(TableMapEvent(table));
    events.push_back(Event(update ? EventType::kUpdateRowsV1 : EventType::kWriteRowsV1, head));
    bytes += events.back().size();
  }
  auto schema = MapTable(table, {});
  BatchBuilder builder({"b", table.name}, std::make_shared<TableSchema>(*schema));
  RowGroup group;
  EventParser parser(true);
  std::shared_ptr<const RowPlan> plan;
  const TableMap* planned = nullptr;
  int64_t done = 0;
  const double start = CpuSeconds();
  while (done < rows) {
    for (const std::string& bytes_of : events) {
      auto event = parser.Parse(bytes_of);
      if (!event.ok()) Check(event.error());
      auto* change = std::get_if<RowsEvent>(&event->body);
      if (change == nullptr) continue;
      if (change->table.get() != planned) {
        auto made = RowPlan::Make(*change->table, table, {}, before);
        if (!made.ok()) Check(made.error());
        plan = *made;
        planned = change->table.get();
      }
      Check(plan->Collect(*change, nullptr, group, builder));
      if (builder.bytes() > (8 << 20)) {
        Check(RowPlan::Flush(group, builder));
        auto batch = builder.Finish();
        if (!batch.ok()) Check(batch.error());
      }
    }
    done += 20000;
  }
  const double ns = (CpuSeconds() - start) * 1e9 / static_cast<double>(done);
  printf("%-44s %7.1f ns/change %6.1f ns/image %6.0f B/change\n", name, ns, update ? ns / 2 : ns,
         static_cast<double>(bytes) / 20000);
}

void RunText(const char* name, const MysqlTable& table, int64_t rows) {
  if (std::string(name).find(only) == std::string::npos) return;
  std::vector<std::vector<std::string>> values(1000);
  std::vector<std::vector<const char*>> pointers(1000);
  std::vector<std::vector<unsigned long>> lengths(1000);
  for (size_t n = 0; n < 1000; ++n) {
    std::string image;
    AppendRow(table, n * 7001, image, values[n]);
    for (const std::string& value : values[n]) {
      pointers[n].push_back(value.data());
      lengths[n].push_back(value.size());
    }
  }
  auto schema = MapTable(table, {});
  BatchBuilder builder({"b", table.name}, std::make_shared<TableSchema>(*schema));
  auto plan = TextPlan::Make(table, {});
  const double start = CpuSeconds();
  for (int64_t i = 0; i < rows; ++i) {
    const auto n = static_cast<size_t>(i % 1000);
    Check((*plan)->Decode(pointers[n].data(), lengths[n].data(), builder));
    if (i % 20000 == 19999) {
      auto batch = builder.Finish();
      if (!batch.ok()) Check(batch.error());
    }
  }
  printf("%-44s %7.1f ns/row\n", name, (CpuSeconds() - start) * 1e9 / static_cast<double>(rows));
}

void RunChecksum() {
  const std::string data(8192, 'x');
  uint32_t sum = 0;
  const double start = CpuSeconds();
  for (int i = 0; i < 100000; ++i) sum += Crc32(data);
  printf("%-44s %7.2f GB/s (%u)\n", "checksum, 8 KiB", 8192e5 / (CpuSeconds() - start) / 1e9, sum & 1);
}

void Main(int64_t rows) {
  RunChecksum();
  RunLog("sysbench insert", Sysbench(), false, BeforeImage::kKey, rows);
  RunLog("sysbench update, key before", Sysbench(), true, BeforeImage::kKey, rows);
  RunLog("sysbench update, full before", Sysbench(), true, BeforeImage::kFull, rows);
  RunLog("lineitem insert", Lineitem(), false, BeforeImage::kKey, rows);
  RunLog("lineitem update, key before", Lineitem(), true, BeforeImage::kKey, rows);
  RunLog("lineitem update, full before", Lineitem(), true, BeforeImage::kFull, rows);
  RunText("sysbench text row", Sysbench(), rows);
  RunText("lineitem text row", Lineitem(), rows);
}

}  // namespace
}  // namespace sluice::mysql

int main(int argc, char** argv) {
  using namespace sluice::mysql;
  const int64_t rows = argc > 1 ? atoll(argv[1]) : 2'000'000;
  if (argc > 2) only = argv[2];
  if (argc > 3) event_rows = atoi(argv[3]);
  Main(rows);
  return 0;
}
