// SPDX-License-Identifier: Apache-2.0
// The program's version. Constants; any thread.
#pragma once

namespace sluice {

inline constexpr const char* kVersion = "0.1.0";
inline const char* VersionText() { return "sluice 0.1.0"; }

}  // namespace sluice
