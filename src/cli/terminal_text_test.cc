// SPDX-License-Identifier: Apache-2.0
// Text as a terminal shows it.
#include "cli/terminal_text.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(TerminalText, ColumnsAreThoseOfCodePoints) {
  EXPECT_EQ(TextColumns(""), 0u);
  EXPECT_EQ(TextColumns("orders"), 6u);
  EXPECT_EQ(TextColumns("Näme"), 4u);
  EXPECT_EQ(TextColumns("注文"), 4u);
  EXPECT_EQ(TextColumns("가😀"), 4u);
  EXPECT_EQ(TextColumns("Ａ"), 2u);
  EXPECT_EQ(TextColumns("e\xCC\x81"), 2u) << "a combining mark may be counted, never left out";
  EXPECT_EQ(TextColumns("\xFF\xE6\xB3"), 3u) << "bytes that are not UTF-8";
}

TEST(TerminalText, CutsToColumns) {
  EXPECT_EQ(CutToColumns("orders", 6), "orders");
  EXPECT_EQ(CutToColumns("orders", 5), "orde…");
  EXPECT_EQ(CutToColumns("Nämen", 4), "Näm…");
  EXPECT_EQ(CutToColumns("注文表", 6), "注文表");
  EXPECT_EQ(CutToColumns("注文表", 5), "注文…");
  EXPECT_EQ(CutToColumns("注文表", 4), "注…") << "half a wide character does not fit";
  EXPECT_EQ(CutToColumns("orders", 1), "…");
  EXPECT_EQ(CutToColumns("orders", 0), "");
  EXPECT_EQ(CutToColumns("ab\xE6\xB3", 3), "ab…");
}

TEST(TerminalText, NeverWiderThanAsked) {
  const std::string text = "following läke.注文😀\xFF x";
  for (size_t columns = 0; columns < 40; ++columns) EXPECT_LE(TextColumns(CutToColumns(text, columns)), columns);
}

TEST(TerminalText, EscapesWhatATerminalObeys) {
  EXPECT_EQ(EscapeControls("plain, Näme 注文 \\ \"q\""), "plain, Näme 注文 \\ \"q\"");
  EXPECT_EQ(EscapeControls("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(EscapeControls("\x1B[2J\x07\x7F"), "\\x1b[2J\\x07\\x7f");
  EXPECT_EQ(EscapeControls(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(EscapeControls("\xC2\x9B" "31m"), "\\u009b31m") << "a CSI of one code point";
  EXPECT_EQ(EscapeControls("\x9B" "31m"), "\\x9b31m") << "not UTF-8";
  EXPECT_EQ(EscapeControls("\xC2\xA0"), "\xC2\xA0");
}

}  // namespace
}  // namespace sluice
