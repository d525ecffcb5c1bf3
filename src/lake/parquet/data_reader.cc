// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/data_reader.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "lake/parquet/file_decoder.h"
#include "lake/parquet/file_streams.h"
#include "lake/parquet/promote.h"
#include "lake/stored_cast.h"
#include "row/arrow_status.h"
#include "row/variant.h"

namespace sluice {
namespace {

bool IsParquet(const std::string& path) { return !path.ends_with(".orc") && !path.ends_with(".avro"); }

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

Result<std::unique_ptr<FileDecoder>> OpenDecoder(const std::string& path, FileSourcePtr source,
                                                 const DecodeLimits& limits) {
  CHECK(limits.chosen == nullptr || IsParquet(path));
  if (path.ends_with(".orc")) return OpenOrcDecoder(std::move(source), limits);
  if (path.ends_with(".avro")) return OpenAvroDecoder(std::move(source), limits);
  return OpenParquetDecoder(std::move(source), limits);
}

}  // namespace

class DataFileReader::Impl {
 public:
  Impl(std::string path, std::vector<FileColumn> wanted, const ReadOptions& options)
      : path_(std::move(path)), wanted_(std::move(wanted)), options_(options) {}

  Status Open(Env& env) {
    auto file = env.OpenFile(path_);
    if (!file.ok()) {
      Error error = std::move(file).error();
      if (error.code == ErrorCode::kNotFound) error.hint = "a file of the table is gone: restore it from a copy, or "
                                                           "copy the table anew: remove it and the state directory";
      return error;
    }
    source_ = std::make_shared<EnvInputFile>(*std::move(file));
    return Guard([&]() -> Status {
      const DecodeLimits limits{options_.batch_rows, options_.batch_bytes, options_.conditions, options_.chosen};
      TRY_SET(decoder_, OpenDecoder(path_, source_, limits));
      std::vector<FileColumn> stored = wanted_;
      options_.stored_types.resize(wanted_.size());
      for (size_t i = 0; i < stored.size(); ++i) stored[i].type = options_.stored_types[i].value_or(stored[i].type);
      TRY_SET(const auto types, decoder_->Choose(stored));
      return CheckTypes(stored, types);
    });
  }

  Result<bool> Next(DataBatch& out) {
    bool more = false;
    Status status = Guard([&]() -> Status {
      while (true) {
        DecodedRows decoded;
        TRY(decoder_->Next(decoded));
        position_ += decoded.skipped;
        if (decoded.count == 0) return CheckCount();
        out.first_position = position_;
        out.positions = std::move(decoded.positions);
        position_ += decoded.count;
        std::shared_ptr<arrow::RecordBatch> rows;
        TRY_SET(rows, ToWanted(decoded));
        TRY(LeaveOutDeleted(rows, out));
        if (rows->num_rows() == 0) continue;
        out.rows = std::move(rows);
        more = true;
        return Ok();
      }
    });
    if (!status.ok()) return std::move(status).error();
    return more;
  }

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

 private:
  // An Avro file that lost some blocks at its end is whole by itself.
  Status CheckCount() const {
    if (options_.chosen != nullptr || options_.rows < 0 || options_.rows == position_) return Ok();
    return Corrupt(Str("it has ", position_, " rows, and ", options_.rows, " as the table says"));
  }

  Status CheckTypes(const std::vector<FileColumn>& stored, const std::vector<TypePtr>& found) {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (size_t i = 0; i < wanted_.size(); ++i) {
      const FileColumn& field = wanted_[i];
      stored_.push_back(stored[i].type.ToArrow());
      if (found[i] != nullptr && !CanPromote(*found[i], *stored_[i])) {
        const char* shredded = HasVariant(stored[i].type) ? ": a variant is shredded by types that it cannot have" : "";
        return Unsupported(Str("column ", field.name, " is ", found[i]->ToString(),
                               " in the file and cannot be read as ", stored_[i]->ToString(), shredded));
      }
      fields.push_back(arrow::field(field.name, field.type.ToArrow(), !field.required));
    }
    schema_ = arrow::schema(std::move(fields));
    return Ok();
  }

  Result<std::shared_ptr<arrow::RecordBatch>> ToWanted(const DecodedRows& decoded) const {
    std::vector<ArrayPtr> arrays;
    for (size_t i = 0; i < decoded.columns.size(); ++i) {
      const TypePtr& type = schema_->field(static_cast<int>(i))->type();
      auto made = decoded.columns[i] == nullptr ? arrow::MakeArrayOfNull(type, decoded.count)
                                                : Promote(decoded.columns[i], stored_[i]);
      if (!made.ok()) return FromFileFormat(made.status());
      arrays.push_back(std::move(made).ValueUnsafe());
      const auto& stored = options_.stored_types[i];
      if (decoded.columns[i] != nullptr && stored) TRY(ToType(wanted_[i], *stored, arrays.back()));
    }
    return arrow::RecordBatch::Make(schema_, decoded.count, std::move(arrays));
  }

  // Of a column whose type was altered.
  static Status ToType(const FileColumn& column, const DataType& stored, ArrayPtr& cells) {
    const int64_t nulls = cells->null_count();
    auto cast = CastStored(cells, stored, column.type);
    if (!cast.ok()) return std::move(cast).error().With(Str("column ", column.name));
    cells = *std::move(cast);
    if (!column.required || cells->null_count() == nulls) return Ok();
    return Unsupported(Str("column ", column.name, ": an old value does not fit ", column.type.ToString()),
                       "change the column's type back, or let it be NULL");
  }

  Status LeaveOutDeleted(std::shared_ptr<arrow::RecordBatch>& rows, DataBatch& out) {
    if (options_.deletes == nullptr || options_.deletes->empty()) return Ok();
    arrow::Int64Builder kept;
    ARROW_TRY(kept.Reserve(rows->num_rows()));
    for (int64_t i = 0; i < rows->num_rows(); ++i) {
      if (!options_.deletes->Contains(out.position(i))) kept.UnsafeAppend(i);
    }
    if (kept.length() == rows->num_rows()) return Ok();
    ARROW_TRY_SET(ArrayPtr indices, kept.Finish());
    auto& values = static_cast<const arrow::Int64Array&>(*indices);
    std::vector<int64_t> positions;
    for (int64_t i = 0; i < values.length(); ++i) positions.push_back(out.position(values.Value(i)));
    out.positions = std::move(positions);
    auto options = arrow::compute::TakeOptions::NoBoundsCheck();
    std::vector<ArrayPtr> arrays;
    for (const ArrayPtr& column : rows->columns()) {
      ARROW_TRY_SET(ArrayPtr taken, arrow::compute::Take(*column, *indices, options));
      arrays.push_back(std::move(taken));
    }
    rows = arrow::RecordBatch::Make(schema_, values.length(), std::move(arrays));
    return Ok();
  }

  // Runs the format's code; its exceptions end here. What is wrong with the bytes is kCorrupt, what is wrong with the
  // disk the disk's own error.
  template <typename Action>
  Status Guard(Action&& action) {
    Status status;
    try {
      status = action();
    } catch (const std::bad_alloc&) {
      return Unavailable(Str("data file ", path_, ": out of memory"), "give the process more memory");
    } catch (const std::exception& error) {
      status = Corrupt(error.what());
    }
    if (source_->error()) return *source_->error();
    if (status.ok()) return Ok();
    return std::move(status).error().With(Str("data file ", path_));
  }

  std::string path_;
  std::vector<FileColumn> wanted_;
  ReadOptions options_;
  std::shared_ptr<EnvInputFile> source_;
  std::unique_ptr<FileDecoder> decoder_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<TypePtr> stored_;  // what a file's columns are first read as
  int64_t position_ = 0;
};

Result<std::unique_ptr<DataFileReader>> DataFileReader::Open(Env& env, const std::string& path,
                                                             std::vector<FileColumn> wanted,
                                                             const ReadOptions& options) {
  auto impl = std::make_unique<Impl>(path, std::move(wanted), options);
  TRY(impl->Open(env));
  return std::unique_ptr<DataFileReader>(new DataFileReader(std::move(impl)));
}

DataFileReader::DataFileReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DataFileReader::~DataFileReader() = default;

Result<bool> DataFileReader::Next(DataBatch& out) { return impl_->Next(out); }
const std::shared_ptr<arrow::Schema>& DataFileReader::schema() const { return impl_->schema(); }

}  // namespace sluice
