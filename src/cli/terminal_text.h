// SPDX-License-Identifier: Apache-2.0
// Text as a terminal shows it: how wide it is, cut to a width, without characters that the terminal would obey.
// Pure functions over UTF-8, valid or not; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

// At most how many columns `text` takes: two for a wide character (East Asian, emoji), one for any other code point and
// for a byte that is not UTF-8. Combining marks count as one: a line is never wider than this says.
size_t TextColumns(std::string_view text);

// `text`, or its beginning and "…", so that it takes at most `columns`.
std::string CutToColumns(std::string_view text, size_t columns);

// Control characters as \n, \t, \r, \x1b or \u009b, and bytes that are not UTF-8 as \xff; all else stays.
std::string EscapeControls(std::string_view text);

}  // namespace sluice
