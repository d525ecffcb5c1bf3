// SPDX-License-Identifier: Apache-2.0
#include "cli/action_arguments.h"

#include <algorithm>

#include "base/text.h"

namespace sluice {

Status ActionArguments::Check(const ActionKeys& keys) const {
  const auto has = [](const std::vector<std::string>& list, const std::string& key) {
    return std::find(list.begin(), list.end(), key) != list.end();
  };
  std::vector<std::string> known;
  for (const auto* list : {&keys.required, &keys.optional, &keys.repeated}) {
    known.insert(known.end(), list->begin(), list->end());
  }
  for (const auto& [key, values] : values_) {
    if (has(keys.refused, key)) return Unsupported(Str("argument --", key, " is not supported yet"), "leave it out");
    if (!has(known, key)) {
      const std::string nearest = Nearest(key, known);
      return Invalid(Str("there is no argument --", key, nearest.empty() ? "" : Str("; did you mean --", nearest, "?")),
                     Str("the action takes --", Join(known, ", --")));
    }
    if (values.size() > 1 && !has(keys.repeated, key)) return Invalid(Str("argument --", key, " is given twice"));
  }
  for (const std::string& key : keys.required) {
    if (!values_.contains(key)) return Invalid(Str("argument --", key, " is missing"));
  }
  return Ok();
}

std::string ActionArguments::Get(const std::string& key, std::string otherwise) const {
  auto found = values_.find(key);
  return found == values_.end() ? otherwise : found->second.back();
}

std::vector<std::string> ActionArguments::All(const std::string& key) const {
  auto found = values_.find(key);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

Result<std::map<std::string, std::string>> ActionArguments::Pairs(const std::string& key) const {
  std::map<std::string, std::string> out;
  for (const std::string& text : All(key)) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || Trim(std::string_view(text).substr(0, equals)).empty()) {
      return Invalid(Str("--", key, " \"", text, "\" is not of the form key=value"));
    }
    out[std::string(Trim(std::string_view(text).substr(0, equals)))] =
        std::string(Trim(std::string_view(text).substr(equals + 1)));
  }
  return out;
}

Result<std::optional<int64_t>> ActionArguments::Number(const std::string& key, int64_t least) const {
  if (!Has(key)) return std::optional<int64_t>();
  int64_t number = 0;
  const std::string text = Get(key);
  if (!ParseNumber(Trim(text), number) || number < least) {
    return Invalid(Str("--", key, " ", text, " must be a number from ", least, " on"));
  }
  return std::optional(number);
}

Result<bool> ActionArguments::Flag(const std::string& key, bool otherwise) const {
  if (!Has(key)) return otherwise;
  const std::string text = Lower(Trim(Get(key)));
  if (text == "true") return true;
  if (text == "false") return false;
  return Invalid(Str("--", key, " ", text, " must be true or false"));
}

}  // namespace sluice
