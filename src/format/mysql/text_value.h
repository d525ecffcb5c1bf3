// SPDX-License-Identifier: Apache-2.0
// Numbers, dates and times as the servers print them in the text protocol. Pure; any thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "format/mysql/calendar.h"

namespace sluice::mysql {

// Eight ASCII digits at once; false if one is none.
inline bool ParseEightDigits(const char* at, uint32_t& out) {
  uint64_t word;
  std::memcpy(&word, at, 8);
  word -= 0x3030303030303030;
  if (((word + 0x7676767676767676) | word) & 0x8080808080808080) return false;
  word = word * 10 + (word >> 8);
  out = static_cast<uint32_t>((((word & 0x000000FF000000FF) * 0x000F424000000064) +
                               ((word >> 16 & 0x000000FF000000FF) * 0x0000271000000001)) >> 32);
  return true;
}

// Digits only, at least one, at most 20.
inline bool ParseUnsigned(std::string_view text, uint64_t& out) {
  if (text.empty() || text.size() > 20) return false;
  const char* at = text.data();
  size_t left = text.size();
  uint64_t value = 0;
  for (uint32_t eight; left >= 8; at += 8, left -= 8) {
    if (!ParseEightDigits(at, eight)) return false;
    value = value * 100'000'000 + eight;
  }
  for (; left > 0; ++at, --left) {
    const auto digit = static_cast<uint8_t>(*at - '0');
    if (digit > 9) return false;
    value = value * 10 + digit;
  }
  out = value;
  return true;
}

inline bool ParseSigned(std::string_view text, int64_t& out) {
  const bool negative = !text.empty() && text[0] == '-';
  uint64_t value = 0;
  if (!ParseUnsigned(negative ? text.substr(1) : text, value)) return false;
  out = static_cast<int64_t>(negative ? 0 - value : value);
  return true;
}

inline bool ParseTwo(const char* at, uint32_t& out) {
  const auto a = static_cast<uint8_t>(at[0] - '0'), b = static_cast<uint8_t>(at[1] - '0');
  out = a * 10u + b;
  return a <= 9 && b <= 9;
}

// ".123" -> 123000; empty -> 0.
inline bool ParseFraction(std::string_view text, uint32_t& micros) {
  micros = 0;
  if (text.empty()) return true;
  if (text[0] != '.' || text.size() > 7) return false;
  for (size_t i = 1; i < 7; ++i) {
    const auto digit = i < text.size() ? static_cast<uint8_t>(text[i] - '0') : uint8_t{0};
    if (digit > 9) return false;
    micros = micros * 10 + digit;
  }
  return true;
}

// "2026-11-21"
inline bool ParseDate(std::string_view text, CivilTime& out) {
  uint32_t high, low;
  if (text.size() < 10 || text[4] != '-' || text[7] != '-' || !ParseTwo(text.data(), high) ||
      !ParseTwo(text.data() + 2, low) || !ParseTwo(text.data() + 5, out.month) || !ParseTwo(text.data() + 8, out.day)) {
    return false;
  }
  out.year = static_cast<int32_t>(high * 100 + low);
  return true;
}

// "2026-11-21 12:34:56[.123456]"
inline bool ParseDatetime(std::string_view text, CivilTime& out) {
  return text.size() >= 19 && ParseDate(text, out) && text[10] == ' ' && text[13] == ':' && text[16] == ':' &&
         ParseTwo(text.data() + 11, out.hour) && ParseTwo(text.data() + 14, out.minute) &&
         ParseTwo(text.data() + 17, out.second) && ParseFraction(text.substr(19), out.micros);
}

// "-838:59:59.000000" -> microseconds
inline bool ParseTime(std::string_view text, int64_t& micros) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  const size_t colon = text.find(':');
  uint64_t hour;
  CivilTime t;
  if (colon == std::string_view::npos || text.size() < colon + 6 || text[colon + 3] != ':' ||
      !ParseUnsigned(text.substr(0, colon), hour) || hour > 838 || !ParseTwo(text.data() + colon + 1, t.minute) ||
      !ParseTwo(text.data() + colon + 4, t.second) || !ParseFraction(text.substr(colon + 6), t.micros)) {
    return false;
  }
  t.hour = static_cast<uint32_t>(hour);
  micros = negative ? -MicrosOfDay(t) : MicrosOfDay(t);
  return true;
}

// Digits with an optional sign and point; `scale` digits after the point are made. False if there are more of either
// than 38 digits hold.
inline bool ParseDecimal(std::string_view text, uint32_t scale, __int128& out) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  unsigned __int128 value = 0;
  uint32_t digits = 0, after = 0;
  bool point = false;
  for (char c : text) {
    const auto digit = static_cast<uint8_t>(c - '0');
    if (digit <= 9) {
      value = value * 10 + digit;
      digits += value != 0;
      after += point;
    } else if (c == '.' && !point) {
      point = true;
    } else {
      return false;
    }
  }
  if (text.empty() || digits > 38 || after > scale) return false;
  for (; after < scale; ++after) value *= 10;
  out = static_cast<__int128>(negative ? 0 - value : value);
  return true;
}

}  // namespace sluice::mysql
