// SPDX-License-Identifier: Apache-2.0
// Events of the log: parser, table map, row decoder. The input is a log file without its magic; checksums are made
// right first, so that mutations come past them. Seeds: test/data/mysql/*.binlog without the first four bytes.
#include <cstdint>
#include <cstring>
#include <string>

#include "base/bytes.h"
#include "format/mysql/binlog_event.h"
#include "base/crc32.h"
#include "format/mysql/row_plan.h"

namespace {

using namespace sluice;         // NOLINT: one file
using namespace sluice::mysql;  // NOLINT

// A table that fits the log's columns as well as can be guessed from their types.
MysqlTable Guess(const TableMap& map) {
  MysqlTable table;
  table.database = map.database;
  table.name = map.table;
  for (size_t i = 0; i < map.columns.size(); ++i) {
    const TableMapColumn& log = map.columns[i];
    MysqlColumn column;
    column.name = log.name.empty() ? "c" + std::to_string(i) : log.name;
    column.charset = i % 3 == 0 ? "latin1" : i % 3 == 1 ? "utf8mb4" : "gbk";
    column.is_unsigned = log.is_unsigned;
    column.labels = log.labels.empty() ? std::vector<std::string>{"a", "b"} : log.labels;
    column.length = log.length;
    switch (log.type) {
      case FieldType::kTiny: column.type = "tinyint"; break;
      case FieldType::kShort: column.type = "smallint"; break;
      case FieldType::kInt24: column.type = "mediumint"; break;
      case FieldType::kLong: column.type = "int"; break;
      case FieldType::kLongLong: column.type = "bigint"; break;
      case FieldType::kFloat: column.type = "float"; column.length = -1; break;
      case FieldType::kDouble: column.type = "double"; break;
      case FieldType::kNewDecimal:
        column.type = "decimal";
        column.length = log.meta >> 8;
        column.scale = log.meta & 255;
        break;
      case FieldType::kBit: column.type = "bit"; column.length = (log.meta >> 8) * 8 + (log.meta & 255); break;
      case FieldType::kYear: column.type = "year"; break;
      case FieldType::kDate: column.type = "date"; break;
      case FieldType::kTime: case FieldType::kTime2: column.type = "time"; column.scale = log.meta; break;
      case FieldType::kDatetime: case FieldType::kDatetime2: column.type = "datetime"; column.scale = log.meta; break;
      case FieldType::kTimestamp:
      case FieldType::kTimestamp2: column.type = "timestamp"; column.scale = log.meta; break;
      case FieldType::kEnum: column.type = "enum"; break;
      case FieldType::kSet: column.type = "set"; break;
      case FieldType::kString: column.type = log.length == 16 ? "uuid" : log.length == 4 ? "inet4" : "char"; break;
      case FieldType::kGeometry: column.type = "geometry"; break;
      case FieldType::kVector: column.type = "vector"; break;
      case FieldType::kBlob: case FieldType::kBlobCompressed: column.type = i % 2 == 0 ? "blob" : "text"; break;
      default: column.type = "varchar"; break;
    }
    table.columns.push_back(column);
    if (i == 0) table.primary_key = {column.name};
  }
  return table;
}

class KeepHalf : public RowFilter {
 public:
  bool Keep(std::string_view key) override { return key.empty() || key.back() % 2 == 0; }
};

void DecodeRows(const RowsEvent& rows) {
  const MysqlTable table = Guess(*rows.table);
  auto schema = MapTable(table, {});
  if (!schema.ok()) return;
  const auto shared = std::make_shared<TableSchema>(*schema);
  BatchBuilder together({table.database, table.name}, shared);
  RowGroup group;
  bool fine = true;  // of what waits
  for (BeforeImage before : {BeforeImage::kNone, BeforeImage::kKey, BeforeImage::kFull}) {
    auto plan = RowPlan::Make(*rows.table, table, {}, before);
    if (!plan.ok()) return;
    BatchBuilder builder({table.database, table.name}, shared);
    KeepHalf filter;
    (void)(*plan)->CountRows(rows);
    if ((*plan)->Decode(rows, HasExactOrder(table) ? &filter : nullptr, builder).ok()) (void)builder.Finish();
    for (int i = 0; fine && i < 3; ++i) fine = (*plan)->Collect(rows, nullptr, group, together).ok();
  }
  if (fine && RowPlan::Flush(group, together).ok()) (void)together.Finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  EventParser parser;
  std::string_view left(reinterpret_cast<const char*>(data), size);
  while (left.size() >= 19) {
    const uint32_t told = sluice::LoadLe<uint32_t>(left.data() + 9);
    const size_t length = told >= 23 && told <= left.size() ? told : left.size();
    if (length < 23) break;
    std::string event(left.substr(0, length));
    left.remove_prefix(length);
    const auto fixed = static_cast<uint32_t>(length);
    std::memcpy(event.data() + 9, &fixed, 4);
    event[17] = static_cast<char>(event[17] & ~1);
    const uint32_t crc = Crc32(std::string_view(event).substr(0, length - 4));
    std::memcpy(event.data() + length - 4, &crc, 4);
    auto parsed = parser.Parse(event);
    if (!parsed.ok()) continue;
    if (auto* rows = std::get_if<RowsEvent>(&parsed->body)) DecodeRows(*rows);
  }
  return 0;
}
