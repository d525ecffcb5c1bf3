// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/source_state.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace sluice::mysql {
namespace {

using nlohmann::json;

json BoundJson(const KeyBound& bound) {
  if (bound.infinite) return nullptr;
  json literals = json::array();  // hex: a literal may hold any byte
  for (const std::string& literal : bound.literals) literals.push_back(Hex(literal));
  return {{"key", Hex(bound.encoded)}, {"sql", literals}};
}

KeyBound ParseBound(const json& value) {
  KeyBound bound;
  if (value.is_null()) return bound;
  bound.infinite = false;
  const auto bytes = [](const json& hex) { return FromHex(hex.get<std::string>()).value_or(""); };
  bound.encoded = bytes(value.at("key"));
  for (const json& literal : value.at("sql")) bound.literals.push_back(bytes(literal));
  return bound;
}

json TableJson(const TableId& id, const TableState& table) {
  json out = {{"db", id.schema}, {"table", id.table}, {"done", table.done}, {"exact", table.exact},
              {"rows", table.rows}, {"expected", table.rows_expected}, {"at", table.whole_at.ToString()}};
  if (!table.waits_for.file.empty()) out["waits_for"] = table.waits_for.ToString();
  if (table.recopied) out["recopied"] = true;
  json& chunks = out["chunks"] = json::array();
  for (const ChunkState& chunk : table.chunks) {
    json segments = json::array();
    for (const Segment& segment : chunk.segments) {
      segments.push_back({{"to", BoundJson(segment.to)}, {"at", segment.at.ToString()}});
    }
    chunks.push_back({{"from", BoundJson(chunk.from)}, {"to", BoundJson(chunk.to)}, {"done", chunk.done},
                      {"segments", segments}});
  }
  return out;
}

Result<BinlogPosition> ParsePosition(const json& value) {
  auto text = value.get<std::string>();
  if (text.empty() || text == ":0") return BinlogPosition{};
  return ParseBinlogPosition(text);
}

Result<TableState> ParseTable(const json& value) {
  TableState table;
  table.done = value.at("done").get<bool>();
  table.exact = value.at("exact").get<bool>();
  table.rows = value.at("rows").get<int64_t>();
  table.rows_expected = value.at("expected").get<int64_t>();
  TRY_SET(table.whole_at, ParsePosition(value.at("at")));
  TRY_SET(table.waits_for, ParsePosition(value.value("waits_for", json(":0"))));
  table.recopied = value.value("recopied", false);
  for (const json& item : value.at("chunks")) {
    ChunkState chunk;
    chunk.from = ParseBound(item.at("from"));
    chunk.to = ParseBound(item.at("to"));
    chunk.done = item.at("done").get<bool>();
    for (const json& part : item.at("segments")) {
      Segment segment;
      segment.to = ParseBound(part.at("to"));
      TRY_SET(segment.at, ParsePosition(part.at("at")));
      chunk.segments.push_back(std::move(segment));
    }
    table.chunks.push_back(std::move(chunk));
  }
  return table;
}

Result<SourceState> ParseChecked(std::string_view text) {
  json value = json::parse(text);
  SourceState state;
  if (value.at("version").get<int>() != 1) return Corrupt("source state of an unknown version");
  state.server_uid = value.at("server").get<std::string>();
  state.snapshot_done = value.at("snapshot_done").get<bool>();
  TRY_SET(state.log.position, ParsePosition(value.at("position")));
  TRY_SET(state.log.gtids, GtidSet::Parse(value.at("gtids").get<std::string>()));
  for (const json& item : value.at("tables")) {
    TRY_SET(TableState table, ParseTable(item));
    state.tables[{item.at("db").get<std::string>(), item.at("table").get<std::string>()}] = std::move(table);
  }
  for (const json& name : value.at("captured")) {
    state.captured.insert({name.at(0).get<std::string>(), name.at(1).get<std::string>()});
  }
  for (const json& item : value.value("prepared", json::array())) {
    PreparedXa& group = state.prepared[FromHex(item.at("xid").get<std::string>()).value_or("")];
    TRY_SET(group.at, ParsePosition(item.at("at")));
    group.rows = item.at("rows").get<bool>();
  }
  state.tracker_known = value.contains("tracker");
  if (state.tracker_known) state.tracker = value.at("tracker").get<std::string>();
  return state;
}

}  // namespace

std::string SourceState::ToJson(bool compact) const {
  json out = {{"version", 1}, {"server", server_uid}, {"snapshot_done", snapshot_done},
              {"position", log.position.ToString()}, {"gtids", log.gtids.ToString()}};
  json& list = out["tables"] = json::array();
  for (const auto& [id, table] : tables) list.push_back(TableJson(id, table));
  json& names = out["captured"] = json::array();
  for (const TableId& id : captured) names.push_back({id.schema, id.table});
  for (const auto& [xid, group] : prepared) {
    out["prepared"].push_back({{"xid", Hex(xid)}, {"at", group.at.ToString()}, {"rows", group.rows}});
  }
  if (!compact) out["tracker"] = tracker;
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<SourceState> SourceState::Parse(std::string_view text) {
  try {
    return ParseChecked(text);
  } catch (const json::exception& error) {
    return Corrupt(Str("source state: ", error.what()));
  }
}

BinlogPosition TableState::End() const {
  BinlogPosition end = whole_at;
  for (const ChunkState& chunk : chunks) {
    for (const Segment& segment : chunk.segments) end = std::max(end, segment.at);
  }
  return end;
}

bool SourceState::CopyDue(const BinlogPosition& position) const {
  return std::any_of(tables.begin(), tables.end(), [&](const auto& entry) { return entry.second.DueAt(position); });
}

bool SourceState::CopyPending() const {
  return std::any_of(tables.begin(), tables.end(), [](const auto& entry) { return !entry.second.done; });
}

BinlogPosition SourceState::OverlapEnd() const {
  BinlogPosition end;
  for (const auto& [id, table] : tables) end = std::max(end, table.End());
  return end;
}

}  // namespace sluice::mysql
