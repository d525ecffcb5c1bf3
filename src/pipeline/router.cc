// SPDX-License-Identifier: Apache-2.0
// Route rules: source-table lists become one expression over "database.table" as in Flink CDC's TableIdRouter.
#include "pipeline/router.h"

#include <algorithm>

#include "base/text.h"
#include "pipeline/selector.h"

namespace sluice {
namespace {

// Flink CDC's convertTableListToRegExpPattern: commas are alternatives, '.' is a plain dot, "\." the regex dot.
std::string ToExpression(std::string_view list) {
  std::string joined = Join(SplitUnescaped(list, ','), "|");
  std::string out;
  for (size_t i = 0; i < joined.size(); ++i) {
    if (joined[i] == '\\' && i + 1 < joined.size()) {
      char escaped = joined[++i];
      if (escaped != '.' && escaped != ',') out += '\\';
      out += escaped;
    } else if (joined[i] == '.') {
      out += "\\.";
    } else {
      out += joined[i];
    }
  }
  return out;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

Error AtRule(const RouteRule& rule, Error error) {
  return rule.place.file.empty() ? std::move(error) : std::move(error).With(rule.place.ToString());
}

}  // namespace

TableId ParseTableId(std::string_view text) {
  size_t dot = text.rfind('.');
  if (dot == std::string_view::npos) return {"", std::string(text)};
  return {std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

Result<std::vector<Router::Piece>> Router::ParseSink(const RouteRule& rule, const Regex& source) {
  std::string_view text = Trim(rule.sink_table);
  std::string_view symbol = rule.replace_symbol;
  std::vector<Piece> pieces(1);
  auto add = [&](Piece piece) {
    pieces.push_back(std::move(piece));
    pieces.emplace_back();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (!symbol.empty() && text.substr(i).starts_with(symbol)) {
      add({"", -1, true});
      i += symbol.size() - 1;
    } else if (text[i] == '\\' && symbol.empty() && i + 1 < text.size()) {
      pieces.back().text += text[++i];
    } else if (text[i] == '$' && i + 1 < text.size() && (IsDigit(text[i + 1]) || text[i + 1] == '{')) {
      if (!symbol.empty()) {
        return Invalid(
            Str("sink-table \"", text, "\" has both a capture group and the replace-symbol \"", symbol, "\""),
            "use one of them");
      }
      int group = -1;
      if (text[i + 1] == '{') {
        size_t close = std::min(text.find('}', i), text.size());
        group = source.GroupNumber(std::string(text.substr(i + 2, close - std::min(close, i + 2))));
        i = close;
      } else {  // as Java: further digits belong to it as long as such a group exists
        group = text[++i] - '0';
        while (i + 1 < text.size() && IsDigit(text[i + 1]) && group * 10 + text[i + 1] - '0' <= source.group_count()) {
          group = group * 10 + (text[++i] - '0');
        }
      }
      if (group < 0 || group > source.group_count()) {
        return Invalid(Str("sink-table \"", text, "\" names a capture group that source-table \"", rule.source_table,
                           "\" does not have"),
                       Str("it has ", source.group_count(), " group(s); put the part to keep in ( )"));
      }
      add({"", group, false});
    } else {
      pieces.back().text += text[i];
    }
  }
  std::erase_if(pieces, [](const Piece& piece) { return piece.text.empty() && piece.group < 0 && !piece.table_name; });
  if (pieces.empty()) return Invalid("sink-table is empty", "name the table, e.g. ods_db.orders");
  return pieces;
}

Result<Router::Rule> Router::MakeRule(const RouteRule& rule) {
  std::string expression = ToExpression(rule.source_table);
  if (expression.empty()) return Invalid("source-table is empty", "name the tables, e.g. app_db.order_\\.*");
  auto source = Regex::Compile(expression, /*ignore_case=*/false);
  if (!source.ok()) {
    Error error = std::move(source).error();
    error.hint = "'.' separates database and table; write \\. for the dot of a regular expression";
    return std::move(error).With(Str("source-table \"", rule.source_table, "\""));
  }
  TRY_SET(auto sink, ParseSink(rule, *source));
  return Rule{*std::move(source), std::move(sink)};
}

Result<Router> Router::Make(const std::vector<RouteRule>& rules, RouteMode mode) {
  Router out;
  out.mode_ = mode;
  for (const RouteRule& rule : rules) {
    auto made = MakeRule(rule);
    if (!made.ok()) return AtRule(rule, std::move(made).error());
    out.rules_.push_back(*std::move(made));
  }
  return out;
}

std::vector<TableId> Router::Route(const TableId& source) const {
  std::vector<TableId> out;
  std::string id = source.ToString();
  for (const Rule& rule : rules_) {
    auto groups = rule.source.Groups(id);
    if (!groups) continue;
    std::string name;
    for (const Piece& piece : rule.sink) {
      name += piece.table_name   ? source.table
              : piece.group >= 0 ? (*groups)[static_cast<size_t>(piece.group)]
                                 : piece.text;
    }
    TableId sink = ParseTableId(name);
    if (std::find(out.begin(), out.end(), sink) == out.end()) out.push_back(std::move(sink));
    if (mode_ == RouteMode::kFirstMatch) break;
  }
  if (out.empty()) out.push_back(source);
  return out;
}

std::vector<size_t> Router::Idle(const std::vector<TableId>& sources) const {
  std::vector<size_t> out;
  for (size_t i = 0; i < rules_.size(); ++i) {
    const auto matches = [&](const TableId& id) { return rules_[i].source.Groups(id.ToString()).has_value(); };
    if (std::none_of(sources.begin(), sources.end(), matches)) out.push_back(i);
  }
  return out;
}

}  // namespace sluice
