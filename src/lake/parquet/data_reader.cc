// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/data_reader.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>
#include <parquet/size_statistics.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/text.h"
#include "lake/parquet/file_streams.h"
#include "row/arrow_status.h"

namespace sluice {
namespace {

constexpr int kMissing = -1;
constexpr int64_t kStreamBytes = 8 << 20;  // read ahead, shared by the columns

Error FromParquet(const arrow::Status& status) {
  if (status.IsNotImplemented()) return Unsupported(status.message());
  if (status.IsOutOfMemory()) return Unavailable(status.message(), "give the process more memory");
  return Corrupt(status.message());
}

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

bool WidensDecimal(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.id() != arrow::Type::DECIMAL128 || to.id() != arrow::Type::DECIMAL128) return false;
  auto& a = static_cast<const arrow::Decimal128Type&>(from);
  auto& b = static_cast<const arrow::Decimal128Type&>(to);
  return a.scale() == b.scale() && a.precision() <= b.precision();
}

bool IsText(arrow::Type::type id) {
  return id == arrow::Type::STRING || id == arrow::Type::LARGE_STRING || id == arrow::Type::STRING_VIEW;
}

bool IsBytes(arrow::Type::type id) {
  return id == arrow::Type::BINARY || id == arrow::Type::LARGE_BINARY || id == arrow::Type::BINARY_VIEW;
}

// Milliseconds or microseconds, with a zone or without one.
bool SameClock(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.id() != arrow::Type::TIMESTAMP || to.id() != arrow::Type::TIMESTAMP) return false;
  auto& a = static_cast<const arrow::TimestampType&>(from);
  auto& b = static_cast<const arrow::TimestampType&>(to);
  return a.unit() != arrow::TimeUnit::NANO && a.timezone().empty() == b.timezone().empty();
}

// Writers that use Arrow store the Arrow type in the file, and then it is read as that: large_string, dictionary, a
// zone that is not called UTC. In Iceberg only the Parquet type counts.
bool CanCast(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.id() == arrow::Type::DICTIONARY) {
    const auto& values = *static_cast<const arrow::DictionaryType&>(from).value_type();
    return values.Equals(to) || CanCast(values, to);
  }
  switch (to.id()) {
    case arrow::Type::INT32: return from.id() == arrow::Type::INT8 || from.id() == arrow::Type::INT16;
    case arrow::Type::INT64:
      return from.id() == arrow::Type::INT32 || from.id() == arrow::Type::INT16 || from.id() == arrow::Type::INT8;
    case arrow::Type::TIME64: return from.id() == arrow::Type::TIME32;  // of milliseconds
    case arrow::Type::TIMESTAMP: return SameClock(from, to);
    case arrow::Type::DOUBLE: return from.id() == arrow::Type::FLOAT;
    case arrow::Type::BINARY: return from.id() == arrow::Type::FIXED_SIZE_BINARY || IsBytes(from.id());  // fixed, uuid
    case arrow::Type::STRING: return IsText(from.id()) || IsBytes(from.id());  // bytes: without the STRING annotation
    default: return false;
  }
}

bool IsList(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST;
}

bool CanRead(const arrow::DataType& from, const arrow::DataType& to) {
  if (IsList(from) && IsList(to)) return CanRead(*from.field(0)->type(), *to.field(0)->type());
  return from.Equals(to) || WidensDecimal(from, to) || CanCast(from, to);
}

// CanRead is true for the types.
arrow::Result<ArrayPtr> Promote(const ArrayPtr& array, const TypePtr& to) {
  if (array->type()->Equals(*to)) return array;
  if (CanCast(*array->type(), *to)) return arrow::compute::Cast(*array, to);
  if (array->type_id() == arrow::Type::LARGE_LIST) {
    ARROW_ASSIGN_OR_RAISE(auto list, arrow::compute::Cast(*array, arrow::list(array->type()->field(0))));
    return Promote(list, to);
  }
  auto data = array->data()->Copy();
  data->type = to;
  if (to->id() == arrow::Type::LIST) {
    ARROW_ASSIGN_OR_RAISE(auto child, Promote(arrow::MakeArray(data->child_data[0]), to->field(0)->type()));
    data->child_data[0] = child->data();
  }
  return arrow::MakeArray(data);
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
      parquet::ReaderProperties properties;
      properties.enable_buffered_stream();
      auto streams = static_cast<int64_t>(wanted_.size()) + 1;
      properties.set_buffer_size(std::clamp<int64_t>(kStreamBytes / streams, 16 << 10, 256 << 10));
      auto parquet_reader = parquet::ParquetFileReader::Open(source_, properties);
      footer_ = parquet_reader->metadata();
      parquet::ArrowReaderProperties arrow_properties;
      arrow_properties.set_use_threads(false);
      arrow_properties.set_pre_buffer(false);
      arrow_properties.set_arrow_extensions_enabled(false);
      arrow_properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
      auto made = parquet::arrow::FileReader::Make(arrow::default_memory_pool(), std::move(parquet_reader),
                                                   arrow_properties);
      if (!made.ok()) return FromParquet(made.status());
      reader_ = std::move(made).ValueUnsafe();
      return MapColumns();
    });
  }

  Result<bool> Next(DataBatch& out) {
    bool more = false;
    Status status = Guard([&]() -> Status {
      while (true) {
        std::shared_ptr<arrow::RecordBatch> rows;
        TRY(NextRaw(rows));
        if (rows == nullptr) return Ok();
        out.first_position = position_;
        out.positions.clear();
        position_ += rows->num_rows();
        TRY(ToWanted(rows));
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

  int64_t row_count() const { return footer_->num_rows(); }
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

 private:
  // Finds the file's column of each wanted field, and all leaves to read.
  Status MapColumns() {
    const parquet::schema::GroupNode& root = *footer_->schema()->group_node();
    bool ids = false;
    for (int i = 0; i < root.field_count(); ++i) ids |= root.field(i)->field_id() >= 0;
    std::vector<int> nodes;  // wanted field -> top-level node
    for (const FileColumn& field : wanted_) {
      int node = kMissing;
      for (int i = 0; i < root.field_count() && node == kMissing; ++i) {
        const bool same = ids ? root.field(i)->field_id() == field.id
                              : root.field(i)->name() == field.stored_name.value_or(field.name);
        if (same) node = i;
      }
      nodes.push_back(node);
    }
    std::vector<int> read = nodes;  // in file order, each once
    std::sort(read.begin(), read.end());
    read.erase(std::unique(read.begin(), read.end()), read.end());
    if (!read.empty() && read[0] == kMissing) read.erase(read.begin());
    for (int leaf = 0; leaf < footer_->schema()->num_columns(); ++leaf) {
      const auto* top = footer_->schema()->GetColumnRoot(leaf);
      if (std::binary_search(read.begin(), read.end(), root.FieldIndex(*top))) leaves_.push_back(leaf);
    }
    for (int node : nodes) {
      auto at = std::lower_bound(read.begin(), read.end(), node);
      columns_.push_back(node == kMissing ? kMissing : static_cast<int>(at - read.begin()));
    }
    return CheckTypes(nodes);
  }

  Status CheckTypes(const std::vector<int>& nodes) {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (size_t i = 0; i < nodes.size(); ++i) {
      const FileColumn& field = wanted_[i];
      TypePtr type = field.type.ToArrow();
      if (nodes[i] != kMissing) {
        const auto& found = reader_->manifest().schema_fields[static_cast<size_t>(nodes[i])].field->type();
        if (!CanRead(*found, *type)) {
          return Unsupported(Str("column ", field.name, " is ", found->ToString(),
                                 " in the file and cannot be read as ", type->ToString()));
        }
      }
      fields.push_back(arrow::field(field.name, type, !field.required));
    }
    schema_ = arrow::schema(std::move(fields));
    return Ok();
  }

  // Rows so that a batch has about batch_bytes.
  int64_t BatchRows(const parquet::RowGroupMetaData& group) const {
    int64_t bytes = 0;
    for (int leaf : leaves_) {
      auto chunk = group.ColumnChunk(leaf);
      int64_t size = chunk->total_uncompressed_size();
      if (auto sizes = chunk->size_statistics(); sizes != nullptr && sizes->unencoded_byte_array_data_bytes) {
        size = std::max(size, *sizes->unencoded_byte_array_data_bytes);
      }
      bytes += std::max(size, chunk->num_values());
    }
    int64_t row_bytes = std::max<int64_t>(1, bytes / std::max<int64_t>(1, group.num_rows()));
    return std::clamp<int64_t>(options_.batch_bytes / row_bytes, 1, options_.batch_rows);
  }

  // The next batch as the file has it; null at the end.
  Status NextRaw(std::shared_ptr<arrow::RecordBatch>& rows) {
    if (leaves_.empty()) {  // nothing of it is in the file: rows of NULLs
      int64_t count = std::min(options_.batch_rows, row_count() - position_);
      if (count > 0) rows = arrow::RecordBatch::Make(arrow::schema({}), count, std::vector<ArrayPtr>{});
      return Ok();
    }
    while (true) {
      if (group_reader_ != nullptr) {
        arrow::Status status = group_reader_->ReadNext(&rows);
        if (!status.ok()) return FromParquet(status);
        if (rows != nullptr) return Ok();
        group_reader_.reset();
        int64_t expected = group_end_;
        if (position_ != expected) {
          return Corrupt(Str("row group ", group_ - 1, " ends at row ", position_, " instead of ", expected));
        }
      }
      if (group_ >= footer_->num_row_groups()) return Ok();
      auto group = footer_->RowGroup(group_);
      group_end_ = position_ + group->num_rows();
      reader_->set_batch_size(BatchRows(*group));
      auto made = reader_->GetRecordBatchReader({group_}, leaves_);
      if (!made.ok()) return FromParquet(made.status());
      group_reader_ = std::move(made).ValueUnsafe();
      ++group_;
    }
  }

  Status ToWanted(std::shared_ptr<arrow::RecordBatch>& rows) {
    std::vector<ArrayPtr> arrays;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const TypePtr& type = schema_->field(static_cast<int>(i))->type();
      auto made = columns_[i] == kMissing ? arrow::MakeArrayOfNull(type, rows->num_rows())
                                          : Promote(rows->column(columns_[i]), type);
      if (!made.ok()) return FromParquet(made.status());
      arrays.push_back(std::move(made).ValueUnsafe());
    }
    rows = arrow::RecordBatch::Make(schema_, rows->num_rows(), std::move(arrays));
    return Ok();
  }

  Status LeaveOutDeleted(std::shared_ptr<arrow::RecordBatch>& rows, DataBatch& out) {
    if (options_.deletes == nullptr || options_.deletes->empty()) return Ok();
    arrow::Int64Builder kept;
    ARROW_TRY(kept.Reserve(rows->num_rows()));
    for (int64_t i = 0; i < rows->num_rows(); ++i) {
      if (!options_.deletes->Contains(out.first_position + i)) kept.UnsafeAppend(i);
    }
    if (kept.length() == rows->num_rows()) return Ok();
    ARROW_TRY_SET(ArrayPtr indices, kept.Finish());
    auto& values = static_cast<const arrow::Int64Array&>(*indices);
    for (int64_t i = 0; i < values.length(); ++i) out.positions.push_back(out.first_position + values.Value(i));
    auto options = arrow::compute::TakeOptions::NoBoundsCheck();
    std::vector<ArrayPtr> arrays;
    for (const ArrayPtr& column : rows->columns()) {
      ARROW_TRY_SET(ArrayPtr taken, arrow::compute::Take(*column, *indices, options));
      arrays.push_back(std::move(taken));
    }
    rows = arrow::RecordBatch::Make(schema_, values.length(), std::move(arrays));
    return Ok();
  }

  // Runs Parquet's code; its exceptions end here. What is wrong with the bytes is kCorrupt, what is wrong with the disk
  // the disk's own error.
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
  std::shared_ptr<parquet::FileMetaData> footer_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<int> leaves_;   // Parquet columns to read, ascending
  std::vector<int> columns_;  // wanted field -> column of a raw batch, or kMissing
  std::unique_ptr<arrow::RecordBatchReader> group_reader_;
  int group_ = 0;          // the next one
  int64_t group_end_ = 0;  // first position after the current one
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
int64_t DataFileReader::row_count() const { return impl_->row_count(); }
const std::shared_ptr<arrow::Schema>& DataFileReader::schema() const { return impl_->schema(); }

}  // namespace sluice
