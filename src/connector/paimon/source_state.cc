// SPDX-License-Identifier: Apache-2.0
#include "connector/paimon/source_state.h"

#include "base/log.h"
#include "base/text.h"
#include "lake/json.h"

namespace sluice::paimon {
namespace {

std::string Named(const std::string& what) { return what.empty() ? "neither branch nor partitions nor bucket" : what; }

Result<std::vector<PartitionSpec>> PartitionsOf(const Json& table) {
  std::vector<PartitionSpec> out;
  TRY_SET(const Json* list, ListMember(table, "greatest"));
  for (const Json& each : *list) {
    PartitionSpec& spec = out.emplace_back();
    if (!each.is_object()) return Corrupt("greatest is no list of partitions");
    for (const auto& [column, value] : each.items()) {
      TRY_SET(spec[column], TextMember(each, column.c_str()));
    }
  }
  return out;
}

}  // namespace

std::string ToJson(const FeedStates& states, const Begun& begun) {
  Json tables = Json::array();
  for (const auto& [id, state] : states) {
    Json table{{"database", id.schema}, {"table", id.table}, {"next", state.next}, {"schema", state.schema_id}};
    if (state.copy > 0) table.update(Json{{"copy", state.copy}, {"part", state.part}, {"rows", state.rows}});
    if (state.grown > 0) table["grown"] = state.grown;
    if (state.copy > 0 && !state.tag.empty()) table["tag"] = state.tag;
    if (state.copy > 0 && state.since_ms != 0) table["since"] = state.since_ms;
    if (state.added > 0) table["added"] = state.added;
    if (!state.branch.empty()) table["branch"] = state.branch;
    if (!state.greatest.empty()) table["greatest"] = state.greatest;
    if (state.last > 0) table.update(Json{{"last", state.last}, {"diff", state.diff ? 1 : 0}});
    tables.push_back(std::move(table));
  }
  Json out{{"paimon", std::move(tables)}};
  if (!begun.where.empty()) out["begun"] = begun.where;
  if (!begun.what.empty()) out["of"] = begun.what;
  return DumpJson(out);
}

Result<FeedStates> ParseFeedStates(std::string_view text) {
  TRY_SET(const Json json, ParseJson(text));
  TRY_SET(const Json* tables, ListMember(json, "paimon"));
  if (tables == nullptr) {
    return Invalid("the position is of another source than paimon",
                   "give this file a state directory and a pipeline name of its own");
  }
  FeedStates out;
  for (const Json& table : *tables) {
    TableId id;
    TRY_SET(id.schema, TextMember(table, "database"));
    TRY_SET(id.table, TextMember(table, "table"));
    FeedState& state = out[id];
    TRY_SET(state.next, LongMember(table, "next"));
    TRY_SET(state.schema_id, LongMember(table, "schema"));
    int64_t diff = 0;
    for (const auto& [key, number] : {std::pair{"copy", &state.copy}, std::pair{"part", &state.part},
                                      std::pair{"rows", &state.rows}, std::pair{"grown", &state.grown},
                                      std::pair{"since", &state.since_ms}, std::pair{"last", &state.last},
                                      std::pair{"added", &state.added}, std::pair{"diff", &diff}}) {
      TRY_SET(const auto given, OptionalLong(table, key));
      *number = given.value_or(0);
    }
    state.diff = diff != 0;
    TRY_SET(state.branch, OptionalText(table, "branch"));
    if (table.contains("greatest")) {
      TRY_SET(state.greatest, PartitionsOf(table));
    }
    if (table.contains("tag")) {
      TRY_SET(state.tag, TextMember(table, "tag"));
    }
  }
  return out;
}

Result<Begun> ParseBegun(std::string_view text) {
  TRY_SET(const Json json, ParseJson(text));
  Begun out;
  TRY_SET(out.where, OptionalText(json, "begun"));
  TRY_SET(out.what, OptionalText(json, "of"));
  return out;
}

Status CheckBegun(const Begun& state, const Begun& now, bool bounded) {
  if (state.what != now.what) {
    return Invalid(Str("the position of this job is of a read with ", Named(state.what), ", and the file has ",
                       Named(now.what)),
                   "give the pipeline another name, a state directory and tables of its own");
  }
  if (state.where.empty() || state.where == now.where) return Ok();
  const std::string text = Str("the position of this job is of a read that began with ", state.where,
                               ", and the file has ", now.where);
  if (bounded) {
    return Invalid(text, "a position says what is left of that read: give the pipeline another name and a state "
                         "directory of its own to begin another one");
  }
  LogWarn(Str(text, ": it goes on from its position; with another name, an empty state directory and other tables "
              "it would begin anew"));
  return Ok();
}

}  // namespace sluice::paimon
