// SPDX-License-Identifier: Apache-2.0
// HLL sketches of Apache DataSketches, as serialised by its Java library (serial version 1), and their union. Pure
// functions; any thread. ADR 0023.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::paimon {

// A compact sketch of type HLL_4, byte by byte the one that Java's Union of the newer value makes when the older one is
// put in. kInvalid says what is wrong with one of them.
Result<std::string> UnionOfHllSketches(std::string_view older, std::string_view newer);

}  // namespace sluice::paimon
