// SPDX-License-Identifier: Apache-2.0
// The command line for people: what is wrong with it and what it should be, values that are allowed, examples.
// Pure functions; any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace sluice {

// Why `app` could not parse these arguments: kInvalid, with the nearest command or option and all that there are.
Error UsageError(const CLI::App& app, const std::vector<std::string>& arguments, const CLI::ParseError& error);

// Checks for CLI::Option::check: empty, or what is wrong.
using UsageCheck = std::function<std::string(const std::string&)>;
UsageCheck OneOf(std::vector<std::string> values);
UsageCheck RowCount();

// Gives every command its own examples below its help.
void AddExamples(CLI::App& app);

}  // namespace sluice
