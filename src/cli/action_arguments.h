// SPDX-License-Identifier: Apache-2.0
// The arguments of an action of Paimon's action jar by key, checked against what the action takes. A value; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sluice {

// What an action takes. Keys with `_`.
struct ActionKeys {
  std::vector<std::string> required, optional;
  std::vector<std::string> repeated;  // optional; may be given more than once
  std::vector<std::string> refused;   // that Paimon knows and sluice does not do
};

class ActionArguments {
 public:
  // By key, with `_`.
  explicit ActionArguments(std::map<std::string, std::vector<std::string>> values) : values_(std::move(values)) {}

  // kInvalid, kUnsupported name the argument.
  Status Check(const ActionKeys& keys) const;
  bool Has(const std::string& key) const { return values_.contains(key); }
  std::string Get(const std::string& key, std::string otherwise = {}) const;
  std::vector<std::string> All(const std::string& key) const;
  // Values of the form a=b.
  Result<std::map<std::string, std::string>> Pairs(const std::string& key) const;
  // Nothing if it is not given.
  Result<std::optional<int64_t>> Number(const std::string& key, int64_t least) const;
  Result<bool> Flag(const std::string& key, bool otherwise) const;

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

}  // namespace sluice
