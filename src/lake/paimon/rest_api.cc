// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/rest_api.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "lake/json.h"

namespace sluice::paimon {
namespace {

constexpr size_t kWordsMax = 300;         // of a server's message
constexpr int kTriesMax = 5;              // of a request that the server puts off
constexpr int64_t kFirstPauseMs = 250;    // doubled from try to try
constexpr int64_t kLongestPauseMs = 3'000;

std::string Find(const Options& options, const std::string& key) {
  const auto found = options.find(key);
  return found == options.end() ? std::string() : std::string(Trim(found->second));
}

// As Java: without a scheme it is http.
Result<std::string> UriOf(std::string uri) {
  while (uri.ends_with('/')) uri.pop_back();
  if (uri.find("://") == std::string::npos) uri = "http://" + uri;
  const size_t scheme = uri.find("://");
  const bool good = uri.starts_with("http://") || uri.starts_with("https://");
  if (good && uri.size() > scheme + 3 && uri.find_first_of("?#@ \t\n\r") == std::string::npos) return uri;
  return Invalid("option \"uri\" is no address of a Paimon REST catalog", "write it as http://host:port");
}

struct Place {
  std::string origin, path;
};

Place PlaceOf(const std::string& uri) {
  const size_t slash = uri.find('/', uri.find("://") + 3);
  if (slash == std::string::npos) return {uri, ""};
  return {uri.substr(0, slash), uri.substr(slash)};
}

Status CheckOptions(const Options& options) {
  if (Find(options, "uri").empty()) {
    return Invalid("metastore rest lacks the option \"uri\"", "write it as http://host:port");
  }
  const std::string lends = Lower(Find(options, "data-token.enabled"));
  if (!lends.empty() && lends != "true" && lends != "false") {
    return Invalid(Str("option \"data-token.enabled\" wants true or false, but is \"", JsonEscape(lends), "\""));
  }
  return Ok();
}

// How long a server that is busy wants to be left alone.
int64_t PauseMs(const HttpResponse& response, int tries) {
  int64_t seconds = 0;
  if (ParseNumber(Trim(response.Header("retry-after")), seconds) && seconds > 0) {
    return std::min(seconds, kLongestPauseMs / 1000) * 1000;
  }
  return std::min(kFirstPauseMs << tries, kLongestPauseMs);
}

}  // namespace

std::string RestDatabasePath(const std::string& database, std::string_view more) {
  return Str("databases/", PercentEncode(database, /*keep_slash=*/false), more);
}

std::string RestTablePath(const std::string& database, const std::string& table, std::string_view more) {
  return Str(RestDatabasePath(database, "/tables/"), PercentEncode(table, /*keep_slash=*/false), more);
}

Result<std::unique_ptr<RestApi>> RestApi::Make(Env& env, std::shared_ptr<HttpTransport> transport, Options options) {
  TRY(CheckOptions(options));
  TRY_SET(std::string uri, UriOf(Find(options, "uri")));
  TRY_SET(auto auth, MakeRestAuth(env, transport, options));
  return std::unique_ptr<RestApi>(
      new RestApi(env, std::move(transport), std::move(options), std::move(uri), std::move(auth)));
}

bool RestApi::LendsKeys() const { return Lower(Find(options_, "data-token.enabled")) == "true"; }

std::string RestApi::Hidden(std::string text) const {
  static constexpr std::string_view kHidden = "…";
  for (const std::string& secret : auth_->Secrets()) {
    if (secret.empty()) continue;
    for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kHidden.size())) {
      text.replace(at, secret.size(), kHidden);
    }
  }
  return text;
}

Error RestApi::Refused(const std::string& what, const RestReply& reply) const {
  const std::string text = Str("REST catalog ", uri_, ": ", what, ": status ", reply.status,
                               reply.words.empty() ? "" : ": ", reply.words);
  if (reply.status == 501) return Unsupported(text, "this server cannot do that");
  if (reply.status == 404) return NotFound(text);
  if (reply.status == 409) return Conflict(text);
  return Invalid(text, "the server's log may say more");
}

// An error's body is {"message", "resourceType", "resourceName", "code"}, a proxy's is anything.
Result<RestReply> RestApi::Judge(const std::string& what, const HttpResponse& response) const {
  RestReply reply{response.status, response.body, {}, {}};
  if (reply.ok()) return reply;
  if (const auto json = ParseJson(response.body); json.ok() && json->is_object()) {
    const auto message = OptionalText(*json, "message");
    const auto resource = OptionalText(*json, "resourceType");
    const auto code = OptionalLong(*json, "code");
    if (message.ok()) reply.words = message->substr(0, message->find('\n'));
    if (resource.ok()) reply.resource = *resource;
    if (code.ok() && *code && **code >= 400 && **code < 600) reply.status = static_cast<int>(**code);
  }
  if (reply.words.size() > kWordsMax) reply.words = reply.words.substr(0, kWordsMax) + "…";
  reply.words = JsonEscape(Hidden(reply.words));
  const int status = reply.status;
  if (status == 400 || status == 404 || status == 409 || status == 501) return reply;
  const std::string text = Str("REST catalog ", uri_, ": ", what, ": status ", status,
                               reply.words.empty() ? "" : ": ", reply.words);
  if (status == 401 || status == 403) {
    return Invalid(text, "check the catalog's options token.provider, token and dlf.*, and what their owner is allowed "
                         "to do");
  }
  if (status >= 500 || status == 408 || status == 429) return Unavailable(text, "the server's log says why");
  return Invalid(text, "is the catalog's option uri right?");
}

Result<RestReply> RestApi::Ask(const std::string& method, const std::string& path, std::string_view body,
                               const Query& query) {
  const Place place = PlaceOf(uri_);
  const std::string resource = Str("/v1/", path);
  HttpRequest request{method, place.origin, place.path + resource, query, {}, body};
  request.once = method != "GET";
  request.headers["accept"] = "application/json";
  if (!body.empty()) request.headers["content-type"] = "application/json";
  for (const auto& [key, value] : options_) {
    if (key.starts_with("header.")) request.headers[Lower(key.substr(7))] = value;
  }
  const std::string what = Str(method, " ", request.path);
  for (int tries = 0;; ++tries) {
    HttpRequest one = request;
    if (Status proved = auth_->Prove(one, resource); !proved.ok()) {
      return std::move(proved).error().With(Str("REST catalog ", uri_));
    }
    auto response = transport_->Send(one);
    if (!response.ok()) {
      Error error = std::move(response).error().With(Str("REST catalog ", uri_, ": ", what));
      if (error.hint.empty()) error.hint = "is it running, and the catalog's option uri right?";
      return error;
    }
    const bool busy = response->status == 429 || response->status == 503;
    if (!busy || tries + 1 >= kTriesMax) return Judge(what, *response);
    LogDebug(Str("REST catalog ", uri_, ": ", what, ": status ", response->status, ", trying again"));
    env_.Wait(PauseMs(*response, tries), nullptr);
  }
}

// Its defaults stand behind our options, its overrides before them.
Status RestApi::Configure() {
  std::lock_guard lock(configuring_);
  if (configured_) return Ok();
  Query query;
  if (const std::string warehouse = Find(options_, "warehouse"); !warehouse.empty()) {
    query.emplace_back("warehouse", warehouse);
  }
  TRY_SET(const RestReply reply, Ask("GET", "config", {}, query));
  const auto json = ParseJson(reply.body);
  if (!reply.ok() || !json.ok() || !json->is_object()) {
    Error error = reply.ok() ? Invalid(Str("REST catalog ", uri_, ": no configuration at /v1/config"))
                             : Refused("configuration", reply);
    error.code = ErrorCode::kInvalid;
    error.hint = "check the catalog's options uri, which is the part of the address before /v1, and warehouse, which "
                 "is a name that the server knows";
    return error;
  }
  TRY_SET(const auto defaults, TextMapMember(*json, "defaults"));
  TRY_SET(const auto overrides, TextMapMember(*json, "overrides"));
  Options merged = options_;
  merged.insert(defaults.begin(), defaults.end());
  for (const auto& [key, value] : overrides) merged[key] = value;
  if (Status good = CheckOptions(merged); !good.ok()) {
    return std::move(good).error().With(Str("configuration of the REST catalog ", uri_));
  }
  options_ = std::move(merged);
  configured_ = true;
  return Ok();
}

Result<RestReply> RestApi::Send(const std::string& method, const std::string& path, std::string_view body,
                                const Query& query) {
  TRY(Configure());
  const std::string prefix = Find(options_, "prefix");
  return Ask(method, prefix.empty() ? path : Str(PercentEncode(prefix, /*keep_slash=*/false), "/", path), body, query);
}

Status RestApi::Pages(const std::string& path,
                      const std::function<Result<std::string>(const std::string& body)>& page) {
  std::string token;
  for (Query query;;) {
    TRY_SET(const RestReply reply, Send("GET", path, {}, query));
    if (!reply.ok()) return Refused(Str("GET ", path), reply);
    auto next = page(reply.body);
    if (!next.ok()) return std::move(next).error().With(Str("REST catalog ", uri_, ": GET ", path));
    if (next->empty()) return Ok();
    if (*next == token) {
      return Invalid(Str("REST catalog ", uri_, ": GET ", path, ": the same page comes again and again"));
    }
    token = *std::move(next);
    query = {{"pageToken", token}};
  }
}

}  // namespace sluice::paimon
