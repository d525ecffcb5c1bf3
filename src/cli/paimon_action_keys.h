// SPDX-License-Identifier: Apache-2.0
// What `sluice paimon ACTION --help` says of the keys of actions. A function; any thread.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// What the value of a key is; empty: nothing is known of it.
std::string_view ActionKeyHelp(const std::string& key);

}  // namespace sluice
