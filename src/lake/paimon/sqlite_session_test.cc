// SPDX-License-Identifier: Apache-2.0
// A JDBC catalog's tables in a real file of SQLite.
#include "lake/paimon/sqlite_session.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "io/env.h"
#include "lake/paimon/jdbc_store.h"

namespace sluice::paimon {
namespace {

class SqliteSessionTest : public testing::Test {
 protected:
  SqliteSessionTest() {
    std::string made = (std::filesystem::temp_directory_path() / "sluice-sqlite-XXXXXX").string();
    folder_ = mkdtemp(made.data());
    settings_.address = *ParseJdbcAddress("jdbc:sqlite:" + folder_ + "/meta.db?busy_timeout=1", {});
    settings_.lock_timeout_ms = 1'000;
    settings_.lock_sleep_max_ms = 1;
  }
  ~SqliteSessionTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<SqlSession> Open() { return *OpenSqlSession(settings_.address); }

  std::string folder_;
  JdbcSettings settings_;
  const TableId id_{"db", "o'clock"};
};

TEST_F(SqliteSessionTest, KeepsWhatACatalogEnters) {
  JdbcStore store(PosixEnv(), settings_);
  EXPECT_TRUE(store.Tables()->empty());
  ASSERT_TRUE(store.MakeTables().ok());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(store.AddDatabase("db", "/lake/db.db").ok());
    ASSERT_TRUE(store.AddTable(id_).ok());
  }
  ASSERT_TRUE(store.SetProperties(id_, {{"bucket", "1"}, {"owner", "it's me"}}).ok());
  ASSERT_TRUE(store.SetProperties(id_, {{"bucket", "2"}}).ok());
  JdbcStore other(PosixEnv(), settings_);
  EXPECT_EQ(*other.Tables(), std::vector<TableId>{id_});
  EXPECT_TRUE(*other.HasTable(id_));
  EXPECT_FALSE(*other.HasTable({"db", "O'Clock"})) << "names are what they are";
  EXPECT_FALSE(*other.HasView(id_));
  const auto kept = Open()->Query("SELECT property_key, property_value FROM paimon_table_properties");
  ASSERT_TRUE(kept.ok()) << kept.error().ToString();
  EXPECT_EQ(*kept, (std::vector<SqlRow>{{"bucket", "2"}}));
  EXPECT_EQ(Open()->Query("SELECT COUNT(*), NULL FROM paimon_database_properties")->at(0), (SqlRow{"2", std::nullopt}));
}

TEST_F(SqliteSessionTest, LocksHaveTheirTime) {
  settings_.locks = true;
  JdbcStore store(PosixEnv(), settings_);
  const auto held = [&]() -> Status {
    JdbcStore other(PosixEnv(), settings_);
    const Status second = other.Locked({"db", "u"}, [] { return Ok(); });
    EXPECT_TRUE(second.ok()) << second.error().ToString();
    const auto session = Open();
    EXPECT_EQ(session->Query("SELECT lock_id, expire_time_seconds FROM paimon_distributed_locks")->at(0),
              (SqlRow{"jdbc.db.o'clock", "1"}));
    return Ok();
  };
  ASSERT_TRUE(store.Locked(id_, held).ok());
  ASSERT_TRUE(Open()->Query("SELECT 1 FROM paimon_distributed_locks")->empty());
  const std::string dead = "INSERT INTO paimon_distributed_locks (lock_id, acquired_at, expire_time_seconds) VALUES (";
  ASSERT_TRUE(Open()->Change(dead + "'jdbc.db.t', datetime('now', '-9 seconds'), 480)").ok());
  EXPECT_EQ(store.Locked({"db", "t"}, [] { return Ok(); }).error().code, ErrorCode::kUnavailable);
  ASSERT_TRUE(Open()->Change("UPDATE paimon_distributed_locks SET acquired_at = datetime('now', '-481 seconds')").ok());
  EXPECT_TRUE(store.Locked({"db", "t"}, [] { return Ok(); }).ok()) << "its time was over";
}

TEST_F(SqliteSessionTest, ErrorsSayWhatToDo) {
  const auto session = Open();
  EXPECT_EQ(session->Query("SELECT 1 FROM absent").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(session->Change("CREATE TABLE paimon_tables (a INT PRIMARY KEY)").ok());
  JdbcStore store(PosixEnv(), settings_);
  EXPECT_NE(store.Tables().error().hint.find("another version"), std::string::npos);
  EXPECT_NE(store.AddTable(id_).error().hint.find("another version"), std::string::npos);
  ASSERT_TRUE(session->Change("INSERT INTO paimon_tables VALUES (1)").ok());
  EXPECT_EQ(session->Change("INSERT INTO paimon_tables VALUES (1)").error().code, ErrorCode::kConflict);
  EXPECT_EQ(*session->Change("DELETE FROM paimon_tables"), 1);

  ASSERT_TRUE(session->Change("BEGIN IMMEDIATE").ok());
  const auto busy = Open()->Change("INSERT INTO paimon_tables VALUES (2)");
  ASSERT_FALSE(busy.ok());
  EXPECT_EQ(busy.error().code, ErrorCode::kUnavailable);
  ASSERT_TRUE(session->Change("COMMIT").ok());

  const auto absent = *ParseJdbcAddress("jdbc:sqlite:" + folder_ + "/no/such/folder.db", {});
  EXPECT_NE(OpenSqlSession(absent).error().hint.find("folder"), std::string::npos);
  std::ofstream(folder_ + "/text.db") << std::string(5'000, 'x');
  const auto text = OpenSqlSession(*ParseJdbcAddress("jdbc:sqlite:" + folder_ + "/text.db", {}));
  ASSERT_TRUE(text.ok()) << "the file is read at the first statement";
  EXPECT_EQ((*text)->Query("SELECT 1 FROM paimon_tables").error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace sluice::paimon
