// SPDX-License-Identifier: Apache-2.0
#include "io/s3_error.h"

#include "base/text.h"
#include "io/xml.h"

namespace sluice {
namespace {

bool IsOneOf(const std::string& code, std::initializer_list<const char*> codes) {
  for (const char* candidate : codes) {
    if (code == candidate) return true;
  }
  return false;
}

// Of what a server says nothing that signs requests may reach a log.
std::string WithoutKeys(std::string text, const S3Credentials& credentials) {
  for (const std::string* secret : {&credentials.secret_key, &credentials.session_token, &credentials.access_key}) {
    if (secret->size() < 4) continue;  // cannot be told from ordinary text
    for (size_t at = text.find(*secret); at != std::string::npos; at = text.find(*secret, at + 3)) {
      text.replace(at, secret->size(), "***");
    }
  }
  return text;
}

std::string HintOfDenied(const std::string& code) {
  if (code == "RequestTimeTooSkewed") return "the clock of this machine is wrong: set it";
  if (IsOneOf(code, {"ExpiredToken", "InvalidToken", "TokenRefreshRequired"})) {
    return "the session token is no more valid: get new keys, then set s3.access-key, s3.secret-key and "
           "s3.session.token";
  }
  if (IsOneOf(code, {"InvalidAccessKeyId", "SignatureDoesNotMatch"})) {
    return "s3.access-key and s3.secret-key (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) are not those of this "
           "server";
  }
  return "the user of s3.access-key needs s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject, s3:DeleteObject "
         "and s3:AbortMultipartUpload on what is in it";
}

}  // namespace

bool S3Failure::MayPass() const {
  return status == 500 || status == 502 || status == 503 || status == 504 || status == 408 || status == 429 ||
         status == 409 ||
         IsOneOf(code, {"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "IncompleteBody",
                        "BadDigest", "XAmzContentSHA256Mismatch"});
}

bool S3Failure::IsOfKeys() const {
  return (status == 403 && code.empty()) ||
         IsOneOf(code, {"ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId"});
}

S3Failure S3FailureOf(const HttpResponse& answer, bool late) {
  S3Failure out;
  const bool success = answer.status >= 200 && answer.status < 300;
  if (success && !late) return out;
  std::string root;
  // While S3 puts parts together it sends spaces now and then.
  Status read = WalkXml(Trim(answer.body), [&](const std::string& path, const std::string& text) {
    if (path.ends_with("Error/Code") || path == "Code") out.code = text;
    if (path.ends_with("Error/Message")) out.message = text;
    if (path.ends_with("Error/Region")) out.region = text;
    root = path;
  });
  if (success && read.ok() && root != "Error") return S3Failure{};
  out.status = success ? 500 : answer.status;
  if (out.region.empty()) out.region = answer.Header("x-amz-bucket-region");
  return out;
}

Error S3ErrorOf(const S3Failure& failure, const std::string& method, const S3Place& place, const S3Config& config) {
  const std::string what = WithoutKeys(
      Str(method, " ", place.ToString(), " at ", config.endpoint, ": ", failure.status,
          failure.code.empty() ? "" : " " + failure.code, failure.message.empty() ? "" : ": " + failure.message),
      config.credentials);
  const int status = failure.status;
  if (failure.code == "NoSuchBucket") {
    return Invalid(what, Str("there is no bucket ", place.bucket, " there: make it, or see s3.endpoint"));
  }
  const bool moved = status == 301 || status == 302 || status == 307 ||
                     IsOneOf(failure.code, {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException"});
  if (moved) {
    return Invalid(what, failure.region.empty() || failure.region == config.region
                             ? "the bucket is in another region: set s3.region, and s3.endpoint if it names one"
                             : Str("the bucket is in region ", failure.region, ": set s3.region to that"));
  }
  // To what is written a 404 is no news of an object: the upload is gone, or the server is none of S3.
  if (failure.code == "NoSuchUpload" || (status == 404 && method != "PUT" && method != "POST")) return NotFound(what);
  if (status == 412) return Conflict(what);
  if (status == 401 || status == 403) return Invalid(what, HintOfDenied(failure.code));
  if (status == 501) return Unsupported(what, "the server does not know this request of S3");
  if (failure.MayPass()) return Unavailable(what, "the server did not take the request in 6 tries");
  return Invalid(what, "s3.endpoint, s3.region or s3.path.style.access may not be those of this server");
}

}  // namespace sluice
