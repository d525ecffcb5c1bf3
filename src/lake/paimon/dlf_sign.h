// SPDX-License-Identifier: Apache-2.0
// Signatures of requests to a REST catalog of Alibaba Cloud's DLF (`token.provider` dlf), as Paimon's Java has them:
// DLF4-HMAC-SHA256, and ROA's HMAC-SHA1 of its OpenAPI addresses. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "io/http.h"

namespace sluice::paimon {

struct DlfKeys {
  std::string id;
  std::string secret;
  std::string security_token;      // empty: none
  std::optional<int64_t> ends_ms;  // none: they never end
};

// Adds content-type and content-md5 if there is a body, x-dlf-date, -version, -content-sha256, -security-token and
// authorization. `resource`: the path of the request, encoded, without that of the catalog's own address.
void SignDlf(HttpRequest& request, const std::string& resource, const DlfKeys& keys, const std::string& region,
             int64_t now_ms);
// Adds accept, date, the same of a body, x-acs-* and authorization. `nonce`: another one for each request.
void SignDlfOpenApi(HttpRequest& request, const std::string& resource, const DlfKeys& keys, const std::string& nonce,
                    int64_t now_ms);

}  // namespace sluice::paimon
