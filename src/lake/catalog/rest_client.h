// SPDX-License-Identifier: Apache-2.0
// RestClient: requests to an Iceberg REST catalog (spec: open-api/rest-catalog-open-api.yaml), with its configuration
// and sign-in. It knows no table. Secrets are in no error. One thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/http.h"

namespace sluice {

struct RestAnswer {
  int status = 0;  // 2xx, 404 or 409
  std::string body;
};

class RestClient {
 public:
  using Options = std::map<std::string, std::string>;
  // `options`: those of Iceberg's REST catalog: uri, warehouse, prefix, token, credential, oauth2-server-uri, scope,
  // header.*. Those of file access are not needed; kUnsupported names any other one. Asks nobody yet.
  static Result<std::unique_ptr<RestClient>> Make(std::shared_ptr<HttpTransport> transport, Options options);

  // `path`: below /v1/<prefix>/, encoded. kUnavailable: no answer, or the server is not well: it may have done it.
  // kInvalid: it refuses, with its words.
  Result<RestAnswer> Send(const std::string& method, const std::string& path, std::string_view body = {},
                          const std::vector<std::pair<std::string, std::string>>& query = {});
  const std::string& uri() const { return uri_; }

 private:
  RestClient(std::shared_ptr<HttpTransport> transport, Options options, std::string uri)
      : transport_(std::move(transport)), options_(std::move(options)), uri_(std::move(uri)) {}
  Status Configure();
  Status SignIn();
  Result<HttpResponse> Ask(HttpRequest request) const;
  Result<RestAnswer> Judge(const std::string& what, HttpResponse response) const;

  const std::shared_ptr<HttpTransport> transport_;
  Options options_;  // with those of the server, once configured
  std::string uri_;  // without a slash at its end
  std::string token_;
  bool configured_ = false;
};

// One name as a part of a path.
std::string RestSegment(std::string_view name);

}  // namespace sluice
