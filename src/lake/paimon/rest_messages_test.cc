// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/rest_messages.h"

#include <gtest/gtest.h>

#include "lake/json.h"

namespace sluice::paimon {
namespace {

Field Column(int id, const std::string& name, const std::string& type) {
  Field field;
  field.id = id;
  field.name = name;
  field.type_json = type;
  return field;
}

Schema Make(std::vector<Field> fields) {
  Schema schema;
  schema.fields = std::move(fields);
  for (const Field& field : schema.fields) schema.highest_field_id = std::max(schema.highest_field_id, field.id);
  return schema;
}

const Schema kBefore = Make({Column(0, "id", R"("INT NOT NULL")"), Column(1, "a", R"("INT NOT NULL")"),
                             Column(2, "b", R"("STRING")")});

// The changes, or the error.
std::string Changes(const Schema& from, const Schema& to) {
  const auto body = AlterTableBody(from, to);
  if (!body.ok()) return body.error().message;
  return *body ? ParseJson(**body)->at("changes").dump() : "nothing";
}

TEST(PaimonRestAlter, NothingSaysNothing) {
  EXPECT_EQ(Changes(kBefore, kBefore), "nothing");
  EXPECT_TRUE(SameContent(kBefore, kBefore));
}

TEST(PaimonRestAlter, ColumnsComeGoAndMove) {
  const Schema to = Make({Column(2, "b", R"("STRING")"), Column(0, "id", R"("INT NOT NULL")"),
                          Column(3, "c", R"({"type":"ARRAY","element":"INT"})")});
  EXPECT_EQ(Changes(kBefore, to),
            R"([{"action":"dropColumn","fieldNames":["a"]},)"
            R"({"action":"addColumn","fieldNames":["c"],"dataType":{"type":"ARRAY","element":"INT"},"comment":null,)"
            R"("move":{"fieldName":"c","referenceFieldName":"id","type":"AFTER"}},)"
            R"({"action":"updateColumnPosition","move":{"fieldName":"b","referenceFieldName":null,"type":"FIRST"}}])");
  EXPECT_FALSE(SameContent(kBefore, to));
}

TEST(PaimonRestAlter, NamesThatGoRoundInACircle) {
  const Schema to = Make({Column(0, "id", R"("INT NOT NULL")"), Column(1, "b", R"("INT NOT NULL")"),
                          Column(2, "a", R"("STRING")")});
  EXPECT_EQ(Changes(kBefore, to),
            R"([{"action":"renameColumn","fieldNames":["b"],"newName":"_SLUICE_0_2"},)"
            R"({"action":"renameColumn","fieldNames":["a"],"newName":"b"},)"
            R"({"action":"renameColumn","fieldNames":["_SLUICE_0_2"],"newName":"a"}])");
}

TEST(PaimonRestAlter, TypesNullsTextsAndDefaults) {
  Schema to = Make({Column(0, "id", R"("INT NOT NULL")"), Column(1, "a", R"("INT")"), Column(2, "b", R"("BYTES")")});
  to.fields[1].description = "told";
  to.fields[2].default_value = "x";
  EXPECT_EQ(Changes(kBefore, to),
            R"([{"action":"updateColumnNullability","fieldNames":["a"],"newNullability":true},)"
            R"({"action":"updateColumnComment","fieldNames":["a"],"newComment":"told"},)"
            R"({"action":"updateColumnType","fieldNames":["b"],"newDataType":"BYTES","keepNullability":false},)"
            R"({"action":"updateColumnDefaultValue","fieldNames":["b"],"newDefaultValue":"x"}])");
  EXPECT_EQ(Changes(to, kBefore).find("\"newComment\":null") == std::string::npos, false);
}

TEST(PaimonRestAlter, OptionsAndTheComment) {
  Schema from = kBefore, to = kBefore;
  from.options = {{"gone", "1"}, {"stays", "1"}, {"other", "1"}};
  to.options = {{"new", "1"}, {"stays", "1"}, {"other", "2"}};
  to.comment = "c";
  EXPECT_EQ(Changes(from, to),
            R"([{"action":"setOption","key":"new","value":"1"},{"action":"setOption","key":"other","value":"2"},)"
            R"({"action":"removeOption","key":"gone"},{"action":"updateComment","comment":"c"}])");
}

TEST(PaimonRestAlter, KeysStay) {
  Schema from = kBefore, to = kBefore;
  from.primary_keys = {"id"};
  to.primary_keys = {"id", "a"};
  EXPECT_NE(Changes(from, to).find("primary key"), std::string::npos);
  to = from;
  to.fields[0].name = to.primary_keys[0] = "key";
  EXPECT_EQ(Changes(from, to), R"([{"action":"renameColumn","fieldNames":["id"],"newName":"key"}])");
}

TEST(PaimonRestMessages, APathAmongTheOptionsSaysNothing) {
  Schema with = kBefore;
  with.options["path"] = "file:/somewhere";
  EXPECT_TRUE(SameContent(kBefore, with));
  with.options["bucket"] = "1";
  EXPECT_FALSE(SameContent(kBefore, with));
}

TEST(PaimonRestMessages, ACommit) {
  Snapshot next;
  next.id = 2;
  next.uuid = "u2";
  const std::string body = CommitBody("t", "u1", next, {{{{"dt", "1"}}, 3, 100, -1, 77, 2}});
  const auto json = ParseJson(body);
  EXPECT_EQ(json->at("tableId"), "t");
  EXPECT_EQ(json->at("baseSnapshotUuid"), "u1");
  EXPECT_EQ(json->at("snapshot").at("uuid"), "u2");
  EXPECT_EQ(json->at("statistics").dump(), R"([{"spec":{"dt":"1"},"recordCount":3,"fileSizeInBytes":100,)"
            R"("fileCount":-1,"lastFileCreationTime":77,"totalBuckets":2}])");
  EXPECT_TRUE(ParseJson(CommitBody("t", "", next, {}))->at("baseSnapshotUuid").is_null());
  EXPECT_TRUE(*ParseCommitReply(R"({"success":true})"));
  EXPECT_FALSE(*ParseCommitReply(R"({"success":false})"));
  for (const char* bad : {"", "[]", "{}", R"({"success":"true"})", R"({"success":null})"}) {
    EXPECT_FALSE(ParseCommitReply(bad).ok()) << bad;
  }
}

TEST(PaimonRestMessages, Tables) {
  const auto table = ParseRestTable(R"({"id":"i","name":"t","path":"file:/x","isExternal":true,"schemaId":1,
      "schema":{"fields":[],"options":{"type":"Format-Table"}},"owner":null})");
  ASSERT_TRUE(table.ok()) << table.error().message;
  EXPECT_EQ(table->uuid, "i");
  EXPECT_EQ(table->location, "file:/x");
  EXPECT_EQ(table->type, "format-table");
  EXPECT_TRUE(table->external);
  for (const char* bad : {"", "[]", "{}", R"({"schema":[]})", R"({"id":5,"schema":{}})"}) {
    EXPECT_FALSE(ParseRestTable(bad).ok()) << bad;
  }
  const auto page = ParseRestTables(R"({"tableDetails":[{"name":"t","schema":{}}],"nextPageToken":"t"})");
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_EQ(page->next, "t");
  EXPECT_EQ(page->tables[0].type, "table");
  EXPECT_TRUE(ParseRestTables(R"({"tableDetails":null,"nextPageToken":null})")->tables.empty());
  EXPECT_FALSE(ParseRestTables(R"({"tableDetails":[{"schema":{}}]})").ok());
  EXPECT_EQ(ParseRestDatabases(R"({"databases":["a","b"]})")->names.size(), 2U);
  EXPECT_FALSE(ParseRestDatabases(R"({"databases":[1]})").ok());
}

TEST(PaimonRestMessages, TheNewestSnapshot) {
  EXPECT_EQ(*ParseNewestSnapshot(R"({"snapshot":{"snapshot":{"id":7},"recordCount":1}})"), 7);
  for (const char* bad : {"", "{}", R"({"snapshot":null})", R"({"snapshot":{"snapshot":{"id":0}}})",
                          R"({"snapshot":{"snapshot":{"id":"7"}}})"}) {
    EXPECT_FALSE(ParseNewestSnapshot(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace sluice::paimon
