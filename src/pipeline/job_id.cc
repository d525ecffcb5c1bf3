// SPDX-License-Identifier: Apache-2.0
#include "pipeline/job_id.h"

#include <cctype>
#include <cstdio>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace sluice {

std::string LakeJobId(const PipelineSpec& spec, const std::string& prefix) {
  auto text = [](const ConnectorSpec& connector, const char* key) {
    auto found = connector.options.find(key);
    return found == connector.options.end() ? std::string() : found->second.text;
  };
  std::vector<std::string> parts = {spec.name, spec.source.type, text(spec.source, "hostname"),
                                    text(spec.source, "port"), text(spec.source, "tables"),
                                    text(spec.sink, "catalog.properties.warehouse")};
  const std::string from = text(spec.source, "catalog.properties.warehouse");  // of a lake that is read
  if (!from.empty()) parts.push_back(from);
  const std::string identity = Join(parts, std::string_view("\0", 1));
  uint64_t hash = 0xCBF29CE484222325ull;  // FNV-1a: stable over versions and machines
  for (char byte : identity) hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100000001B3ull;
  std::string id;
  for (char letter : prefix) id += std::isalnum(static_cast<unsigned char>(letter)) || letter == '-' ? letter : '_';
  id += '-';
  char digits[17];
  std::snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(hash));
  id += digits;
  return id;
}

}  // namespace sluice
