// SPDX-License-Identifier: Apache-2.0
// Command lines of Paimon's actions as users have them: flags of flink run, spellings of keys, what shells leave.
#include "frontend/paimon_action/words.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice {
namespace {

using Words = std::vector<std::string>;

ActionWords Read(const Words& words, bool flink = false) {
  auto read = ReadActionWords(words, flink);
  EXPECT_TRUE(read.ok()) << read.error().ToString();
  return read.ok() ? *std::move(read) : ActionWords();
}

std::string ErrorOf(const Words& words, bool flink = false) {
  auto read = ReadActionWords(words, flink);
  return read.ok() ? "no error" : read.error().ToString();
}

TEST(ActionWords, KeysAndActionsTakeHyphensAndUnderscores) {
  for (const char* action : {"mysql_sync_table", "mysql-sync-table", "MySQL-sync_table"}) {
    const ActionWords words = Read({action, "--partition-keys", "a", "--primary_keys=b,c", "-table", "t"});
    EXPECT_EQ(words.action, "mysql_sync_table");
    EXPECT_EQ(words.values.at("partition_keys"), Words{"a"});
    EXPECT_EQ(words.values.at("primary_keys"), Words{"b,c"});
    EXPECT_EQ(words.values.at("table"), Words{"t"});
  }
}

TEST(ActionWords, AKeyCanComeSeveralTimesAndItsValueHaveEqualsSigns) {
  const ActionWords words = Read({"x", "--mysql_conf", "a=b=c", "--mysql-conf=d=e", "--computed_column", "_y=year(x)"});
  EXPECT_EQ(words.values.at("mysql_conf"), (Words{"a=b=c", "d=e"}));
  EXPECT_EQ(words.values.at("computed_column"), Words{"_y=year(x)"});
}

TEST(ActionWords, FlagsOfFlinkRunAreReadUpToTheJar) {
  const ActionWords words =
      Read({"-d", "-m", "yarn-cluster", "-yjm", "1024m", "-p4", "-Dexecution.checkpointing.interval=60s", "-D",
            "state.backend=rocksdb", "-yD", "x.y=z", "-s", "hdfs:///savepoints/1", "--class",
            "org.apache.paimon.flink.action.FlinkActions", "-t", "yarn-per-job", "./paimon-flink-action-1.4.2.jar",
            "mysql_sync_database", "--database", "d"},
           /*flink=*/true);
  EXPECT_EQ(words.action, "mysql_sync_database");
  EXPECT_EQ(words.values.at("database"), Words{"d"});
  const std::vector<std::pair<std::string, std::string>> defines = {
      {"parallelism.default", "4"},
      {"execution.checkpointing.interval", "60s"},
      {"state.backend", "rocksdb"},
      {"x.y", "z"}};
  EXPECT_EQ(words.defines, defines);
  EXPECT_EQ(words.notes.size(), 6u) << Join(words.notes, "\n");
  EXPECT_EQ(words.notes[0].find("flink run: -d has no effect: "), 0u) << words.notes[0];
}

TEST(ActionWords, ParallelismIsReadInEveryForm) {
  for (const Words& flag : {Words{"-p", "3"}, Words{"-p3"}, Words{"--parallelism", "3"}, Words{"--parallelism=3"}}) {
    Words words = flag;
    words.insert(words.end(), {"a.jar", "x"});
    const ActionWords read = Read(words, /*flink=*/true);
    ASSERT_EQ(read.defines.size(), 1u);
    EXPECT_EQ(read.defines[0].second, "3");
  }
}

TEST(ActionWords, WrongFlagsOfFlinkRunAreNamed) {
  EXPECT_EQ(ErrorOf({"--parallelisms", "3", "a.jar", "x"}, true),
            "flink run has no flag --parallelisms\nhint: did you mean --parallelism?");
  EXPECT_NE(ErrorOf({"-d", "mysql_sync_table"}, true).find("\"mysql_sync_table\" is no jar"), std::string::npos);
  EXPECT_NE(ErrorOf({"-d"}, true).find("the jar is missing"), std::string::npos);
}

TEST(ActionWords, SluicesOwnOptionsMayStandAnywhere) {
  const ActionWords words = Read({"--state", "s", "x", "--table", "t", "--until=caught-up", "--check", "--summary", "f",
                                  "-D", "pipeline.name=n", "--log-level", "warn"});
  EXPECT_EQ(words.state, "s");
  EXPECT_EQ(words.until, "caught-up");
  EXPECT_EQ(words.summary, "f");
  EXPECT_EQ(words.log_level, "warn");
  EXPECT_TRUE(words.check);
  EXPECT_EQ(words.values.size(), 1u);
  EXPECT_NE(ErrorOf({"x", "--until", "never"}).find("--until never is none of caught-up"), std::string::npos);
}

TEST(ActionWords, WhatAShellLeftIsTakenAway) {
  const ActionWords words =
      Read({"x ", "\\ ", "--including_tables", "'a|b' ", "--mysql_conf", "database-name='db\\;1'", "\\", "--table ",
            "\"t\""});
  EXPECT_EQ(words.action, "x");
  EXPECT_EQ(words.values.at("including_tables"), Words{"a|b"});
  EXPECT_EQ(words.values.at("mysql_conf"), Words{"database-name='db;1'"});
  EXPECT_EQ(words.values.at("table"), Words{"t"});
}

TEST(ActionWords, MissingValuesAndStrayWordsAreErrorsWithoutSecrets) {
  EXPECT_EQ(ErrorOf({"x", "--table"}), "--table has no value\nhint: write --table VALUE");
  EXPECT_EQ(ErrorOf({"x", "--table", "--database", "d"}), "--table has no value\nhint: write --table VALUE");
  EXPECT_NE(ErrorOf({"x", "--table", "a", "b"}).find("the word \"b\" follows no --key"), std::string::npos);
  EXPECT_EQ(ErrorOf({"x", "--mysql_conf", "password=top", "secret"}).find("secret"), std::string::npos);
  EXPECT_NE(ErrorOf({"--table", "x"}).find("the action is missing before --table"), std::string::npos);
}

}  // namespace
}  // namespace sluice
