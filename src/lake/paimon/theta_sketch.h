// SPDX-License-Identifier: Apache-2.0
// Theta sketches of Apache DataSketches, as serialised by its Java library (serial version 3), and their union. Pure
// functions; any thread. ADR 0023.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::paimon {

// A compact and ordered sketch of at most 4096 hashes, byte by byte the one of Java's Union. kInvalid says what is
// wrong with one of them.
Result<std::string> UnionOfThetaSketches(std::string_view a, std::string_view b);

}  // namespace sluice::paimon
