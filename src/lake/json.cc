// SPDX-License-Identifier: Apache-2.0
#include "lake/json.h"

#include <limits>

namespace sluice {
namespace {

constexpr int kNestingMax = 100;

// The deepest nesting of brackets outside strings: bounds the recursion of everything that walks the document.
int Nesting(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

Result<Json> ParseJson(std::string_view text) {
  if (Nesting(text) > kNestingMax) return Corrupt(Str("JSON nests deeper than ", kNestingMax));
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Corrupt("not JSON: damaged or cut off");
  return json;
}

std::string DumpJson(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

const Json* FindMember(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  auto it = object.find(key);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

Result<int64_t> LongMember(const Json& object, const char* key) {
  const Json* member = FindMember(object, key);
  if (member == nullptr) return Corrupt(Str("field \"", key, "\" is missing"));
  if (!member->is_number_integer()) return Corrupt(Str("field \"", key, "\" is no whole number"));
  if (member->is_number_unsigned() && member->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) {
    return Corrupt(Str("field \"", key, "\" is too large"));
  }
  return member->get<int64_t>();
}

Result<int> IntMember(const Json& object, const char* key) {
  TRY_SET(int64_t value, LongMember(object, key));
  if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
    return Corrupt(Str("field \"", key, "\" is too large"));
  }
  return static_cast<int>(value);
}

Result<std::string> TextMember(const Json& object, const char* key) {
  const Json* member = FindMember(object, key);
  if (member == nullptr) return Corrupt(Str("field \"", key, "\" is missing"));
  if (!member->is_string()) return Corrupt(Str("field \"", key, "\" is no text"));
  return member->get<std::string>();
}

Result<std::optional<int64_t>> OptionalLong(const Json& object, const char* key) {
  if (FindMember(object, key) == nullptr) return std::optional<int64_t>();
  TRY_SET(int64_t value, LongMember(object, key));
  return std::optional<int64_t>(value);
}

Result<std::string> OptionalText(const Json& object, const char* key) {
  if (FindMember(object, key) == nullptr) return std::string();
  return TextMember(object, key);
}

Result<std::map<std::string, std::string>> TextMapMember(const Json& object, const char* key) {
  std::map<std::string, std::string> out;
  const Json* member = FindMember(object, key);
  if (member == nullptr) return out;
  if (!member->is_object()) return Corrupt(Str("field \"", key, "\" is no object"));
  for (const auto& [name, value] : member->items()) {
    if (!value.is_string()) return Corrupt(Str("field \"", key, "\": \"", name, "\" is no text"));
    out[name] = value.get<std::string>();
  }
  return out;
}

Result<const Json*> ListMember(const Json& object, const char* key) {
  const Json* member = FindMember(object, key);
  if (member != nullptr && !member->is_array()) return Corrupt(Str("field \"", key, "\" is no list"));
  return member;
}

}  // namespace sluice
