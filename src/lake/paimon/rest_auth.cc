// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/rest_auth.h"

#include <algorithm>
#include <mutex>
#include <regex>
#include <utility>

#include "base/text.h"
#include "lake/paimon/dlf_keys.h"
#include "lake/paimon/dlf_sign.h"

namespace sluice::paimon {
namespace {

std::string Find(const Options& options, const std::string& key) {
  const auto found = options.find(key);
  return found == options.end() ? std::string() : std::string(Trim(found->second));
}

class NoAuth final : public RestAuth {
 public:
  Status Prove(HttpRequest&, const std::string&) override { return Ok(); }
  std::vector<std::string> Secrets() override { return {}; }
};

class BearerAuth final : public RestAuth {
 public:
  explicit BearerAuth(std::string token) : token_(std::move(token)) {}
  Status Prove(HttpRequest& request, const std::string&) override {
    request.headers["authorization"] = "Bearer " + token_;
    return Ok();
  }
  std::vector<std::string> Secrets() override { return {token_}; }

 private:
  const std::string token_;
};

class DlfAuth final : public RestAuth {
 public:
  DlfAuth(Env& env, DlfKeySource keys, std::string region, bool open_api)
      : env_(env), keys_(std::move(keys)), region_(std::move(region)), open_api_(open_api) {}
  Status Prove(HttpRequest& request, const std::string& resource) override {
    std::lock_guard lock(mutex_);
    TRY_SET(const DlfKeys keys, keys_.Now());
    const int64_t now_ms = env_.NowMs();
    if (open_api_) {
      SignDlfOpenApi(request, resource, keys, Str(env_.Uuid(), now_ms), now_ms);
    } else {
      SignDlf(request, resource, keys, region_, now_ms);
    }
    return Ok();
  }
  std::vector<std::string> Secrets() override {
    std::lock_guard lock(mutex_);
    if (!keys_.last()) return {};
    return {keys_.last()->secret, keys_.last()->security_token, keys_.last()->id};
  }

 private:
  Env& env_;
  std::mutex mutex_;
  DlfKeySource keys_;  // guarded by mutex_
  const std::string region_;
  const bool open_api_;
};

Result<std::unique_ptr<RestAuth>> MakeDlfAuth(Env& env, std::shared_ptr<HttpTransport> transport,
                                              const Options& options) {
  const std::string uri = Find(options, "uri");
  std::string region = Find(options, "dlf.region");
  if (region.empty()) region = DlfRegionOf(uri);
  if (region.empty()) {
    return Invalid("token.provider dlf lacks dlf.region, and the option \"uri\" names none", "give it, as cn-hangzhou");
  }
  std::string algorithm = Find(options, "dlf.signing-algorithm");
  if (algorithm.empty()) algorithm = Lower(uri).find("dlfnext") == std::string::npos ? "default" : "openapi";
  if (algorithm != "default" && algorithm != "openapi") {
    return Unsupported(Str("option \"dlf.signing-algorithm\": ", JsonEscape(algorithm), " is not supported"),
                       "use default or openapi, or leave it out");
  }
  TRY_SET(auto keys, DlfKeySource::Make(env, std::move(transport), options));
  return std::unique_ptr<RestAuth>(new DlfAuth(env, std::move(keys), region, algorithm == "openapi"));
}

}  // namespace

std::string DlfRegionOf(const std::string& uri) {
  static const std::regex form("(?:pre-)?([a-z]+-[a-z]+(?:-[0-9]+)?)");
  std::smatch found;
  return std::regex_search(uri, found, form) ? found[1].str() : "";
}

Result<std::unique_ptr<RestAuth>> MakeRestAuth(Env& env, std::shared_ptr<HttpTransport> transport,
                                               const Options& options) {
  const std::string provider = Lower(Find(options, "token.provider")), token = Find(options, "token");
  const bool dlf = std::any_of(options.begin(), options.end(),
                               [](const auto& option) { return option.first.starts_with("dlf."); });
  if (provider == "dlf") return MakeDlfAuth(env, std::move(transport), options);
  if (provider.empty() && dlf) {
    return Invalid("metastore rest: there are options dlf.* without \"token.provider\"", "set that to dlf");
  }
  if (!provider.empty() && provider != "bear") {
    return Unsupported(Str("option \"token.provider\": ", JsonEscape(provider), " is not supported"),
                       "use bear, with token, or dlf");
  }
  if (provider.empty() != token.empty()) {
    return Invalid("metastore rest: of the options \"token.provider\" and \"token\" one is missing",
                   "set token.provider to bear and token to the token, or leave both out");
  }
  if (provider.empty()) return std::unique_ptr<RestAuth>(new NoAuth());
  return std::unique_ptr<RestAuth>(new BearerAuth(token));
}

}  // namespace sluice::paimon
