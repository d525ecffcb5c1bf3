// SPDX-License-Identifier: Apache-2.0
// Where the keys of DLF come from and when they are asked for again.
#include "lake/paimon/dlf_keys.h"

#include <gtest/gtest.h>

#include "lake/paimon/fake_rest_test_util.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kHour = 3'600'000;
constexpr const char* kRoles = "GET http://100.100.100.200/latest/meta-data/Ram/security-credentials/";

// "1970-01-01T02:00:00Z" for 2.
std::string Keys(const std::string& id, int hours) {
  return R"({"AccessKeyId":")" + id + R"(","AccessKeySecret":"s3cret","SecurityToken":"t0ken","Expiration":)" +
         "\"1970-01-01T0" + std::to_string(hours) + ":00:00Z\",\"more\":1}";
}

struct PaimonDlfKeys : testing::Test {
  void Make(const Options& options) {
    auto made = DlfKeySource::Make(env, server, options);
    ASSERT_TRUE(made.ok()) << made.error().ToString();
    source.emplace(*std::move(made));
  }
  std::string Refused(const Options& options) {
    auto made = DlfKeySource::Make(env, server, options);
    return made.ok() ? "made" : made.error().ToString();
  }
  std::string Id() {
    const auto keys = source->Now();
    return keys.ok() ? keys->id : keys.error().ToString();
  }

  ClockEnv env;
  std::shared_ptr<FakeServer> server = std::make_shared<FakeServer>();
  std::optional<DlfKeySource> source;
};

TEST_F(PaimonDlfKeys, OfTheOptions) {
  Make({{"dlf.access-key-id", "id"}, {"dlf.access-key-secret", " s "}, {"dlf.security-token", "t"}});
  EXPECT_EQ(source->Now()->secret, "s");
  EXPECT_EQ(source->Now()->security_token, "t");
  env.now_ms = 1000 * kHour;
  EXPECT_EQ(Id(), "id");
  EXPECT_NE(Refused({{"dlf.access-key-id", "id"}}).find("dlf.access-key-secret"), std::string::npos);
  EXPECT_NE(Refused({{"dlf.access-key-secret", "s3cret"}}).find("dlf.access-key-id"), std::string::npos);
  EXPECT_EQ(Refused({{"dlf.access-key-secret", "s3cret"}}).find("s3cret"), std::string::npos);
  EXPECT_NE(Refused({{"dlf.token-loader", "magic"}}).find("magic"), std::string::npos);
  EXPECT_NE(Refused({{"dlf.token-loader", "local_file"}}).find("dlf.token-path"), std::string::npos);
}

TEST_F(PaimonDlfKeys, AFileIsReadAgainAnHourBeforeTheyEnd) {
  Make({{"dlf.token-path", "/k"}, {"dlf.access-key-id", "not this"}, {"dlf.access-key-secret", "x"}});
  env.files["/k"] = Keys("one", 3);
  EXPECT_EQ(Id(), "one");
  env.files["/k"] = Keys("two", 9);
  env.now_ms = 2 * kHour - 1;
  EXPECT_EQ(Id(), "one");
  env.now_ms = 2 * kHour;
  EXPECT_EQ(Id(), "two");
  EXPECT_EQ(source->Now()->ends_ms, 9 * kHour);
}

TEST_F(PaimonDlfKeys, OldOnesHoldUntilTheyEnd) {
  Make({{"dlf.token-path", "/k"}});
  env.files["/k"] = Keys("one", 1);
  EXPECT_EQ(Id(), "one");
  env.files["/k"] = "half a {file";
  env.now_ms = kHour - 60'000;
  EXPECT_EQ(Id(), "one");
  EXPECT_EQ(env.waited_ms, 0);
  env.now_ms = kHour;
  const std::string error = Id();
  EXPECT_NE(error.find("dlf.token-path"), std::string::npos) << error;
  EXPECT_EQ(error.find("half"), std::string::npos) << error;
  EXPECT_EQ(env.waited_ms, 1000 + 2000 + 3000 + 4000);
  env.files.clear();
  EXPECT_NE(Id().find("/k"), std::string::npos);
}

TEST_F(PaimonDlfKeys, OfTheMachinesRole) {
  Make({{"dlf.token-loader", "ecs"}});
  server->Give(200, "my role\n");
  server->Give(200, Keys("one", 2));
  EXPECT_EQ(Id(), "one");
  server->Give(200, Keys("two", 8));
  env.now_ms = kHour;
  EXPECT_EQ(Id(), "two");
  const std::vector<std::string> asked = {std::string(kRoles) + "?", std::string(kRoles) + "my%20role?",
                                          std::string(kRoles) + "my%20role?"};
  EXPECT_EQ(server->asked, asked);
  Make({{"dlf.token-loader", "ecs"}, {"dlf.token-ecs-metadata-url", "http://h:1/x"},
        {"dlf.token-ecs-role-name", "r"}});
  for (const auto& [status, code] : std::vector<std::pair<int, ErrorCode>>{
           {404, ErrorCode::kInvalid}, {500, ErrorCode::kUnavailable}, {200, ErrorCode::kInvalid}}) {
    server->Give(status, "s3cret");
    const auto keys = source->Now();
    ASSERT_FALSE(keys.ok());
    EXPECT_EQ(keys.error().code, code) << status;
    EXPECT_EQ(keys.error().ToString().find("s3cret"), std::string::npos) << keys.error().ToString();
  }
  EXPECT_EQ(server->asked.back(), "GET http://h:1/xr?");
  EXPECT_EQ(source->Now().error().code, ErrorCode::kUnavailable) << "no answer";
}

TEST_F(PaimonDlfKeys, WhatIsNoneShowsNothing) {
  EXPECT_FALSE(ParseDlfKeys(R"({"AccessKeyId":"i","AccessKeySecret":"s"})")->ends_ms);
  for (const char* bad : {"", "s3cret", "[\"s3cret\"]", R"({"AccessKeyId":"s3cret"})",
                          R"({"AccessKeySecret":"s3cret"})",
                          R"({"AccessKeyId":"i","AccessKeySecret":["s3cret"]})",
                          R"({"AccessKeyId":"i","AccessKeySecret":"s3cret","Expiration":"s3cret"})",
                          R"({"AccessKeyId":"i","AccessKeySecret":"s3cret","Expiration":5})"}) {
    const auto keys = ParseDlfKeys(bad);
    ASSERT_FALSE(keys.ok()) << bad;
    EXPECT_EQ(keys.error().ToString().find("s3cret"), std::string::npos) << keys.error().ToString();
  }
}

TEST(PaimonRenewal, AnHourBeforeOrHalfOfIt) {
  EXPECT_EQ(RenewalMs(1000, 1000 + 3 * kHour), 1000 + 2 * kHour);
  EXPECT_EQ(RenewalMs(1000, 1000 + kHour), 1000);
  EXPECT_EQ(RenewalMs(1000, 3000), 2000);
  EXPECT_EQ(RenewalMs(1000, 0), 1000);
}

}  // namespace
}  // namespace sluice::paimon
