// SPDX-License-Identifier: Apache-2.0
// Whether zstd level 1 should look hard for repeated bytes in a column of texts, from a sample of its first values: in
// digits, hashes and other random texts it finds what saves next to nothing, and the search is a third of the work
// (bench/). Functions; any thread.
#pragma once

#include <cstdint>
#include <memory>

namespace arrow {
class Array;
}
namespace arrow::util {
class CodecOptions;
}

namespace sluice {

// False if a file without the search is at most a twentieth larger. `rows`: as in ColumnAppender::Append.
bool SearchPays(const arrow::Array& column, const uint32_t* rows, int64_t count);

// zstd with the entropy coding of level 1 and hardly any search. Any zstd reads it.
std::shared_ptr<arrow::util::CodecOptions> WithoutSearch();

}  // namespace sluice
