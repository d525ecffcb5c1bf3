// SPDX-License-Identifier: Apache-2.0
// OrphanFile: a file in the folder of a lake table that the table does not name. A value.
#pragma once

#include <cstdint>
#include <string>

namespace sluice {

struct OrphanFile {
  std::string path;  // local
  int64_t bytes = 0;
  int64_t modified_ms = 0;
};

}  // namespace sluice
