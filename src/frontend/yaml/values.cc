// SPDX-License-Identifier: Apache-2.0
// References in values.
#include "frontend/yaml/values.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "frontend/yaml/document.h"
#include "io/env.h"

namespace sluice {
namespace {

constexpr std::string_view kEnv = "${env:";
constexpr std::string_view kFile = "${file:";

Result<std::string> ReadReference(bool from_file, const std::string& name, const FilePlace& place) {
  if (name.empty()) return ErrorAt(place, from_file ? "${file:} names no file" : "${env:} names no variable");
  if (!from_file) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) {
      return ErrorAt(place, Str("the environment variable ", JsonEscape(name), " is not set"),
                     Str("export ", JsonEscape(name), "=… before the start"));
    }
    return std::string(value);
  }
  auto bytes = PosixEnv().ReadFile(name);
  if (!bytes.ok())
    return ErrorAt(place, Str("the file of ${file:", JsonEscape(name), "} cannot be read: ", bytes.error().message));
  std::string text = *std::move(bytes);
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (!IsUtf8(text)) return ErrorAt(place, Str("the file of ${file:", JsonEscape(name), "} is not UTF-8 text"));
  return text;
}

void AddSecret(std::vector<std::string>& secrets, const std::string& value) {
  if (!value.empty() && std::find(secrets.begin(), secrets.end(), value) == secrets.end()) secrets.push_back(value);
}

}  // namespace

bool IsSecretKey(std::string_view key) {
  std::string lower = Lower(key);
  for (std::string_view how : {"token.provider", "token.enabled", "token-loader", "token-path", "token-ecs-role-name",
                               "token-ecs-metadata-url"}) {
    if (lower.ends_with(how)) return false;  // says how or where, holds none
  }
  for (std::string_view part :
       {"password", "passwd", "pwd", "secret", "token", "credential", "access-key", "access.key", "accesskey",
        "private-key", "private.key", "api-key", "apikey", "passphrase"}) {
    if (lower.find(part) != std::string::npos) return true;
  }
  return false;
}

Result<Options::Value> ResolveValue(std::string_view key, const std::string& text, const FilePlace& place,
                                    std::vector<std::string>& secrets) {
  Options::Value out;
  out.place = place;
  out.secret = IsSecretKey(key);
  std::string_view rest = text;
  while (!rest.empty()) {
    size_t at = std::min(rest.find(kEnv), rest.find(kFile));
    out.text += rest.substr(0, at);
    if (at == std::string_view::npos) break;
    rest.remove_prefix(at);
    bool from_file = rest.starts_with(kFile);
    size_t begin = from_file ? kFile.size() : kEnv.size();
    size_t close = rest.find('}');
    if (close == std::string_view::npos) {
      return ErrorAt(place,
                     Str("the value of \"", JsonEscape(key), "\" has ", rest.substr(0, begin), " without a closing }"));
    }
    TRY_SET(std::string value, ReadReference(from_file, std::string(rest.substr(begin, close - begin)), place));
    AddSecret(secrets, value);
    out.secret = true;
    out.text += value;
    rest.remove_prefix(close + 1);
  }
  if (out.secret) AddSecret(secrets, out.text);
  return out;
}

}  // namespace sluice
