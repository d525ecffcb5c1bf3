// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/file_writer.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/compression.h>
#include <parquet/column_writer.h>
#include <parquet/file_writer.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/text.h"
#include "lake/parquet/block_pool.h"
#include "lake/parquet/column_appender.h"
#include "lake/parquet/dictionary_choice.h"
#include "lake/parquet/file_streams.h"
#include "lake/parquet/nested_appender.h"
#include "lake/parquet/parquet_schema.h"
#include "lake/parquet/zstd_choice.h"
#include "row/nested_type.h"

namespace sluice {
namespace {

constexpr int64_t kShareRows = 1024;  // fewer are not worth a wake-up

parquet::Compression::type CodecOf(const std::string& name) {
  if (name == "zstd") return parquet::Compression::ZSTD;
  if (name == "snappy") return parquet::Compression::SNAPPY;
  if (name == "gzip") return parquet::Compression::GZIP;
  if (name == "lz4") return parquet::Compression::LZ4;  // Arrow writes it as LZ4_RAW
  if (name == "brotli") return parquet::Compression::BROTLI;
  return parquet::Compression::UNCOMPRESSED;
}

}  // namespace

void ReleaseWriteMemory() { BlockPool::Instance().ReleaseUnused(); }

class ParquetWriter::Impl {
 public:
  Impl(std::string path, std::vector<WriteColumn> columns, ParquetOptions options)
      : path_(std::move(path)), columns_(std::move(columns)), options_(std::move(options)) {
    options_.modes.resize(columns_.size());
  }

  ~Impl() {
    // Parquet's destructor writes a footer: into nothing.
    if (sink_ != nullptr) sink_->Abandon();
  }

  Status Open(Env& env, const std::string& message_name) {
    TRY_SET(parquet_schema_, ToParquetSchema(columns_, message_name));
    for (const WriteColumn& column : columns_) {
      if (IsNested(column.type)) {
        TRY_SET(auto nested, MakeNestedAppenders(column));
        for (auto& appender : nested) appenders_.push_back(std::move(appender));
      } else {
        TRY_SET(auto appender, ColumnAppender::Make(column));
        appenders_.push_back(std::move(appender));
      }
      column_of_.resize(appenders_.size(), static_cast<int>(&column - columns_.data()));
    }
    TRY_SET(auto file, env.NewFile(path_));
    sink_ = std::make_shared<EnvOutputStream>(std::move(file));
    return Ok();
  }

  Status Append(const arrow::RecordBatch& batch, const uint32_t* rows, int64_t count) {
    if (count == 0) return Ok();
    return Guard([&]() -> Status {
      if (static_cast<size_t>(batch.num_columns()) != columns_.size()) {
        return Invalid(Str(path_, ": a batch of ", batch.num_columns(), " columns does not fit a table of ",
                           columns_.size()));
      }
      if (writer_ == nullptr) OpenParquet(&batch, rows, count);
      if (group_ == nullptr) group_ = writer_->AppendBufferedRowGroup();
      TRY(AppendColumns(batch, rows, count));
      position_ += count;
      EndGroupIfFull();
      return Ok();
    });
  }

  Result<WrittenFile> Close() {
    WrittenFile file;
    Status status = Guard([&]() -> Status {
      if (writer_ == nullptr) OpenParquet(nullptr, nullptr, 0);
      if (group_ != nullptr) group_->Close();
      group_ = nullptr;
      writer_->Close();
      TRY(sink_->Finish(options_.sync));
      Describe(file);
      return Ok();
    });
    TRY(std::move(status));
    file.size = sink_->position();
    error_ = Invalid(Str(path_, " is closed"));
    return file;
  }

  int64_t position() const { return position_; }
  int64_t bytes() const { return sink_->position() + group_bytes_; }

 private:
  // The columns of a buffered row group have nothing in common, so two threads can fill them.
  Status AppendColumns(const arrow::RecordBatch& batch, const uint32_t* rows, int64_t count) {
    const auto append = [&](size_t n) -> Status {
      const int i = order_[n];
      try {
        const auto& cells = *batch.column(column_of_[static_cast<size_t>(i)]);
        return appenders_[static_cast<size_t>(i)]->Append(cells, rows, count, *group_->column(i));
      } catch (const std::exception& error) {
        return Unavailable(Str("write ", path_, ": ", error.what()));
      }
    };
    if (options_.helper != nullptr && order_.size() > 1 && count >= kShareRows) {
      return options_.helper->ForEach(order_.size(), append);
    }
    for (size_t n = 0; n < order_.size(); ++n) TRY(append(n));
    return Ok();
  }

  // The encodings are fixed when the file is opened, so the first batch decides them.
  void OpenParquet(const arrow::RecordBatch* sample, const uint32_t* rows, int64_t count) {
    parquet::WriterProperties::Builder builder;
    builder.memory_pool(&BlockPool::Instance())
        ->created_by("sluice version " SLUICE_VERSION)
        ->compression(CodecOf(options_.codec))
        ->data_pagesize(options_.page_bytes)
        ->max_rows_per_page(options_.page_rows)
        ->dictionary_pagesize_limit(options_.dictionary_bytes)
        ->enable_write_page_index();
    if (options_.codec_level > 0) builder.compression_level(options_.codec_level);
    for (int i = 0; sample != nullptr && i < sample->num_columns(); ++i) {
      const auto& name = columns_[static_cast<size_t>(i)].name;
      if (DictionaryPays(*sample->column(i), rows, count)) continue;
      builder.disable_dictionary(name);
      const bool fast = options_.codec == "zstd" && options_.codec_level == 1;
      if (fast && !SearchPays(*sample->column(i), rows, count)) builder.codec_options(name, WithoutSearch());
    }
    order_.resize(appenders_.size());
    std::iota(order_.begin(), order_.end(), 0);
    if (sample != nullptr) {  // the largest first, so that both threads end at about the same time
      std::vector<int64_t> bytes;
      for (const auto& column : sample->columns()) {
        bytes.push_back(arrow::util::ReferencedBufferSize(*column).ValueOr(0));
      }
      std::stable_sort(order_.begin(), order_.end(), [&](int a, int b) {
        const auto of = [&](int i) { return bytes[static_cast<size_t>(column_of_[static_cast<size_t>(i)])]; };
        return of(a) > of(b);
      });
    }
    writer_ = parquet::ParquetFileWriter::Open(sink_, parquet_schema_, builder.build());
  }

  void EndGroupIfFull() {
    auto buffered = group_->estimated_buffered_stats();
    group_bytes_ = group_->total_compressed_bytes() + group_->total_compressed_bytes_written() + buffered.value_bytes +
                   buffered.dict_bytes + buffered.def_level_bytes + buffered.rep_level_bytes;
    if (group_bytes_ < options_.row_group_bytes) return;
    group_->Close();
    group_ = nullptr;
    group_bytes_ = 0;
  }

  void Describe(WrittenFile& file) const {
    const parquet::FileMetaData& footer = *writer_->metadata();
    std::vector<int64_t> nan_counts(columns_.size());
    for (size_t i = 0; i < appenders_.size(); ++i) {
      nan_counts[static_cast<size_t>(column_of_[i])] = appenders_[i]->nan_count();
    }
    file.rows = footer.num_rows();
    file.split_offsets = SplitOffsets(footer);
    file.columns = ReadColumnStats(footer, columns_, options_.modes, nan_counts);
  }

  // Runs Parquet's code; its exceptions end here. After an error only that error is given.
  template <typename Action>
  Status Guard(Action&& action) {
    if (error_) return *error_;
    Status status;
    try {
      status = action();
    } catch (const std::exception& error) {
      status = Unavailable(Str("write ", path_, ": ", error.what()));
    }
    if (status.ok()) return Ok();
    error_ = sink_->error() ? *sink_->error() : status.error();
    return *error_;
  }

  std::string path_;
  std::vector<WriteColumn> columns_;
  ParquetOptions options_;
  std::shared_ptr<parquet::schema::GroupNode> parquet_schema_;
  std::vector<std::unique_ptr<ColumnAppender>> appenders_;  // one a Parquet column: nested ones have several
  std::vector<int> column_of_;  // of columns_
  std::vector<int> order_;      // of the appenders, as they are begun
  std::shared_ptr<EnvOutputStream> sink_;
  std::unique_ptr<parquet::ParquetFileWriter> writer_;
  parquet::RowGroupWriter* group_ = nullptr;
  int64_t group_bytes_ = 0;
  int64_t position_ = 0;
  std::optional<Error> error_;
};

Result<std::unique_ptr<ParquetWriter>> ParquetWriter::Open(Env& env, const std::string& path,
                                                           std::vector<WriteColumn> columns,
                                                           const std::string& message_name, ParquetOptions options) {
  if (columns.empty()) return Unsupported(Str(path, ": a table without columns cannot be written"));
  auto impl = std::make_unique<Impl>(path, std::move(columns), std::move(options));
  TRY(impl->Open(env, message_name));
  return std::unique_ptr<ParquetWriter>(new ParquetWriter(std::move(impl)));
}

ParquetWriter::ParquetWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ParquetWriter::~ParquetWriter() = default;

Status ParquetWriter::Append(const arrow::RecordBatch& batch) {
  return impl_->Append(batch, nullptr, batch.num_rows());
}
Status ParquetWriter::Append(const arrow::RecordBatch& batch, std::span<const uint32_t> rows) {
  return impl_->Append(batch, rows.data(), static_cast<int64_t>(rows.size()));
}
int64_t ParquetWriter::position() const { return impl_->position(); }
int64_t ParquetWriter::bytes() const { return impl_->bytes(); }
Result<WrittenFile> ParquetWriter::Close() { return impl_->Close(); }

}  // namespace sluice
