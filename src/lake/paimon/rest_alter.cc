// SPDX-License-Identifier: Apache-2.0
// AlterTableBody: the steps between two schemas, each applied to a copy as the server will apply them.
#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "lake/json.h"
#include "lake/paimon/rest_messages.h"

namespace sluice::paimon {
namespace {

constexpr std::string_view kNotNull = " NOT NULL";

// {"type": …} without NOT NULL, and whether NULL is allowed.
std::pair<Json, bool> WithoutNull(Json type) {
  Json& text = type.is_object() ? type["type"] : type;
  std::string name = text.is_string() ? text.get<std::string>() : "";
  const bool required = name.ends_with(kNotNull);
  if (required) {
    name.resize(name.size() - kNotNull.size());
    text = name;
  }
  return {std::move(type), !required};
}

// Of what a field may leave out.
Json Member(const Json& field, const char* key) {
  const Json* found = FindMember(field, key);
  return found == nullptr ? Json() : *found;
}

class Alter {
 public:
  Alter(const Schema& from, const Schema& to) {
    const Json before = Json::parse(from.ToJson()), after = Json::parse(to.ToJson());
    for (const Json& field : before["fields"]) fields_.push_back(field);
    for (const Json& field : after["fields"]) wanted_.push_back(field);
  }

  void Columns() {
    DropColumns();
    RenameColumns();
    for (const Json& field : wanted_) ChangeColumn(field);
    AddColumns();
    MoveColumns();
  }
  void Options(const paimon::Options& from, const paimon::Options& to) {
    for (const auto& [key, value] : to) {
      const auto before = from.find(key);
      if (before != from.end() && before->second == value) continue;
      changes_.push_back({{"action", "setOption"}, {"key", key}, {"value", value}});
    }
    for (const auto& [key, value] : from) {
      if (!to.contains(key)) changes_.push_back({{"action", "removeOption"}, {"key", key}});
    }
  }
  void Comment(const std::string& text) { changes_.push_back({{"action", "updateComment"}, {"comment", text}}); }
  const Json& changes() const { return changes_; }

 private:
  using Fields = std::vector<Json>;

  static Fields::iterator FindId(Fields& fields, const Json& field) {
    return std::find_if(fields.begin(), fields.end(), [&](const Json& each) { return each["id"] == field["id"]; });
  }
  bool HasName(const Json& name) const {
    return std::any_of(fields_.begin(), fields_.end(), [&](const Json& each) { return each["name"] == name; });
  }
  static Json Names(const Json& field) { return Json::array({field["name"]}); }

  void DropColumns() {
    std::erase_if(fields_, [&](const Json& field) {
      if (FindId(wanted_, field) != wanted_.end()) return false;
      changes_.push_back({{"action", "dropColumn"}, {"fieldNames", Names(field)}});
      return true;
    });
  }

  void Rename(Json& field, const Json& name) {
    changes_.push_back({{"action", "renameColumn"}, {"fieldNames", Names(field)}, {"newName", name}});
    field["name"] = name;
  }

  // Names that go round in a circle need one that nobody has.
  void RenameColumns() {
    for (size_t round = 0; round <= fields_.size(); ++round) {
      Json* stuck = nullptr;
      bool renamed = false;
      for (Json& field : fields_) {
        const Json& name = (*FindId(wanted_, field))["name"];
        if (field["name"] == name) continue;
        if (HasName(name)) {
          stuck = &field;
          continue;
        }
        Rename(field, name);
        renamed = true;
      }
      if (stuck == nullptr && !renamed) return;
      if (!renamed) Rename(*stuck, Str("_SLUICE_", round, "_", (*stuck)["id"].dump()));
    }
  }

  void ChangeColumn(const Json& wanted) {
    const auto found = FindId(fields_, wanted);
    if (found == fields_.end()) return;
    const auto [type, nullable] = WithoutNull((*found)["type"]);
    const auto [new_type, new_nullable] = WithoutNull(wanted["type"]);
    if (type != new_type) {
      changes_.push_back({{"action", "updateColumnType"},
                          {"fieldNames", Names(wanted)},
                          {"newDataType", wanted["type"]},
                          {"keepNullability", false}});
    } else if (nullable != new_nullable) {
      changes_.push_back({{"action", "updateColumnNullability"},
                          {"fieldNames", Names(wanted)},
                          {"newNullability", new_nullable}});
    }
    if (const Json text = Member(wanted, "description"); text != Member(*found, "description")) {
      changes_.push_back({{"action", "updateColumnComment"}, {"fieldNames", Names(wanted)}, {"newComment", text}});
    }
    if (Member(wanted, "defaultValue") != Member(*found, "defaultValue")) SetDefault(wanted);
  }

  void SetDefault(const Json& wanted) {
    changes_.push_back({{"action", "updateColumnDefaultValue"},
                        {"fieldNames", Names(wanted)},
                        {"newDefaultValue", Member(wanted, "defaultValue")}});
  }

  // The columns that are there, up to the one of this place.
  Json MoveBehind(const Json& field) {
    Json before;
    for (const Json& each : wanted_) {
      if (each["id"] == field["id"]) break;
      if (FindId(fields_, each) != fields_.end()) before = each["name"];
    }
    return {{"fieldName", field["name"]},
            {"referenceFieldName", before},
            {"type", before.is_null() ? "FIRST" : "AFTER"}};
  }
  void Insert(const Json& field, const Json& after) {
    auto place = fields_.begin();
    if (!after.is_null()) {
      place = std::find_if(fields_.begin(), fields_.end(), [&](const Json& each) { return each["name"] == after; }) + 1;
    }
    fields_.insert(place, field);
  }

  // The server gives ids in this order.
  void AddColumns() {
    Fields added;
    for (const Json& field : wanted_) {
      if (FindId(fields_, field) == fields_.end()) added.push_back(field);
    }
    std::sort(added.begin(), added.end(),
              [](const Json& a, const Json& b) { return a["id"].get<int>() < b["id"].get<int>(); });
    for (const Json& field : added) {
      const Json move = MoveBehind(field);
      changes_.push_back({{"action", "addColumn"},
                          {"fieldNames", Names(field)},
                          {"dataType", field["type"]},
                          {"comment", Member(field, "description")},
                          {"move", move}});
      if (FindMember(field, "defaultValue") != nullptr) SetDefault(field);
      Insert(field, move["referenceFieldName"]);
    }
  }

  void MoveColumns() {
    for (size_t i = 0; i < wanted_.size(); ++i) {
      if (fields_[i]["id"] == wanted_[i]["id"]) continue;
      const Json move = MoveBehind(wanted_[i]);
      changes_.push_back({{"action", "updateColumnPosition"}, {"move", move}});
      fields_.erase(FindId(fields_, wanted_[i]));
      Insert(wanted_[i], move["referenceFieldName"]);
    }
  }

  Fields fields_, wanted_;
  Json changes_ = Json::array();
};

// The names that key columns have in `to`.
std::vector<std::string> Renamed(const std::vector<std::string>& keys, const Schema& from, const Schema& to) {
  std::vector<std::string> out;
  for (const std::string& name : keys) {
    const Field* before = from.Find(name);
    const Field* after = before == nullptr ? nullptr : to.FindId(before->id);
    out.push_back(after == nullptr ? name : after->name);
  }
  return out;
}

}  // namespace

Result<std::optional<std::string>> AlterTableBody(const Schema& from, const Schema& to) {
  if (Renamed(from.primary_keys, from, to) != to.primary_keys ||
      Renamed(from.partition_keys, from, to) != to.partition_keys) {
    return Unsupported("a REST catalog cannot change the primary key or the partition columns of a table",
                       "make the table anew");
  }
  Alter alter(from, to);
  alter.Columns();
  alter.Options(from.options, to.options);
  if (from.comment != to.comment) alter.Comment(to.comment);
  if (alter.changes().empty()) return std::optional<std::string>();
  Json body;
  body["changes"] = alter.changes();
  return std::optional(DumpJson(body));
}

}  // namespace sluice::paimon
