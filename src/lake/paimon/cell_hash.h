// SPDX-License-Identifier: Apache-2.0
// When values of a column are equal, and in which order Java's hash maps have them. Functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace arrow {
class Array;
}

namespace sluice::paimon {

// Behind `out`: bytes that are those of another cell of the type if the two are equal, NULL too. All NaNs are equal,
// 0.0 and -0.0 are not.
void AppendIdentity(const arrow::Array& cells, int64_t row, std::string& out);
std::string IdentityOf(const arrow::Array& cells, int64_t row);

// hashCode() of the object that Paimon's Java code has for the cell; none for types whose hash is not known here.
std::optional<uint32_t> JavaHash(const arrow::Array& cells, int64_t row);

// The places of keys with these hashes, put into a Java HashMap one after the other, as it gives them.
std::vector<size_t> JavaMapOrder(const std::vector<uint32_t>& hashes);

}  // namespace sluice::paimon
