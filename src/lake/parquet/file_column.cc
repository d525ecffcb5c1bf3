// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/file_column.h"

#include "base/text.h"

namespace sluice {

Error NoColumn(const std::string& name, const std::vector<std::string>& names) {
  const std::string nearest = Nearest(name, names);
  return NotFound(Str("the table has no column `", name, "`"), nearest.empty()
                                                                    ? Str("its columns are ", Join(names, ", "))
                                                                    : Str("did you mean `", nearest, "`?"));
}

}  // namespace sluice
