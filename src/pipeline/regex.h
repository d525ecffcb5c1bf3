// SPDX-License-Identifier: Apache-2.0
// Regex: a compiled Java-like regular expression (PCRE2) that must match a whole text. Used for table names, once a
// table, not per row. Immutable; any thread. Not supported of Java: intersections in classes ([a-z&&[^b]]).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice {

class Regex {
 public:
  // kInvalid with PCRE2's message and the offset.
  static Result<Regex> Compile(std::string_view pattern, bool ignore_case);

  bool Matches(std::string_view text) const;
  // The groups of a match of the whole text, [0] is all of it; nothing without a match. A group that took no part is
  // empty.
  std::optional<std::vector<std::string>> Groups(std::string_view text) const;
  int group_count() const { return group_count_; }  // without group 0
  int GroupNumber(const std::string& name) const;   // of a named group; -1 = none

 private:
  struct Code;  // frees what PCRE2 allocated
  std::shared_ptr<const Code> code_;
  int group_count_ = 0;
};

}  // namespace sluice
