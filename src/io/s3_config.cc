// SPDX-License-Identifier: Apache-2.0
#include "io/s3_config.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace sluice {
namespace {

constexpr std::string_view kPrefixes[] = {"s3.", "s3a.", "fs.s3a."};
constexpr std::string_view kScheme = "s3://";

// Of S3A's settings those that only say how fast or how it reports.
constexpr std::string_view kIdle[] = {
    "attempts.maximum",      "audit.",           "block.size",           "buffer.dir",         "bulk.delete.",
    "change.detection.",     "committer.",       "connection.acquisition.", "connection.establish.",
    "connection.idle.",      "connection.keepalive", "connection.maximum", "connection.timeout", "connection.ttl",
    "create.",               "directory.marker.", "etag.",               "executor.",          "experimental.",
    "fast.upload",           "impl",             "input.",               "list.version",       "max.total.tasks",
    "metadatastore.",        "multipart.",       "optimized.",           "paging.maximum",     "performance.",
    "readahead.",            "retry.",           "socket.",              "threads.",           "user.agent.",
    "vectored."};

// Paimon's spelling with dashes, and Hadoop's with dots. PyPaimon says s3.region.
std::string Canonical(std::string name) {
  if (name == "access-key") return "access.key";
  if (name == "secret-key") return "secret.key";
  if (name == "path-style-access") return "path.style.access";
  if (name == "region") return "endpoint.region";
  return name;
}

struct Given {
  std::string key;  // as the user wrote it
  std::string value;
};

class Reader {
 public:
  explicit Reader(std::vector<std::string>& idle) : idle_(idle) {}

  Status Take(const std::string& key, const std::string& value) {
    const std::string name = S3OptionName(key);
    if (name.empty()) return Ok();
    static constexpr std::string_view kNames[] = {"endpoint",      "endpoint.region",   "access.key",
                                                  "secret.key",    "session.token",     "path.style.access",
                                                  "connection.ssl.enabled"};
    if (std::find(std::begin(kNames), std::end(kNames), name) == std::end(kNames)) return Other(key, name);
    const auto [at, fresh] = given_.emplace(name, Given{key, std::string(Trim(value))});
    if (fresh || at->second.value == Trim(value)) return Ok();
    return Invalid(Str("option ", key, " says something else than ", at->second.key), "keep one of them");
  }
  std::string Text(const std::string& name) const {
    const auto found = given_.find(name);
    return found == given_.end() ? "" : found->second.value;
  }
  Result<std::optional<bool>> Boolean(const std::string& name) const {
    const auto found = given_.find(name);
    if (found == given_.end()) return std::optional<bool>();
    if (EqualsIgnoreCase(found->second.value, "true")) return std::optional<bool>(true);
    if (EqualsIgnoreCase(found->second.value, "false")) return std::optional<bool>(false);
    return Invalid(Str("option ", found->second.key, " wants true or false, but is \"",
                       JsonEscape(found->second.value), "\""));
  }

 private:
  Status Other(const std::string& key, const std::string& name) {
    const bool idle = std::any_of(std::begin(kIdle), std::end(kIdle),
                                  [&](std::string_view known) { return name.starts_with(known); });
    if (idle) {
      idle_.push_back(key);
      return Ok();
    }
    const bool roles = name.starts_with("aws.credentials") || name.starts_with("assumed.role");
    return Unsupported(Str("option ", key, " is not supported yet"),
                       roles ? "remove it; keys come from s3.access-key and s3.secret-key, or from AWS_ACCESS_KEY_ID "
                               "and AWS_SECRET_ACCESS_KEY; roles are not there yet"
                             : "remove it; supported are s3.endpoint, s3.endpoint.region, s3.access-key, "
                               "s3.secret-key, s3.session.token, s3.path.style.access and s3.connection.ssl.enabled");
  }

  std::vector<std::string>& idle_;
  std::map<std::string, Given> given_;
};

std::string HostOf(const std::string& endpoint) {
  std::string host = endpoint.substr(endpoint.find("://") + 3);
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool IsAddress(const std::string& host) {
  return host == "localhost" || host.starts_with('[') || host.find_first_not_of("0123456789.") == std::string::npos;
}

// "s3.eu-west-1.amazonaws.com" is eu-west-1.
std::string RegionOfHost(const std::string& host) {
  const size_t end = host.find(".amazonaws.com");
  if (end == std::string::npos || !host.starts_with("s3")) return "";
  return end < 4 ? "" : host.substr(3, end - 3);
}

Result<std::string> EndpointOf(std::string text, bool tls) {
  while (text.ends_with('/') && !text.ends_with("://")) text.pop_back();
  if (text.find("://") == std::string::npos) text = (tls ? "https://" : "http://") + text;
  const bool known = text.starts_with("http://") || text.starts_with("https://");
  const size_t host = text.find("://") + 3;
  if (known && host < text.size() && text.find_first_of("/?#@ ", host) == std::string::npos) return text;
  return Invalid(Str("the S3 endpoint is not of the form http://host:port or https://host"),
                 "s3.endpoint has the server's address, without bucket and path");
}

Status SetEndpoint(const Reader& reader, const std::function<std::string(const char*)>& variable, S3Config& out) {
  TRY_SET(const auto tls, reader.Boolean("connection.ssl.enabled"));
  TRY_SET(const auto path_style, reader.Boolean("path.style.access"));
  std::string endpoint = reader.Text("endpoint");
  const bool from_environment = endpoint.empty();
  if (endpoint.empty()) endpoint = variable("AWS_ENDPOINT_URL_S3");
  if (endpoint.empty()) endpoint = variable("AWS_ENDPOINT_URL");
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (out.region.empty()) out.region = variable(name);
  }
  if (!endpoint.empty()) {
    TRY_SET(out.endpoint, EndpointOf(endpoint, tls.value_or(true)));
    const std::string host = HostOf(out.endpoint);
    if (out.region.empty()) out.region = RegionOfHost(host);
    // Java takes bucket.host unless told otherwise; other tools take the path with an endpoint of the environment.
    out.path_style = path_style.value_or(IsAddress(host) || (from_environment && RegionOfHost(host).empty()));
  }
  if (out.region.empty()) out.region = "us-east-1";
  if (out.endpoint.empty()) {
    const char* end = out.region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
    out.endpoint = Str(tls.value_or(true) ? "https://s3." : "http://s3.", out.region, end);
    out.path_style = path_style.value_or(false);
  }
  return Ok();
}

}  // namespace

std::string S3OptionName(std::string_view key) {
  for (const std::string_view prefix : kPrefixes) {
    if (key.starts_with(prefix)) return Canonical(std::string(key.substr(prefix.size())));
  }
  return "";
}

bool IsS3Option(std::string_view key) { return !S3OptionName(key).empty(); }

Result<S3Config> MakeS3Config(const std::map<std::string, std::string>& options,
                              const std::function<std::string(const char*)>& variable, std::vector<std::string>& idle) {
  Reader reader(idle);
  for (const auto& [key, value] : options) TRY(reader.Take(key, value));
  S3Config out;
  out.region = reader.Text("endpoint.region");
  TRY(SetEndpoint(reader, variable, out));
  out.credentials = {reader.Text("access.key"), reader.Text("secret.key"), reader.Text("session.token")};
  if (out.credentials.access_key.empty() != out.credentials.secret_key.empty()) {
    return Invalid("of s3.access-key and s3.secret-key one is missing",
                   "give both, or neither for those of the environment");
  }
  if (out.credentials.access_key.empty()) {
    out.credentials = {variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"), variable("AWS_SESSION_TOKEN")};
  }
  return out;
}

bool IsS3Path(std::string_view path) { return path.starts_with(kScheme); }

Result<std::string> NormalS3Path(std::string_view uri) {
  std::string_view rest = uri;
  if (rest.starts_with("s3a://")) {
    rest.remove_prefix(6);
  } else if (rest.starts_with(kScheme)) {
    rest.remove_prefix(kScheme.size());
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const std::string_view bucket = rest.substr(0, rest.find('/'));
  if (bucket.empty() || bucket.find_first_of(":@?# %") != std::string_view::npos) {
    // An @ may come after keys, which are not to be shown.
    const bool keys = bucket.find('@') != std::string_view::npos;
    return Invalid(keys ? "a location s3://…@… has keys in it" : Str("location ", uri, " names no bucket"),
                   keys ? "set s3.access-key and s3.secret-key instead" : "write it as s3://bucket/path");
  }
  if (rest.find("//") != std::string_view::npos) {
    return Invalid(Str("location ", uri, " has an empty part"), "write it as s3://bucket/path");
  }
  return Str(kScheme, rest);
}

S3Place S3PlaceOf(std::string_view path) {
  path.remove_prefix(kScheme.size());
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos) return {std::string(path), ""};
  return {std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

}  // namespace sluice
