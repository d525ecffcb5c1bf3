// SPDX-License-Identifier: Apache-2.0
// Signatures are those of Paimon's own test (DLFAuthSignatureTest) and of its Java's signers, release 2.0.0.
#include "lake/paimon/dlf_sign.h"

#include <gtest/gtest.h>

namespace sluice::paimon {
namespace {

constexpr int64_t kDecember3 = 1'701'605'532'000;  // 2023-12-03T12:12:12Z
constexpr int64_t kApril16 = 1'744'775'086'000;    // 2025-04-16T03:44:46Z
const DlfKeys kPlain = {"id", "key", "", {}};

HttpRequest Request(const char* method, std::string_view body,
                    std::vector<std::pair<std::string, std::string>> query = {}) {
  HttpRequest out;
  out.method = method;
  out.query = std::move(query);
  out.body = body;
  return out;
}

TEST(DlfSign, TheVectorOfPaimonsTest) {
  HttpRequest request = Request("POST", R"({"name":"database","options":{"a":"b"}})", {{"k2", "v2"}, {"k1", "v1"}});
  SignDlf(request, "/v1/paimon/databases", {"access-key-id", "access-key-secret", "securityToken", {}}, "cn-hangzhou",
          kDecember3);
  const std::map<std::string, std::string> headers = {
      {"authorization",
       "DLF4-HMAC-SHA256 Credential=access-key-id/20231203/cn-hangzhou/DlfNext/aliyun_v4_request,"
       "Signature=c72caf1d40b55b1905d891ee3e3de48a2f8bebefa7e39e4f277acc93c269c5e3"},
      {"content-md5", "zlW/6hSKXQKL2z6i931tsg=="},
      {"content-type", "application/json"},
      {"x-dlf-content-sha256", "UNSIGNED-PAYLOAD"},
      {"x-dlf-date", "20231203T121212Z"},
      {"x-dlf-security-token", "securityToken"},
      {"x-dlf-version", "v1"}};
  EXPECT_EQ(request.headers, headers);
}

TEST(DlfSign, ValuesAreEncodedAsInAFormAndThePathIsAsItIsSent) {
  HttpRequest request = Request("GET", "", {{"pageToken", "a b*~/%+=é"}, {"empty", ""}});
  request.headers["accept"] = "not signed";
  SignDlf(request, "/v1/p%20q/databases/d/tables/a%20b%24c", kPlain, "cn-hangzhou", kDecember3);
  EXPECT_EQ(request.headers["authorization"],
            "DLF4-HMAC-SHA256 Credential=id/20231203/cn-hangzhou/DlfNext/aliyun_v4_request,"
            "Signature=109bb919491986232ab9102c7a0f7b71a1cbd736b7993e90483f423ddf93aa4e");
  EXPECT_FALSE(request.headers.contains("content-md5"));
  EXPECT_FALSE(request.headers.contains("x-dlf-security-token"));
}

TEST(DlfSign, OpenApi) {
  HttpRequest request = Request("POST", R"({"CategoryName":"test","CategoryType":"UNSTRUCTURED"})");
  SignDlfOpenApi(request, "/llm-p2e4XXXXXXXXsvtn/datacenter/category",
                 {"YourAccessKeyId", "YourAccessKeySecret", "securityToken", {}},
                 "ef34aae7-7bd2-413d-a541-680cd2c48538", kApril16);
  const std::map<std::string, std::string> headers = {
      {"accept", "application/json"},
      {"authorization", "acs YourAccessKeyId:wX4CDPSCtfgYkxdK9tJIO3ez5VI="},
      {"content-md5", "q2qaEcR4P47+Z7CUzHRTBw=="},
      {"content-type", "application/json"},
      {"date", "Wed, 16 Apr 2025 03:44:46 GMT"},
      {"x-acs-security-token", "securityToken"},
      {"x-acs-signature-method", "HMAC-SHA1"},
      {"x-acs-signature-nonce", "ef34aae7-7bd2-413d-a541-680cd2c48538"},
      {"x-acs-signature-version", "1.0"},
      {"x-acs-version", "2026-01-18"}};
  EXPECT_EQ(request.headers, headers);
}

TEST(DlfSign, OpenApiSignsWhatIsNotEncoded) {
  HttpRequest request = Request("GET", "", {{"pageToken", "a b*~/%+=é"}, {"empty", ""}});
  SignDlfOpenApi(request, "/v1/p%20q/databases/d+e/tables/a%20b%24c", kPlain, "n", kApril16);
  EXPECT_EQ(request.headers["authorization"], "acs id:1PjzAd0STZuFWEjL3XOm9pecEVA=");
}

}  // namespace
}  // namespace sluice::paimon
