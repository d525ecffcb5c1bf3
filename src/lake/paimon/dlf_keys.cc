// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/dlf_keys.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "base/text.h"
#include "lake/json.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kSafeMs = 3'600'000;
constexpr int64_t kPutOffMs = 30'000;  // until they are asked for again, if that failed and the old ones still hold
constexpr int kTriesMax = 5;           // of a file that is being written, with pauses of 1, 2, 3 and 4 seconds
constexpr const char* kRoles = "http://100.100.100.200/latest/meta-data/Ram/security-credentials/";

std::string Find(const Options& options, const std::string& key) {
  const auto found = options.find(key);
  return found == options.end() ? std::string() : std::string(Trim(found->second));
}

Result<DlfKeys> FromFile(Env& env, const std::string& path, int tries) {
  for (int tried = 1;; ++tried) {
    auto text = env.ReadFile(path);
    auto keys = text.ok() ? ParseDlfKeys(*text) : Result<DlfKeys>(std::move(text).error());
    if (keys.ok()) return keys;
    if (tried >= tries) {
      Error error = std::move(keys).error().With("option dlf.token-path");
      error.code = ErrorCode::kInvalid;
      error.hint = "the file must have AccessKeyId and AccessKeySecret, as JSON";
      return error;
    }
    env.Wait(tried * 1000, nullptr);
  }
}

Result<std::string> Ask(HttpTransport& transport, const std::string& url) {
  const size_t slash = url.find('/', url.find("://") + 3);
  HttpRequest request{"GET", url.substr(0, slash), slash == std::string::npos ? "/" : url.substr(slash), {}, {}, {}};
  auto answer = transport.Send(request);
  if (!answer.ok()) return std::move(answer).error().With(Str("keys of this machine's role, ", url));
  if (answer->status >= 200 && answer->status < 300) return std::move(answer->body);
  const std::string text = Str("keys of this machine's role, ", url, ": status ", answer->status);
  if (answer->status >= 500 || answer->status == 429) return Unavailable(text);
  return Invalid(text, "does this machine have a role, and is it dlf.token-ecs-role-name?");
}

// As Java, the name follows the address without a slash in between.
Result<DlfKeys> FromRole(HttpTransport& transport, const std::string& url, std::string& role) {
  if (role.empty()) {
    TRY_SET(const std::string answer, Ask(transport, url));
    role = Trim(answer);
    if (role.empty()) return Invalid(Str("keys of this machine's role, ", url, ": it has none"));
  }
  TRY_SET(const std::string text, Ask(transport, url + PercentEncode(role, /*keep_slash=*/false)));
  auto keys = ParseDlfKeys(text);
  if (keys.ok()) return keys;
  return std::move(keys).error().With(Str("keys of this machine's role, ", url));
}

Result<int64_t> TimeOf(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') return Invalid("Expiration is no time like 2026-01-02T03:04:05Z");
  return static_cast<int64_t>(::timegm(&parts)) * 1000;
}

}  // namespace

int64_t RenewalMs(int64_t now_ms, int64_t ends_ms) {
  const int64_t left = ends_ms - now_ms;
  return left >= kSafeMs ? ends_ms - kSafeMs : now_ms + std::max<int64_t>(left, 0) / 2;
}

Result<DlfKeys> ParseDlfKeys(const std::string& text) {
  const auto json = ParseJson(text);
  if (!json.ok() || !json->is_object()) return Invalid("the keys are no JSON");
  DlfKeys out;
  for (const auto& [name, value] : {std::pair("AccessKeyId", &out.id), std::pair("AccessKeySecret", &out.secret),
                                    std::pair("SecurityToken", &out.security_token)}) {
    const auto found = OptionalText(*json, name);
    if (!found.ok()) return Invalid(Str("of the keys ", name, " is no text"));
    *value = Trim(*found);
  }
  if (out.id.empty()) return Invalid("the keys lack AccessKeyId");
  if (out.secret.empty()) return Invalid("the keys lack AccessKeySecret");
  if (FindMember(*json, "Expiration") != nullptr) {
    const auto end = OptionalText(*json, "Expiration");
    TRY_SET(out.ends_ms, TimeOf(end.ok() ? *end : ""));
  }
  return out;
}

Result<DlfKeySource> DlfKeySource::Make(Env& env, std::shared_ptr<HttpTransport> transport, const Options& options) {
  const std::string loader = Find(options, "dlf.token-loader"), path = Find(options, "dlf.token-path");
  if (loader == "ecs") {
    std::string url = Find(options, "dlf.token-ecs-metadata-url");
    if (url.empty()) url = kRoles;
    if (!url.starts_with("http://") && !url.starts_with("https://")) {
      return Invalid("option \"dlf.token-ecs-metadata-url\" is no address", "leave it out, as a rule");
    }
    return DlfKeySource(env, [transport = std::move(transport), url, role = Find(options, "dlf.token-ecs-role-name")](
                                 int) mutable { return FromRole(*transport, url, role); });
  }
  if (!loader.empty() && loader != "local_file") {
    return Unsupported(Str("option \"dlf.token-loader\": ", JsonEscape(loader), " is not supported"),
                       "use local_file with dlf.token-path, or ecs");
  }
  if (!path.empty()) return DlfKeySource(env, [&env, path](int tries) { return FromFile(env, path, tries); });
  if (!loader.empty()) return Invalid("option \"dlf.token-loader\": local_file lacks dlf.token-path");
  DlfKeys keys{Find(options, "dlf.access-key-id"), Find(options, "dlf.access-key-secret"),
               Find(options, "dlf.security-token"), {}};
  if (keys.id.empty() || keys.secret.empty()) {
    return Invalid(Str("token.provider dlf lacks ", keys.id.empty() ? "dlf.access-key-id" : "dlf.access-key-secret"),
                   "give dlf.access-key-id and dlf.access-key-secret, or dlf.token-path, or dlf.token-loader ecs");
  }
  return DlfKeySource(env, [keys](int) { return Result<DlfKeys>(keys); });
}

Result<DlfKeys> DlfKeySource::Now() {
  const int64_t now_ms = env_->NowMs();
  if (keys_ && (!keys_->ends_ms || now_ms < renew_ms_)) return *keys_;
  const bool hold = keys_ && now_ms < *keys_->ends_ms;
  auto loaded = load_(hold ? 1 : kTriesMax);
  if (loaded.ok()) {
    keys_ = *std::move(loaded);
    if (keys_->ends_ms) renew_ms_ = RenewalMs(now_ms, *keys_->ends_ms);
    return *keys_;
  }
  if (!hold) return std::move(loaded).error();
  renew_ms_ = std::min(*keys_->ends_ms, now_ms + kPutOffMs);
  return *keys_;
}

}  // namespace sluice::paimon
