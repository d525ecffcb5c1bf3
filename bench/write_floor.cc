// SPDX-License-Identifier: Apache-2.0
// The floor of writing: Arrow's own Parquet writer alone, zstd-1, one thread, on the columns of given Parquet files.
//   write_floor FILE...      the files are read before the clock starts; the output is counted and dropped
// One line of JSON on stdout.
#include <arrow/api.h>
#include <arrow/io/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

namespace {

constexpr int64_t kBatchRows = 65'536;
constexpr int64_t kRowGroupRows = 1 << 20;

// Counts what is written.
class NullStream : public arrow::io::OutputStream {
 public:
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return bytes_; }
  arrow::Status Write(const void*, int64_t bytes) override {
    bytes_ += bytes;
    return arrow::Status::OK();
  }

 private:
  int64_t bytes_ = 0;
  bool closed_ = false;
};

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

arrow::Result<std::shared_ptr<arrow::Table>> Load(int count, char** files) {
  std::vector<std::shared_ptr<arrow::Table>> tables;
  for (int i = 0; i < count; ++i) {
    ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(files[i]));
    ARROW_ASSIGN_OR_RAISE(auto reader, parquet::arrow::OpenFile(file, arrow::default_memory_pool()));
    ARROW_ASSIGN_OR_RAISE(auto table, reader->ReadTable());
    tables.push_back(std::move(table));
  }
  ARROW_ASSIGN_OR_RAISE(auto all, arrow::ConcatenateTables(tables));
  return all->CombineChunks();
}

arrow::Status Run(int count, char** files) {
  ARROW_ASSIGN_OR_RAISE(auto table, Load(count, files));
  auto properties = parquet::WriterProperties::Builder()
                        .compression(parquet::Compression::ZSTD)
                        ->compression_level(1)
                        ->max_row_group_length(kRowGroupRows)
                        ->build();
  auto out = std::make_shared<NullStream>();
  const double cpu = CpuSeconds();
  const auto began = std::chrono::steady_clock::now();
  ARROW_ASSIGN_OR_RAISE(auto writer, parquet::arrow::FileWriter::Open(*table->schema(), arrow::default_memory_pool(),
                                                                      out, properties));
  arrow::TableBatchReader reader(*table);
  reader.set_chunksize(kBatchRows);
  std::shared_ptr<arrow::RecordBatch> batch;
  while (true) {
    ARROW_RETURN_NOT_OK(reader.ReadNext(&batch));
    if (batch == nullptr) break;
    ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*batch));
  }
  ARROW_RETURN_NOT_OK(writer->Close());
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began;
  std::printf("{\"items\": %lld, \"bytes\": %lld, \"seconds\": %.6f, \"cpu\": %.6f}\n",
              static_cast<long long>(table->num_rows()), static_cast<long long>(out->Tell().ValueOr(0)), wall.count(),
              CpuSeconds() - cpu);
  return arrow::Status::OK();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: write_floor FILE...\n");
    return 2;
  }
  const arrow::Status status = Run(argc - 1, argv + 1);
  if (!status.ok()) std::fprintf(stderr, "error: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
