// SPDX-License-Identifier: Apache-2.0
// Small text helpers: concatenation, split, join, trim, nearest name. Pure functions, any thread.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace sluice {

namespace text_internal {
inline void Append(std::string& out, std::string_view value) { out += value; }
inline void Append(std::string& out, char value) { out += value; }
template <typename T>
  requires(std::is_arithmetic_v<T> && !std::is_same_v<T, char>)
void Append(std::string& out, T value) {
  char buffer[40];
  if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else {
    auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    out.append(buffer, static_cast<size_t>(end - buffer));
  }
}
}  // namespace text_internal

// Str("a", 1, name): the parts as one text.
template <typename... Parts>
std::string Str(const Parts&... parts) {
  std::string out;
  (text_internal::Append(out, parts), ...);
  return out;
}

std::vector<std::string> Split(std::string_view text, char separator);  // keeps empty parts
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view Trim(std::string_view text);  // ASCII white space
std::string Lower(std::string_view text);      // ASCII only
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// The whole text as a decimal number; false for anything else, overflow included.
template <typename T>
bool ParseNumber(std::string_view text, T& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// The candidate with the smallest edit distance, if that is at most a third of the name's length (at least 2).
std::string Nearest(std::string_view name, const std::vector<std::string>& candidates);
// The same, if the distance is at most `distance_max`.
std::string Nearest(std::string_view name, const std::vector<std::string>& candidates, size_t distance_max);

// `text` with control characters, quotes and backslashes as JSON escapes, without the surrounding quotes.
std::string JsonEscape(std::string_view text);

bool IsUtf8(std::string_view text);

// Two digits a byte, lower case.
std::string Hex(std::string_view bytes);
// The inverse, of either case; nothing for what is none.
std::optional<std::string> FromHex(std::string_view text);

}  // namespace sluice
