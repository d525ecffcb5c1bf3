// SPDX-License-Identifier: Apache-2.0
// What ALTER TABLE … ADD COLUMN writes into the rows that are there, against MariaDB 10.11.
#include "format/mysql/initial_default.h"

#include <gtest/gtest.h>

#include "format/mysql/table_tracker.h"

namespace sluice::mysql {
namespace {

// 2024-01-02 03:04:05.678901 UTC; the session's clock is 5:45 ahead.
const SqlContext kContext{.now_micros = 1704164645678901, .utc_offset = 20700};

std::string Initial(const std::string& column, const SqlContext& context = kContext) {
  TableTracker tracker({});
  tracker.SetDatabase("d", "utf8mb4", "utf8mb4_general_ci");
  EXPECT_TRUE(tracker.Apply(ParseDdl("CREATE TABLE t (id INT PRIMARY KEY)", context), "d", context).ok());
  auto changes = tracker.Apply(ParseDdl("ALTER TABLE t ADD COLUMN z " + column, context), "d", context);
  if (!changes.ok()) return changes.error().ToString();
  const InitialDefault& initial = changes->at(0).events.at(0).initial;
  switch (initial.kind) {
    case InitialDefault::Kind::kOfColumn: return "of column";
    case InitialDefault::Kind::kNull: return "null";
    case InitialDefault::Kind::kComputed: return "computed";
    case InitialDefault::Kind::kLiteral: return "'" + initial.text + "'";
  }
  return "";
}

TEST(InitialDefault, IsTheDefaultAsTheTypeHoldsIt) {
  EXPECT_EQ(Initial("INT"), "null");
  EXPECT_EQ(Initial("INT DEFAULT 5"), "'5'");
  EXPECT_EQ(Initial("TINYINT(1) DEFAULT 2"), "'true'");
  EXPECT_EQ(Initial("SET('a','b') DEFAULT 'b,a'"), "'a,b'");
  EXPECT_EQ(Initial("BINARY(3) DEFAULT 'a'"), "'610000'");
  EXPECT_EQ(Initial("VARBINARY(9) DEFAULT x'00ff'"), "'00ff'");
  EXPECT_EQ(Initial("BIT(9) DEFAULT b'100000101'"), "'0105'");
  EXPECT_EQ(Initial("FLOAT(7,4) DEFAULT 999.9999"), "'999.9998779296875'");
  EXPECT_EQ(Initial("DOUBLE(10,3) DEFAULT -0.001"), "'-0.0010000000000000009'");
  EXPECT_EQ(Initial("DOUBLE(10,3) DEFAULT 2.5"), "'2.5'");
  EXPECT_EQ(Initial("TIME DEFAULT '100:00:00'"), "null");
  EXPECT_EQ(Initial("DATE DEFAULT '0000-00-00'"), "null");
}

TEST(InitialDefault, OfANotNullColumnWithoutDefaultIsImplicit) {
  EXPECT_EQ(Initial("INT NOT NULL"), "'0'");
  EXPECT_EQ(Initial("VARCHAR(9) NOT NULL"), "''");
  EXPECT_EQ(Initial("ENUM('q','b') NOT NULL"), "'q'");
  EXPECT_EQ(Initial("SET('q','b') NOT NULL"), "''");
  EXPECT_EQ(Initial("BINARY(3) NOT NULL"), "'000000'");
  EXPECT_EQ(Initial("BIT(9) NOT NULL"), "'0000'");
  EXPECT_EQ(Initial("BIT(1) NOT NULL"), "'false'");
  EXPECT_EQ(Initial("TIME NOT NULL"), "'00:00:00'");
  EXPECT_EQ(Initial("DECIMAL(65,3) NOT NULL"), "'0.000'");
  EXPECT_EQ(Initial("UUID NOT NULL"), "'00000000-0000-0000-0000-000000000000'");
  EXPECT_EQ(Initial("INET6 NOT NULL"), "'::'");
  EXPECT_EQ(Initial("DATE NOT NULL"), "null");
}

TEST(InitialDefault, OfCurrentTimestampIsTheStatementsTime) {
  EXPECT_EQ(Initial("TIMESTAMP DEFAULT NOW()"), "'2024-01-02 03:04:05'");
  EXPECT_EQ(Initial("TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3)"), "'2024-01-02 03:04:05.678'");
  EXPECT_EQ(Initial("DATETIME DEFAULT NOW()"), "'2024-01-02 08:49:05'");
  EXPECT_EQ(Initial("TIMESTAMP DEFAULT '2024-01-02 05:45:00'"), "'2024-01-02 00:00:00'");
  EXPECT_EQ(Initial("TIMESTAMP DEFAULT NOW()", {.now_micros = 1704164645678901}), "'2024-01-02 03:04:05'");
  EXPECT_EQ(Initial("DATETIME DEFAULT NOW()", {.now_micros = 1704164645678901}), "computed");
}

TEST(InitialDefault, OfATimeInAZoneWithANameIsWhatTheServerConverts) {
  std::string asked;
  std::optional<std::string> answer = "2024-01-01 23:04:05.678901";
  SqlContext context{.now_micros = 1704164645678901};
  context.convert_time = [&](const std::string& text, bool to_utc) {
    asked = text + (to_utc ? " to UTC" : " from UTC");
    return answer;
  };
  EXPECT_EQ(Initial("DATETIME(3) DEFAULT NOW(3)", context), "'2024-01-01 23:04:05.678'");
  EXPECT_EQ(asked, "2024-01-02 03:04:05.678901 from UTC");
  answer = "2024-03-01 15:11:12.5";
  EXPECT_EQ(Initial("TIMESTAMP(1) DEFAULT '2024-03-01 10:11:12.5'", context), "'2024-03-01 15:11:12.5'");
  EXPECT_EQ(asked, "2024-03-01 10:11:12.5 to UTC");
  for (const auto& none : {std::optional<std::string>(), std::optional<std::string>("")}) {
    answer = none;
    EXPECT_EQ(Initial("DATETIME DEFAULT NOW()", context), "computed");
    EXPECT_EQ(Initial("TIMESTAMP DEFAULT '2024-03-01 10:11:12'", context), "computed");
  }
}

TEST(InitialDefault, IsComputedWhereTheLogDoesNotShowIt) {
  EXPECT_EQ(Initial("INT AS (id + 1) VIRTUAL"), "computed");
  EXPECT_EQ(Initial("INT AS (id + 1) PERSISTENT"), "computed");
  EXPECT_EQ(Initial("INT DEFAULT (id + 1)"), "computed");
  EXPECT_EQ(Initial("VARCHAR(40) DEFAULT UUID()"), "computed");
  EXPECT_EQ(Initial("INT NOT NULL AUTO_INCREMENT UNIQUE"), "computed");
}

TEST(UtcOffset, ReadsOffsetsAndNoNames) {
  EXPECT_EQ(UtcOffset("+05:45"), 20700);
  EXPECT_EQ(UtcOffset("-03:30"), -12600);
  EXPECT_EQ(UtcOffset("UTC"), 0);
  for (const char* name : {"", "SYSTEM", "Europe/Berlin", "+5", "+aa:00"}) EXPECT_EQ(UtcOffset(name), std::nullopt);
}

}  // namespace
}  // namespace sluice::mysql
