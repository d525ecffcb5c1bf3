// SPDX-License-Identifier: Apache-2.0
// S3Client: the requests of S3 that a lake needs, signed, and tried again while time may heal them. Thread safe.
//
// Bounds: 6 tries a request, 0.1 s to 1.6 s between them; bodies are held in memory, so callers ask for ranges.
// Errors: kNotFound (the object), kConflict (PutNew: taken), kUnavailable (after all tries), kUnknownOutcome (PutNew
// whose answer was lost), kInvalid and kUnsupported (settings, rights, bucket); they name the object, the endpoint,
// status and S3's code. Keys that are lent (S3Config::lent) are asked for anew once a request if they were refused.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "io/http.h"
#include "io/s3_config.h"

namespace sluice {

class S3Client {
 public:
  struct Object {
    std::string name;  // whole key
    int64_t bytes = 0;
    int64_t modified_ms = 0;
  };
  struct Listing {
    std::vector<Object> objects;
    std::vector<std::string> folders;  // prefixes, with a slash at the end
  };
  struct Begun {
    std::string name;  // whole key
    std::string id;
    int64_t begun_ms = 0;
  };
  struct Bytes {
    std::string bytes;
    int64_t total = 0;  // of the whole object
  };

  // `clock` gives time, waits and randomness.
  S3Client(Env& clock, S3Config config, std::unique_ptr<HttpTransport> transport)
      : clock_(clock), config_(std::move(config)), transport_(std::move(transport)) {}

  // From `offset`, at most `count` (from 1 on) bytes; without `count` all.
  Result<Bytes> Get(const S3Place& place, std::optional<int64_t> count = {}, int64_t offset = 0);
  Result<Object> Head(const S3Place& place);
  Status Put(const S3Place& place, std::string_view bytes);     // replaces
  Status PutNew(const S3Place& place, std::string_view bytes);  // kConflict if there is such an object
  Status Delete(const S3Place& place);                          // absent is fine
  // What begins with the place's key; with `folders`, what lies deeper is one entry a folder. At most `most`.
  Result<Listing> List(const S3Place& prefix, bool folders, int64_t most = INT64_MAX);

  // An object in parts of at least 5 MiB but the last; nothing is seen of it before FinishUpload.
  Result<std::string> BeginUpload(const S3Place& place);  // its id
  Result<std::string> PutPart(const S3Place& place, const std::string& upload, int number, std::string_view bytes);
  Status FinishUpload(const S3Place& place, const std::string& upload, const std::vector<std::string>& parts,
                      int64_t bytes);
  Status AbortUpload(const S3Place& place, const std::string& upload);
  // Those whose key begins with the place's and that are neither finished nor aborted, by key.
  Result<std::vector<Begun>> ListUploads(const S3Place& prefix);

 private:
  // Without the bucket: Send adds it to its host or its path.
  static HttpRequest Request(const char* method, const S3Place& place);
  Result<S3Config> ConfigNow(const S3Place& place, bool refused) const;
  // An answer of 2xx; all else is an error. `unknown`, if given, tells whether a try may have done it unseen.
  Result<HttpResponse> Send(const HttpRequest& request, const S3Place& place, bool* unknown = nullptr);
  Status ReadPage(const HttpResponse& answer, const S3Place& prefix, Listing& out, std::string& next) const;
  Status ReadUploads(const HttpResponse& answer, const S3Place& prefix, std::vector<Begun>& out, Begun& next) const;
  static Error CannotSend(const HttpRequest& request, const S3Place& place, const S3Config& config, const Error& why);

  Env& clock_;
  const S3Config config_;
  const std::unique_ptr<HttpTransport> transport_;
};

}  // namespace sluice
