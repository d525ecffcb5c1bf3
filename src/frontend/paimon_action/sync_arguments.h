// SPDX-License-Identifier: Apache-2.0
// The --keys of one sync action, checked against what it takes. Owned by the caller; one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "frontend/paimon_action/words.h"

namespace sluice {

// How often a key may be given, and what its value is.
enum class ArgumentKind : uint8_t { kText, kFlag, kPairs, kList };

struct ArgumentSpec {
  const char* key;
  ArgumentKind kind;
  bool table;     // of mysql_sync_table
  bool database;  // of mysql_sync_database
  const char* what;
  const char* refused = nullptr;  // why it is not supported
};
const std::vector<ArgumentSpec>& SyncArgumentSpecs();

class SyncArguments {
 public:
  // kInvalid: a key that the action does not have, with the nearest; one that is missing; one that is given twice.
  static Result<SyncArguments> Make(const ActionWords& words);

  const std::string& action() const { return action_; }
  bool of_table() const { return action_ == "mysql_sync_table"; }
  std::optional<std::string> Text(const std::string& key) const;
  // kInvalid if it is neither true nor false.
  Result<bool> Flag(const std::string& key, bool otherwise) const;
  // Of "a,b , c".
  std::vector<std::string> Names(const std::string& key) const;
  // All values, in order.
  std::vector<std::string> All(const std::string& key) const;
  // Of "k=v" in order; kInvalid shows no value.
  Result<std::vector<std::pair<std::string, std::string>>> Pairs(const std::string& key) const;

 private:
  std::string action_;
  std::map<std::string, std::vector<std::string>> values_;
};

}  // namespace sluice
