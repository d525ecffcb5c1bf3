// SPDX-License-Identifier: Apache-2.0
// CHECK: an invariant of our own code, on in release too. Input never reaches a CHECK.
#pragma once

namespace sluice {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);
}

#define CHECK(condition)                             \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? (void)0                                     \
       : ::sluice::CheckFailed(__FILE_NAME__, __LINE__, #condition))
#ifndef __FILE_NAME__
#define __FILE_NAME__ __FILE__
#endif
