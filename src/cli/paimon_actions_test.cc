// SPDX-License-Identifier: Apache-2.0
// The help of actions: each key says what it is.
#include "cli/paimon_actions.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(PaimonActions, EachKeyOfEachActionIsExplained) {
  for (const auto& [name, what] : PaimonActions()) {
    const std::string help = PaimonActionHelp(name);
    EXPECT_NE(help.find(what), std::string::npos) << name;
    EXPECT_EQ(help.find("      \n"), std::string::npos) << "a key without a word:\n" << help;
    EXPECT_FALSE(RefusedPaimonAction(name).has_value()) << name << " is refused, too";
  }
}

}  // namespace
}  // namespace sluice
