// SPDX-License-Identifier: Apache-2.0
#include "connector/paimon/alter_options.h"

#include <gtest/gtest.h>

#include "io/folder_test_util.h"
#include "lake/paimon/commit.h"

namespace sluice {
namespace {

paimon::Schema TableWith(paimon::Options options) {
  paimon::Schema schema;
  paimon::Field& id = schema.fields.emplace_back();
  id.name = "id";
  id.type = *ParseDataType("INT NOT NULL");
  schema.primary_keys = {"id"};
  schema.options = std::move(options);
  return schema;
}

TEST(AlterOptions, WhatMayChangeChangesAndTheRestStays) {
  const auto next = WithOptions("db.t", TableWith({{"bucket", "2"}, {"merge-engine", "deduplicate"}}),
                                {{"bucket", "4"}, {"merge-engine", "first-row"}, {"write-only", "true"}});
  ASSERT_TRUE(next.ok()) << next.error().ToString();
  EXPECT_EQ(next->options, (paimon::Options{{"bucket", "2"}, {"merge-engine", "deduplicate"}, {"write-only", "true"}}));
}

TEST(AlterOptions, WhatWouldMakeTheTableWrongIsRefused) {
  for (const auto& [key, before, after] :
       {std::tuple("deletion-vectors.enabled", "false", "true"),
        std::tuple("deletion-vectors.enabled", "true", "false"), std::tuple("ignore-delete", "true", "false")}) {
    const auto next = WithOptions("db.t", TableWith({{"bucket", "1"}, {key, before}}), {{key, after}});
    ASSERT_FALSE(next.ok()) << key;
    EXPECT_EQ(next.error().code, ErrorCode::kInvalid) << key;
    EXPECT_NE(next.error().message.find(key), std::string::npos) << next.error().ToString();
  }
  EXPECT_TRUE(WithOptions("db.t", TableWith({{"bucket", "1"}}), {{"ignore-delete", "true"}}).ok());
  EXPECT_FALSE(WithOptions("db.t", TableWith({{"bucket", "1"}}), {{"snapshot.num-retained.min", "none"}}).ok());
}

TEST(AlterOptions, ANewVersionOfTheSchemaIsMadeOnce) {
  TestFolder folder;
  const std::string path = folder.path() / "db.db" / "t";
  ASSERT_TRUE(paimon::CreateTable(PosixEnv(), path, TableWith({{"bucket", "1"}})).ok());
  auto table = paimon::Table::Open(PosixEnv(), path);
  const auto alter = [&] { return AlterOptions(PosixEnv(), "db.t", **table, {{"write-only", "true"}}); };
  ASSERT_TRUE(alter().ok());
  EXPECT_EQ((*table)->newest_schema().id, 1);
  EXPECT_EQ((*table)->newest_schema().Option("write-only", ""), "true");
  ASSERT_TRUE(alter().ok());
  EXPECT_EQ((*table)->newest_schema().id, 1);
}

}  // namespace
}  // namespace sluice
