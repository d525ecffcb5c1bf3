// SPDX-License-Identifier: Apache-2.0
// Flink CDC's ChangeEventUtils.resolveSchemaEvolutionOptions.
#include "frontend/yaml/schema_change_tags.h"

#include <map>

#include "base/text.h"
#include "frontend/yaml/document.h"

namespace sluice {
namespace {

using Tags = std::set<std::string>;

const std::map<std::string, Tags>& Families() {
  static const std::map<std::string, Tags> kFamilies = [] {
    Tags all = {"create.table", "add.column", "alter.column.type", "rename.column",
                "drop.column",  "drop.table", "truncate.table",    "alter.table.comment"};
    std::map<std::string, Tags> families = {
        {"all", all},
        {"none", {}},
        {"add", {"add.column"}},
        {"alter", {"alter.column.type", "alter.table.comment"}},
        {"create", {"create.table"}},
        {"drop", {"drop.column", "drop.table"}},
        {"rename", {"rename.column"}},
        {"table", {"create.table", "drop.table", "truncate.table", "alter.table.comment"}},
        {"column", {"add.column", "alter.column.type", "rename.column", "drop.column"}},
    };
    for (const std::string& tag : all) families[tag] = {tag};
    return families;
  }();
  return kFamilies;
}

Result<Tags> Expand(const std::vector<TagText>& list) {
  Tags out;
  for (const TagText& item : list) {
    auto family = Families().find(Lower(Trim(item.text)));
    if (family == Families().end()) {
      std::vector<std::string> known;
      for (const auto& [name, tags] : Families()) known.push_back(name);
      std::string nearest = Nearest(item.text, known);
      return ErrorAt(item.place, Str("unknown schema change event type \"", JsonEscape(item.text), "\""),
                     nearest.empty() ? Str("known are: ", Join(known, ", ")) : Str("did you mean \"", nearest, "\"?"));
    }
    out.insert(family->second.begin(), family->second.end());
  }
  return out;
}

}  // namespace

Result<Tags> ExpandSchemaChangeTags(const std::vector<TagText>& include,
                                    const std::optional<std::vector<TagText>>& exclude, SchemaChangeBehavior behavior) {
  TRY_SET(Tags out, Expand(include));
  if (include.empty()) out = Families().at("all");
  out.insert("create.table");
  if (!exclude) {
    if (behavior == SchemaChangeBehavior::kLenient) {
      out.erase("drop.table");
      out.erase("truncate.table");
    }
    return out;
  }
  TRY_SET(Tags without, Expand(*exclude));
  if (without.contains("create.table")) {
    FilePlace place;
    for (const TagText& item : *exclude) {
      if (Families().at(Lower(Trim(item.text))).contains("create.table")) place = item.place;
    }
    Error error =
        ErrorAt(place, "exclude.schema.changes leaves out create.table: the sink would drop every row of every table",
                "name the others one by one: drop.table, truncate.table, alter.table.comment");
    error.code = ErrorCode::kUnsupported;
    return error;
  }
  for (const std::string& tag : without) out.erase(tag);
  return out;
}

}  // namespace sluice
