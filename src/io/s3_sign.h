// SPDX-License-Identifier: Apache-2.0
// AWS Signature Version 4 of S3 requests ("Authenticating Requests: Using the Authorization Header", Amazon S3 API
// Reference). Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>

#include "io/http.h"

namespace sluice {

struct S3Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // empty: none
};

// Adds the headers host, x-amz-date, x-amz-content-sha256, x-amz-security-token and authorization. All headers and the
// body are covered.
void SignS3(HttpRequest& request, const S3Credentials& credentials, const std::string& region, int64_t now_ms);

// "20130524T000000Z", UTC.
std::string SigningTime(int64_t now_ms);

}  // namespace sluice
