// SPDX-License-Identifier: Apache-2.0
// Parses table selectors (compat.md A.3; Flink CDC's Selectors and Predicates).
#include "pipeline/selector.h"

#include "base/text.h"

namespace sluice {
namespace {

std::string ReplaceAll(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// True if a '{' has no '}', or the other way round: PCRE2 takes it as text, where Java refuses it; most often it is
// "t{1,3}" cut in two at its comma.
bool HasLoneBrace(std::string_view text) {
  bool open = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{' || text[i] == '}') {
      if (open == (text[i] == '{')) return true;
      open = !open;
    }
  }
  return open;
}

constexpr std::string_view kHint =
    "'.' separates database and table, write \\. for the dot of a regular expression and \\, for a comma in one: "
    "app_db.order_\\.*";

}  // namespace

std::vector<std::string> SplitUnescaped(std::string_view text, char separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  auto add = [&](size_t end) {
    std::string_view part = Trim(text.substr(begin, end - begin));
    if (!part.empty()) parts.emplace_back(part);
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == separator) {
      add(i);
      begin = i + 1;
    }
  }
  if (begin <= text.size()) add(text.size());
  return parts;
}

Result<TableSelector::Entry> TableSelector::MakeEntry(std::string_view text) {
  std::vector<std::string> parts = SplitUnescaped(text, '.');
  if (parts.empty() || parts.size() > 3) {
    return Invalid(Str("table selector \"", text, "\" has ", parts.size(), " parts, but a table has one to three"),
                   std::string(kHint));
  }
  if (HasLoneBrace(text)) return Invalid(Str("\"", JsonEscape(text), "\" has a brace without its other half"));
  for (std::string& part : parts) part = ReplaceAll(std::move(part), "\\.", ".");
  TRY_SET(Regex table, Regex::Compile(parts.back(), /*ignore_case=*/true));
  Entry entry{std::nullopt, std::move(table)};
  // Of three parts the first is a namespace, which our tables do not have; Flink CDC then ignores it, too.
  if (parts.size() > 1) {
    TRY_SET(Regex schema, Regex::Compile(parts[parts.size() - 2], /*ignore_case=*/true));
    entry.schema = std::move(schema);
  }
  return entry;
}

Result<TableSelector> TableSelector::Make(std::string_view text) {
  TableSelector out;
  for (const std::string& item : SplitUnescaped(text, ',')) {
    const std::vector<std::string> parts = SplitUnescaped(item, '.');
    const bool named = parts.size() > 1 && parts[parts.size() - 2].find_first_of("\\[](){}*+?|^$") == std::string::npos;
    if (named) out.schemas_.push_back(parts[parts.size() - 2]);
    auto entry = MakeEntry(ReplaceAll(item, "\\,", ","));
    if (!entry.ok()) {
      Error error = std::move(entry).error();
      if (error.hint.empty()) error.hint = kHint;
      return std::move(error).With(Str("table selector \"", JsonEscape(text), "\""));
    }
    out.entries_.push_back(*std::move(entry));
  }
  if (out.entries_.empty()) return Invalid("the table selector is empty", "name tables, e.g. app_db.\\.*");
  return out;
}

bool TableSelector::Matches(const TableId& id) const {
  for (const Entry& entry : entries_) {
    if (entry.schema.has_value() ? !entry.schema->Matches(id.schema) : !id.schema.empty()) continue;
    if (entry.table.Matches(id.table)) return true;
  }
  return false;
}

}  // namespace sluice
