// SPDX-License-Identifier: Apache-2.0
// FoundColumn: a column of an ORC or Avro file, as an Iceberg reader looks for it. A value; any thread.
#pragma once

#include <string>

namespace sluice {

struct FoundColumn {
  std::string name;
  bool has_id = false;  // an Iceberg field id
  bool zoned = false;   // of a timestamp: it is a point in time
  bool known = true;    // Iceberg has such a type in files of the format
};

}  // namespace sluice
