// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace sluice {

void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "sluice: bug: %s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace sluice
