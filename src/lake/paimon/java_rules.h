// SPDX-License-Identifier: Apache-2.0
// What Paimon's Java code (SchemaValidation) asks of the options of a table beyond what sluice needs: it does not open
// one that is made otherwise. Functions; any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "lake/paimon/schema.h"

namespace sluice::paimon {

// Of a table that is to be made, or gets other options; TableOptions::Of has taken them. kInvalid names the option.
Status CheckJavaRules(const Schema& schema);

// Takes the options away that Java allows with a primary key only and that mean nothing without: of a pipeline's tables
// some have none. Their names, as in "a, b"; empty if there are none.
std::string LeaveOutForKeyless(Schema& schema);

}  // namespace sluice::paimon
