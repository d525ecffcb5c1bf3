// SPDX-License-Identifier: Apache-2.0
// Signatures are those of the examples of Amazon's S3 API Reference ("Examples: Signature Calculations").
#include "io/s3_sign.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr int64_t kMay24 = 1'369'353'600'000;  // 2013-05-24T00:00:00Z

std::string SignatureOf(HttpRequest request) {
  request.origin = "https://examplebucket.s3.amazonaws.com";
  SignS3(request, {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""}, "us-east-1", kMay24);
  const std::string& line = request.headers.at("authorization");
  return line.substr(line.rfind('=') + 1);
}

HttpRequest Get(const char* path) {
  HttpRequest out;
  out.method = "GET";
  out.path = path;
  return out;
}

TEST(S3Sign, ARange) {
  HttpRequest request = Get("/test.txt");
  request.headers["range"] = "bytes=0-9";
  EXPECT_EQ(SignatureOf(request), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(S3Sign, APutWithAnEncodedName) {
  HttpRequest request = Get(("/" + PercentEncode("test$file.text", true)).c_str());
  request.method = "PUT";
  request.body = "Welcome to Amazon S3.";
  request.headers["date"] = "Fri, 24 May 2013 00:00:00 GMT";
  request.headers["x-amz-storage-class"] = "REDUCED_REDUNDANCY";
  EXPECT_EQ(SignatureOf(request), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(S3Sign, AParameterWithoutAValue) {
  HttpRequest request = Get("/");
  request.query = {{"lifecycle", ""}};
  EXPECT_EQ(SignatureOf(request), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(S3Sign, ParametersInAnyOrder) {
  HttpRequest request = Get("/");
  request.query = {{"prefix", "J"}, {"max-keys", "2"}};
  EXPECT_EQ(SignatureOf(request), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(S3Sign, ASessionTokenIsAHeaderThatIsSigned) {
  HttpRequest request = Get("/");
  request.origin = "http://127.0.0.1:9000";
  SignS3(request, {"a", "s", "token"}, "us-east-1", kMay24);
  EXPECT_EQ(request.headers.at("x-amz-security-token"), "token");
  EXPECT_EQ(request.headers.at("host"), "127.0.0.1:9000");
  EXPECT_NE(request.headers.at("authorization").find("x-amz-security-token"), std::string::npos);
}

}  // namespace
}  // namespace sluice
