// SPDX-License-Identifier: Apache-2.0
// Completion scripts for shells, made of the commands and options that there are.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace sluice {

std::string CompletionScript(const CLI::App& app, const std::string& shell);  // "bash", "zsh" or "fish"

}  // namespace sluice
