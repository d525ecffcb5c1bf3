// SPDX-License-Identifier: Apache-2.0
// Keys that a REST catalog lends: which options they become, and when they are asked for anew.
#include "lake/paimon/rest_lent_keys.h"

#include <gtest/gtest.h>

#include "lake/paimon/fake_rest_test_util.h"
#include "lake/paimon/rest_messages.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kHour = 3'600'000;

std::string Lent(const std::string& key, int64_t ends_ms) {
  return R"({"token":{"s3.access-key":")" + key + R"(","s3.secret-key":"s3cret"},"expiresAtMillis":)" +
         std::to_string(ends_ms) + "}";
}

struct PaimonLentKeys : testing::Test {
  PaimonLentKeys() {
    const Options options = {{"uri", "http://h:1"}, {"s3.endpoint", "http://s:2"}};
    api = std::shared_ptr<RestApi>(*RestApi::Make(env, server, options));
    server->Give(200, R"({"defaults":{"data-token.enabled":"TRUE"},"overrides":{}})");
    keys.Use(api, {"d", "t"});
  }
  std::string Key(bool refused = false) {
    const auto config = keys.Now(refused);
    return config.ok() ? config->credentials.access_key : config.error().ToString();
  }

  ClockEnv env;
  std::shared_ptr<FakeServer> server = std::make_shared<FakeServer>();
  std::shared_ptr<RestApi> api;
  LentKeys keys{env};
};

TEST_F(PaimonLentKeys, AreAskedForAnHourBeforeTheyEnd) {
  server->Give(200, Lent("one", 5 * kHour));
  EXPECT_EQ(Key(), "one");
  EXPECT_TRUE(api->LendsKeys());
  EXPECT_EQ(server->asked.back(), "GET http://h:1/v1/databases/d/tables/t/token?");
  EXPECT_EQ(keys.Now(false)->endpoint, "http://s:2");
  env.now_ms = 4 * kHour - 1;
  EXPECT_EQ(Key(), "one");
  env.now_ms = 4 * kHour;
  server->Give(200, Lent("two", env.now_ms + 2000));
  EXPECT_EQ(Key(), "two");
  env.now_ms += 999;
  EXPECT_EQ(Key(), "two");
  env.now_ms += 1;
  server->Give(200, Lent("three", 9 * kHour));
  EXPECT_EQ(Key(), "three");
  server->Give(200, Lent("four", 9 * kHour));
  EXPECT_EQ(Key(/*refused=*/true), "four");
  EXPECT_EQ(server->asked.size(), 5U);
}

TEST_F(PaimonLentKeys, OldOnesHoldUntilTheyEnd) {
  server->Give(200, Lent("one", 2 * kHour));
  EXPECT_EQ(Key(), "one");
  env.now_ms = kHour;
  EXPECT_EQ(Key(), "one");
  const size_t asked = server->asked.size();
  env.now_ms += 29'999;
  EXPECT_EQ(Key(), "one");
  EXPECT_EQ(server->asked.size(), asked);
  env.now_ms = 2 * kHour;
  EXPECT_EQ(keys.Now(false).error().code, ErrorCode::kUnavailable);
  server->Give(404, R"({"message":"gone","code":404})");
  const std::string error = Key();
  EXPECT_NE(error.find("table d.t"), std::string::npos) << error;
  EXPECT_NE(error.find("gone"), std::string::npos) << error;
}

TEST_F(PaimonLentKeys, WhatIsNoneShowsNothing) {
  for (const char* bad : {"s3cret", "[]", "{}", R"({"token":"s3cret"})", R"({"token":{"a":["s3cret"]}})",
                          R"({"token":{"s3.access-key":"s3cret"},"expiresAtMillis":"s3cret"})",
                          R"({"token":{"s3.access-key":"s3cret"}})",
                          R"({"token":{"s3.access-key":"a","s3.access.key":"s3cret","s3.secret-key":"b"}})"}) {
    server->Give(200, bad);
    const std::string error = Key();
    EXPECT_NE(error.find("table d.t"), std::string::npos) << bad << ": " << error;
    EXPECT_EQ(error.find("s3cret"), std::string::npos) << error;
  }
  EXPECT_EQ(ParseLentKeys(R"({"token":{}})")->ends_ms, 0);
}

std::string Texts(const Options& catalog, const Options& lent) {
  const auto config = ConfigOfLent(catalog, lent);
  if (!config.ok()) return config.error().ToString();
  return config->endpoint + " " + config->region + " " + config->credentials.access_key + " " +
         config->credentials.secret_key + " " + config->credentials.session_token;
}

TEST(PaimonLentOptions, GoBeforeThoseOfTheCatalog) {
  const Options own = {{"s3.endpoint", "http://s:2"}, {"s3.access-key", "A"}, {"s3.secret-key", "S"},
                       {"s3.session.token", "T"},     {"s3.region", "r"},     {"warehouse", "w"}};
  EXPECT_EQ(Texts(own, {{"akId", "x"}}), "http://s:2 r A S T");
  EXPECT_EQ(Texts(own, {{"fs.s3a.access.key", "a"}, {"fs.s3a.secret.key", "s"}}), "http://s:2 r a s ");
  const Options pypaimon = {{"fs.s3.accessKeyId", "a"}, {"fs.s3.accessKeySecret", "s"}, {"fs.s3.securityToken", "t"},
                            {"fs.s3.endpoint", "http://o:3"}, {"fs.s3.region", "q"}};
  EXPECT_EQ(Texts(own, pypaimon), "http://o:3 q a s t");
  Options both = pypaimon;
  both["s3a.endpoint"] = "http://j:4";
  both["fs.s3a.aws.credentials.provider"] = "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider";
  EXPECT_EQ(Texts(own, both), "http://j:4 q a s t");
  EXPECT_NE(Texts(own, {{"fs.s3a.access.key", "alone"}}).find("one is missing"), std::string::npos);
}

}  // namespace
}  // namespace sluice::paimon
