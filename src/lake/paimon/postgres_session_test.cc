// SPDX-License-Identifier: Apache-2.0
// What a session with PostgreSQL says when there is no server; test/e2e has one.
#include "lake/paimon/postgres_session.h"

#include <gtest/gtest.h>

namespace sluice::paimon {
namespace {

TEST(PostgresSession, AnAbsentServerIsNamedWithoutThePassword) {
  const auto address = ParseJdbcAddress("jdbc:postgresql://127.0.0.1:1/meta?user=u&password=hidden", {});
  ASSERT_TRUE(address.ok()) << address.error().ToString();
  const auto opened = OpenSqlSession(*address);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kUnavailable);
  const std::string text = opened.error().ToString();
  EXPECT_NE(text.find("127.0.0.1:1"), std::string::npos) << text;
  EXPECT_NE(text.find("hint: "), std::string::npos) << text;
  EXPECT_EQ(text.find("hidden"), std::string::npos) << text;
}

TEST(PostgresSession, ABadKeywordIsRefused) {
  const auto address = ParseJdbcAddress("jdbc:postgresql:meta?channelBinding=sometimes", {});
  ASSERT_TRUE(address.ok()) << address.error().ToString();
  const auto opened = OpenSqlSession(*address);
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("sometimes"), std::string::npos) << opened.error().message;
}

}  // namespace
}  // namespace sluice::paimon
