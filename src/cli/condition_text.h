// SPDX-License-Identifier: Apache-2.0
// The text of a --where as a tree of comparisons. A NOT is pushed down to the comparisons, and IN and BETWEEN become
// comparisons: what is left are AND and OR of terms that hold or do not, so that NULL needs no third value.
//
//   condition   all OR all …
//   all         one AND one …
//   one         NOT one | ( condition ) | COLUMN op VALUE | VALUE op COLUMN | COLUMN IS [NOT] NULL
//               | COLUMN [NOT] IN (VALUE, …) | COLUMN [NOT] BETWEEN VALUE AND VALUE
//               | COLUMN [NOT] LIKE 'pattern' [ESCAPE 'c']
//   op          = == != <> < <= > >=
//
// Functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice {

enum class ConditionStyle : uint8_t {
  kLoose,  // as one writes on a command line: a text without blanks needs no quotes, a timestamp is of UTC
  kSql,    // a text has quotes and a timestamp with a zone its offset: a mistake shows, as it would cost rows
};

struct ConditionLiteral {
  std::string text;     // without quotes
  bool quoted = false;
  bool hex = false;     // x'…'
};

struct ConditionTerm {
  enum class Op : uint8_t {
    kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIsNull, kIsNotNull, kLike, kNotLike
  };
  std::string column;
  Op op = Op::kEqual;
  ConditionLiteral literal = {};
  std::string escape = {};  // of LIKE; empty: none
};

struct ConditionTree {
  enum class Kind : uint8_t { kTerm, kAll, kAny };
  Kind kind = Kind::kAll;
  ConditionTerm term = {};
  std::vector<ConditionTree> parts = {};
};

// No text: a kAll without parts, which always holds. kInvalid shows what was not understood.
Result<ConditionTree> ParseCondition(std::string_view text, ConditionStyle style);

// SQL's LIKE of texts in UTF-8: % stands for any number of characters, _ for one.
bool IsLike(std::string_view text, std::string_view pattern, std::string_view escape);

}  // namespace sluice
