// SPDX-License-Identifier: Apache-2.0
// Shredded variants: the vectors of parquet-testing (test/data/parquet), which Iceberg's Java code wrote, read as the
// variants that are beside them; files that contradict themselves are errors.
#include "row/shredded_variant.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/test_data_test_util.h"
#include "base/text.h"
#include "io/env.h"
#include "io/folder_test_util.h"
#include "lake/json.h"
#include "lake/parquet/data_reader.h"
#include "row/variant.h"

namespace sluice {
namespace {

std::string Shown(std::string_view value, std::string_view metadata) {
  std::string out;
  return AppendVariant(value, metadata, out) ? out : "no variant";
}

// Each row's variant as JSON, "-" for NULL; or the error.
std::string Read(const std::string& bytes) {
  TestFolder folder;
  const std::string path = folder.path() / "data.parquet";
  EXPECT_TRUE(PosixEnv().WriteFile(path, bytes).ok());
  std::string out;
  const auto read = [&]() -> Status {
    TRY_SET(const auto reader, DataFileReader::Open(PosixEnv(), path, {{2, "var", VariantType(true), false}}));
    for (DataBatch batch;;) {
      TRY_SET(const bool more, reader->Next(batch));
      if (!more) return Ok();
      const auto& cells = static_cast<const arrow::StructArray&>(*batch.rows->column(0));
      EXPECT_TRUE(cells.ValidateFull().ok());
      const auto& values = static_cast<const arrow::BinaryArray&>(*cells.field(0));
      const auto& metadata = static_cast<const arrow::BinaryArray&>(*cells.field(1));
      for (int64_t row = 0; row < cells.length(); ++row) {
        out += cells.IsNull(row) ? "-" : Shown(values.GetView(row), metadata.GetView(row));
        out += '\n';
      }
    }
  };
  const Status status = read();
  return status.ok() ? out : "error: " + status.error().ToString();
}

TEST(ShreddedVariant, OfIcebergIsWhatItWas) {
  std::ifstream file(TestData("parquet/shredded_variant.jsonl"));
  int read = 0, wrong = 0;
  for (std::string line; std::getline(file, line);) {
    const Json json = *ParseJson(line);
    const std::string name = Str(json["case"].get<int>(), " ", json["test"].get<std::string>());
    const std::string found = Read(*FromHex(json["parquet"].get<std::string>()));
    // Of a field that is there twice readers may take the one in the column.
    if (json.contains("error") || name.ends_with("FieldConflict")) {
      EXPECT_TRUE(found.starts_with("error: ")) << name << ": " << found;
      ++wrong;
      continue;
    }
    std::string expected;
    for (const Json& variant : json["variants"]) {
      expected += variant.is_null() ? "-" : Shown(*FromHex(variant[1].get<std::string>()),
                                                  *FromHex(variant[0].get<std::string>()));
      expected += '\n';
    }
    EXPECT_EQ(found, expected) << name;
    ++read;
  }
  EXPECT_EQ(read, 93);
  EXPECT_EQ(wrong, 8);
}

// (metadata, value, typed_value (a (value, typed_value INT))) of so many rows; nothing is NULL but what is not given.
std::shared_ptr<arrow::Array> Objects(const std::vector<std::string>& metadata, const std::vector<std::string>& values,
                                      const std::vector<std::optional<int32_t>>& a) {
  arrow::BinaryBuilder names, others, none;
  arrow::Int32Builder numbers;
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_TRUE(names.Append(metadata[i]).ok() && others.Append(values[i]).ok() && none.AppendNull().ok());
    EXPECT_TRUE((a[i] ? numbers.Append(*a[i]) : numbers.AppendNull()).ok());
  }
  const auto made = [](const arrow::ArrayVector& parts, const std::vector<std::string>& fields) {
    return *arrow::StructArray::Make(parts, fields);
  };
  const auto field = made({*none.Finish(), *numbers.Finish()}, {"value", "typed_value"});
  const auto object = made({field}, {"a"});
  return made({*names.Finish(), *others.Finish(), object}, {"metadata", "value", "typed_value"});
}

TEST(ShreddedVariant, OfAPartOfTheRows) {
  const std::string names("\x01\x02\0\x01\x02" "ab", 7), object("\x02\x01\x01\0\x02\x0c\x07", 7);  // {"b": 7}
  const auto whole = Objects({names, names, names}, {object, object, object}, {1, {}, 3});
  ASSERT_TRUE(IsShreddedVariant(*whole->type()));
  const auto joined = JoinVariants(*whole->Slice(1, 2), VariantType(true).ToArrow());
  ASSERT_TRUE(joined.ok() && (*joined)->ValidateFull().ok());
  const auto& cells = static_cast<const arrow::StructArray&>(**joined);
  ASSERT_EQ(cells.length(), 2);
  const auto& values = static_cast<const arrow::BinaryArray&>(*cells.field(0));
  EXPECT_EQ(Shown(values.GetView(0), names), R"({"b":7})");
  EXPECT_EQ(Shown(values.GetView(1), names), R"({"a":3,"b":7})");
}

TEST(ShreddedVariant, OfAnyBytesIsAnErrorOrAVariant) {
  std::mt19937 random(3);
  const std::string names("\x01\x02\0\x01\x02" "ab", 7), object("\x02\x01\x01\0\x02\x0c\x07", 7);
  int joined = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string metadata = names, value = object;
    for (std::string* bytes : {&metadata, &value}) {
      for (uint32_t changes = random() % 3; changes > 0; --changes) {
        (*bytes)[random() % bytes->size()] = static_cast<char>(random() % 256);
      }
      if (random() % 4 == 0) bytes->resize(random() % (bytes->size() + 1));
    }
    const auto out = JoinVariants(*Objects({metadata}, {value}, {5}), VariantType(true).ToArrow());
    joined += out.ok() ? 1 : 0;
    EXPECT_TRUE(out.ok() || out.status().message().starts_with("shredded variant")) << out.status().message();
  }
  EXPECT_GT(joined, 100);
}

}  // namespace
}  // namespace sluice
