// SPDX-License-Identifier: Apache-2.0
#include "base/test_data_test_util.h"
#include "base/text.h"

namespace sluice {

std::string TestData(std::string_view name) { return Str(SLUICE_TEST_DATA, "/", name); }

}  // namespace sluice
