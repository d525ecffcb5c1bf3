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

TEST(JdbcAddress, OfPostgresAsItsDriverReadsIt) {
  const auto plain = ParseJdbcAddress("jdbc:postgresql://db.example/meta", {{"user", "u"}, {"password", "p"}});
  ASSERT_TRUE(plain.ok()) << plain.error().ToString();
  EXPECT_EQ(plain->ToString(), "db.example:5432/meta");
  EXPECT_EQ(plain->user + "/" + plain->password, "u/p");
  EXPECT_EQ(plain->settings.at("sslmode"), "prefer");
  EXPECT_TRUE(plain->ignored.empty());
  for (const char* uri : {"jdbc:postgresql:meta", "jdbc:postgresql://localhost/meta", "jdbc:postgresql:/?user=meta",
                          "jdbc:postgresql://localhost:5432/?user=meta"}) {
    const auto parsed = ParseJdbcAddress(uri, {});
    ASSERT_TRUE(parsed.ok()) << uri;
    EXPECT_EQ(parsed->ToString(), "localhost:5432/meta") << uri;
  }
  const auto all = ParseJdbcAddress(
      "jdbc:postgresql://[::1]:6000/m%20x?currentSchema=a,b&sslmode=verify-ca&sslrootcert=/x/ca.pem&"
      "ApplicationName=mine&connectTimeout=7&socketTimeout=0&reWriteBatchedInserts=true&prepareThreshold=0",
      {});
  ASSERT_TRUE(all.ok()) << all.error().ToString();
  EXPECT_EQ(all->ToString(), "::1:6000/m x");
  EXPECT_EQ(all->search_path, "a,b");
  const std::map<std::string, std::string> settings = {
      {"sslmode", "verify-ca"}, {"sslrootcert", "/x/ca.pem"}, {"application_name", "mine"}};
  EXPECT_EQ(all->settings, settings);
  EXPECT_EQ(all->connect_timeout_ms, 7'000);
  EXPECT_EQ(all->request_timeout_ms, 120'000) << "for ever is bounded";
  EXPECT_EQ(all->ignored, (std::vector<std::string>{"preparethreshold", "rewritebatchedinserts"}));
  for (const char* verified : {"?ssl=true", "?ssl", "?ssl=&options="}) {
    const auto parsed = ParseJdbcAddress(std::string("jdbc:postgresql:m") + verified, {});
    EXPECT_EQ(parsed->settings.at("sslmode"), "verify-full") << verified;
  }
  EXPECT_EQ(ParseJdbcAddress("jdbc:postgresql:m?ssl=false", {})->settings.at("sslmode"), "prefer");
}

TEST(JdbcAddress, OfSqliteIsAFile) {
  const auto plain = ParseJdbcAddress("jdbc:sqlite:/lake/meta.db?journal_mode=WAL&cache_size=5", {{"user", "u"}});
  ASSERT_TRUE(plain.ok()) << plain.error().ToString();
  EXPECT_EQ(plain->ToString(), "/lake/meta.db");
  EXPECT_EQ(plain->settings.at("journal_mode"), "WAL");
  EXPECT_EQ(plain->ignored, (std::vector<std::string>{"cache_size", "user"}));
  EXPECT_EQ(ParseJdbcAddress("jdbc:sqlite:meta.db", {})->database, "meta.db");
  const auto uri = ParseJdbcAddress("jdbc:sqlite:file:meta.db?vfs=unix&busy_timeout=5", {});
  EXPECT_EQ(uri->database, "file:meta.db?vfs=unix");
}

TEST(JdbcAddress, RefusesByNameAndShowsNoPassword) {
  const auto refused = [](const std::string& uri, const char* word) {
    const auto parsed = ParseJdbcAddress(uri, {});
    ASSERT_FALSE(parsed.ok()) << uri;
    EXPECT_NE(parsed.error().ToString().find(word), std::string::npos) << parsed.error().ToString();
    EXPECT_EQ(parsed.error().ToString().find("hidden"), std::string::npos) << parsed.error().ToString();
  };
  refused("jdbc:oracle:thin:@host:1521/db?password=hidden", "jdbc:oracle");
  refused("jdbc:mysql:host/db", "names no host");
  refused("jdbc:postgresql://host/", "names no database");
  refused("jdbc:postgresql://a,b/db?password=hidden", "several hosts");
  refused("jdbc:postgresql://host/db?sslmode=never&password=hidden", "sslmode never");
  refused("jdbc:postgresql://host/db?sslfactory=x.Y&password=hidden", "sslfactory");
  refused("jdbc:postgresql://host/db?connectTimeout=soon", "connecttimeout \"soon\"");
  refused("jdbc:sqlite:", "memory of one process");
  refused("jdbc:sqlite::memory:", "memory of one process");
  refused("jdbc:sqlite:file:x?mode=memory", "memory of one process");
  refused("jdbc:sqlite::resource:x.db", "resources");
  refused("jdbc:sqlite:x.db?synchronous=OFF;DROP", "synchronous");
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
