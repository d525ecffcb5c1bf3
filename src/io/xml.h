// SPDX-License-Identifier: Apache-2.0
// What S3 answers: small XML documents, read element by element. Pure functions, any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

// Calls `take` at the end of each element with its path, "ListBucketResult/Contents/Key", and its own text. kCorrupt
// for what is no XML document, or is nested deeper than 32.
Status WalkXml(std::string_view text,
               const std::function<void(const std::string& path, const std::string& text)>& take);

}  // namespace sluice
