// SPDX-License-Identifier: Apache-2.0
// Values of a pipeline file: ${env:NAME} and ${file:/path} in them, and which of them are secrets. Reads the
// environment and files when called; one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pipeline/option.h"

namespace sluice {

// Whether a key holds a password, token or the like by its name.
bool IsSecretKey(std::string_view key);

// Fills in the references; `secrets` gets every value that must not be printed. Errors name the reference, not the
// value.
Result<Options::Value> ResolveValue(std::string_view key, const std::string& text, const FilePlace& place,
                                    std::vector<std::string>& secrets);

}  // namespace sluice
