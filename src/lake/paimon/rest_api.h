// SPDX-License-Identifier: Apache-2.0
// RestApi: requests to a Paimon REST catalog (docs of Paimon: "REST Open API"), with its configuration and retries. It
// knows no table. Secrets are in no error. Borrows the Env; thread safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "io/http.h"
#include "lake/paimon/rest_auth.h"
#include "lake/paimon/schema.h"

namespace sluice::paimon {

struct RestReply {
  int status = 0;          // 2xx, 400, 404, 409, 501: the body's own code where it has one, as in Java
  std::string body;
  std::string words;       // of an error
  std::string resource;    // what an error is about: DATABASE, TABLE, COLUMN, SNAPSHOT, BRANCH, TAG; may be empty
  bool ok() const { return status >= 200 && status < 300; }
};

class RestApi {
 public:
  // Checks the catalog's options, asks nobody. kUnsupported names one that is not there.
  static Result<std::unique_ptr<RestApi>> Make(Env& env, std::shared_ptr<HttpTransport> transport, Options options);

  using Query = std::vector<std::pair<std::string, std::string>>;
  // `path`: below /v1/<prefix>/, encoded. kUnavailable: no answer, or the server is not well even after some tries: it
  // may have done it or not. kInvalid: it lets nobody in, or is no such catalog.
  Result<RestReply> Send(const std::string& method, const std::string& path, std::string_view body = {},
                         const Query& query = {});
  // All pages of a GET, one after the other: `page` takes a body and returns the token of the next one, "" at the end.
  Status Pages(const std::string& path, const std::function<Result<std::string>(const std::string& body)>& page);
  // GET config, once. Others do it by themselves.
  Status Configure();
  const std::string& uri() const { return uri_; }
  // Once configured: the options, with those of the server.
  const Options& options() const { return options_; }
  // Whether it lends keys of the storage: `data-token.enabled`.
  bool LendsKeys() const;
  // An error of an answer that says no.
  Error Refused(const std::string& what, const RestReply& reply) const;

 private:
  RestApi(Env& env, std::shared_ptr<HttpTransport> transport, Options options, std::string uri,
          std::unique_ptr<RestAuth> auth)
      : env_(env),
        transport_(std::move(transport)),
        options_(std::move(options)),
        uri_(std::move(uri)),
        auth_(std::move(auth)) {}
  Result<RestReply> Ask(const std::string& method, const std::string& path, std::string_view body, const Query& query);
  Result<RestReply> Judge(const std::string& what, const HttpResponse& response) const;
  std::string Hidden(std::string text) const;

  Env& env_;
  const std::shared_ptr<HttpTransport> transport_;
  std::mutex configuring_;
  bool configured_ = false;  // guarded by configuring_
  Options options_;          // with those of the server, once configured: from then on they stay
  const std::string uri_;    // without a slash at its end
  const std::unique_ptr<RestAuth> auth_;
};

// "databases/d/tables/t", each name one part of it. `more`: behind that, "" or "/commit".
std::string RestTablePath(const std::string& database, const std::string& table, std::string_view more = "");
std::string RestDatabasePath(const std::string& database, std::string_view more = "");

}  // namespace sluice::paimon
