// SPDX-License-Identifier: Apache-2.0
// RestAuth: what proves to a Paimon REST catalog who asks, by `token.provider`: nothing, a bearer token, or signatures
// of DLF. Thread safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "io/http.h"
#include "lake/paimon/schema.h"

namespace sluice::paimon {

class RestAuth {
 public:
  virtual ~RestAuth() = default;
  // Adds its headers to a request that is complete but for them. `resource`: its path without that of the catalog's
  // address. Not for a second try of the same request.
  virtual Status Prove(HttpRequest& request, const std::string& resource) = 0;
  // What may be shown nowhere.
  virtual std::vector<std::string> Secrets() = 0;
};

// Of the options of the catalog's user; those that a server adds do not count. Asks nobody. The Env is borrowed.
Result<std::unique_ptr<RestAuth>> MakeRestAuth(Env& env, std::shared_ptr<HttpTransport> transport,
                                               const Options& options);

// "cn-hangzhou" of https://cn-hangzhou-vpc.dlf.aliyuncs.com, as Java finds it; empty if there is none.
std::string DlfRegionOf(const std::string& uri);

}  // namespace sluice::paimon
