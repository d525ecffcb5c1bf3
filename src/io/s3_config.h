// SPDX-License-Identifier: Apache-2.0
// S3Config: where an S3 server is and who asks. Made of Paimon's options s3.*, s3a.* and fs.s3a.*, else of the
// environment variables that all S3 tools know. A value; its credentials are never printed.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/s3_sign.h"

namespace sluice {

struct S3Config {
  std::string endpoint;  // "https://host" or "http://host:port"; requests go there, or to bucket.host
  std::string region;
  bool path_style = false;  // /bucket/key instead of bucket.host/key
  S3Credentials credentials;  // empty keys: each request is an error that says so
  // Keys that end: asked before each request for the config of that moment; `refused`: the server did not take the last
  // ones. Empty: this config holds for ever. Thread safe.
  std::function<Result<S3Config>(bool refused)> lent = {};
};

// "s3.", "s3a." or "fs.s3a.".
bool IsS3Option(std::string_view key);
// "access.key" of each of its spellings; empty: no option of S3.
std::string S3OptionName(std::string_view key);

// Of `options` those of S3 count. `variable`: an environment variable, empty if unset. `idle` gets the keys that have
// no effect here. kInvalid, kUnsupported: names the key, shows no value of a secret.
Result<S3Config> MakeS3Config(const std::map<std::string, std::string>& options,
                              const std::function<std::string(const char*)>& variable, std::vector<std::string>& idle);

// An object's place: "s3://bucket/key"; the key may be empty.
struct S3Place {
  std::string bucket;
  std::string key;  // without a slash at its beginning
  std::string ToString() const { return "s3://" + bucket + "/" + key; }
};
bool IsS3Path(std::string_view path);  // begins with s3://
// "s3://bucket/a/b/" and "s3a://bucket/a/b" are s3://bucket/a/b. kInvalid without a bucket.
Result<std::string> NormalS3Path(std::string_view uri);
S3Place S3PlaceOf(std::string_view path);  // of an IsS3Path

}  // namespace sluice
