// SPDX-License-Identifier: Apache-2.0
// The arguments of an action of Paimon's action jar: --key value, --key=value; `_` and `-` are the same in a key. Pure;
// any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
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
  // kInvalid for a word that is neither a key nor the value of one.
  static Result<ActionArguments> Parse(const std::vector<std::string>& words);

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

// compact-database -> compact_database
std::string ActionWord(std::string word);

}  // namespace sluice
