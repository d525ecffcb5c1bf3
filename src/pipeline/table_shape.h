// SPDX-License-Identifier: Apache-2.0
// TableShape: what a job makes of every source table before it is routed: other types, another key, columns that are
// computed. Paimon's sync actions describe it; table_shaper.h does it. A value.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "pipeline/option.h"

namespace sluice {

// Paimon's --type_mapping.
enum class TypeRule : uint8_t {
  kTinyint1NotBool,
  kToNullable,
  kToString,
  kCharToString,
  kLongtextToBytes,
  kDecimalNoChange,
  kBigintUnsignedToBigint,
  kAllowNonStringToString,
};

// name = function(arguments); the first argument is a column, but for cast() and now().
struct ComputedColumn {
  std::string name;
  std::string function;  // lower case
  std::vector<std::string> arguments;
  FilePlace place;
};

struct TableShape {
  std::set<TypeRule> types;
  std::vector<ComputedColumn> computed;         // each after those that it refers to
  std::vector<std::string> metadata;            // table_name, database_name, op_ts
  std::vector<std::string> primary_keys;        // instead of the source's; empty: those
  std::vector<std::string> partition_keys;      // of every table that has all of them
  bool keys_of_source = true;                   // whether the source's key is the sink's if no other is given
  bool strict = true;  // every table must have the keys that are given, and the columns that others are computed of
  bool ignore_incompatible = false;             // a sink table that source tables do not fit is left out
  bool skip_unkeyed = false;                    // a source table without a key is left out; else it is an error
  std::string time_zone;                        // of what TIMESTAMP columns become; empty: this machine's

  bool Has(TypeRule rule) const { return types.contains(rule); }
};

}  // namespace sluice
