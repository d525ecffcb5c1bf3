// SPDX-License-Identifier: Apache-2.0
// FileColumn: a column of a data file as a table names it. A value; any thread.
#pragma once

#include <string>

#include "row/type.h"

namespace sluice {

struct FileColumn {
  int id = 0;  // of the field; files without ids are read by name
  std::string name;
  DataType type;
  bool required = false;
};

}  // namespace sluice
