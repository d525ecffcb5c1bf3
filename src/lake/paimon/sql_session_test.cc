// SPDX-License-Identifier: Apache-2.0
// Addresses of JDBC catalogs.
#include "lake/paimon/sql_session.h"

#include <gtest/gtest.h>

namespace sluice::paimon {
namespace {

TEST(JdbcAddress, HostPortDatabaseAndProperties) {
  const auto plain = ParseJdbcAddress("jdbc:mysql://db.example:3307/meta", {{"user", "u"}, {"password", "p"}});
  ASSERT_TRUE(plain.ok()) << plain.error().ToString();
  EXPECT_EQ(plain->ToString(), "db.example:3307/meta");
  EXPECT_EQ(plain->user + "/" + plain->password, "u/p");
  EXPECT_EQ(plain->tls, SqlTls::kPreferred);

  const auto asked = ParseJdbcAddress("jdbc:mariadb://[::1]/a?useUnicode=true&user=x%40y&password=a%26b&useSSL=false",
                                      {{"user", "other"}});
  ASSERT_TRUE(asked.ok()) << asked.error().ToString();
  EXPECT_EQ(asked->ToString(), "::1:3306/a");
  EXPECT_EQ(asked->user, "x@y");
  EXPECT_EQ(asked->password, "a&b");
  EXPECT_EQ(asked->tls, SqlTls::kDisabled);
  EXPECT_EQ(ParseJdbcAddress("jdbc:mysql:///m", {{"sslMode", "VERIFY_IDENTITY"}})->tls, SqlTls::kVerifyIdentity);
  EXPECT_EQ(ParseJdbcAddress("jdbc:mysql:///m", {})->host, "localhost");
}

TEST(JdbcAddress, RefusesByNameAndShowsNoPassword) {
  const auto refused = [](const std::string& uri, const char* word) {
    const auto parsed = ParseJdbcAddress(uri, {});
    ASSERT_FALSE(parsed.ok()) << uri;
    EXPECT_NE(parsed.error().ToString().find(word), std::string::npos) << parsed.error().ToString();
    EXPECT_EQ(parsed.error().ToString().find("hidden"), std::string::npos) << parsed.error().ToString();
  };
  refused("jdbc:postgresql://host/db?password=hidden", "jdbc:postgresql");
  refused("jdbc:sqlite:/tmp/hidden.db", "jdbc:sqlite");
  refused("thrift://host:9083", "no address");
  refused("jdbc:mysql://host:port/db", "\"port\" is no port");
  refused("jdbc:mysql://host:3306", "names no database");
  refused("jdbc:mysql://host:3306/?password=hidden", "names no database");
  refused("jdbc:mysql://u:hidden@host/db", "jdbc.user");
  refused("jdbc:mysql://a,b/db", "several hosts");
  refused("jdbc:mysql://h/db?sslMode=whatever&password=hidden", "sslMode whatever");
}

}  // namespace
}  // namespace sluice::paimon
