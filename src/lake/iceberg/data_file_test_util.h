// SPDX-License-Identifier: Apache-2.0
// For tests of data files: schemas from short text, batches from JSON, a folder that goes away, files as JSON rows.
#pragma once

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/test_data_test_util.h"
#include "io/env.h"
#include "lake/parquet/data_reader.h"
#include "lake/iceberg/data_writer.h"
#include "row/format_value.h"

namespace sluice::iceberg {

inline Field MakeField(int id, std::string name, std::string type, bool required = false) {
  Field field;
  field.id = id;
  field.name = std::move(name);
  field.iceberg_type = std::move(type);
  field.type = *FromIcebergType(field.iceberg_type);
  field.type.nullable = !required;
  field.required = required;
  if (field.type.kind == TypeKind::kArray) field.element_id = 1000 + id;
  return field;
}

inline std::shared_ptr<arrow::RecordBatch> MakeBatch(const Schema& schema, const std::vector<std::string>& columns) {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (size_t i = 0; i < columns.size(); ++i) {
    auto type = schema.fields[i].type.ToArrow();
    arrays.push_back(arrow::json::ArrayFromJSONString(type, columns[i]).ValueOrDie());
    fields.push_back(arrow::field(schema.fields[i].name, type));
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays[0]->length(), arrays);
}

inline std::string RowJson(const arrow::RecordBatch& batch, int64_t row) {
  std::string out = "[";
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (i > 0) out += ",";
    AppendJson(*batch.column(i), row, out);
  }
  return out + "]";
}

// All rows of a file as "[1,"a"]", or the error's text alone.
inline std::vector<std::string> ReadRows(Env& env, const std::string& path, const Schema& wanted,
                                         const ReadOptions& options = {}) {
  auto reader = DataFileReader::Open(env, path, FileColumns(wanted), options);
  if (!reader.ok()) return {reader.error().ToString()};
  std::vector<std::string> out;
  DataBatch batch;
  while (true) {
    auto more = (*reader)->Next(batch);
    if (!more.ok()) return {more.error().ToString()};
    if (!*more) return out;
    for (int64_t i = 0; i < batch.rows->num_rows(); ++i) out.push_back(RowJson(*batch.rows, i));
  }
}

class DataFileFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = Str(::testing::TempDir(), "/sluice-data-", env_.Uuid());
    ASSERT_TRUE(env_.MakeFolders(folder_).ok());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Path(std::string_view name) const { return Str(folder_, "/", name); }
  static std::string Golden(std::string_view name) { return TestData(Str("parquet/", name)); }

  Env& env_ = PosixEnv();
  std::string folder_;
};

}  // namespace sluice::iceberg
