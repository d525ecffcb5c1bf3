// SPDX-License-Identifier: Apache-2.0
// Named crash points. SLUICE_FAILPOINT=name or name:N ends the process as kill -9 would, at the N-th passing (1 by
// default). Always compiled in; when nothing is armed a passing costs one load. Any thread.
#pragma once

#include <string>
#include <vector>

namespace sluice {

// Every failpoint of the program, sorted: `sluice failpoints` prints it and a test arms each one.
const std::vector<std::string>& AllFailpoints();

void PassFailpoint(const char* name);

// For tests in one process: arms "name" or "name:N" in place of the environment; empty disarms.
void ArmFailpoint(const std::string& text);

}  // namespace sluice
