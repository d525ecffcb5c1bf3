// SPDX-License-Identifier: Apache-2.0
// The one wrapper of the JSON library for the documents of lake tables: parsing without exceptions and with bounded
// nesting, typed getters that name the missing field. Included by .cc files only. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"

namespace sluice {

using Json = nlohmann::ordered_json;

// kCorrupt for what is no JSON or nests deeper than 100.
Result<Json> ParseJson(std::string_view text);
// Invalid UTF-8 becomes U+FFFD instead of an exception.
std::string DumpJson(const Json& json);

const Json* FindMember(const Json& object, const char* key);  // null if absent or JSON null
Result<int64_t> LongMember(const Json& object, const char* key);
Result<int> IntMember(const Json& object, const char* key);
Result<std::string> TextMember(const Json& object, const char* key);
// Absent: the default. Present with another type: kCorrupt.
Result<std::optional<int64_t>> OptionalLong(const Json& object, const char* key);
Result<std::string> OptionalText(const Json& object, const char* key);
// {"a": "b"}; empty if absent.
Result<std::map<std::string, std::string>> TextMapMember(const Json& object, const char* key);
// A list of the given member; null if absent. kCorrupt if it is no list.
Result<const Json*> ListMember(const Json& object, const char* key);

}  // namespace sluice
