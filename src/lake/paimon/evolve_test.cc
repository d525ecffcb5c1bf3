// SPDX-License-Identifier: Apache-2.0
// Schemas of new tables and their evolution: ids, places, what widens, what is refused.
#include "lake/paimon/evolve.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "lake/paimon/type_change.h"

namespace sluice::paimon {
namespace {

Column Col(const std::string& name, const std::string& type) { return {name, *ParseDataType(type), "", std::nullopt}; }

TableSchema Source() {
  TableSchema table;
  table.columns = {Col("id", "INT"), Col("dt", "DATE"), Col("v", "INT"), Col("w", "VARCHAR(10) NOT NULL")};
  table.primary_key = {"id"};
  return table;
}

Schema Made(const std::vector<std::string>& partitions = {}, const Options& options = {}) {
  return *FromTableSchema(Source(), partitions, options);
}

SchemaChange Change(SchemaChangeKind kind, const std::string& name, Column column = {}) {
  SchemaChange change;
  change.kind = kind;
  change.table = {"db", "t"};
  change.name = name;
  change.column = std::move(column);
  return change;
}
SchemaChange Add(Column column) { return Change(SchemaChangeKind::kAddColumn, "", std::move(column)); }
SchemaChange Alter(Column column) {
  const std::string name = column.name;
  return Change(SchemaChangeKind::kAlterColumn, name, std::move(column));
}
SchemaChange Drop(const std::string& name) { return Change(SchemaChangeKind::kDropColumn, name); }
SchemaChange Rename(const std::string& from, const std::string& to) {
  return Change(SchemaChangeKind::kRenameColumn, from, Col(to, "INT"));
}

// "0 id INT NOT NULL, 1 dt DATE", or an error.
std::string Text(const Result<Schema>& schema) {
  if (!schema.ok()) return Str(ErrorCodeName(schema.error().code), ": ", schema.error().message);
  std::string out;
  for (const Field& field : schema->fields) {
    out += Str(out.empty() ? "" : ", ", field.id, " ", field.name, " ", ToPaimonType(field.type));
  }
  return out;
}

bool Refused(const Schema& schema, const SchemaChange& change, const std::string& column) {
  const auto evolved = Evolve(schema, change);
  return !evolved.ok() && evolved.error().code == ErrorCode::kUnsupported &&
         evolved.error().message.find(column) != std::string::npos;
}

TEST(PaimonEvolve, NewTablesHaveIdsFromZeroAndPartitionsInTheirKey) {
  EXPECT_EQ(Text(Made()), "0 id INT NOT NULL, 1 dt DATE, 2 v INT, 3 w VARCHAR(10) NOT NULL");
  const Schema parted = Made({"dt"});
  EXPECT_EQ(Text(parted), "0 id INT NOT NULL, 1 dt DATE NOT NULL, 2 v INT, 3 w VARCHAR(10) NOT NULL");
  EXPECT_EQ(parted.primary_keys, (std::vector<std::string>{"id", "dt"}));
  EXPECT_EQ(parted.TrimmedKey(), std::vector<std::string>{"id"});
  EXPECT_EQ(parted.highest_field_id, 3);
  TableSchema keyless = Source();
  keyless.primary_key.clear();
  const auto append = FromTableSchema(keyless, {"dt"}, {});
  ASSERT_TRUE(append.ok());
  EXPECT_EQ(Text(append), "0 id INT, 1 dt DATE, 2 v INT, 3 w VARCHAR(10) NOT NULL");
  EXPECT_TRUE(append->primary_keys.empty());
}

TEST(PaimonEvolve, TablesThatPaimonCannotHaveAreRefused) {
  EXPECT_EQ(Text(FromTableSchema(Source(), {"x"}, {})), "invalid: partition column x is no column of the table");
  EXPECT_FALSE(FromTableSchema(Source(), {"id"}, {}).ok());  // nothing would be left of the key
  for (const char* name : {"_KEY_x", "_SEQUENCE_NUMBER", "_VALUE_KIND", "_LEVEL", "rowkind", "_ROW_ID"}) {
    TableSchema table = Source();
    table.columns[2].name = name;
    EXPECT_NE(Text(FromTableSchema(table, {}, {})).find(name), std::string::npos);
    EXPECT_TRUE(Refused(Made(), Add(Col(name, "INT")), name));
    EXPECT_TRUE(Refused(Made(), Rename("v", name), name));
  }
}

TEST(PaimonEvolve, SchemasAreReadAsTheyWereWritten) {
  TableSchema table = Source();
  table.comment = "a \"table\"";
  table.columns[2].comment = "ü";
  for (const char* type : {"TIMESTAMP(3)", "TIMESTAMP_LTZ(6)", "DECIMAL(38, 10)", "BYTES", "BINARY(3)", "TIME(0)",
                           "ARRAY<STRING>", "ARRAY<FLOAT>", "CHAR(3) NOT NULL", "DOUBLE", "BOOLEAN"}) {
    table.columns.push_back(Col(Str("c", table.columns.size()), type));
  }
  Schema schema = *FromTableSchema(table, {"dt"}, {{"bucket", "2"}});
  const auto read = ParseSchema(schema.ToJson());
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_EQ(read->ToJson(), schema.ToJson());
  EXPECT_EQ(Text(read), Text(schema));
  EXPECT_EQ(ToTableSchema(*read).columns.size(), table.columns.size());
}

TEST(PaimonEvolve, AnAddedColumnIsNullableAndOfANewId) {
  Schema schema = Made();
  SchemaChange add = Add(Col("n", "INT NOT NULL"));
  schema = *Evolve(schema, add);
  EXPECT_EQ(Text(schema), "0 id INT NOT NULL, 1 dt DATE, 2 v INT, 3 w VARCHAR(10) NOT NULL, 4 n INT");
  schema = *Evolve(schema, Drop("n"));
  add.place = ColumnPlace::kFirst;
  schema = *Evolve(schema, add);
  EXPECT_EQ(Text(schema), "5 n INT, 0 id INT NOT NULL, 1 dt DATE, 2 v INT, 3 w VARCHAR(10) NOT NULL");
  add.column.name = "m";
  add.place = ColumnPlace::kAfter;
  add.after = "dt";
  EXPECT_EQ(Text(Evolve(schema, add)),
            "5 n INT, 0 id INT NOT NULL, 1 dt DATE, 6 m INT, 2 v INT, 3 w VARCHAR(10) NOT NULL");
  EXPECT_EQ(Text(Evolve(schema, Add(Col("v", "INT")))).substr(0, 8), "invalid:");
}

// What a column of the type `from` is after an ALTER of its source to `to`; "none": refused.
std::string Altered(const std::string& from, const std::string& to, const Options& options = {},
                    bool any_text = false) {
  const Schema schema = *Evolve(Made({}, options), Add(Col("c", from)));
  const auto evolved = Evolve(schema, Alter(Col("c", to)), any_text);
  if (evolved.ok()) return evolved->Find("c")->type.ToString();
  return evolved.error().code == ErrorCode::kUnsupported ? "none" : evolved.error().ToString();
}

TEST(PaimonEvolve, TypesWidenAndNeverNarrow) {
  const std::vector<std::pair<std::string, std::string>> wider = {
      {"TINYINT", "SMALLINT"}, {"INT", "BIGINT"}, {"TINYINT", "BIGINT"}, {"FLOAT", "DOUBLE"},
      {"CHAR(3)", "VARCHAR(3)"}, {"VARCHAR(3)", "STRING"}, {"BINARY(2)", "VARBINARY(2)"}, {"VARBINARY(9)", "BYTES"},
      {"DECIMAL(5, 2)", "DECIMAL(9, 2)"}, {"TIMESTAMP(0)", "TIMESTAMP(6)"}, {"TIMESTAMP_LTZ(3)", "TIMESTAMP_LTZ(6)"}};
  for (const auto& [from, to] : wider) {
    EXPECT_TRUE(CanWiden(*ParseDataType(from), *ParseDataType(to))) << from << to;
    EXPECT_FALSE(CanWiden(*ParseDataType(to), *ParseDataType(from))) << to << from;
    EXPECT_TRUE(CanWiden(*ParseDataType(from), *ParseDataType(from + " NOT NULL")));
    EXPECT_EQ(Altered(from, to), to);
    EXPECT_EQ(Altered(to, from), to);  // all values fit
  }
  EXPECT_EQ(Altered("DECIMAL(10, 2)", "DECIMAL(12, 4)"), "DECIMAL(12, 4)");
}

// Paimon's readers make of the old values what the server has made of them.
TEST(PaimonEvolve, TypesThatReadersConvertAsTheServerDoes) {
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"DECIMAL(12, 4)", "DECIMAL(10, 2)"}, {"DECIMAL(10, 2)", "DECIMAL(10, 4)"}, {"INT", "VARCHAR(20)"},
           {"DECIMAL(10, 2)", "STRING"}, {"BIGINT", "DECIMAL(20, 0)"}, {"BOOLEAN", "INT"}, {"INT", "BOOLEAN"},
           {"BIGINT", "DOUBLE"}, {"DECIMAL(15, 3)", "DOUBLE"}, {"DECIMAL(9, 0)", "INT"}, {"DOUBLE", "DECIMAL(9, 2)"},
           {"DATE", "TIMESTAMP(0)"}, {"TIME(0)", "STRING"}, {"CHAR(9)", "VARCHAR(3)"}}) {
    EXPECT_EQ(Altered(from, to), to) << from;
  }
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"DOUBLE", "VARCHAR(20)"}, {"FLOAT", "STRING"}, {"BOOLEAN", "STRING"}, {"DECIMAL(9, 1)", "INT"},
           {"BIGINT", "FLOAT"}, {"DATE", "VARCHAR(20)"}, {"DATE", "TIMESTAMP_LTZ(0)"}, {"TIME(3)", "STRING"},
           {"TIMESTAMP(3)", "TIMESTAMP_LTZ(3)"}, {"TIMESTAMP(3)", "STRING"}, {"VARCHAR(9)", "INT"},
           {"TIMESTAMP(6)", "DATE"},  // released readers take the next day before 1970
           {"STRING", "BYTES"}, {"INT", "CHAR(9)"}, {"ARRAY<STRING>", "STRING"}, {"TIME(0)", "INT"}}) {
    EXPECT_EQ(Altered(from, to), "none") << from << to;
  }
  EXPECT_EQ(Altered("DOUBLE", "STRING", {}, /*any_text=*/true), "STRING");
  EXPECT_EQ(Altered("DATE", "VARCHAR(20)", {}, /*any_text=*/true), "none");  // Paimon knows it for STRING only
}

// Java fills a CHAR up with blanks and cannot read a TIME of one precision as one of another.
TEST(PaimonEvolve, TypesThatReadersCannotHave) {
  EXPECT_EQ(Altered("CHAR(3)", "CHAR(5)"), "VARCHAR(5)");
  EXPECT_EQ(Altered("VARCHAR(5)", "CHAR(9)"), "VARCHAR(9)");
  EXPECT_EQ(Altered("CHAR(5)", "CHAR(3)"), "CHAR(5)");
  EXPECT_EQ(Altered("TIME(0)", "TIME(3)"), "TIME(0)");
  EXPECT_EQ(Altered("TIME(3)", "TIME(0)"), "TIME(3)");
  const Options plain = {{"disable-explicit-type-casting", "true"}};
  EXPECT_EQ(Altered("INT", "DOUBLE", plain), "DOUBLE");
  EXPECT_EQ(Altered("INT", "VARCHAR(20)", plain), "none");
}

TEST(PaimonEvolve, AConvertedColumnIsNullableWhereItsCastMayNotGiveAValue) {
  const auto converted = [](const std::string& from, const std::string& to) {
    Schema schema = Made();
    schema.fields[3].type = *ParseDataType(from + " NOT NULL");
    return Evolve(schema, Alter(Col("w", to + " NOT NULL")))->Find("w")->type.ToString();
  };
  EXPECT_EQ(converted("INT", "DECIMAL(12, 2)"), "DECIMAL(12, 2) NOT NULL");
  EXPECT_EQ(converted("INT", "DECIMAL(10, 2)"), "DECIMAL(10, 2)");
  EXPECT_EQ(converted("DECIMAL(3, 2)", "DECIMAL(2, 1)"), "DECIMAL(2, 1)");
  EXPECT_EQ(converted("DATE", "STRING"), "STRING");
  EXPECT_EQ(converted("INT", "STRING"), "STRING NOT NULL");
}

TEST(PaimonEvolve, NullableColumnsStaySo) {
  Schema schema = *Evolve(Made(), Alter(Col("v", "BIGINT NOT NULL")));
  EXPECT_EQ(schema.Find("v")->type.ToString(), "BIGINT");
  schema = *Evolve(schema, Alter(Col("w", "VARCHAR(10)")));
  EXPECT_TRUE(schema.Find("w")->type.nullable);
  schema = *Evolve(schema, Alter(Col("id", "INT")));  // a key's column is never NULL
  EXPECT_FALSE(schema.Find("id")->type.nullable);
  const auto again = ParseSchema(schema.ToJson());
  EXPECT_EQ(Text(again), Text(schema));
}

TEST(PaimonEvolve, ColumnsMove) {
  SchemaChange move = Alter(Col("w", "VARCHAR(10) NOT NULL"));
  move.place = ColumnPlace::kFirst;
  Schema schema = *Evolve(Made(), move);
  EXPECT_EQ(Text(schema), "3 w VARCHAR(10) NOT NULL, 0 id INT NOT NULL, 1 dt DATE, 2 v INT");
  move.place = ColumnPlace::kAfter;
  move.after = "dt";
  EXPECT_EQ(Text(Evolve(schema, move)), "0 id INT NOT NULL, 1 dt DATE, 3 w VARCHAR(10) NOT NULL, 2 v INT");
}

TEST(PaimonEvolve, ColumnsOfTheKeyStay) {
  const Schema schema = Made({"dt"});
  EXPECT_TRUE(Refused(schema, Drop("id"), "column id"));
  EXPECT_TRUE(Refused(schema, Drop("dt"), "column dt"));
  EXPECT_TRUE(Refused(schema, Rename("dt", "d"), "column dt"));
  EXPECT_TRUE(Refused(schema, Alter(Col("id", "BIGINT")), "column id"));
  const Schema renamed = *Evolve(schema, Rename("id", "key"));
  EXPECT_EQ(renamed.primary_keys, (std::vector<std::string>{"key", "dt"}));
  EXPECT_EQ(renamed.Find("key")->id, 0);
}

// Those that an option names: rows are hashed by them, or ordered.
TEST(PaimonEvolve, ColumnsThatAnOptionNamesStay) {
  const Schema schema = Made({}, {{"bucket-key", " id"}, {"sequence.field", "dt, v"}});
  for (const char* name : {"dt", "v"}) {
    EXPECT_TRUE(Refused(schema, Drop(name), name));
    EXPECT_TRUE(Refused(schema, Rename(name, "x"), name));
  }
  EXPECT_TRUE(Refused(Made({}, {{"rowkind.field", "w"}}), Drop("w"), "w"));
  for (const char* index : {"file-index.bloom-filter.columns", "file-index.bitmap.columns"}) {
    const Schema indexed = Made({}, {{index, "dt, w"}});
    EXPECT_TRUE(Refused(indexed, Drop("w"), "column w is named by an option of the table"));
    EXPECT_TRUE(Refused(indexed, Rename("w", "x"), "column w is named by an option of the table"));
    EXPECT_TRUE(Evolve(indexed, Drop("v")).ok());
  }
  Options groups = {{"fields.v.sequence-group", "w"}, {"fields.w.aggregate-function", "sum"}};
  for (const char* name : {"v", "w"}) EXPECT_TRUE(Refused(Made({}, groups), Drop(name), name));
  EXPECT_TRUE(Refused(Made({}, {{"fields.w.stats-mode", "none"}}), Rename("w", "x"), "w"));
  EXPECT_TRUE(Evolve(Made({}, {{"fields.w.stats-mode", "none"}}), Alter(Col("w", "STRING"))).ok());
  groups["merge-engine"] = "partial-update";
  for (const char* name : {"v", "w"}) EXPECT_TRUE(Refused(Made({}, groups), Rename(name, "x"), name));
  const Options sums = {{"merge-engine", "aggregation"}, {"fields.w.ignore-retract", "true"}};
  EXPECT_TRUE(Refused(Made({}, sums), Rename("w", "x"), "w"));
  EXPECT_TRUE(Evolve(Made({}, sums), Rename("v", "x")).ok());
  TableSchema keyless = Source();
  keyless.primary_key.clear();
  const Schema append = *FromTableSchema(keyless, {}, {{"bucket", "3"}, {"bucket-key", "v,w"}});
  EXPECT_TRUE(Refused(append, Drop("v"), "column v"));
  EXPECT_TRUE(Refused(append, Alter(Col("v", "BIGINT")), "column v"));  // negative ones hash otherwise
  EXPECT_TRUE(Evolve(append, Alter(Col("w", "STRING"))).ok());
}

TEST(PaimonEvolve, NothingOrdersOrMergesRowsByConvertedValues) {
  for (const auto& [key, value] : Options{{"sequence.field", "v"}, {"bucket-key", "v"}, {"rowkind.field", "v"}}) {
    EXPECT_TRUE(Refused(Made({}, {{key, value}}), Alter(Col("v", "STRING")), "column v")) << key;
  }
  EXPECT_TRUE(Evolve(Made({}, {{"sequence.field", "v"}}), Alter(Col("v", "BIGINT"))).ok());
  EXPECT_TRUE(Evolve(Made({}, {{"file-index.bloom-filter.columns", "v"}}), Alter(Col("v", "STRING"))).ok());
  const Schema indexed = Made({}, {{"file-index.bitmap.columns", "v"}});
  EXPECT_TRUE(Refused(indexed, Alter(Col("v", "DECIMAL(9, 2)")), "column v cannot become DECIMAL(9, 2)"));
  const Options sums = {{"merge-engine", "aggregation"}, {"fields.default-aggregate-function", "sum"}};
  TableSchema numbers = Source();
  numbers.columns.resize(3);
  numbers.columns[1].type = *ParseDataType("BIGINT");
  EXPECT_TRUE(Refused(*FromTableSchema(numbers, {}, sums), Alter(Col("v", "STRING")), "column v"));
  EXPECT_TRUE(Evolve(*FromTableSchema(numbers, {}, sums), Alter(Col("v", "DOUBLE"))).ok());
}

TEST(PaimonEvolve, ColumnsThatAreNotThereAreNamed) {
  for (const SchemaChange& change : {Drop("x"), Rename("x", "y"), Alter(Col("x", "INT"))}) {
    EXPECT_EQ(Text(Evolve(Made(), change)), "invalid: table db.t has no column x");
  }
  EXPECT_EQ(Text(Evolve(Made(), Rename("v", "w"))), "invalid: table db.t has a column w already");
}

}  // namespace
}  // namespace sluice::paimon
