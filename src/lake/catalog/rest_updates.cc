// SPDX-License-Identifier: Apache-2.0
#include "lake/catalog/rest_updates.h"

#include <algorithm>
#include <map>

#include "lake/json.h"

namespace sluice {
namespace {

constexpr const char* kSeal = "sluice.metadata-crc";  // of the file, not of the table

Json Empty() { return Json::object(); }

// The items of a list by their number; in the order of the list.
std::map<int64_t, const Json*> ById(const Json& metadata, const char* list, const char* key) {
  std::map<int64_t, const Json*> out;
  const Json* items = FindMember(metadata, list);
  for (size_t i = 0; items != nullptr && items->is_array() && i < items->size(); ++i) {
    if (const auto id = LongMember((*items)[i], key); id.ok()) out[*id] = &(*items)[i];
  }
  return out;
}

int64_t NumberOf(const Json& json, const char* key, int64_t otherwise) {
  const auto number = LongMember(json, key);
  return number.ok() ? *number : otherwise;
}

class Difference {
 public:
  Difference(const Json& there, const Json& wanted) : there_(there), wanted_(wanted) {}

  // False: no request can do it.
  bool Run() {
    return Schemas() && Properties() && Snapshots() && References();
  }
  const Json& updates() const { return updates_; }

 private:
  void Add(const char* action, Json update) {
    update["action"] = action;
    updates_.push_back(std::move(update));
  }

  bool Schemas() {
    const auto have = ById(there_, "schemas", "schema-id"), want = ById(wanted_, "schemas", "schema-id");
    if (have.empty() || want.empty() || have.rbegin()->first > want.rbegin()->first) return false;
    for (const auto& [id, schema] : want) {
      if (have.contains(id)) continue;
      if (id < have.rbegin()->first) return false;  // the catalog gives the next number
      Add("add-schema", Json{{"schema", *schema}, {"last-column-id", NumberOf(wanted_, "last-column-id", 0)}});
    }
    const int64_t current = NumberOf(wanted_, "current-schema-id", 0);
    if (NumberOf(there_, "current-schema-id", -1) != current) {
      Add("set-current-schema", Json{{"schema-id", current}});
    }
    return NumberOf(there_, "default-spec-id", 0) == NumberOf(wanted_, "default-spec-id", 0);
  }

  bool Properties() {
    const auto have = TextMapMember(there_, "properties"), want = TextMapMember(wanted_, "properties");
    if (!have.ok() || !want.ok()) return false;
    Json changed = Empty();
    for (const auto& [key, value] : *want) {
      const auto found = have->find(key);
      if (key != kSeal && (found == have->end() || found->second != value)) changed[key] = value;
    }
    if (!changed.empty()) Add("set-properties", Json{{"updates", changed}});
    if (have->contains(kSeal)) Add("remove-properties", Json{{"removals", Json::array({kSeal})}});
    return true;
  }

  bool Snapshots() {
    const auto have = ById(there_, "snapshots", "snapshot-id"), want = ById(wanted_, "snapshots", "snapshot-id");
    std::vector<const Json*> fresh;
    for (const auto& [id, snapshot] : want) {
      const auto found = have.find(id);
      if (found == have.end()) {
        fresh.push_back(snapshot);
      } else if ((*found->second)["manifest-list"] != (*snapshot)["manifest-list"]) {
        return false;
      }
    }
    for (const auto& [id, snapshot] : have) {
      if (!want.contains(id)) gone_.push_back(id);
    }
    std::sort(fresh.begin(), fresh.end(), [](const Json* a, const Json* b) {
      return NumberOf(*a, "sequence-number", 0) < NumberOf(*b, "sequence-number", 0);
    });
    // A catalog takes only what is newer than all that it has: not so after commits of others.
    const int64_t newest = NumberOf(there_, "last-sequence-number", 0), row = NumberOf(there_, "next-row-id", 0);
    for (const Json* snapshot : fresh) {
      if (NumberOf(*snapshot, "sequence-number", 0) <= newest) return false;
      if (NumberOf(*snapshot, "first-row-id", row) < row) return false;
      Add("add-snapshot", Json{{"snapshot", *snapshot}});
    }
    return newest <= NumberOf(wanted_, "last-sequence-number", 0);
  }

  bool References() {
    const Json* have = FindMember(there_, "refs");
    const Json* want = FindMember(wanted_, "refs");
    const Json none = Empty();
    if (have == nullptr) have = &none;
    if (want == nullptr) want = &none;
    for (const auto& [name, ref] : want->items()) {
      const int64_t id = NumberOf(ref, "snapshot-id", -1);
      if (have->contains(name) && NumberOf((*have)[name], "snapshot-id", -1) == id) continue;
      Add("set-snapshot-ref", Json{{"ref-name", name}, {"type", ref["type"]}, {"snapshot-id", id}});
    }
    for (const auto& [name, ref] : have->items()) {
      if (name == "main" && !want->contains(name)) return false;
      if (!want->contains(name)) Add("remove-snapshot-ref", Json{{"ref-name", name}});
    }
    if (!gone_.empty()) Add("remove-snapshots", Json{{"snapshot-ids", gone_}});
    return true;
  }

  const Json& there_;
  const Json& wanted_;
  Json updates_ = Json::array();
  std::vector<int64_t> gone_;
};

}  // namespace

Result<std::optional<std::string>> RestUpdates(const TableId& table, const std::string& there,
                                               const std::string& wanted) {
  TRY_SET(const Json have, ParseJson(there));
  TRY_SET(const Json want, ParseJson(wanted));
  TRY_SET(const std::string uuid, TextMember(have, "table-uuid"));
  TRY_SET(const std::string own, TextMember(want, "table-uuid"));
  if (uuid != own) return std::optional<std::string>();
  if (NumberOf(have, "format-version", 0) != NumberOf(want, "format-version", 0)) return std::optional<std::string>();
  Difference difference(have, want);
  if (!difference.Run()) return std::optional<std::string>();
  if (difference.updates().empty()) return std::optional(std::string());
  const int64_t current = NumberOf(have, "current-snapshot-id", -1);
  Json main = {{"type", "assert-ref-snapshot-id"}, {"ref", "main"}, {"snapshot-id", nullptr}};
  if (current >= 0) main["snapshot-id"] = current;
  const Json body = {
      {"identifier", {{"namespace", Json::array({table.schema})}, {"name", table.table}}},
      {"requirements", Json::array({Json{{"type", "assert-table-uuid"}, {"uuid", uuid}}, main})},
      {"updates", difference.updates()}};
  return std::optional(DumpJson(body));
}

}  // namespace sluice
