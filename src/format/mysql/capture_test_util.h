// SPDX-License-Identifier: Apache-2.0
// For tests: events of the captured logs in test/data/mysql, and the tables they are about.
#pragma once

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/test_data_test_util.h"
#include "format/mysql/column.h"

namespace sluice::mysql {

// The events of a log file, which begins with four bytes of magic.
inline std::vector<std::string> CapturedEvents(const std::string& name) {
  std::ifstream in(TestData("mysql/" + name), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  CHECK(bytes.substr(0, 4) == "\xfe" "bin");
  std::vector<std::string> events;
  for (size_t at = 4; at + 19 <= bytes.size();) {
    uint32_t size;
    std::memcpy(&size, bytes.data() + at + 9, sizeof size);
    events.push_back(bytes.substr(at, size));
    at += size;
  }
  return events;
}

inline MysqlColumn CapturedColumn(std::string name, std::string_view type, std::string charset = "utf8mb4") {
  MysqlColumn column;
  column.name = std::move(name);
  CHECK(ParseColumnType(type, column).ok());
  column.charset = charset;
  column.collation = charset + "_general_ci";
  return column;
}

// ev.k of events.sql
inline MysqlTable TableOfEvents() {
  MysqlTable table;
  table.database = "ev";
  table.name = "k";
  table.columns = {CapturedColumn("a", "int(11)"), CapturedColumn("b", "varchar(20)"), CapturedColumn("c", "int(11)"),
                   CapturedColumn("d", "varbinary(10)", "")};
  table.columns[1].collation = "utf8mb4_bin";
  for (int i : {0, 1, 2}) table.columns[static_cast<size_t>(i)].nullable = false;
  table.primary_key = {"b", "a"};
  return table;
}

}  // namespace sluice::mysql
