// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/dlf_sign.h"

#include <arrow/util/base64.h>

#include <ctime>
#include <map>

#include "base/text.h"
#include "io/digest.h"
#include "io/s3_sign.h"

namespace sluice::paimon {
namespace {

constexpr const char* kJson = "application/json";

using Headers = std::map<std::string, std::string>;  // sorted, as they are signed

void AddBody(std::string_view body, Headers& out) {
  if (body.empty()) return;
  out["content-type"] = kJson;
  out["content-md5"] = arrow::util::base64_encode(Md5(body));
}

// A name without a value stands alone. Values are encoded as in a form, unless `plain`.
std::string QueryText(const HttpRequest& request, bool plain) {
  const std::map<std::string, std::string> sorted(request.query.begin(), request.query.end());
  std::string out;
  for (const auto& [name, value] : sorted) {
    out += Str(out.empty() ? "" : "&", name, value.empty() ? "" : "=", plain ? value : FormEncode(value));
  }
  return out;
}

void Add(const Headers& headers, HttpRequest& request) {
  for (const auto& [name, value] : headers) request.headers[name] = value;
}

// "Wed, 16 Apr 2025 03:44:46 GMT"
std::string HttpDate(int64_t now_ms) {
  const std::time_t seconds = now_ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char out[40];
  const size_t count = std::strftime(out, sizeof out, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return std::string(out, count);
}

}  // namespace

void SignDlf(HttpRequest& request, const std::string& resource, const DlfKeys& keys, const std::string& region,
             int64_t now_ms) {
  const std::string time = SigningTime(now_ms), date = time.substr(0, 8);
  const std::string payload = "UNSIGNED-PAYLOAD";
  Headers headers = {{"x-dlf-date", time}, {"x-dlf-content-sha256", payload}, {"x-dlf-version", "v1"}};
  AddBody(request.body, headers);
  if (!keys.security_token.empty()) headers["x-dlf-security-token"] = keys.security_token;
  std::string canonical = Str(request.method, "\n", resource, "\n", QueryText(request, /*plain=*/false), "\n");
  for (const auto& [name, value] : headers) canonical += Str(name, ":", Trim(value), "\n");
  canonical += payload;
  const std::string scope = Str(date, "/", region, "/DlfNext/aliyun_v4_request");
  const std::string to_sign = Str("DLF4-HMAC-SHA256\n", time, "\n", scope, "\n", Hex(Sha256(canonical)));
  std::string key = HmacSha256("aliyun_v4" + keys.secret, date);
  for (const std::string& part : {region, std::string("DlfNext"), std::string("aliyun_v4_request")}) {
    key = HmacSha256(key, part);
  }
  headers["authorization"] = Str("DLF4-HMAC-SHA256 Credential=", keys.id, "/", scope, ",Signature=",
                                 Hex(HmacSha256(key, to_sign)));
  Add(headers, request);
}

void SignDlfOpenApi(HttpRequest& request, const std::string& resource, const DlfKeys& keys, const std::string& nonce,
                    int64_t now_ms) {
  Headers named = {{"x-acs-signature-method", "HMAC-SHA1"},
                   {"x-acs-signature-nonce", nonce},
                   {"x-acs-signature-version", "1.0"},
                   {"x-acs-version", "2026-01-18"}};
  if (!keys.security_token.empty()) named["x-acs-security-token"] = keys.security_token;
  Headers headers = {{"accept", kJson}, {"date", HttpDate(now_ms)}};
  AddBody(request.body, headers);
  std::string to_sign = Str(request.method, "\n");
  for (const char* name : {"accept", "content-md5", "content-type", "date"}) {
    to_sign += Str(headers.contains(name) ? headers[name] : "", "\n");
  }
  for (const auto& [name, value] : named) to_sign += Str(name, ":", Trim(value), "\n");
  to_sign += FormDecode(resource);
  if (!request.query.empty()) to_sign += "?" + QueryText(request, /*plain=*/true);
  headers["authorization"] = Str("acs ", keys.id, ":", arrow::util::base64_encode(HmacSha1(keys.secret, to_sign)));
  Add(headers, request);
  Add(named, request);
}

}  // namespace sluice::paimon
