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

int64_t VersionOf(std::string_view file) {
  constexpr std::string_view kSuffix = ".metadata.json";
  if (!file.ends_with(kSuffix)) return 0;
  file.remove_suffix(kSuffix.size());
  file.remove_prefix(file.rfind('/') + 1);  // npos + 1 is 0
  int64_t version = 0;
  const bool named = file.starts_with('v') && ParseNumber(file.substr(1), version) && version > 0;
  return named ? version : 0;
}

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
  if (version == 0 || at == std::string_view::npos || at + mark.size() + kNoSeal.size() > text.size()) return Ok();
  const size_t seal = at + mark.size();
  if (text.substr(seal, kNoSeal.size()) == SealOf(text, seal)) return Ok();
  return Corrupt("the file is not as it was written: its checksum differs");
}

}  // namespace sluice::iceberg
