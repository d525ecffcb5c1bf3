// SPDX-License-Identifier: Apache-2.0
#include "io/s3_config.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using Map = std::map<std::string, std::string>;

Result<S3Config> Config(const Map& options, const Map& variables = {}, std::vector<std::string>* idle = nullptr) {
  std::vector<std::string> own;
  const auto variable = [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
  return MakeS3Config(options, variable, idle == nullptr ? own : *idle);
}

TEST(S3Config, AllSpellingsOfPaimonMeanTheSame) {
  for (const char* prefix : {"s3.", "s3a.", "fs.s3a."}) {
    for (const bool dots : {false, true}) {
      const std::string p = prefix;
      const auto config = Config({{p + "endpoint", "http://127.0.0.1:9000/"},
                                  {p + (dots ? "access.key" : "access-key"), "A"},
                                  {p + (dots ? "secret.key" : "secret-key"), "S"},
                                  {p + (dots ? "path.style.access" : "path-style-access"), "true"},
                                  {p + "endpoint.region", "eu-west-1"}});
      ASSERT_TRUE(config.ok()) << config.error().message;
      EXPECT_EQ(config->endpoint, "http://127.0.0.1:9000");
      EXPECT_EQ(config->credentials.access_key + config->credentials.secret_key, "AS");
      EXPECT_TRUE(config->path_style);
      EXPECT_EQ(config->region, "eu-west-1");
    }
  }
}

TEST(S3Config, TheSameKeyTwice) {
  EXPECT_TRUE(Config({{"s3.endpoint", "http://a"}, {"fs.s3a.endpoint", "http://a"}}).ok());
  const auto two = Config({{"s3.access-key", "one"}, {"s3.access.key", "two"}, {"s3.secret-key", "x"}});
  ASSERT_FALSE(two.ok());
  EXPECT_EQ(two.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(two.error().message.find("one"), std::string::npos) << "a key is shown";
}

TEST(S3Config, EndpointsAndRegions) {
  EXPECT_EQ(Config({})->endpoint, "https://s3.us-east-1.amazonaws.com");
  EXPECT_EQ(Config({}, {{"AWS_REGION", "eu-west-1"}})->endpoint, "https://s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(Config({}, {{"AWS_DEFAULT_REGION", "cn-north-1"}})->endpoint, "https://s3.cn-north-1.amazonaws.com.cn");
  const auto host = Config({{"s3.endpoint", "s3.ap-south-1.amazonaws.com"}});
  EXPECT_EQ(host->endpoint, "https://s3.ap-south-1.amazonaws.com");
  EXPECT_EQ(host->region, "ap-south-1");
  EXPECT_EQ(Config({{"s3.endpoint", "minio:9000"}, {"s3.connection.ssl.enabled", "false"}})->endpoint,
            "http://minio:9000");
  for (const char* bad : {"ftp://a", "http://", "http://a/b", "http://user:word@a", "http://a b"}) {
    const auto config = Config({{"s3.endpoint", bad}});
    ASSERT_FALSE(config.ok()) << bad;
    EXPECT_EQ(config.error().message.find("word"), std::string::npos);
  }
}

TEST(S3Config, TheRegionHasTwoNames) {
  EXPECT_EQ(Config({{"s3.region", "eu-west-1"}})->endpoint, "https://s3.eu-west-1.amazonaws.com");
  EXPECT_FALSE(Config({{"s3.region", "eu-west-1"}, {"s3.endpoint.region", "eu-west-2"}}).ok());
}

TEST(S3Config, PathStyle) {
  EXPECT_FALSE(Config({})->path_style);
  EXPECT_FALSE(Config({{"s3.endpoint", "https://minio.example"}})->path_style);  // as Java
  EXPECT_TRUE(Config({{"s3.endpoint", "http://10.0.0.1:9000"}})->path_style);
  EXPECT_TRUE(Config({{"s3.endpoint", "http://localhost:9000"}})->path_style);
  EXPECT_TRUE(Config({}, {{"AWS_ENDPOINT_URL", "https://minio.example"}})->path_style);
  EXPECT_FALSE(Config({{"s3.path.style.access", "false"}}, {{"AWS_ENDPOINT_URL", "http://a"}})->path_style);
  EXPECT_FALSE(Config({{"s3.path.style.access", "maybe"}}).ok());
}

TEST(S3Config, KeysOfTheOptionsGoBeforeThoseOfTheEnvironment) {
  const Map variables = {
      {"AWS_ACCESS_KEY_ID", "EA"}, {"AWS_SECRET_ACCESS_KEY", "ES"}, {"AWS_SESSION_TOKEN", "ET"}};
  EXPECT_EQ(Config({}, variables)->credentials.session_token, "ET");
  const auto config = Config({{"s3.access-key", "A"}, {"s3.secret-key", "S"}}, variables);
  EXPECT_EQ(config->credentials.access_key, "A");
  EXPECT_EQ(config->credentials.session_token, "");  // of other keys
  EXPECT_FALSE(Config({{"s3.access-key", "A"}}, variables).ok());
}

TEST(S3Config, OtherSettingsAreToldOrRefused) {
  std::vector<std::string> idle;
  EXPECT_TRUE(Config({{"s3.fast.upload.buffer", "disk"}, {"bucket", "4"}}, {}, &idle).ok());
  EXPECT_EQ(idle, std::vector<std::string>{"s3.fast.upload.buffer"});
  for (const char* key : {"s3.server-side-encryption-algorithm", "fs.s3a.aws.credentials.provider",
                          "s3a.assumed.role.arn", "s3.acl.default", "s3.endpont"}) {
    const auto config = Config({{key, "x"}});
    ASSERT_FALSE(config.ok()) << key;
    EXPECT_EQ(config.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(config.error().message.find(key), std::string::npos);
  }
}

TEST(S3Path, Places) {
  EXPECT_EQ(*NormalS3Path("s3a://b/a/c//"), "s3://b/a/c");
  EXPECT_EQ(*NormalS3Path("s3://b"), "s3://b");
  for (const char* bad : {"s3://", "s3:///a", "s3://b//a", "s3://key:word@b/a"}) {
    const auto path = NormalS3Path(bad);
    ASSERT_FALSE(path.ok()) << bad;
    EXPECT_EQ(path.error().ToString().find("word"), std::string::npos);
  }
  EXPECT_EQ(S3PlaceOf("s3://b/a/c").key, "a/c");
  EXPECT_EQ(S3PlaceOf("s3://b").key, "");
}

}  // namespace
}  // namespace sluice
