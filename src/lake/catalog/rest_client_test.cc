// SPDX-License-Identifier: Apache-2.0
#include "lake/catalog/rest_client.h"

#include <gtest/gtest.h>

#include <deque>

namespace sluice {
namespace {

// Gives what it was told to, and remembers what it was asked.
class FakeServer final : public HttpTransport {
 public:
  Result<HttpResponse> Send(const HttpRequest& request) override {
    asked.push_back(request.method + " " + request.origin + request.path);
    authorization = request.headers.contains("authorization") ? request.headers.at("authorization") : "";
    if (answers.empty()) return Unavailable("connection refused");
    HttpResponse answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }
  void Give(int status, std::string body) { answers.push_back({status, {}, std::move(body)}); }

  std::deque<HttpResponse> answers;
  std::vector<std::string> asked;
  std::string authorization;
};

struct RestClientTest : testing::Test {
  Result<RestAnswer> Send() { return client->Send("GET", "namespaces/a"); }
  void Make(RestClient::Options options) {
    options["uri"] = "http://h:1/base/";
    auto made = RestClient::Make(server, std::move(options));
    ASSERT_TRUE(made.ok()) << made.error().ToString();
    client = *std::move(made);
  }
  std::shared_ptr<FakeServer> server = std::make_shared<FakeServer>();
  std::unique_ptr<RestClient> client;
};

TEST_F(RestClientTest, ThePrefixIsTheServers) {
  Make({{"token", "s3cret"}});
  server->Give(200, R"({"defaults":{},"overrides":{"prefix":"p"}})");
  server->Give(404, "");
  EXPECT_EQ(Send()->status, 404);
  server->Give(200, "{}");
  EXPECT_EQ(Send()->body, "{}");
  const std::vector<std::string> asked = {"GET http://h:1/base/v1/config", "GET http://h:1/base/v1/p/namespaces/a",
                                          "GET http://h:1/base/v1/p/namespaces/a"};
  EXPECT_EQ(server->asked, asked);
  EXPECT_EQ(server->authorization, "Bearer s3cret");
}

TEST_F(RestClientTest, WhatHealsAndWhatDoesNot) {
  Make({{"token", "s3cret"}});
  EXPECT_EQ(Send().error().code, ErrorCode::kUnavailable);
  server->Give(200, "{}");
  for (const auto& [status, code] : std::vector<std::pair<int, ErrorCode>>{
           {500, ErrorCode::kUnavailable}, {503, ErrorCode::kUnavailable}, {429, ErrorCode::kUnavailable},
           {400, ErrorCode::kInvalid}, {401, ErrorCode::kInvalid}, {403, ErrorCode::kInvalid}}) {
    server->Give(status, R"({"error":{"message":"its words\nmore"}})");
    const auto answer = Send();
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, code) << status;
    EXPECT_NE(answer.error().message.find("its words"), std::string::npos) << answer.error().message;
    EXPECT_FALSE(answer.error().hint.empty());
    EXPECT_EQ(answer.error().ToString().find("s3cret"), std::string::npos);
  }
}

TEST_F(RestClientTest, NoCatalogAtTheAddress) {
  Make({});
  server->Give(200, "<html>");
  EXPECT_NE(Send().error().message.find("/v1/config"), std::string::npos);
  server->Give(404, "");
  EXPECT_EQ(Send().error().code, ErrorCode::kInvalid);
}

TEST_F(RestClientTest, SignsInAgainOnce) {
  Make({{"credential", "me:s3cret"}});
  server->Give(200, R"({"access_token":"one"})");
  server->Give(200, "{}");
  server->Give(401, "");
  server->Give(200, R"({"access_token":"two"})");
  server->Give(200, "{}");
  EXPECT_TRUE(Send().ok());
  EXPECT_EQ(server->authorization, "Bearer two");
  EXPECT_EQ(server->asked[0], "POST http://h:1/base/v1/oauth/tokens");
  server->Give(401, "");
  server->Give(401, R"({"error":"invalid_client"})");
  const auto refused = Send();
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(refused.error().ToString().find("s3cret"), std::string::npos);
}

TEST(RestClientOptions, UnknownOnesAreRefusedByName) {
  const auto make = [](RestClient::Options options) {
    auto made = RestClient::Make(std::make_shared<FakeServer>(), std::move(options));
    return made.ok() ? std::string("good") : made.error().message;
  };
  EXPECT_EQ(make({{"uri", "https://h"}, {"io-impl", "x"}, {"s3.endpoint", "y"}, {"header.X-A", "1"}}), "good");
  EXPECT_NE(make({{"uri", "https://h"}, {"rest.sigv4-enabled", "true"}}).find("sigv4"), std::string::npos);
  EXPECT_NE(make({}).find("missing"), std::string::npos);
  for (const char* uri : {"h:1", "ftp://h", "http://", "http://u:pw@h", "http://h?x"}) {
    EXPECT_NE(make({{"uri", uri}}).find("no address"), std::string::npos) << uri;
  }
}

}  // namespace
}  // namespace sluice
