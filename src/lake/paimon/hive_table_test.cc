// SPDX-License-Identifier: Apache-2.0
// A table as Paimon's Hive catalog keeps it, and the answers of a real metastore to all calls (test/data/hive).
#include "lake/paimon/hive_table.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/test_data_test_util.h"
#include "base/text.h"
#include "io/byte_stream_test_util.h"
#include "lake/catalog/hive_client.h"
#include "lake/catalog/hive_objects.h"

namespace sluice::paimon {
namespace {

Field FieldOf(int id, const char* name, const char* type) {
  Field out;
  out.id = id;
  out.name = name;
  out.type = *ParseDataType(type);
  return out;
}

Schema Sample() {
  Schema out;
  out.options = {{"bucket", "2"}};
  out.primary_keys = {"id"};
  out.fields = {FieldOf(0, "id", "BIGINT NOT NULL"),        FieldOf(1, "v", "VARCHAR(20)"),
                FieldOf(2, "at", "TIMESTAMP_LTZ(3)"),       FieldOf(3, "d", "DECIMAL(10, 2)"),
                FieldOf(4, "a", "ARRAY<STRING>"),           FieldOf(5, "tm", "TIME(0)"),
                FieldOf(6, "big", "VARCHAR(70000)")};
  out.fields[1].description = "a text";
  return out;
}

// Gives the captured answers in their order, whatever is asked, and checks the name of the call.
class Replay {
 public:
  Replay() {
    std::ifstream file(TestData("hive/calls-3.1.3.txt"));
    std::string request, answer;
    while (file >> request >> answer) calls_.emplace_back(*FromHex(request), *FromHex(answer));
  }
  Dial dial() {
    return [this](const std::string&, int) -> Result<std::unique_ptr<ByteStream>> {
      return std::unique_ptr<ByteStream>(new ScriptedStream([this](const std::string& request) {
        if (next_ == calls_.size()) return std::optional<std::string>();
        const auto& [captured, answer] = calls_[next_++];
        exact_ += request == captured ? 1 : 0;
        const auto asked = StreamOf(request), recorded = StreamOf(captured);
        EXPECT_EQ(ReadThrift(*asked)->name, ReadThrift(*recorded)->name);
        return std::optional(answer);
      }));
    };
  }
  size_t left() const { return calls_.size() - next_; }
  int exact() const { return exact_; }

 private:
  std::vector<std::pair<std::string, std::string>> calls_;
  size_t next_ = 0;
  int exact_ = 0;
};

template <typename T>
ErrorCode CodeOf(const Result<T>& result) {
  EXPECT_FALSE(result.ok());
  return result.error().code;
}

TEST(HiveTable, ARealMetastoresAnswers) {
  Replay server;
  const auto made = hive::Client::Make("thrift://h:1", server.dial());
  hive::Client& client = **made;
  EXPECT_EQ(*client.Databases(), std::vector<std::string>{"default"});
  EXPECT_EQ(CodeOf(client.Database("absent")), ErrorCode::kNotFound);
  const auto database = hive::NewDatabase("shop", "file:/tmp/lake/shop.db", "sluice");
  EXPECT_TRUE(client.CreateDatabase(database).ok());
  EXPECT_EQ(CodeOf(client.CreateDatabase(database)), ErrorCode::kConflict);
  EXPECT_EQ(HiveLocation(*client.Database("shop"), false), "file:/tmp/lake/shop.db");
  EXPECT_EQ(CodeOf(client.Table("shop", "t")), ErrorCode::kNotFound);

  Schema schema = Sample();
  const TableId id{"shop", "t"};
  const auto table = MakeHiveTable(id, schema, "file:/tmp/lake/shop.db/t", "sluice", 1'795'392'000'000, {});
  ASSERT_TRUE(table.ok()) << table.error().message;
  EXPECT_TRUE(client.CreateTable(*table).ok());
  EXPECT_EQ(CodeOf(client.CreateTable(*table)), ErrorCode::kConflict);
  EXPECT_EQ(CodeOf(client.CreateTable(*table)), ErrorCode::kInvalid) << "of a database that is absent";
  auto found = client.Table("shop", "t");
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_TRUE(IsPaimonTable(*found));
  EXPECT_EQ(HiveLocation(*found, false), "file:/tmp/lake/shop.db/t");
  EXPECT_EQ(hive::ColumnsIn(*found), hive::ColumnsIn(*table));
  ThriftValue changed = *found;
  EXPECT_FALSE(*UpdateHiveTable(changed, schema, {})) << "what the server made of it is the same";
  EXPECT_EQ(changed, *found);
  schema.fields.push_back(FieldOf(7, "more", "INT"));
  EXPECT_TRUE(*UpdateHiveTable(changed, schema, {}));
  EXPECT_TRUE(client.AlterTable("shop", "t", changed, {{"CASCADE", "true"}}).ok());
  const Status refused = client.AlterTable("shop", "t", changed, {});
  EXPECT_EQ(CodeOf(refused), ErrorCode::kInvalid);
  EXPECT_NE(refused.error().message.find("incompatible"), std::string::npos);
  EXPECT_EQ(CodeOf(client.AlterTable("shop", "absent", changed, {})), ErrorCode::kInvalid);

  EXPECT_EQ(client.TablesOf("shop")->size(), 1u);
  EXPECT_EQ(client.TablesOf("default")->size(), 0u);
  const auto lock = client.LockTable("shop", "t", "sluice"), second = client.LockTable("shop", "t", "sluice");
  EXPECT_EQ(lock->state, hive::LockState::kAcquired);
  EXPECT_EQ(second->state, hive::LockState::kWaiting);
  EXPECT_TRUE(client.Heartbeat(lock->id).ok());
  EXPECT_TRUE(client.Unlock(lock->id).ok());
  EXPECT_EQ(client.CheckLock(second->id)->state, hive::LockState::kAcquired);
  EXPECT_TRUE(client.Unlock(second->id).ok());
  EXPECT_TRUE(client.Unlock(second->id).ok()) << "3.1.3 does not mind";
  EXPECT_TRUE(client.AlterTable("shop", "t", changed, {{"expected_parameter_key", "x"}}).ok()) << "nor knows this";
  EXPECT_TRUE(client.DropTable("shop", "t", false).ok());
  EXPECT_EQ(CodeOf(client.DropTable("shop", "t", false)), ErrorCode::kNotFound);
  EXPECT_EQ(server.left(), 0u);
  EXPECT_GT(server.exact(), 10) << "requests are other bytes than those that the server took";
}

TEST(HiveTable, TypesOfHive) {
  const std::pair<const char*, const char*> kTypes[] = {
      {"BOOLEAN", "boolean"},          {"TINYINT", "tinyint"},           {"SMALLINT", "smallint"},
      {"INT", "int"},                  {"BIGINT", "bigint"},             {"FLOAT", "float"},
      {"DOUBLE", "double"},            {"DECIMAL(38, 10)", "decimal(38,10)"}, {"CHAR(255)", "char(255)"},
      {"CHAR(256)", "string"},         {"VARCHAR(65535)", "varchar(65535)"},  {"VARCHAR(65536)", "string"},
      {"STRING", "string"},            {"BINARY(3)", "binary"},          {"VARBINARY(3)", "binary"},
      {"BYTES", "binary"},             {"DATE", "date"},                 {"TIME(3)", "string"},
      {"TIMESTAMP(6)", "timestamp"},   {"TIMESTAMP_LTZ(6)", "timestamp with local time zone"},
      {"ARRAY<FLOAT>", "array<float>"}};
  for (const auto& [ours, hives] : kTypes) {
    const auto type = ParseDataType(ours);
    ASSERT_TRUE(type.ok()) << ours;
    EXPECT_EQ(hive::TypeOf(*type), hives) << ours;
  }
}

TEST(HiveTable, WhatAnotherWriterSaidStays) {
  Schema schema = Sample();
  auto table = MakeHiveTable({"shop", "t"}, schema, "file:/x", "o", 0, {});
  hive::StorageOf(*table).Set(hive::storage_field::kColumns,
                              hive::ColumnsOf({{"id", "bigint", ""}, {"v", "map<string,int>", ""}}));
  TextMap parameters = table->MapAt(hive::table_field::kParameters);
  parameters["numRows"] = "7";
  table->Set(hive::table_field::kParameters, ThriftValue::Map(parameters));
  table->Set(99, ThriftValue::Text("of a newer server"));
  schema.fields[1].supported = false;
  schema.fields[1].type_json = "{\"type\":\"MAP\"}";
  EXPECT_TRUE(*UpdateHiveTable(*table, schema, {}));
  EXPECT_EQ(hive::ColumnsIn(*table)[1].type, "map<string,int>");
  EXPECT_EQ(table->MapAt(hive::table_field::kParameters).at("numRows"), "7");
  EXPECT_EQ(table->TextAt(99), "of a newer server");
  schema.fields[1].name = "other";
  EXPECT_EQ(CodeOf(UpdateHiveTable(*table, schema, {})), ErrorCode::kUnsupported);
}

TEST(HiveTable, NamesPlacesAndComments) {
  Schema schema = Sample();
  schema.fields[1].name = "V";
  EXPECT_EQ(CodeOf(MakeHiveTable({"shop", "t"}, schema, "x", "o", 0, {})), ErrorCode::kUnsupported);
  HiveStyle style{.location_in_properties = true, .all_properties = false, .external = true, .case_sensitive = true};
  schema.options["hive.note"] = "n";
  schema.fields[1].description = "line\nbreak";
  for (int i = 0; i < 300; ++i) schema.fields[2].description += "ä";
  const auto table = MakeHiveTable({"shop", "t"}, schema, "s3://b/shop.db/t", "o", 0, style);
  ASSERT_TRUE(table.ok()) << table.error().message;
  EXPECT_EQ(HiveLocation(*table, true), "s3://b/shop.db/t");
  EXPECT_EQ(HiveLocation(*table, false), "");
  EXPECT_EQ(table->MapAt(hive::table_field::kParameters),
            (TextMap{{"EXTERNAL", "TRUE"},
                     {"hive.note", "n"},
                     {"paimon_location", "s3://b/shop.db/t"},
                     {"storage_handler", "org.apache.paimon.hive.PaimonStorageHandler"},
                     {"table_type", "PAIMON"}}));
  const auto columns = hive::ColumnsIn(*table);
  EXPECT_EQ(columns[1].name, "v");
  EXPECT_EQ(columns[1].comment, "line break");
  EXPECT_EQ(columns[2].comment.size(), 252u * 2 + 3);
  for (const char* option : {"metastore.partitioned-table", "metastore.tag-to-partition"}) {
    Schema partitioned = Sample();
    partitioned.options[option] = "true";
    EXPECT_EQ(CodeOf(MakeHiveTable({"shop", "t"}, partitioned, "x", "o", 0, {})), ErrorCode::kUnsupported) << option;
  }
  EXPECT_EQ(hive::HadoopPath("file:///a/b/"), "file:/a/b");
  EXPECT_EQ(hive::HadoopPath("/a"), "file:/a");
  EXPECT_EQ(hive::HadoopPath("s3a://b/x/"), "s3a://b/x");
}

}  // namespace
}  // namespace sluice::paimon
