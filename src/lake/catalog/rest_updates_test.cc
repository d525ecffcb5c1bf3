// SPDX-License-Identifier: Apache-2.0
#include "lake/catalog/rest_updates.h"

#include <gtest/gtest.h>

#include "lake/json.h"

namespace sluice {
namespace {

Json SnapshotOf(int64_t id) {
  return {{"snapshot-id", id}, {"sequence-number", id}, {"manifest-list", Str("file:///t/metadata/snap-", id)}};
}

// A table with snapshots 1 to `newest` and a schema.
Json TableOf(int64_t newest) {
  Json json = {{"format-version", 2}, {"table-uuid", "u"}, {"last-sequence-number", newest}, {"last-column-id", 1},
               {"current-schema-id", 0}, {"schemas", Json::array({Json{{"schema-id", 0}}})},
               {"properties", {{"p", "1"}, {"sluice.metadata-crc", "v1-0"}}}, {"current-snapshot-id", newest},
               {"snapshots", Json::array()}, {"refs", {{"main", {{"snapshot-id", newest}, {"type", "branch"}}}}}};
  for (int64_t id = 1; id <= newest; ++id) json["snapshots"].push_back(SnapshotOf(id));
  return json;
}

// The actions of the request, in order; "none" if nothing is to be done, "anew" if no request can do it.
std::string Actions(const Json& there, const Json& wanted) {
  const auto body = RestUpdates({"db", "t"}, DumpJson(there), DumpJson(wanted));
  EXPECT_TRUE(body.ok());
  if (!body.ok() || !*body) return "anew";
  if ((*body)->empty()) return "none";
  std::string out;
  const Json updates = (*ParseJson(**body))["updates"];
  for (const Json& update : updates) {
    out += (out.empty() ? "" : " ") + update["action"].get<std::string>();
  }
  return out;
}

Json WithoutSeal(Json json) {
  json["properties"].erase("sluice.metadata-crc");
  return json;
}

TEST(RestUpdates, NothingChanged) {
  EXPECT_EQ(Actions(WithoutSeal(TableOf(3)), TableOf(3)), "none");
  EXPECT_EQ(Actions(TableOf(3), TableOf(3)), "remove-properties");  // that of the file that was registered
}

TEST(RestUpdates, SnapshotsPropertiesAndColumns) {
  Json wanted = TableOf(5);
  wanted["properties"]["p"] = "2";
  wanted["schemas"].push_back(Json{{"schema-id", 1}});
  wanted["current-schema-id"] = 1;
  wanted["snapshots"].erase(0);
  EXPECT_EQ(Actions(WithoutSeal(TableOf(3)), wanted),
            "add-schema set-current-schema set-properties add-snapshot add-snapshot set-snapshot-ref remove-snapshots");
  const auto body = RestUpdates({"db", "t"}, DumpJson(TableOf(3)), DumpJson(wanted));
  const Json json = *ParseJson(**body);
  EXPECT_EQ(json["requirements"][0]["uuid"], "u");
  EXPECT_EQ(json["requirements"][1]["snapshot-id"], 3);
  EXPECT_EQ(json["identifier"]["namespace"][0], "db");
}

TEST(RestUpdates, Tags) {
  Json there = WithoutSeal(TableOf(3)), wanted = TableOf(3);
  there["refs"]["old"] = {{"snapshot-id", 1}, {"type", "tag"}};
  wanted["refs"]["new"] = {{"snapshot-id", 2}, {"type", "tag"}};
  EXPECT_EQ(Actions(there, wanted), "set-snapshot-ref remove-snapshot-ref");
}

TEST(RestUpdates, OfAnEmptyTable) {
  Json there = WithoutSeal(TableOf(0));
  there["current-snapshot-id"] = -1;
  there["refs"] = Json::object();
  EXPECT_EQ(Actions(there, TableOf(1)), "add-snapshot set-snapshot-ref");
}

TEST(RestUpdates, CommitsOfOthersCannotBeContinued) {
  Json there = WithoutSeal(TableOf(4));  // snapshot 4 of another writer
  there["snapshots"][3]["manifest-list"] = "file:///t/metadata/theirs";
  EXPECT_EQ(Actions(there, TableOf(4)), "anew");
  there["snapshots"][3]["snapshot-id"] = 77;
  there["refs"]["main"]["snapshot-id"] = 77;
  EXPECT_EQ(Actions(there, TableOf(4)), "anew");  // its sequence number is taken
  EXPECT_EQ(Actions(there, TableOf(3)), "anew");
  Json other = WithoutSeal(TableOf(3));
  other["table-uuid"] = "v";
  EXPECT_EQ(Actions(other, TableOf(3)), "anew");
  Json columns = WithoutSeal(TableOf(3));
  columns["schemas"].push_back(Json{{"schema-id", 1}});
  EXPECT_EQ(Actions(columns, TableOf(3)), "anew");
}

}  // namespace
}  // namespace sluice
