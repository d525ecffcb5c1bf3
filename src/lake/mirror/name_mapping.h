// SPDX-License-Identifier: Apache-2.0
// NameMapping: by which names Iceberg readers find the columns of data files without field ids, which Java's Paimon
// writes in ORC and Avro (Iceberg's specification, "Column Projection"). It holds for all snapshots of a table, so that
// a name is of one column only. One owner.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/schema.h"

namespace sluice::mirror {

class NameMapping {
 public:
  static constexpr const char* kProperty = "schema.name-mapping.default";

  // Of a table's property; empty: nothing is mapped.
  static Result<NameMapping> Parse(const std::string& json);
  std::string ToJson() const;

  // Of files with those columns. kUnsupported: other files have another column by that name.
  Status Add(const paimon::Schema& schema);

 private:
  struct Column {
    std::set<std::string> names;
    int element_id = 0;  // of a list
  };

  std::map<int, Column> columns_;    // by their ids
  std::map<std::string, int> owners_;  // name -> id
};

// Whether Iceberg readers find the columns of a data file, which was written with `schema`. A file without field ids
// adds to `names`. kUnsupported says why not, and what to do.
Status CheckColumns(Env& env, const std::string& path, const paimon::Schema& schema, NameMapping& names);

}  // namespace sluice::mirror
