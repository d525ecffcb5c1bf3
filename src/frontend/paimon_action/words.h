// SPDX-License-Identifier: Apache-2.0
// The words of a command of Paimon's actions: `ACTION --key value …`, as such or behind `flink run … x.jar`. What the
// keys mean is not known here. Pure functions; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sluice {

struct ActionWords {
  std::string action;                                       // "mysql_sync_table"; empty: none was given
  std::map<std::string, std::vector<std::string>> values;   // by key, with '_'; in the order of the command
  std::vector<std::pair<std::string, std::string>> defines;  // -D and what flags stand for
  std::vector<std::string> notes;                           // a sentence for each flag without effect
  bool help = false;

  // sluice's own, anywhere in the command.
  std::string state;
  std::string until;
  std::string summary;
  std::string log_format = "text";
  std::string log_level = "info";
  bool check = false;
  bool verify = false;
  std::string wait;  // of verify
};

// `flink`: flags of `flink run` and a jar come first. kInvalid names the word.
Result<ActionWords> ReadActionWords(const std::vector<std::string>& words, bool flink);

// A value as the shell would have given it: without the quotes around it and blanks at its ends, and with ; for \;.
std::string WithoutShell(std::string_view text);
// "mysql-sync-table" -> "mysql_sync_table"
std::string WithUnderscores(std::string_view name);

}  // namespace sluice
