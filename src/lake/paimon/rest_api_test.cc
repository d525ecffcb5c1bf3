// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/rest_api.h"

#include <gtest/gtest.h>

#include "io/fake_s3_test_util.h"
#include "lake/paimon/fake_rest_test_util.h"
#include "lake/paimon/rest_catalog.h"

namespace sluice::paimon {
namespace {

struct PaimonRestApi : testing::Test {
  Result<std::unique_ptr<RestApi>> Made(Options options) { return RestApi::Make(env, server, options); }
  void Make(Options options = {}) {
    options.insert({{"uri", "http://h:1/base/"}, {"token.provider", "bear"}, {"token", "s3cret"}});
    auto made = Made(std::move(options));
    ASSERT_TRUE(made.ok()) << made.error().ToString();
    api = *std::move(made);
    server->Give(200, R"({"defaults":{"prefix":"p q","header.x":"theirs"},"overrides":{}})");
  }
  Result<RestReply> Get() { return api->Send("GET", "databases"); }

  NoWaitEnv env;
  std::shared_ptr<FakeServer> server = std::make_shared<FakeServer>();
  std::unique_ptr<RestApi> api;
};

TEST_F(PaimonRestApi, TheConfigurationComesFirst) {
  Make({{"warehouse", "w"}, {"header.X", "ours"}});
  server->Give(200, "{}");
  EXPECT_EQ(Get()->status, 200);
  server->Give(200, "{}");
  EXPECT_TRUE(api->Send("POST", RestTablePath("d", "a b$c", "/commit"), "{}")->ok());
  const std::vector<std::string> asked = {"GET http://h:1/base/v1/config?warehouse=w",
                                          "GET http://h:1/base/v1/p%20q/databases?",
                                          "POST http://h:1/base/v1/p%20q/databases/d/tables/a%20b%24c/commit?"};
  EXPECT_EQ(server->asked, asked);
  EXPECT_EQ(server->headers["authorization"], "Bearer s3cret");
  EXPECT_EQ(server->headers["content-type"], "application/json");
  EXPECT_TRUE(server->once);
}

TEST_F(PaimonRestApi, ErrorsHaveACodeAndAResource) {
  Make();
  server->Give(404, R"({"message":"none\nat all","resourceType":"SNAPSHOT","resourceName":null,"code":404})");
  const auto none = Get();
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->status, 404);
  EXPECT_EQ(none->resource, "SNAPSHOT");
  EXPECT_EQ(none->words, "none");
  server->Give(404, R"({"message":"external","resourceType":"TABLE","code":501})");  // as Java's server does
  EXPECT_EQ(Get()->status, 501);
  for (const auto& [status, code] : std::vector<std::pair<int, ErrorCode>>{
           {500, ErrorCode::kUnavailable}, {502, ErrorCode::kUnavailable}, {401, ErrorCode::kInvalid},
           {403, ErrorCode::kInvalid}, {405, ErrorCode::kInvalid}, {301, ErrorCode::kInvalid}}) {
    server->Give(status, R"({"message":"the token is s3cret"})");
    const auto answer = Get();
    ASSERT_FALSE(answer.ok()) << status;
    EXPECT_EQ(answer.error().code, code) << status;
    EXPECT_NE(answer.error().message.find("the token is"), std::string::npos) << answer.error().message;
    EXPECT_EQ(answer.error().ToString().find("s3cret"), std::string::npos);
    EXPECT_FALSE(answer.error().hint.empty());
  }
  EXPECT_EQ(Get().error().code, ErrorCode::kUnavailable) << "no answer";
}

TEST_F(PaimonRestApi, ABusyServerIsAskedAgain) {
  Make();
  server->Give(503, "");
  server->Give(429, "");
  server->Give(200, "{}");
  EXPECT_TRUE(Get()->ok());
  EXPECT_EQ(server->asked.size(), 4U);
  EXPECT_EQ(env.waited_ms, 250 + 500);
  server->Give(503, "", {{"retry-after", "2"}});
  server->Give(200, "{}");
  EXPECT_TRUE(Get()->ok());
  EXPECT_EQ(env.waited_ms, 250 + 500 + 2000);
  for (int i = 0; i < 5; ++i) server->Give(503, "");
  EXPECT_EQ(Get().error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(server->answers.empty());
}

TEST_F(PaimonRestApi, PagesComeToAnEnd) {
  Make();
  server->Give(200, "a");
  server->Give(200, "b");
  std::string seen;
  const auto page = [&](const std::string& body) -> Result<std::string> {
    seen += body;
    return body == "b" ? std::string() : body;
  };
  EXPECT_TRUE(api->Pages("databases", page).ok());
  EXPECT_EQ(seen, "ab");
  EXPECT_EQ(server->asked.back(), "GET http://h:1/base/v1/p%20q/databases?pageToken=a");
  for (int i = 0; i < 3; ++i) server->Give(200, "a");
  const Status endless = api->Pages("databases", page);
  ASSERT_FALSE(endless.ok());
  EXPECT_NE(endless.error().message.find("again and again"), std::string::npos);
}

TEST_F(PaimonRestApi, WhatIsNotThereIsRefusedByName) {
  for (const auto& [key, value, word] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"uri", "", "uri"}, {"uri", "ftp://h", "uri"}, {"uri", "http://h?x", "uri"},
           {"token.provider", "dlf", "dlf.region"}, {"token.provider", "magic", "magic"}, {"token", "", "token"},
           {"token.provider", "", "token"}, {"data-token.enabled", "yes", "data-token.enabled"}}) {
    Options options = {{"uri", "h:1"}, {"token.provider", "bear"}, {"token", "s3cret"}};
    options[key] = value;
    const auto made = Made(options);
    ASSERT_FALSE(made.ok()) << key << "=" << value;
    EXPECT_NE(made.error().message.find(word), std::string::npos) << made.error().message;
  }
  EXPECT_EQ((*Made({{"uri", "h:1/"}}))->uri(), "http://h:1");
  EXPECT_NE(Made({{"uri", "h"}, {"dlf.access-key-id", "i"}}).error().ToString().find("token.provider"),
            std::string::npos);
}

TEST_F(PaimonRestApi, DlfSignsEachTry) {
  const Options keys = {{"token.provider", "dlf"}, {"dlf.access-key-id", "the-id"}, {"dlf.access-key-secret", "s3cret"},
                        {"dlf.security-token", "t0ken"}};
  for (const auto& [uri, more, start] : std::vector<std::tuple<std::string, Options, std::string>>{
           {"https://cn-hangzhou-vpc.dlf.aliyuncs.com", {}, "DLF4-HMAC-SHA256 Credential=the-id/"},
           {"https://dlfnext.cn-hangzhou.aliyuncs.com/base", {}, "acs the-id:"},
           {"https://dlfnext.cn-hangzhou.aliyuncs.com", {{"dlf.signing-algorithm", "default"}}, "DLF4-HMAC-SHA256 "}}) {
    Options options = keys;
    options.insert(more.begin(), more.end());
    options["uri"] = uri;
    auto made = Made(options);
    ASSERT_TRUE(made.ok()) << made.error().ToString();
    server->Give(200, R"({"defaults":{},"overrides":{}})");
    server->Give(503, "");
    server->Give(403, R"({"message":"the-id with t0ken and s3cret may not"})");
    const std::string error = (*made)->Send("POST", "databases", "{}").error().ToString();
    EXPECT_NE(error.find("may not"), std::string::npos) << error;
    for (const char* secret : {"the-id", "t0ken", "s3cret"}) EXPECT_EQ(error.find(secret), std::string::npos) << error;
    EXPECT_EQ(server->headers["authorization"].substr(0, start.size()), start);
    EXPECT_EQ(server->headers["content-md5"], "mZFLkyvTelC5g8XnyQrpOw==");
  }
  for (const auto& [key, value] : Options{{"dlf.signing-algorithm", "openapi-v4"}, {"dlf.token-loader", "magic"}}) {
    Options options = keys;
    options["uri"] = "http://cn-hangzhou";
    options[key] = value;
    EXPECT_NE(Made(options).error().ToString().find(value), std::string::npos);
  }
}

TEST_F(PaimonRestApi, WhatIsSecret) {
  std::vector<std::string> secret;
  for (const CatalogKey& key : RestCatalogKind().keys) {
    if (key.secret) secret.push_back(key.key);
  }
  const std::vector<std::string> expected = {"token", "header.*", "dlf.access-key-id", "dlf.access-key-secret",
                                             "dlf.security-token"};
  EXPECT_EQ(secret, expected);
}

TEST_F(PaimonRestApi, TheRegionIsThatOfTheAddress) {  // those of Paimon's DLFAuthProviderFactoryTest
  for (const char* region : {"cn-hangzhou", "us-east-1"}) {
    for (const char* more : {"-vpc", "-intranet", ""}) {
      EXPECT_EQ(DlfRegionOf(std::string("https://") + region + more + ".dlf.aliyuncs.com"), region);
      EXPECT_EQ(DlfRegionOf(std::string("https://pre-") + region + more + ".dlf.aliyuncs.com"), region);
    }
  }
  EXPECT_EQ(DlfRegionOf("http://127.0.0.1:8080"), "");
}

TEST_F(PaimonRestApi, WhatTheServerSaysMustMakeSense) {
  Make();
  server->answers.clear();
  server->Give(200, R"({"defaults":{"data-token.enabled":"perhaps"},"overrides":{}})");
  const auto answer = Get();
  ASSERT_FALSE(answer.ok());
  EXPECT_NE(answer.error().message.find("data-token.enabled"), std::string::npos);
  for (const char* garbage : {"", "[]", "<html>", R"({"defaults":5})"}) {
    server->Give(200, garbage);
    EXPECT_FALSE(Get().ok()) << garbage;
  }
}

}  // namespace
}  // namespace sluice::paimon
