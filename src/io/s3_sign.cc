// SPDX-License-Identifier: Apache-2.0
#include "io/s3_sign.h"

#include <ctime>

#include "base/text.h"
#include "io/digest.h"

namespace sluice {

std::string SigningTime(int64_t now_ms) {
  const std::time_t seconds = now_ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char out[20];
  const size_t count = std::strftime(out, sizeof out, "%Y%m%dT%H%M%SZ", &parts);
  return std::string(out, count);
}

void SignS3(HttpRequest& request, const S3Credentials& credentials, const std::string& region, int64_t now_ms) {
  const std::string time = SigningTime(now_ms), date = time.substr(0, 8);
  const std::string body_hash = Hex(Sha256(request.body));
  request.headers["host"] = request.origin.substr(request.origin.find("://") + 3);
  request.headers["x-amz-date"] = time;
  request.headers["x-amz-content-sha256"] = body_hash;
  if (!credentials.session_token.empty()) request.headers["x-amz-security-token"] = credentials.session_token;
  std::string headers;
  std::vector<std::string> names;
  for (const auto& [name, value] : request.headers) {
    headers += Str(name, ":", Trim(value), "\n");
    names.push_back(name);
  }
  const std::string signed_names = Join(names, ";");
  const std::string canonical = Str(request.method, "\n", request.path, "\n", EncodeQuery(request.query), "\n", headers,
                                    "\n", signed_names, "\n", body_hash);
  const std::string scope = Str(date, "/", region, "/s3/aws4_request");
  const std::string to_sign = Str("AWS4-HMAC-SHA256\n", time, "\n", scope, "\n", Hex(Sha256(canonical)));
  std::string key = HmacSha256("AWS4" + credentials.secret_key, date);
  for (const std::string& part : {region, std::string("s3"), std::string("aws4_request")}) key = HmacSha256(key, part);
  request.headers["authorization"] = Str("AWS4-HMAC-SHA256 Credential=", credentials.access_key, "/", scope,
                                         ",SignedHeaders=", signed_names, ",Signature=", Hex(HmacSha256(key, to_sign)));
}

}  // namespace sluice
