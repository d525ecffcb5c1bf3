// SPDX-License-Identifier: Apache-2.0
// RowFileWriter: rows of one partition and bucket -> one data file, and what its manifest says of it (docs of Paimon:
// "Data Files"). A file of a table with a primary key holds, before the table's columns, those of its key, a sequence
// number and a kind. RowLayout is immutable and of any thread; a writer is of one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/file_index_writer.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/table_options.h"
#include "lake/parquet/file_column.h"
#include "lake/parquet/format_writer.h"
#include "lake/parquet/write_column.h"

namespace arrow {
class Array;
class RecordBatch;
}  // namespace arrow

namespace sluice::paimon {

// What the files of one schema version look like.
class RowLayout {
 public:
  // kUnsupported names a column that rows cannot hold.
  static Result<std::shared_ptr<const RowLayout>> Make(const Schema& schema, const TableOptions& options);

  // The rows of a file: `values` are the table's columns, `sequence` and `kinds` (int32) columns of a keyed table.
  std::shared_ptr<arrow::RecordBatch> Rows(const std::vector<std::shared_ptr<arrow::Array>>& values,
                                           std::shared_ptr<arrow::Array> sequence, std::shared_ptr<arrow::Array> kinds,
                                           int64_t rows) const;
  // To read back what Rows gave.
  std::vector<FileColumn> FileColumns() const;

  bool keyed() const { return !key_.empty(); }
  size_t key_columns() const { return key_.size(); }
  size_t first_value() const { return keyed() ? key_.size() + 2 : 0; }  // of a file's columns, the table's first
  const std::vector<int>& key() const { return key_; }  // of the table's columns, those of the trimmed key
  int64_t schema_id() const { return schema_id_; }
  const std::vector<WriteColumn>& columns() const { return columns_; }

 private:
  friend class RowFileWriter;
  explicit RowLayout(BinaryRowCodec key_codec) : key_codec_(std::move(key_codec)) {}

  int64_t schema_id_ = 0;
  std::vector<WriteColumn> columns_;  // of a file
  std::vector<int> key_;
  BinaryRowCodec key_codec_;
};

inline constexpr const char* kChangelogPrefix = "changelog-";

// Where and how files are written.
struct RowFileOptions {
  std::string folder;  // of the bucket, without a slash at its end; it is there
  std::string prefix = "data-";
  FileStyle style;
  FileOptions files;       // what the style is one of
  ParquetOptions parquet;  // of the other formats too, as far as they have it
  FileIndexOptions index;

  // As the table's options say, in that folder: data files of level 0.
  static RowFileOptions Of(const TableOptions& options, std::string folder);
  // The same for files of that level, or for changelogs of a change to it, which have no index.
  RowFileOptions At(int level) const;
  RowFileOptions ChangelogAt(int level) const;

 private:
  void Take(FileStyle chosen);
};

class RowFileWriter {
 public:
  // A file that begins in ORC becomes one in Parquet, under another name, with the first time that ORC cannot hold.
  static Result<std::unique_ptr<RowFileWriter>> Open(Env& env, std::shared_ptr<const RowLayout> layout,
                                                     const RowFileOptions& options);

  // Rows as RowLayout::Rows gives them; those of a keyed table's data file come by key, each key once.
  Status Append(const arrow::RecordBatch& rows);
  Status Append(const arrow::RecordBatch& rows, std::span<const uint32_t> chosen);

  int64_t bytes() const { return writer_->bytes(); }
  const std::string& path() const { return path_; }  // as it is after the last Append
  void Remove();  // what it has written; instead of Close, or after an error of it
  // Also writes the file index, if it is too large for the manifest. `now_ms`: the file's time. The caller sets level
  // and source.
  Result<DataFileMeta> Close(int64_t now_ms);

 private:
  RowFileWriter(std::shared_ptr<const RowLayout> layout, std::string name, std::string path,
                std::unique_ptr<FormatWriter> writer, std::vector<MetricsMode> modes);
  Status Fit(const arrow::RecordBatch& rows);  // the format to them
  Status LeaveOrc();
  Status WriteIndex(DataFileMeta& meta);
  template <typename RowAt>
  void Note(const arrow::RecordBatch& rows, int64_t count, RowAt row_at);  // of what was appended, for the meta
  Status Stats(const WrittenFile& written, DataFileMeta& meta) const;

  Env* env_ = nullptr;
  std::shared_ptr<const RowLayout> layout_;
  std::string name_, path_;
  std::unique_ptr<FileIndexWriter> index_;  // null: none
  int64_t in_manifest_bytes_ = 0;
  bool sync_ = true;
  std::unique_ptr<FormatWriter> writer_;
  std::vector<MetricsMode> modes_;  // one a column
  std::string first_key_, last_key_;
  int64_t min_sequence_ = INT64_MAX, max_sequence_ = INT64_MIN;
  int64_t retracted_ = 0;
  RowFileOptions options_;
};

}  // namespace sluice::paimon
