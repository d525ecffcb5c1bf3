// SPDX-License-Identifier: Apache-2.0
// The one place that calls PCRE2 for table names.
#define PCRE2_CODE_UNIT_WIDTH 8
#include "pipeline/regex.h"

#include <pcre2.h>

#include "base/check.h"
#include "base/text.h"

namespace sluice {

struct Regex::Code {
  explicit Code(pcre2_code* code) : pcre(code) {}
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  ~Code() { pcre2_code_free(pcre); }
  pcre2_code* pcre;
};

Result<Regex> Regex::Compile(std::string_view pattern, bool ignore_case) {
  uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY;
  if (ignore_case) options |= PCRE2_CASELESS;
  int error = 0;
  PCRE2_SIZE at = 0;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options, &error, &at, nullptr);
  if (code == nullptr) {
    PCRE2_UCHAR message[256] = {};
    pcre2_get_error_message(error, message, sizeof message);
    return Invalid(Str("regular expression \"", JsonEscape(pattern), "\" at character ", at + 1, ": ",
                       reinterpret_cast<const char*>(message)));
  }
  Regex out;
  out.code_ = std::make_shared<const Code>(code);
  uint32_t groups = 0;
  CHECK(pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups) == 0);
  out.group_count_ = static_cast<int>(groups);
  return out;
}

bool Regex::Matches(std::string_view text) const { return Groups(text).has_value(); }

std::optional<std::vector<std::string>> Regex::Groups(std::string_view text) const {
  std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> data(
      pcre2_match_data_create_from_pattern(code_->pcre, nullptr), pcre2_match_data_free);
  CHECK(data != nullptr);
  int found = pcre2_match(code_->pcre, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0,
                          PCRE2_ANCHORED | PCRE2_ENDANCHORED, data.get(), nullptr);
  if (found <= 0) return std::nullopt;  // no match, text that is not UTF-8, or PCRE2's limit of 10 M steps
  std::vector<std::string> groups(static_cast<size_t>(group_count_) + 1);
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data.get());
  for (size_t i = 0; i < static_cast<size_t>(found); ++i) {
    if (ends[2 * i] != PCRE2_UNSET) groups[i] = text.substr(ends[2 * i], ends[2 * i + 1] - ends[2 * i]);
  }
  return groups;
}

int Regex::GroupNumber(const std::string& name) const {
  int number = pcre2_substring_number_from_name(code_->pcre, reinterpret_cast<PCRE2_SPTR>(name.c_str()));
  return number > 0 ? number : -1;
}

}  // namespace sluice
