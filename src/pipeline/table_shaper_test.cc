// SPDX-License-Identifier: Apache-2.0
// The shape of source tables: types, computed and metadata columns, keys; rows of it; what is refused.
#include "pipeline/table_shaper.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "row/format_value.h"

namespace sluice {
namespace {

using SchemaPtr = std::shared_ptr<const TableSchema>;

constexpr int64_t kNowMs = 1'700'000'000'123;
const TableId kTable{"shop", "orders"};

Column Col(std::string name, std::string_view type) {
  return {std::move(name), *ParseDataType(type), "", std::nullopt};
}

SchemaPtr Source(std::vector<Column> more = {}) {
  TableSchema schema;
  schema.columns = {Col("id", "INT NOT NULL"), Col("name", "VARCHAR(9) NOT NULL"), Col("at", "TIMESTAMP_LTZ(3)")};
  schema.columns.insert(schema.columns.end(), more.begin(), more.end());
  schema.primary_key = {"id"};
  return std::make_shared<const TableSchema>(std::move(schema));
}

TableShape Shape() {
  TableShape shape;
  shape.time_zone = "+08:00";
  return shape;
}

ComputedColumn Computed(std::string name, std::string function, std::vector<std::string> arguments) {
  return {std::move(name), std::move(function), std::move(arguments), {}};
}

TableShaper Make(const TableShape& shape) {
  auto made = TableShaper::Make(shape, [] { return kNowMs; });
  EXPECT_TRUE(made.ok());
  return *std::move(made);
}

// "id INT NOT NULL; … key (id)", or the error.
std::string Plan(const TableShape& shape, const SchemaPtr& source = Source(), bool known = false) {
  auto plan = Make(shape).Plan(kTable, source, known);
  if (!plan.ok()) return plan.error().message;
  if (!*plan) return "left out";
  std::string out;
  for (const Column& column : (*plan)->schema->columns) out += Str(column.name, " ", column.type.ToString(), "; ");
  return Str(out, "key (", Join((*plan)->schema->primary_key, ","), ")");
}

ChangeBatch Batch(const SchemaPtr& schema) {
  arrow::Int32Builder id;
  arrow::StringBuilder name;
  arrow::TimestampBuilder at(schema->columns[2].type.ToArrow(), arrow::default_memory_pool());
  EXPECT_TRUE(id.AppendValues({1, 2}).ok() && name.AppendValues({"Ada", "Bo"}).ok() && at.Append(0).ok() &&
              at.AppendNull().ok());
  ChangeBatch batch;
  batch.table = kTable;
  batch.schema = schema;
  batch.rows = arrow::RecordBatch::Make(schema->ToArrow(), 2, {*id.Finish(), *name.Finish(), *at.Finish()});
  batch.source_ms = 5'000;
  return batch;
}

// The rows as texts between '|', or the error.
std::string Rows(const TableShape& shape, bool snapshot = false) {
  const TableShaper shaper = Make(shape);
  const SchemaPtr source = Source();
  auto plan = shaper.Plan(kTable, source, false);
  if (!plan.ok()) return plan.error().message;
  ChangeBatch batch = Batch(source);
  batch.snapshot = snapshot;
  auto shaped = shaper.Apply(**plan, batch);
  if (!shaped.ok()) return shaped.error().message;
  EXPECT_TRUE(shaped->rows->ValidateFull().ok());
  EXPECT_TRUE(shaped->rows->schema()->Equals(*(*plan)->schema->ToArrow(), false));
  std::string out;
  for (int64_t row = 0; row < shaped->row_count(); ++row) {
    for (const auto& column : shaped->rows->columns()) {
      if (!AppendText(*column, row, out)) out += "null";
      out += column == shaped->rows->columns().back() ? "\n" : "|";
    }
  }
  return out;
}

TEST(TableShaper, TimestampsBecomeLocalTimes) {
  EXPECT_EQ(Plan(Shape()), "id INT NOT NULL; name VARCHAR(9) NOT NULL; at TIMESTAMP(3); key (id)");
  EXPECT_EQ(Rows(Shape()), "1|Ada|1970-01-01T08:00:00\n2|Bo|null\n");
}

TEST(TableShaper, TypeRules) {
  TableShape shape = Shape();
  shape.types = {TypeRule::kToNullable, TypeRule::kCharToString};
  EXPECT_EQ(Plan(shape), "id INT NOT NULL; name STRING; at TIMESTAMP(3); key (id)");
  shape.types = {TypeRule::kToString};
  EXPECT_EQ(Plan(shape), "id STRING NOT NULL; name STRING NOT NULL; at STRING; key (id)");
  EXPECT_EQ(Rows(shape), "1|Ada|1970-01-01 08:00:00.000000\n2|Bo|null\n");
}

TEST(TableShaper, ComputedColumnsMayReferToEachOther) {
  TableShape shape = Shape();
  shape.computed = {Computed("day", "date_format", {"at", "yyyyMMdd"}),
                    Computed("year", "substring", {"day", "0", "4"}), Computed("five", "cast", {"5", "BIGINT"}),
                    Computed("n", "now", {})};
  EXPECT_EQ(Plan(shape),
            "id INT NOT NULL; name VARCHAR(9) NOT NULL; at TIMESTAMP(3); day STRING; year STRING; five BIGINT; n "
            "TIMESTAMP(3); key (id)");
  shape.computed.pop_back();
  EXPECT_EQ(Rows(shape), "1|Ada|1970-01-01T08:00:00|19700101|1970|5\n2|Bo|null|null|null|5\n");
  shape.computed = {Computed("b", "cast", {"x", "INT"})};
  EXPECT_NE(Plan(shape).find("shop.orders: computed column b: b: the value \"x\" (STRING) does not fit INT"),
            std::string::npos) << Plan(shape);
}

TEST(TableShaper, AColumnThatIsGoneLeavesItsComputedColumnOut) {
  TableShape shape = Shape();
  shape.computed = {Computed("y", "year", {"gone"})};
  EXPECT_EQ(Plan(shape), "shop.orders: computed column y: there is no column gone");
  EXPECT_EQ(Plan(shape, Source(), /*known=*/true),
            "id INT NOT NULL; name VARCHAR(9) NOT NULL; at TIMESTAMP(3); key (id)");
}

TEST(TableShaper, TablesOfADatabaseNeedNotHaveTheColumns) {
  TableShape shape = Shape();
  shape.strict = false;
  shape.computed = {Computed("y", "year", {"elsewhere"}), Computed("next", "upper", {"y"}),
                    Computed("loud", "upper", {"name"})};
  EXPECT_EQ(Plan(shape), "id INT NOT NULL; name VARCHAR(9) NOT NULL; at TIMESTAMP(3); loud STRING; key (id)");
  EXPECT_EQ(Rows(shape), "1|Ada|1970-01-01T08:00:00|ADA\n2|Bo|null|BO\n");
}

TEST(TableShaper, MetadataColumnsNameTheTableAndTheTime) {
  TableShape shape = Shape();
  shape.metadata = {"table_name", "database_name", "op_ts"};
  EXPECT_EQ(Rows(shape), "1|Ada|1970-01-01T08:00:00|orders|shop|1970-01-01T00:00:05Z\n"
                         "2|Bo|null|orders|shop|1970-01-01T00:00:05Z\n");
  EXPECT_NE(Rows(shape, /*snapshot=*/true).find("|shop|1970-01-01T00:00:00Z\n"), std::string::npos);
  EXPECT_EQ(Plan(shape, Source({Col("op_ts", "INT")})), "shop.orders would have two columns op_ts");
}

TEST(TableShaper, KeysAreThoseGivenElseTheSources) {
  TableShape shape = Shape();
  shape.primary_keys = {"name", "id"};
  EXPECT_EQ(Plan(shape), "id INT NOT NULL; name VARCHAR(9) NOT NULL; at TIMESTAMP(3); key (name,id)");
  EXPECT_TRUE(Make(shape).needs_full_images());
  shape.primary_keys = {"other"};
  EXPECT_EQ(Plan(shape), "shop.orders has not all of the primary keys (other)");
  shape.strict = false;
  EXPECT_EQ(Plan(shape), "id INT NOT NULL; name VARCHAR(9) NOT NULL; at TIMESTAMP(3); key (id)");
  shape.keys_of_source = false;
  EXPECT_EQ(Plan(shape), "id INT NOT NULL; name VARCHAR(9) NOT NULL; at TIMESTAMP(3); key ()");
}

TEST(TableShaper, PartitionKeysMustBeColumns) {
  TableShape shape = Shape();
  shape.partition_keys = {"name"};
  EXPECT_EQ(Plan(shape), "id INT NOT NULL; name VARCHAR(9) NOT NULL; at TIMESTAMP(3); key (id)");
  shape.primary_keys = {"name", "id"};
  EXPECT_EQ(Plan(shape), "id INT NOT NULL; name VARCHAR(9) NOT NULL; at TIMESTAMP(3); key (name,id)");
  shape.partition_keys = {"other"};
  EXPECT_EQ(Plan(shape), "shop.orders has not all of the partition keys (other)");
}

TEST(TableShaper, ATableWithoutAKeyIsLeftOutOrAnError) {
  TableSchema schema = *Source();
  schema.primary_key.clear();
  const auto source = std::make_shared<const TableSchema>(std::move(schema));
  TableShape shape = Shape();
  EXPECT_EQ(Plan(shape, source), "source table shop.orders has no primary key");
  shape.skip_unkeyed = true;
  EXPECT_EQ(Plan(shape, source), "left out");
}

}  // namespace
}  // namespace sluice
