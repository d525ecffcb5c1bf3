// SPDX-License-Identifier: Apache-2.0
// What the JDBC catalog does when its server is lost, holds a lock, or answers strangely: over a session of the test.
#include "lake/paimon/jdbc_store.h"

#include <gtest/gtest.h>

#include <deque>
#include <utility>

namespace sluice::paimon {
namespace {

// Answers for statements that begin in a certain way; the others succeed and change one row.
struct Script {
  std::vector<std::string> said;
  std::deque<std::pair<std::string, Error>> failures;  // each for the next statement that contains the text
  std::vector<SqlRow> rows;
  int opened = 0;
};

class ScriptedSession final : public SqlSession {
 public:
  explicit ScriptedSession(Script& script) : script_(script) {}
  Result<std::vector<SqlRow>> Query(const std::string& sql) override {
    TRY(Say(sql));
    return script_.rows;
  }
  Result<int64_t> Change(const std::string& sql) override {
    TRY(Say(sql));
    return int64_t{sql.starts_with("DELETE") ? 0 : 1};
  }
  std::string NamesOfTables() const override { return "SELECT names"; }
  std::string SecondsSince(std::string_view column) const override { return "SINCE " + std::string(column); }

 private:
  Status Say(const std::string& sql) {
    script_.said.push_back(sql);
    if (script_.failures.empty() || sql.find(script_.failures.front().first) == std::string::npos) return Ok();
    Error error = script_.failures.front().second;
    script_.failures.pop_front();
    return error;
  }
  Script& script_;
};

class JdbcStoreTest : public testing::Test {
 protected:
  JdbcStoreTest() {
    SetSqlOpener([this](const SqlAddress&) -> Result<std::unique_ptr<SqlSession>> {
      ++script_.opened;
      return std::unique_ptr<SqlSession>(std::make_unique<ScriptedSession>(script_));
    });
    settings_.lock_sleep_max_ms = 1;
    settings_.lock_timeout_ms = 20;
  }
  ~JdbcStoreTest() override { SetSqlOpener(nullptr); }

  int Count(const std::string& text) const {
    int count = 0;
    for (const std::string& sql : script_.said) count += sql.find(text) != std::string::npos ? 1 : 0;
    return count;
  }

  Script script_;
  JdbcSettings settings_;
  const TableId id_{"db", "t"};
};

TEST_F(JdbcStoreTest, OneStatementIsTriedAgainOnAFreshConnection) {
  JdbcStore store(PosixEnv(), settings_);
  ASSERT_TRUE(store.HasTable(id_).ok());
  script_.failures.emplace_back("paimon_tables", Unavailable("server has gone away"));
  EXPECT_TRUE(store.HasTable(id_).ok());
  EXPECT_EQ(script_.opened, 2);
  script_.failures.emplace_back("paimon_tables", Unavailable("gone"));
  script_.failures.emplace_back("paimon_tables", Unavailable("gone again"));
  const auto lost = store.HasTable(id_);
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code, ErrorCode::kUnavailable);
}

TEST_F(JdbcStoreTest, ACatalogWithoutItsTablesIsEmpty) {
  JdbcStore store(PosixEnv(), settings_);
  script_.failures.emplace_back("paimon_tables", NotFound("no such table"));
  const auto tables = store.Tables();
  ASSERT_TRUE(tables.ok());
  EXPECT_TRUE(tables->empty());
}

TEST_F(JdbcStoreTest, AnotherSpellingIsNotTheTable) {
  JdbcStore store(PosixEnv(), settings_);
  script_.rows = {{"db", "T"}};
  const auto found = store.HasTable(id_);
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().message.find("db.T"), std::string::npos);
  script_.rows = {{"db", "t"}};
  EXPECT_TRUE(*store.HasTable(id_));
}

TEST_F(JdbcStoreTest, AKeyThatIsTooLongGetsFewerBytes) {
  JdbcStore store(PosixEnv(), settings_);
  script_.failures.emplace_back("CREATE TABLE IF NOT EXISTS paimon_table_properties",
                                Invalid("Specified key was too long (error 1071)"));
  ASSERT_TRUE(store.MakeTables().ok());
  EXPECT_EQ(Count("CREATE TABLE"), 5) << "four, and one of them twice; none for locks";
  EXPECT_EQ(Count("utf8mb3"), 1);
  ASSERT_TRUE(store.MakeTables().ok());
  EXPECT_EQ(Count("CREATE TABLE"), 5) << "they are there now";
}

TEST_F(JdbcStoreTest, WhatAnotherMadeMeanwhileIsThere) {
  JdbcStore store(PosixEnv(), settings_);
  script_.failures.emplace_back("CREATE TABLE IF NOT EXISTS paimon_tables", Conflict("it is there, says PostgreSQL"));
  EXPECT_TRUE(store.MakeTables().ok());
  script_.failures.emplace_back("'exists'", Conflict("duplicate"));
  EXPECT_TRUE(store.AddDatabase("db", "/lake/db.db").ok());
  EXPECT_EQ(Count("'/lake/db.db'"), 1) << "the other property is entered all the same";
  script_.failures.emplace_back("INSERT INTO paimon_tables", Conflict("duplicate"));
  EXPECT_TRUE(store.AddTable(id_).ok());
}

TEST_F(JdbcStoreTest, ALockIsHeldWhileItRunsAndReleasedAfterAFailure) {
  settings_.locks = true;
  JdbcStore store(PosixEnv(), settings_);
  const auto run = [&]() -> Status {
    EXPECT_EQ(Count("INSERT INTO paimon_distributed_locks"), 1);
    EXPECT_EQ(Count("DELETE FROM paimon_distributed_locks WHERE lock_id = 'jdbc.db.t'"), 0);
    return Conflict("somebody was faster");
  };
  EXPECT_EQ(store.Locked(id_, run).error().code, ErrorCode::kConflict);
  EXPECT_EQ(Count("DELETE FROM paimon_distributed_locks WHERE lock_id = 'jdbc.db.t'"), 1);
}

TEST_F(JdbcStoreTest, ALockOfAnotherIsWaitedForAndThenGivenUp) {
  settings_.locks = true;
  JdbcStore store(PosixEnv(), settings_);
  script_.failures.emplace_back("INSERT INTO paimon_distributed_locks", Conflict("duplicate"));
  bool ran = false;
  EXPECT_TRUE(store.Locked(id_, [&] { return ran = true, Ok(); }).ok());
  EXPECT_TRUE(ran) << "the second try got it";
  for (int i = 0; i < 10'000; ++i) {
    script_.failures.emplace_back("INSERT INTO paimon_distributed_locks", Conflict("duplicate"));
  }
  ran = false;
  const Status given_up = store.Locked(id_, [&] { return ran = true, Ok(); });
  ASSERT_FALSE(given_up.ok());
  EXPECT_EQ(given_up.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(ran);
}

TEST_F(JdbcStoreTest, ALockThatCannotBeReleasedDoesNotFailTheCommit) {
  settings_.locks = true;
  JdbcStore store(PosixEnv(), settings_);
  const auto run = [&]() -> Status {
    for (int i = 0; i < 2; ++i) script_.failures.emplace_back("WHERE lock_id", Unavailable("gone"));
    return Ok();
  };
  EXPECT_TRUE(store.Locked(id_, run).ok());
  settings_.lock_key_max = 3;
  JdbcStore narrow(PosixEnv(), settings_);
  EXPECT_NE(narrow.Locked(id_, [] { return Ok(); }).error().message.find("lock-key-max-length"), std::string::npos);
}

TEST_F(JdbcStoreTest, PropertiesAreWrittenWholeOrNotAtAll) {
  JdbcStore store(PosixEnv(), settings_);
  script_.rows = {{"bucket", "1"}};
  ASSERT_TRUE(store.SetProperties(id_, {{"bucket", "1"}}).ok());
  EXPECT_EQ(Count("BEGIN"), 0) << "nothing to change";
  script_.failures.emplace_back("'owner'", Invalid("Data too long"));
  const Status failed = store.SetProperties(id_, {{"bucket", "1"}, {"owner", "long"}});
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().hint.find("sync-all-properties"), std::string::npos);
  EXPECT_EQ(Count("COMMIT"), 0);
  ASSERT_TRUE(store.SetProperties(id_, {{"bucket", "2"}}).ok());
  EXPECT_EQ(script_.opened, 2) << "the transaction that was left went with its session";
}

}  // namespace
}  // namespace sluice::paimon
