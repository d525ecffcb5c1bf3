// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/rest_api.h"

#include <algorithm>

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
  const std::string provider = Lower(Find(options, "token.provider"));
  if (provider == "dlf" || std::any_of(options.begin(), options.end(), [](const auto& option) {
        return option.first.starts_with("dlf.");
      })) {
    return Unsupported("token.provider dlf: requests to a REST catalog that are signed for DLF are not supported yet",
                       "use a server that takes a bearer token: token.provider bear, and token");
  }
  if (!provider.empty() && provider != "bear") {
    return Unsupported(Str("option \"token.provider\": ", provider, " is not supported"), "use bear, with token");
  }
  if (provider.empty() != Find(options, "token").empty()) {
    return Invalid("metastore rest: of the options \"token.provider\" and \"token\" one is missing",
                   "set token.provider to bear and token to the token, or leave both out");
  }
  if (Lower(Find(options, "data-token.enabled")) == "true") {
    return Unsupported("data-token.enabled: keys of the storage that a REST catalog lends are not supported yet",
                       "set it to false at the server or in the catalog's options, and give keys as s3.access-key, "
                       "s3.secret-key");
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
  std::unique_ptr<RestApi> api(new RestApi(env, std::move(transport), std::move(options), std::move(uri)));
  if (!Find(api->options_, "token.provider").empty()) api->token_ = Find(api->options_, "token");
  return api;
}

std::string RestApi::Hidden(std::string text) const {
  for (size_t at = token_.empty() ? std::string::npos : text.find(token_); at != std::string::npos;
       at = text.find(token_)) {
    text.replace(at, token_.size(), "…");
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
    return Invalid(text, "check the catalog's options token.provider and token, and what the token is allowed to do");
  }
  if (status >= 500 || status == 408 || status == 429) return Unavailable(text, "the server's log says why");
  return Invalid(text, "is the catalog's option uri right?");
}

Result<RestReply> RestApi::Ask(const std::string& method, const std::string& path, std::string_view body,
                               const Query& query) {
  const Place place = PlaceOf(uri_);
  HttpRequest request{method, place.origin, Str(place.path, "/v1/", path), query, {}, body};
  request.once = method != "GET";
  request.headers["accept"] = "application/json";
  if (!body.empty()) request.headers["content-type"] = "application/json";
  for (const auto& [key, value] : options_) {
    if (key.starts_with("header.")) request.headers[Lower(key.substr(7))] = value;
  }
  if (!token_.empty()) request.headers["authorization"] = "Bearer " + token_;
  const std::string what = Str(method, " ", request.path);
  for (int tries = 0;; ++tries) {
    auto response = transport_->Send(request);
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
