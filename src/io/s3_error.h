// SPDX-License-Identifier: Apache-2.0
// What an answer of S3 that is no success means, and what to do about it. Pure functions, any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "io/http.h"
#include "io/s3_config.h"

namespace sluice {

struct S3Failure {
  int status = 0;
  std::string code;     // "NoSuchKey"; empty if the answer has none, as those of HEAD
  std::string message;
  std::string region;   // of the bucket, if S3 tells
  bool MayPass() const;   // another try may succeed
  bool IsOfKeys() const;  // other keys may be taken; of an answer without a code that is not known
};

// status 0: it is none. `late`: the server says 200 before it knows the end, as of a multipart upload: an <Error> may
// follow, or nothing that can be read, which counts as a 500.
S3Failure S3FailureOf(const HttpResponse& answer, bool late);

// "PUT s3://b/k at http://…: 403 AccessDenied: …", with a hint.
Error S3ErrorOf(const S3Failure& failure, const std::string& method, const S3Place& place, const S3Config& config);

}  // namespace sluice
