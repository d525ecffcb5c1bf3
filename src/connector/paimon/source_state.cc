// SPDX-License-Identifier: Apache-2.0
#include "connector/paimon/source_state.h"

#include "lake/json.h"

namespace sluice::paimon {

std::string ToJson(const FeedStates& states) {
  Json tables = Json::array();
  for (const auto& [id, state] : states) {
    Json table{{"database", id.schema}, {"table", id.table}, {"next", state.next}, {"schema", state.schema_id}};
    if (state.copy > 0) table.update(Json{{"copy", state.copy}, {"part", state.part}, {"rows", state.rows}});
    if (state.grown > 0) table["grown"] = state.grown;
    if (state.copy > 0 && !state.tag.empty()) table["tag"] = state.tag;
    if (state.copy > 0 && state.since_ms != 0) table["since"] = state.since_ms;
    if (state.last > 0) table.update(Json{{"last", state.last}, {"diff", state.diff ? 1 : 0}});
    tables.push_back(std::move(table));
  }
  return DumpJson(Json{{"paimon", std::move(tables)}});
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
                                      std::pair{"diff", &diff}}) {
      TRY_SET(const auto given, OptionalLong(table, key));
      *number = given.value_or(0);
    }
    state.diff = diff != 0;
    if (table.contains("tag")) {
      TRY_SET(state.tag, TextMember(table, "tag"));
    }
  }
  return out;
}

}  // namespace sluice::paimon
