// SPDX-License-Identifier: Apache-2.0
// YamlNode: one YAML document as a tree with the place of every key and value. Scalars of any kind are text. Refuses
// what YAML libraries let pass and users did not mean: duplicate keys, tabs as indentation, more than one document. The
// only user of yaml-cpp. Values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "pipeline/option.h"

namespace sluice {

struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  FilePlace place;
  std::string text;             // kScalar
  std::vector<YamlNode> items;  // kList
  std::vector<Entry> entries;   // kMap, in the order of the file

  const Entry* Find(std::string_view key) const;
};

struct YamlNode::Entry {
  std::string key;
  FilePlace place;  // of the key
  YamlNode value;
};

// Errors are kInvalid, "file:line:column: …". Bounds: 16 MB of text, 100,000 nodes with aliases expanded.
Result<YamlNode> ParseYaml(const std::string& file_name, std::string_view text);

// "file:line:column: message"
Error ErrorAt(const FilePlace& place, std::string message, std::string hint = {});

}  // namespace sluice
