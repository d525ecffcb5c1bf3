// SPDX-License-Identifier: Apache-2.0
// The program's version. Constants; any thread.
#pragma once

namespace sluice {

inline const char* VersionText() { return "sluice " SLUICE_VERSION; }  // from CMake's project()

}  // namespace sluice
