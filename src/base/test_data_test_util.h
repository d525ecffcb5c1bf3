// SPDX-License-Identifier: Apache-2.0
// For tests: where the files of test/data are.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// The path of a file or folder there. Only its definition knows the checkout: the objects of all other tests are the
// same in each, and come out of a compiler cache.
std::string TestData(std::string_view name);

}  // namespace sluice
