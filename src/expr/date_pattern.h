// SPDX-License-Identifier: Apache-2.0
// DatePattern: a pattern of Java's DateTimeFormatter, such as yyyy-MM-dd HH:mm:ss.SSS, compiled once. Not known: the
// letters whose meaning depends on a locale (weeks) or that need a zone. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice {

class DatePattern {
 public:
  // kInvalid names the letter.
  static Result<DatePattern> Compile(std::string_view pattern);

  // `micros`: since 1970-01-01, local.
  void Append(int64_t micros, std::string& out) const;

 private:
  struct Piece {
    char letter = 0;   // 0: text
    int count = 0;
    std::string text;
  };
  std::vector<Piece> pieces_;
};

}  // namespace sluice
