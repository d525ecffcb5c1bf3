// SPDX-License-Identifier: Apache-2.0
// A source in another shape: batches, changes, tables that are left out, and what goes to the source inside.
#include "pipeline/shaped_source.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <deque>

namespace sluice {
namespace {

using SchemaPtr = std::shared_ptr<const TableSchema>;
const TableId kTable{"shop", "orders"};

// Gives the items of a list.
class FakeSource final : public Source {
 public:
  explicit FakeSource(std::deque<SourceItem> items) : items_(std::move(items)) {}
  Status Start(const std::string&, BeforeImage before) override {
    asked = before;
    return Ok();
  }
  Result<std::optional<SourceItem>> Next(std::chrono::milliseconds) override {
    if (items_.empty()) return std::optional<SourceItem>();
    SourceItem item = std::move(items_.front());
    items_.pop_front();
    return std::optional<SourceItem>(std::move(item));
  }
  bool finished() const override { return items_.empty(); }
  std::string State() const override { return "state"; }
  std::string CompactState() const override { return "compact"; }
  Status SetTarget() override { return Ok(); }
  bool ReachedTarget() const override { return true; }
  void Acknowledge(const std::string&) override {}
  SourceProgress progress() const override { return {}; }
  void Stop() override {}

  BeforeImage asked = BeforeImage::kNone;

 private:
  std::deque<SourceItem> items_;
};

SchemaPtr Schema(const std::vector<std::pair<std::string, std::string>>& columns, bool key = true) {
  TableSchema schema;
  for (const auto& [name, type] : columns) schema.columns.push_back({name, *ParseDataType(type), "", std::nullopt});
  if (key) schema.primary_key = {"id"};
  return std::make_shared<const TableSchema>(std::move(schema));
}

SourceItem Change(SchemaChangeKind kind, const SchemaPtr& schema) {
  SchemaChange change;
  change.kind = kind;
  change.table = kTable;
  change.schema = schema;
  if (schema != nullptr) {
    change.column = schema->columns.back();
    change.initial = {InitialDefault::Kind::kLiteral, "2024-01-01T00:00:00Z"};
  }
  return {std::move(change), true};
}

SourceItem Batch(const SchemaPtr& schema) {
  arrow::Int32Builder id;
  EXPECT_TRUE(id.Append(1).ok());
  ChangeBatch batch;
  batch.table = kTable;
  batch.schema = schema;
  batch.rows = arrow::RecordBatch::Make(schema->ToArrow(), 1, {*id.Finish()});
  return {std::move(batch), false};
}

struct Fixture {
  Fixture(TableShape shape, std::deque<SourceItem> items) {
    auto source = std::make_unique<FakeSource>(std::move(items));
    inner = source.get();
    shaped = std::make_unique<ShapedSource>(std::move(source), *TableShaper::Make(std::move(shape), [] { return 0; }));
    EXPECT_TRUE(shaped->Start("", BeforeImage::kKey).ok());
  }
  SourceItem Next() {
    auto item = shaped->Next(std::chrono::milliseconds(0));
    EXPECT_TRUE(item.ok() && *item) << (item.ok() ? "" : item.error().message);
    return **item;
  }
  FakeSource* inner;
  std::unique_ptr<ShapedSource> shaped;
};

TEST(ShapedSource, ChangesAndBatchesHaveOneShape) {
  const SchemaPtr first = Schema({{"id", "INT NOT NULL"}});
  const SchemaPtr second = Schema({{"id", "INT NOT NULL"}, {"at", "TIMESTAMP_LTZ(0)"}});
  TableShape shape;
  shape.metadata = {"table_name"};
  Fixture fixture(shape, {Change(SchemaChangeKind::kCreateTable, first), Batch(first),
                          Batch(std::make_shared<const TableSchema>(*first)),
                          Change(SchemaChangeKind::kAddColumn, second)});
  EXPECT_EQ(fixture.inner->asked, BeforeImage::kKey);
  const auto create = std::get<SchemaChange>(fixture.Next().payload);
  EXPECT_EQ(create.schema->columns.size(), 2u);
  const SourceItem item = fixture.Next();
  EXPECT_FALSE(item.boundary);
  const auto& batch = std::get<ChangeBatch>(item.payload);
  EXPECT_EQ(batch.schema, create.schema);
  EXPECT_EQ(batch.rows->num_columns(), 2);
  EXPECT_EQ(std::get<ChangeBatch>(fixture.Next().payload).schema, create.schema)
      << "an equal version keeps its address";
  const auto add = std::get<SchemaChange>(fixture.Next().payload);
  EXPECT_EQ(add.column.type.kind, TypeKind::kTimestamp);
  EXPECT_EQ(add.initial.kind, InitialDefault::Kind::kNull) << "its text is a point in time";
}

TEST(ShapedSource, OwnKeysNeedAllImages) {
  TableShape shape;
  shape.primary_keys = {"id"};
  Fixture fixture(shape, {});
  EXPECT_EQ(fixture.inner->asked, BeforeImage::kFull);
}

TEST(ShapedSource, ATableWithoutAKeyIsLeftOutUntilItIsMadeAgain) {
  const SchemaPtr without = Schema({{"id", "INT NOT NULL"}}, /*key=*/false);
  const SchemaPtr with = Schema({{"id", "INT NOT NULL"}});
  TableShape shape;
  shape.skip_unkeyed = true;
  Fixture fixture(shape, {Change(SchemaChangeKind::kCreateTable, without), Batch(without),
                          Change(SchemaChangeKind::kAddColumn, with), Change(SchemaChangeKind::kDropTable, nullptr),
                          Change(SchemaChangeKind::kCreateTable, with), Batch(with),
                          Change(SchemaChangeKind::kAlterColumn, without)});
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(std::holds_alternative<std::monostate>(fixture.Next().payload)) << i;
  EXPECT_TRUE(std::holds_alternative<SchemaChange>(fixture.Next().payload));
  EXPECT_TRUE(std::holds_alternative<ChangeBatch>(fixture.Next().payload));
  auto lost = fixture.shaped->Next(std::chrono::milliseconds(0));
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().message, "table shop.orders lost its primary key");
}

}  // namespace
}  // namespace sluice
