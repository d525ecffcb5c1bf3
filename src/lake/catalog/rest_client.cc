// SPDX-License-Identifier: Apache-2.0
#include "lake/catalog/rest_client.h"

#include <span>
#include <utility>

#include "base/text.h"
#include "lake/json.h"

namespace sluice {
namespace {

constexpr size_t kWordsMax = 300;  // of a server's message

// Of file access and caches: the catalog's own reader has them, we read no file through it.
constexpr std::string_view kIdle[] = {"io-impl", "s3.", "client.", "gcs.", "adls.", "oss.", "cache-enabled", "cache.",
                                      "cache-", "clients", "catalog-impl", "type", "table-default.", "rest-metrics",
                                      "metrics-reporter-impl", "token-refresh-enabled", "token-expires-in-ms"};
constexpr std::string_view kKnown[] = {"uri",      "warehouse", "prefix", "token", "credential", "oauth2-server-uri",
                                       "scope",    "header."};

bool IsOneOf(const std::string& key, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    const bool family = name.ends_with('.') || name.ends_with('-');
    if (family ? key.starts_with(name) : key == name) return true;
  }
  return false;
}

std::string Find(const RestClient::Options& options, const std::string& key) {
  const auto found = options.find(key);
  return found == options.end() ? std::string() : found->second;
}

struct Place {
  std::string origin, path;
};

Result<Place> PlaceOf(const std::string& key, std::string uri) {
  while (uri.ends_with('/')) uri.pop_back();
  const size_t scheme = uri.find("://");
  const bool good = uri.starts_with("http://") || uri.starts_with("https://");
  if (!good || uri.find_first_of("?#@ \n\r", scheme) != std::string::npos || uri.size() == scheme + 3) {
    return Invalid(Str(key, " is no address of an Iceberg REST catalog"), "write it as http://host:port/path");
  }
  const size_t slash = uri.find('/', scheme + 3);
  if (slash == std::string::npos) return Place{uri, ""};
  return Place{uri.substr(0, slash), uri.substr(slash)};
}

// What an error's body says, in one short line.
std::string WordsOf(const std::string& body) {
  std::string words;
  if (auto json = ParseJson(body); json.ok()) {
    const Json* error = json->is_object() ? FindMember(*json, "error") : nullptr;
    if (error != nullptr && error->is_object()) {
      const auto message = OptionalText(*error, "message");
      if (message.ok()) words = *message;
    }
  }
  words = words.substr(0, words.find('\n'));
  if (words.size() > kWordsMax) words = words.substr(0, kWordsMax) + "…";
  return JsonEscape(words);
}

}  // namespace

std::string RestSegment(std::string_view name) { return PercentEncode(name, /*keep_slash=*/false); }

Result<std::unique_ptr<RestClient>> RestClient::Make(std::shared_ptr<HttpTransport> transport, Options options) {
  for (const auto& [key, value] : options) {
    if (IsOneOf(key, kKnown) || IsOneOf(key, kIdle)) continue;
    return Unsupported(Str("option rest.", key, " of an Iceberg REST catalog is not supported yet"), "leave it out");
  }
  if (Find(options, "uri").empty()) {
    return Invalid("the address of the Iceberg REST catalog is missing", "set metadata.iceberg.rest.uri");
  }
  TRY_SET(const Place place, PlaceOf("metadata.iceberg.rest.uri", options["uri"]));
  std::unique_ptr<RestClient> client(
      new RestClient(std::move(transport), std::move(options), place.origin + place.path));
  client->token_ = Find(client->options_, "token");
  return client;
}

Result<HttpResponse> RestClient::Ask(HttpRequest request) const {
  request.headers["accept"] = "application/json";
  if (!token_.empty()) request.headers["authorization"] = "Bearer " + token_;
  for (const auto& [key, value] : options_) {
    if (key.starts_with("header.")) request.headers[Lower(key.substr(7))] = value;
  }
  auto response = transport_->Send(request);
  if (response.ok()) return response;
  Error error = std::move(response).error().With(Str("Iceberg REST catalog ", uri_));
  if (error.hint.empty()) error.hint = "is it running, and metadata.iceberg.rest.uri right?";
  return error;
}

Result<RestAnswer> RestClient::Judge(const std::string& what, HttpResponse response) const {
  const int status = response.status;
  if ((status >= 200 && status < 300) || status == 404 || status == 409) return RestAnswer{status, response.body};
  const std::string words = WordsOf(response.body);
  const std::string text = Str("Iceberg REST catalog ", uri_, ": ", what, ": HTTP status ", status,
                               words.empty() ? "" : ": ", words);
  if (status == 401 || status == 403) {
    return Invalid(text, "check metadata.iceberg.rest.token or .credential, and what they are allowed to do");
  }
  if (status >= 500 || status == 408 || status == 419 || status == 429) {
    return Unavailable(text, "the server is not well: its log says why");
  }
  return Invalid(text, "see the server's log; is metadata.iceberg.rest.uri right?");
}

// Spec: "getConfig". The server's defaults stand behind ours, its overrides before them.
Status RestClient::Configure() {
  if (configured_) return Ok();
  if (!Find(options_, "credential").empty() && token_.empty()) TRY(SignIn());
  TRY_SET(const Place place, PlaceOf("metadata.iceberg.rest.uri", uri_));
  HttpRequest request{"GET", place.origin, place.path + "/v1/config", {}, {}, {}};
  if (const std::string warehouse = Find(options_, "warehouse"); !warehouse.empty()) {
    request.query.emplace_back("warehouse", warehouse);
  }
  TRY_SET(auto response, Ask(std::move(request)));
  TRY_SET(const RestAnswer answer, Judge("configuration", std::move(response)));
  const auto json = ParseJson(answer.body);
  if (answer.status != 200 || !json.ok() || !json->is_object()) {
    return Invalid(Str("Iceberg REST catalog ", uri_, ": no configuration at /v1/config (HTTP status ", answer.status,
                       ")"),
                   "metadata.iceberg.rest.uri is the part of the address before /v1");
  }
  TRY_SET(const auto defaults, TextMapMember(*json, "defaults"));
  TRY_SET(const auto overrides, TextMapMember(*json, "overrides"));
  options_.insert(defaults.begin(), defaults.end());
  for (const auto& [key, value] : overrides) options_[key] = value;
  if (const std::string uri = Find(overrides, "uri"); !uri.empty()) {
    TRY_SET(const Place other, PlaceOf("the catalog's own `uri`", uri));
    uri_ = other.origin + other.path;
  }
  if (token_.empty()) token_ = Find(options_, "token");
  configured_ = true;
  return Ok();
}

// OAuth 2, client credentials (RFC 6749, 4.4).
Status RestClient::SignIn() {
  const std::string credential = Find(options_, "credential");
  const size_t colon = credential.find(':');
  const std::string scope = Find(options_, "scope");
  std::vector<std::pair<std::string, std::string>> form = {{"grant_type", "client_credentials"}};
  if (colon != std::string::npos) form.emplace_back("client_id", credential.substr(0, colon));
  form.emplace_back("client_secret", colon == std::string::npos ? credential : credential.substr(colon + 1));
  form.emplace_back("scope", scope.empty() ? "catalog" : scope);
  const std::string server = Find(options_, "oauth2-server-uri");
  TRY_SET(const Place place, PlaceOf("metadata.iceberg.rest.oauth2-server-uri", server.empty() ? uri_ : server));
  const std::string body = EncodeQuery(form);
  const std::string path = server.empty() ? place.path + "/v1/oauth/tokens" : place.path;
  HttpRequest request{"POST", place.origin, path, {}, {}, body};
  request.headers["content-type"] = "application/x-www-form-urlencoded";
  token_.clear();
  TRY_SET(const HttpResponse response, Ask(std::move(request)));
  const auto json = ParseJson(response.body);
  const auto token = json.ok() && json->is_object() ? TextMember(*json, "access_token") : std::string();
  if (response.status != 200 || !token.ok() || token->empty()) {
    const std::string text = Str("Iceberg REST catalog ", uri_, ": sign-in failed with HTTP status ", response.status);
    if (response.status >= 500) return Unavailable(text, "the server's log says why");
    return Invalid(text, "check metadata.iceberg.rest.credential, .scope and .oauth2-server-uri");
  }
  token_ = *token;
  return Ok();
}

Result<RestAnswer> RestClient::Send(const std::string& method, const std::string& path, std::string_view body,
                                    const std::vector<std::pair<std::string, std::string>>& query) {
  for (bool again = false;; again = true) {
    TRY(Configure());
    TRY_SET(const Place place, PlaceOf("metadata.iceberg.rest.uri", uri_));
    const std::string prefix = Find(options_, "prefix");
    HttpRequest request{method, place.origin, Str(place.path, "/v1/", prefix, prefix.empty() ? "" : "/", path),
                        query,  {},           body};
    if (!body.empty()) request.headers["content-type"] = "application/json";
    TRY_SET(auto response, Ask(std::move(request)));
    if (response.status == 401 && !again && !Find(options_, "credential").empty()) {  // the token has expired
      TRY(SignIn());
      continue;
    }
    return Judge(Str(method, " ", path), std::move(response));
  }
}

}  // namespace sluice
