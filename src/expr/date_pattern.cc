// SPDX-License-Identifier: Apache-2.0
#include "expr/date_pattern.h"

#include <array>

#include "base/text.h"
#include "row/format_value.h"

namespace sluice {
namespace {

constexpr int64_t kMicrosPerDay = 86'400'000'000;
constexpr int kFractionMax = 9;
constexpr std::string_view kLetters = "yuMLdDHkKhmsSaEQq";
constexpr std::array kMonths = {"January", "February", "March",     "April",   "May",      "June",
                                "July",    "August",   "September", "October", "November", "December"};
constexpr std::array kDays = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void AppendPadded(int64_t value, int digits, std::string& out) {
  const std::string text = Str(value < 0 ? -value : value);
  if (value < 0) out += '-';
  if (text.size() < static_cast<size_t>(digits)) out.append(static_cast<size_t>(digits) - text.size(), '0');
  out += text;
}

// Four letters: the whole name, three: its first three letters.
void AppendName(std::string_view name, int count, std::string& out) { out += count >= 4 ? name : name.substr(0, 3); }

struct Moment {
  CivilDate date;
  int64_t days, second, micros;  // micros of the second
};

Moment MomentOf(int64_t micros) {
  int64_t days = micros / kMicrosPerDay, rest = micros % kMicrosPerDay;
  if (rest < 0) {
    rest += kMicrosPerDay;
    --days;
  }
  return {CivilFromDays(days), days, rest / 1'000'000, rest % 1'000'000};
}

void AppendField(const Moment& at, char letter, int count, std::string& out) {
  const int64_t hour = at.second / 3600;
  switch (letter) {
    case 'y':
    case 'u': return AppendPadded(count == 2 ? at.date.year % 100 : at.date.year, count, out);
    case 'M':
    case 'L':
      if (count >= 3) return AppendName(kMonths[static_cast<size_t>(at.date.month - 1)], count, out);
      return AppendPadded(at.date.month, count, out);
    case 'd': return AppendPadded(at.date.day, count, out);
    case 'D': return AppendPadded(at.days - DaysFromCivil(at.date.year, 1, 1) + 1, count, out);
    case 'H': return AppendPadded(hour, count, out);
    case 'k': return AppendPadded(hour == 0 ? 24 : hour, count, out);
    case 'K': return AppendPadded(hour % 12, count, out);
    case 'h': return AppendPadded(hour % 12 == 0 ? 12 : hour % 12, count, out);
    case 'm': return AppendPadded(at.second / 60 % 60, count, out);
    case 's': return AppendPadded(at.second % 60, count, out);
    case 'S': {
      std::string nanos;
      AppendPadded(at.micros * 1000, kFractionMax, nanos);
      out += nanos.substr(0, static_cast<size_t>(count));
      return;
    }
    case 'a': out += hour < 12 ? "AM" : "PM"; return;
    case 'E': return AppendName(kDays[static_cast<size_t>(((at.days + 4) % 7 + 7) % 7)], count, out);
    default: return AppendPadded((at.date.month + 2) / 3, count, out);  // Q, q
  }
}

Error BadLetter(std::string_view pattern, char letter, int count) {
  return Invalid(Str("the date pattern ", pattern, " has ", std::string(static_cast<size_t>(count), letter),
                     ", which is not supported"),
                 Str("letters that are: ", kLetters, "; put other text between ' '"));
}

}  // namespace

Result<DatePattern> DatePattern::Compile(std::string_view pattern) {
  DatePattern out;
  auto text = [&](char c) {
    if (out.pieces_.empty() || out.pieces_.back().letter != 0) out.pieces_.emplace_back();
    out.pieces_.back().text += c;
  };
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\'') {
      if (i + 1 < pattern.size() && pattern[i + 1] == '\'') {
        text('\'');
        i += 2;
        continue;
      }
      for (++i;; ++i) {
        if (i == pattern.size()) return Invalid(Str("the date pattern ", pattern, " has a ' without its other half"));
        const bool two = pattern.substr(i).starts_with("''");  // one of the text
        if (pattern[i] == '\'' && !two) break;
        text(pattern[i]);
        i += two ? 1 : 0;
      }
      ++i;
    } else if (IsLetter(c)) {
      int count = 0;
      while (i < pattern.size() && pattern[i] == c) ++count, ++i;
      const bool quarter_name = (c == 'Q' || c == 'q') && count > 2;
      const int most = c == 'S' ? kFractionMax : 5;
      if (kLetters.find(c) == std::string_view::npos || count > most || quarter_name) {
        return BadLetter(pattern, c, count);
      }
      out.pieces_.push_back({c, count, {}});
    } else if (c == '[' || c == ']' || c == '{' || c == '}' || c == '#') {
      return Invalid(Str("the date pattern ", pattern, " has ", c, ", which is not supported"),
                     Str("put it between ' '"));
    } else {
      text(c);
      ++i;
    }
  }
  return out;
}

void DatePattern::Append(int64_t micros, std::string& out) const {
  const Moment at = MomentOf(micros);
  for (const Piece& piece : pieces_) {
    if (piece.letter == 0) {
      out += piece.text;
    } else {
      AppendField(at, piece.letter, piece.count, out);
    }
  }
}

}  // namespace sluice
