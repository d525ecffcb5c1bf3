// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/metadata_seal.h"

#include "base/crc32.h"
#include "base/text.h"

namespace sluice::iceberg {
namespace {

constexpr const char* kProperty = "sluice.metadata-crc";

// What stands before the digits.
std::string Mark(int64_t version) { return Str("\"", kProperty, "\":\"v", version, "-"); }

}  // namespace

std::string Sealed(Json& json, int64_t version) {
  Json& properties = json["properties"];
  if (!properties.is_object()) properties = Json::object();
  properties.erase(kProperty);
  if (version == 0) return DumpJson(json);
  properties[kProperty] = Str("v", version, "-", kNoSeal);
  std::string text = DumpJson(json);
  const std::string mark = Mark(version);
  const size_t at = text.find(mark) + mark.size();
  Seal(text, at);
  properties[kProperty] = Str("v", version, "-", text.substr(at, kNoSeal.size()));
  return text;
}

Status CheckSeal(std::string_view text, int64_t version) {
  const std::string mark = Mark(version);
  const size_t at = text.find(mark);
  return version == 0 || at == std::string_view::npos ? Ok() : sluice::CheckSeal(text, at + mark.size());
}

}  // namespace sluice::iceberg
