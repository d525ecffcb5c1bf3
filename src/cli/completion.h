// SPDX-License-Identifier: Apache-2.0
// Completion scripts for shells.
#pragma once

#include <string>

namespace sluice {

std::string CompletionScript(const std::string& shell);  // "bash", "zsh" or "fish"

}  // namespace sluice
