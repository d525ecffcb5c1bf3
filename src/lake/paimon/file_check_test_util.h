// SPDX-License-Identifier: Apache-2.0
// For tests: whether what a manifest says of a data file is true of its rows: keys, their order, sequence numbers,
// kinds, statistics, partition and bucket; and whether its index is that of its rows.
#pragma once

#include <arrow/api.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/cell_order.h"
#include "lake/paimon/file_index.h"
#include "lake/paimon/file_index_writer.h"
#include "lake/paimon/row_file.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_options.h"
#include "lake/parquet/data_reader.h"
#include "row/arrow_status.h"
#include "row/change_batch.h"

namespace sluice::paimon {

using CellArrays = std::vector<std::shared_ptr<arrow::Array>>;

inline Result<CellArrays> ArraysOf(const BinaryRowCodec& codec, const std::string& row) {
  TRY_SET(const auto cells, codec.Parse(row));
  CellArrays out;
  for (const auto& cell : cells) {
    ARROW_TRY_SET(auto array, arrow::MakeArrayFromScalar(*cell, 1));
    out.push_back(std::move(array));
  }
  return out;
}

inline int CompareRows(const CellArrays& a, int64_t row_a, const CellArrays& b, int64_t row_b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (const int order = CompareCells(*a[i], row_a, *b[i], row_b); order != 0) return order;
  }
  return 0;
}

inline Result<BinaryRowCodec> CodecOf(const std::vector<WriteColumn>& columns, size_t from, size_t count) {
  std::vector<DataType> types;
  for (size_t i = from; i < from + count; ++i) types.push_back(columns[i].type);
  return BinaryRowCodec::Make(std::move(types));
}

// That the statistics are true of the rows: bounds, which texts may have a wide one of, and counts of NULLs.
inline Status CheckStats(const SimpleStats& stats, const BinaryRowCodec& codec, const CellArrays& columns,
                         bool may_be_unknown = false) {
  if (stats.null_counts.size() != columns.size()) return Corrupt("statistics of another number of columns");
  TRY_SET(const CellArrays least, ArraysOf(codec, stats.min));
  TRY_SET(const CellArrays most, ArraysOf(codec, stats.max));
  for (size_t i = 0; i < columns.size(); ++i) {
    const arrow::Array& column = *columns[i];
    const auto wrong = [&](const char* what) { return Corrupt(Str(what, " of column ", i, ", ", column.ToString())); };
    if (stats.null_counts[i] != column.null_count()) return wrong("count of NULLs");
    const bool text = column.type_id() == arrow::Type::STRING || column.type_id() == arrow::Type::BINARY;
    const bool real = column.type_id() == arrow::Type::FLOAT || column.type_id() == arrow::Type::DOUBLE;
    const bool known = !least[i]->IsNull(0) && !most[i]->IsNull(0);
    bool least_is_one = false, most_is_one = false;
    for (int64_t row = 0; row < column.length(); ++row) {
      if (column.IsNull(row) || !known) continue;
      const int low = CompareCells(*least[i], 0, column, row), high = CompareCells(*most[i], 0, column, row);
      if (low > 0) return wrong("lower bound");
      if (high < 0) return wrong("upper bound");
      least_is_one |= low == 0;
      most_is_one |= high == 0;
    }
    if (text || real || column.null_count() == column.length()) continue;
    if (may_be_unknown && least[i]->IsNull(0) && most[i]->IsNull(0)) continue;
    if (!known || !least_is_one || !most_is_one) return wrong("bound that no row has");
  }
  return Ok();
}

// All rows of a file as one batch.
inline Result<CellArrays> ReadColumns(Env& env, const std::string& path, const RowLayout& layout) {
  TRY_SET(const auto reader, DataFileReader::Open(env, path, layout.FileColumns()));
  std::vector<arrow::ArrayVector> parts(layout.columns().size());
  for (DataBatch batch;;) {
    TRY_SET(const bool more, reader->Next(batch));
    if (!more) break;
    for (size_t i = 0; i < parts.size(); ++i) parts[i].push_back(batch.rows->column(static_cast<int>(i)));
  }
  CellArrays out;
  for (auto& part : parts) {
    if (part.empty()) return Corrupt("a file without rows");
    ARROW_TRY_SET(auto joined, arrow::Concatenate(part));
    out.push_back(std::move(joined));
  }
  return out;
}

// The part of a file's description that only a keyed table has.
inline Status CheckKeys(const DataFileMeta& meta, const RowLayout& layout, const CellArrays& columns) {
  const size_t keys = layout.key_columns();
  TRY_SET(const BinaryRowCodec codec, CodecOf(layout.columns(), 0, keys));
  const CellArrays key(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(keys));
  const int64_t rows = columns[0]->length();
  if (codec.Serialize(key, 0) != meta.min_key) return Corrupt("min key");
  if (codec.Serialize(key, rows - 1) != meta.max_key) return Corrupt("max key");
  const auto& sequence = static_cast<const arrow::Int64Array&>(*columns[keys]);
  const auto& kinds = static_cast<const arrow::Int32Array&>(*columns[keys + 1]);
  int64_t least = INT64_MAX, most = INT64_MIN, deletes = 0;
  for (int64_t row = 0; row < rows; ++row) {
    if (row > 0 && CompareRows(key, row - 1, key, row) >= 0) return Corrupt(Str("order of row ", row));
    least = std::min(least, sequence.Value(row));
    most = std::max(most, sequence.Value(row));
    deletes += kinds.Value(row) == 1 || kinds.Value(row) == 3;
    for (size_t i = 0; i < keys; ++i) {  // the key stands in the row too
      const auto& value = *columns[layout.first_value() + static_cast<size_t>(layout.key()[i])];
      if (CompareCells(*key[i], row, value, row) != 0) return Corrupt(Str("key and value of row ", row));
    }
  }
  if (least != meta.min_sequence || most != meta.max_sequence) return Corrupt("sequence numbers");
  if (deletes != meta.delete_row_count) return Corrupt("rows that delete");
  return CheckStats(meta.key_stats, codec, key);
}

// That a file has the index of its rows, where the options say; those of postponed buckets have none.
inline Status CheckFileIndex(Env& env, const LiveFile& file, const FileIndexOptions& options, const RowLayout& layout,
                             const CellArrays& columns) {
  const auto writer = FileIndexWriter::Make(options, layout.columns(), layout.first_value());
  const DataFileMeta& meta = file.meta;
  if (writer == nullptr || file.bucket < 0) {
    return meta.embedded_index || !meta.extra_files.empty() ? Status(Corrupt("an index")) : Ok();
  }
  arrow::FieldVector fields;
  for (const auto& column : columns) fields.push_back(arrow::field("", column->type()));
  writer->Add(*arrow::RecordBatch::Make(arrow::schema(std::move(fields)), meta.row_count, columns));
  TRY_SET(const std::string wanted, writer->Finish());
  if (static_cast<int64_t>(wanted.size()) <= options.in_manifest_bytes) {
    return meta.embedded_index == wanted && meta.extra_files.empty() ? Ok() : Status(Corrupt("index in the manifest"));
  }
  if (meta.embedded_index || meta.extra_files != std::vector{meta.name + kIndexSuffix}) return Corrupt("extra files");
  TRY_SET(const std::string stored, env.ReadFile(file.path + kIndexSuffix));
  return stored == wanted ? Ok() : Status(Corrupt("index beside the file"));
}

// `hashes` gets those of the bucket keys.
inline Status CheckFile(Env& env, Table& table, const LiveFile& file, std::set<int32_t>& hashes) {
  TRY_SET(const Schema* schema, table.SchemaOf(file.meta.schema_id));
  TRY_SET(const TableOptions options, TableOptions::Of(*schema));
  TRY_SET(const auto layout, RowLayout::Make(*schema, options));
  TRY_SET(const int64_t bytes, env.FileSize(file.path));
  if (bytes != file.meta.size) return Corrupt("size");
  TRY_SET(const CellArrays columns, ReadColumns(env, file.path, *layout));
  if (columns[0]->length() != file.meta.row_count) return Corrupt("number of rows");
  if (options.keyed) TRY(CheckKeys(file.meta, *layout, columns));
  TRY(CheckFileIndex(env, file, options.index, *layout, columns));
  const CellArrays values(columns.begin() + static_cast<std::ptrdiff_t>(layout->first_value()), columns.end());
  const bool modes = !schema->Option("metadata.stats-mode", "").empty() ||
                     !schema->Option("metadata.stats-mode.per.level", "").empty() ||
                     !schema->Option("metadata.stats-keep-first-n-columns", "").empty();
  const auto& named = file.meta.value_stats_columns;
  std::vector<DataType> types;
  CellArrays with_stats;
  for (size_t i = 0; i < values.size(); ++i) {
    const Field& field = schema->fields[i];
    const bool listed = !named || std::find(named->begin(), named->end(), field.name) != named->end();
    if (!modes && listed == (field.type.kind == TypeKind::kArray)) return Corrupt("names of columns");
    if (!listed) continue;
    types.push_back(field.type);
    with_stats.push_back(values[i]);
  }
  if (named && (named->size() != types.size() || types.size() == values.size())) return Corrupt("names of columns");
  TRY_SET(const BinaryRowCodec codec, BinaryRowCodec::Make(types));
  TRY(CheckStats(file.meta.value_stats, codec, with_stats, modes));
  const auto row_of = [&](const std::vector<std::string>& names, CellArrays& cells) -> Result<BinaryRowCodec> {
    std::vector<DataType> chosen;
    for (const std::string& name : names) {
      chosen.push_back(schema->Find(name)->type);
      cells.push_back(values[static_cast<size_t>(schema->Find(name) - schema->fields.data())]);
    }
    return BinaryRowCodec::Make(std::move(chosen));
  };
  CellArrays partition, bucket;
  TRY_SET(const BinaryRowCodec partition_codec, row_of(schema->partition_keys, partition));
  TRY_SET(const BinaryRowCodec bucket_codec, row_of(options.bucket_key, bucket));
  for (int64_t row = 0; row < file.meta.row_count; ++row) {
    if (partition_codec.Serialize(partition, row) != file.partition) return Corrupt(Str("partition of row ", row));
    if (options.bucket_key.empty()) continue;
    std::string key;
    bucket_codec.Encode(bucket, row, key);
    hashes.insert(HashBinaryRow(key));
    if (options.buckets > 0 && BucketOf(key, options.buckets) != file.bucket) return Corrupt(Str("bucket, row ", row));
  }
  return Ok();
}

}  // namespace sluice::paimon
