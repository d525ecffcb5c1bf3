// SPDX-License-Identifier: Apache-2.0
// Schema: one version of a Paimon table's columns, keys and options, as schema/schema-N holds it. Values; any thread.
// Columns of types that rows cannot hold (VECTOR, BLOB) are kept in the schema; who reads or writes them
// asks SupportedFields first.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/parquet/file_column.h"
#include "row/type.h"

namespace sluice::paimon {

using Options = std::map<std::string, std::string>;

struct Field {
  int id = 0;  // unique in the table and never used again; from 0
  std::string name;
  DataType type;
  std::string type_json;  // as the file has it, a JSON value; of a type that DataType has not, all there is
  bool supported = true;  // `type` is its type
  std::string description;
  std::optional<std::string> default_value;

  bool operator==(const Field&) const = default;
};

struct Schema {
  int64_t id = 0;
  std::vector<Field> fields;
  int highest_field_id = -1;  // of nested fields too
  std::vector<std::string> partition_keys;
  std::vector<std::string> primary_keys;  // empty: an append table
  Options options;
  std::string comment;
  int64_t time_ms = 0;

  const Field* Find(std::string_view name) const;  // null if absent
  const Field* FindId(int wanted) const;
  // The primary key without the columns that a partition has anyway: what files are sorted by.
  std::vector<std::string> TrimmedKey() const;
  std::string Option(const std::string& key, std::string_view otherwise) const;
  std::string ToJson() const;
};

// kCorrupt if it is no schema; kUnsupported for one of another version of the format.
Result<Schema> ParseSchema(std::string_view json);

// "TIMESTAMP(3) WITH LOCAL TIME ZONE NOT NULL"; DataType::ToString with Paimon's names.
std::string ToPaimonType(const DataType& type);
// kUnsupported for what rows cannot hold.
Result<DataType> FromPaimonType(std::string_view type);

// The columns as a file has them that was written with the schema `written`: one without field ids is read by the names
// of its time.
std::vector<FileColumn> AsWritten(std::vector<FileColumn> columns, const Schema& written);

// The fields of these names in their order; kNotFound, kUnsupported naming the column.
Result<std::vector<const Field*>> SupportedFields(const Schema& schema, const std::vector<std::string>& names);

}  // namespace sluice::paimon
