// SPDX-License-Identifier: Apache-2.0
// Arrow's Status and Result as ours. Include in .cc files only.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include "base/result.h"

namespace sluice {

inline Error FromArrow(const arrow::Status& status) {
  if (status.IsIOError()) return Unavailable(status.message());
  if (status.IsOutOfMemory()) return Unavailable(status.message(), "give the process more memory");
  return Corrupt(status.message());
}
inline Status ToStatus(const arrow::Status& status) { return status.ok() ? Status() : Status(FromArrow(status)); }
template <typename T>
Result<T> ToResult(arrow::Result<T> result) {
  if (!result.ok()) return FromArrow(result.status());
  return std::move(result).ValueUnsafe();
}

}  // namespace sluice

// Arrow calls inside functions that return our Status or Result.
#define ARROW_TRY(expression)                                                   \
  do {                                                                          \
    if (::arrow::Status arrow_status_ = (expression); !arrow_status_.ok()) {    \
      return ::sluice::FromArrow(arrow_status_);                                \
    }                                                                           \
  } while (false)
#define ARROW_TRY_SET(declaration, ...) TRY_SET(declaration, ::sluice::ToResult((__VA_ARGS__)))
