// SPDX-License-Identifier: Apache-2.0
// The actions of Paimon's action jar that care for tables: compact, expire_snapshots, create_tag, … with its arguments.
// They write what they have done to stdout. One thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/action_arguments.h"
#include "io/env.h"

namespace sluice {

// Names with `_`, and a few words for each.
std::vector<std::pair<std::string, std::string>> PaimonActions();
// Why an action that Paimon has is not among them; nothing for a name that is none of Paimon's.
std::optional<Error> RefusedPaimonAction(const std::string& name);
// `name`: one of them.
Status RunPaimonAction(Env& env, const std::string& name, const ActionArguments& arguments);
// What it takes, one a line.
std::string PaimonActionHelp(const std::string& name);

}  // namespace sluice
