// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/postponed.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "lake/paimon/file_format.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/buffer_merge.h"
#include "lake/paimon/key_sort.h"
#include "lake/paimon/stored_types.h"
#include "lake/parquet/data_reader.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kBucketsMax = 1 << 20;

class Distributor {
 public:
  Distributor(Env& env, const Schema& schema, const TableOptions& options, std::shared_ptr<const RowLayout> layout,
              const BucketFolders& folders, const Distribution& distribution, std::vector<DistributedFile>& written)
      : env_(env),
        schema_(schema),
        options_(options),
        layout_(std::move(layout)),
        folders_(folders),
        distribution_(distribution),
        written_(written),
        next_sequence_(distribution.first_sequence) {}

  Status Run(const SchemasById& schemas) {
    TRY(Bind());
    // As Java replays them.
    std::vector<DataFileMeta> files = distribution_.files;
    std::stable_sort(files.begin(), files.end(), [](const DataFileMeta& a, const DataFileMeta& b) {
      return std::tie(a.creation_ms, a.min_sequence) < std::tie(b.creation_ms, b.min_sequence);
    });
    TRY_SET(const std::string folder, folders_.Folder(distribution_.partition, kPostponedBucket));
    for (const DataFileMeta& file : files) {
      if (!FormatOfFile(file.name)) {
        return Unsupported(Str("postponed file ", folder, "/", file.name, " is of no format that is read"),
                           "let the engine that wrote it compact the table");
      }
      ReadOptions whole;
      whole.rows = file.row_count;
      const auto columns = ColumnsOfFile(layout_->FileColumns(), *schemas.at(file.schema_id), whole);
      TRY_SET(const auto reader, DataFileReader::Open(env_, Str(folder, "/", file.name), columns, whole));
      for (DataBatch batch;;) {
        TRY_SET(const bool more, reader->Next(batch));
        if (!more) break;
        waiting_.push_back(batch.rows);
        waiting_bytes_ += Bytes(*batch.rows);
        if (waiting_bytes_ >= options_.write_buffer_bytes) TRY(Flush());
      }
    }
    return Flush();
  }

 private:
  Status Bind() {
    std::vector<DataType> types;
    TRY_SET(const auto fields, SupportedFields(schema_, options_.bucket_key));
    for (const Field* field : fields) {
      types.push_back(field->type);
      bucket_columns_.push_back(static_cast<size_t>(field - schema_.fields.data()));
    }
    auto codec = BinaryRowCodec::Make(std::move(types));
    if (!codec.ok()) return std::move(codec).error();
    codec_ = std::make_unique<BinaryRowCodec>(*std::move(codec));
    return Ok();
  }

  static int64_t Bytes(const arrow::RecordBatch& rows) {
    int64_t bytes = 0;
    for (const auto& column : rows.columns()) {
      for (const auto& buffer : column->data()->buffers) bytes += buffer == nullptr ? 0 : buffer->size();
    }
    return bytes;
  }

  Status Flush() {
    if (waiting_.empty()) return Ok();
    int64_t rows = 0;
    for (const auto& batch : waiting_) rows += batch->num_rows();
    Columns columns;
    for (int i = 0; i < waiting_[0]->num_columns(); ++i) {
      Columns parts;
      for (const auto& batch : waiting_) parts.push_back(batch->column(i));
      ARROW_TRY_SET(auto joined, arrow::Concatenate(parts));
      columns.push_back(std::move(joined));
    }
    waiting_.clear();
    waiting_bytes_ = 0;
    const auto first_value = static_cast<std::ptrdiff_t>(layout_->first_value());
    const Columns values(columns.begin() + first_value, columns.end());
    std::vector<int64_t> sequence(static_cast<size_t>(rows));
    std::iota(sequence.begin(), sequence.end(), next_sequence_);
    next_sequence_ += rows;
    auto numbers = arrow::MakeArray(arrow::ArrayData::Make(
        arrow::int64(), rows, {nullptr, arrow::Buffer::FromVector(std::move(sequence))}, 0));
    return WriteBuckets(layout_->Rows(values, numbers, columns[layout_->key_columns() + 1], rows), values);
  }

  Status WriteBuckets(const std::shared_ptr<arrow::RecordBatch>& rows, const Columns& values) {
    Columns cells, key, order;
    for (size_t column : bucket_columns_) cells.push_back(values[column]);
    for (int column : layout_->key()) key.push_back(values[static_cast<size_t>(column)]);
    for (const std::string& name : options_.sequence) {
      order.push_back(values[static_cast<size_t>(schema_.Find(name) - schema_.fields.data())]);
    }
    std::vector<std::vector<uint32_t>> chosen(static_cast<size_t>(distribution_.buckets));
    std::string row_key;
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      codec_->Encode(cells, row, row_key);
      chosen[static_cast<size_t>(BucketOf(row_key, distribution_.buckets))].push_back(static_cast<uint32_t>(row));
    }
    for (size_t bucket = 0; bucket < chosen.size(); ++bucket) {
      if (chosen[bucket].empty()) continue;
      TRY_SET(const auto merged, MergeBuffered(sorter_, options_, *layout_, rows, key, order, chosen[bucket]));
      TRY(WriteFile(static_cast<int>(bucket), *merged, chosen[bucket]));
    }
    return Ok();
  }

  Status WriteFile(int bucket, const arrow::RecordBatch& rows, const std::vector<uint32_t>& chosen) {
    TRY_SET(std::string folder, folders_.Folder(distribution_.partition, bucket));
    TRY(env_.MakeFolders(folder));
    TRY_SET(auto writer, RowFileWriter::Open(env_, layout_, RowFileOptions::Of(options_, std::move(folder))));
    written_.push_back({bucket, writer->path(), {}});
    TRY(writer->Append(rows, chosen));
    written_.back().path = writer->path();
    TRY_SET(written_.back().meta, writer->Close(env_.NowMs()));
    written_.back().meta.source = FileSource::kAppend;
    return Ok();
  }

  Env& env_;
  const Schema& schema_;
  const TableOptions& options_;
  const std::shared_ptr<const RowLayout> layout_;
  const BucketFolders& folders_;
  const Distribution& distribution_;
  std::vector<DistributedFile>& written_;
  int64_t next_sequence_;
  std::vector<size_t> bucket_columns_;
  std::unique_ptr<BinaryRowCodec> codec_;
  KeySorter sorter_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> waiting_;
  int64_t waiting_bytes_ = 0;
};

}  // namespace

std::string PostponedPrefix(std::string user) {
  std::replace(user.begin(), user.end(), '-', '_');  // Java looks for the first "-s-"
  return Str("data--u-", user, "-s-0-w-");
}

int BucketsFor(const TableOptions& options, const std::vector<DataFileMeta>& files) {
  if (options.postpone_buckets > 0) return static_cast<int>(options.postpone_buckets);
  int64_t sum = 0;
  const bool by_rows = options.postpone_bucket_rows > 0;
  for (const DataFileMeta& file : files) sum += by_rows ? file.row_count : file.size;
  const int64_t target = by_rows ? options.postpone_bucket_rows : options.postpone_bucket_bytes;
  return static_cast<int>(std::clamp<int64_t>((sum + target - 1) / target, 1, kBucketsMax));
}

Status Distribute(Env& env, const Schema& schema, const SchemasById& schemas, const TableOptions& options,
                  const std::shared_ptr<const RowLayout>& layout, const BucketFolders& folders,
                  const Distribution& distribution, std::vector<DistributedFile>& written) {
  return Distributor(env, schema, options, layout, folders, distribution, written).Run(schemas);
}

}  // namespace sluice::paimon
