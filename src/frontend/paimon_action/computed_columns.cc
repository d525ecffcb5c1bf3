// SPDX-License-Identifier: Apache-2.0
#include "frontend/paimon_action/computed_columns.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "expr/column_function.h"
#include "frontend/paimon_action/words.h"

namespace sluice {
namespace {

constexpr std::string_view kForm = "write --computed_column 'name=function(column, …)'";

constexpr std::pair<std::string_view, TypeRule> kRules[] = {
    {"tinyint1-not-bool", TypeRule::kTinyint1NotBool},
    {"to-nullable", TypeRule::kToNullable},
    {"to-string", TypeRule::kToString},
    {"char-to-string", TypeRule::kCharToString},
    {"longtext-to-bytes", TypeRule::kLongtextToBytes},
    {"decimal-no-change", TypeRule::kDecimalNoChange},
    {"bigint-unsigned-to-bigint", TypeRule::kBigintUnsignedToBigint},
    {"allow-non-string-to-string", TypeRule::kAllowNonStringToString},
};

std::vector<std::string> FunctionNames() {
  std::vector<std::string> names = ColumnFunction::Names();
  names.insert(names.end(), {"cast", "now"});
  return names;
}

// At commas that stand in no parentheses: cast(1.5, DECIMAL(10, 2)).
std::vector<std::string> SplitArguments(std::string_view text) {
  std::vector<std::string> out(1);
  int depth = 0;
  for (char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  for (std::string& argument : out) argument = std::string(Trim(argument));
  if (out.size() == 1 && out[0].empty()) out.clear();
  return out;
}

Status CheckArguments(const ComputedColumn& column) {
  const size_t count = column.arguments.size();
  if (column.function == "now") {
    return count == 0 ? Ok() : Status(Invalid("now() has no arguments", "write name=now()"));
  }
  if (column.function == "cast") {
    return count == 1 || count == 2 ? Ok() : Status(Invalid("cast() has one or two arguments", "write cast(5, INT)"));
  }
  if (count > 0 && !column.arguments[0].empty()) return Ok();
  return Invalid(Str(column.function, "() names no column"), std::string(kForm));
}

Result<ComputedColumn> ParseOne(const std::string& text) {
  ComputedColumn out;
  out.place.file = "--computed_column";
  const size_t equals = text.find('=');
  const size_t open = text.find('(', equals == std::string::npos ? 0 : equals);
  const size_t close = text.rfind(')');
  const bool good = equals != std::string::npos && equals > 0 && open != std::string::npos &&
                    close != std::string::npos && close > open && Trim(text.substr(close + 1)).empty();
  if (!good) {
    return Invalid(Str("--computed_column ", text, ": not of the form name=function(column, …)"), std::string(kForm));
  }
  out.name = std::string(Trim(text.substr(0, equals)));
  out.function = Lower(Trim(text.substr(equals + 1, open - equals - 1)));
  out.arguments = SplitArguments(text.substr(open + 1, close - open - 1));
  const auto names = FunctionNames();
  if (out.name.empty() || std::find(names.begin(), names.end(), out.function) == names.end()) {
    const std::string nearest = Nearest(out.function, names);
    return Invalid(Str("--computed_column ", text, ": there is no function ", out.function, "()"),
                   nearest.empty() ? Str("functions are: ", Join(names, ", ")) : Str("did you mean ", nearest, "()?"));
  }
  Status checked = CheckArguments(out);
  if (!checked.ok()) return std::move(checked).error().With(Str("--computed_column ", text));
  return out;
}

const std::string* ReferenceOf(const ComputedColumn& column) {
  const bool constant = column.function == "now" || column.function == "cast";
  return constant ? nullptr : &column.arguments[0];
}

}  // namespace

Result<std::vector<ComputedColumn>> ParseComputedColumns(const std::vector<std::string>& texts) {
  std::vector<ComputedColumn> left;
  for (const std::string& text : texts) {
    TRY_SET(ComputedColumn column, ParseOne(text));
    const auto same = [&](const ComputedColumn& other) { return other.name == column.name; };
    if (std::any_of(left.begin(), left.end(), same)) {
      return Invalid(Str("--computed_column ", column.name, " is given twice"), "keep one of them");
    }
    left.push_back(std::move(column));
  }
  std::vector<ComputedColumn> out;
  while (!left.empty()) {
    // The first that refers to none of those that are left.
    const auto next = std::find_if(left.begin(), left.end(), [&](const ComputedColumn& column) {
      const std::string* reference = ReferenceOf(column);
      return reference == nullptr || std::none_of(left.begin(), left.end(), [&](const ComputedColumn& other) {
               return &other != &column && other.name == *reference;
             });
    });
    if (next == left.end()) {
      return Invalid(Str("--computed_column ", left[0].name, " refers to itself through others"), "break the circle");
    }
    out.push_back(std::move(*next));
    left.erase(next);
  }
  return out;
}

Result<std::set<TypeRule>> ParseTypeRules(const std::vector<std::string>& names) {
  std::set<TypeRule> out;
  for (const std::string& name : names) {
    std::vector<std::string> known;
    bool found = false;
    for (const auto& [text, rule] : kRules) {
      known.emplace_back(text);
      if (WithUnderscores(text) != WithUnderscores(Lower(name))) continue;
      out.insert(rule);
      found = true;
    }
    if (found) continue;
    const std::string nearest = Nearest(name, known);
    return Invalid(Str("--type_mapping has no ", name),
                   nearest.empty() ? Str("it has ", Join(known, ", ")) : Str("did you mean ", nearest, "?"));
  }
  return out;
}

Status CheckMetadataColumns(const std::vector<std::string>& names) {
  const std::vector<std::string> known = {"table_name", "database_name", "op_ts"};
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return Invalid(Str("--metadata_column has no ", name), Str("it has ", Join(known, ", ")));
  }
  return Ok();
}

}  // namespace sluice
