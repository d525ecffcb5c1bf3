// SPDX-License-Identifier: Apache-2.0
// What writing Parquet costs, CPU microseconds a row of one thread: Arrow's own FileWriter (the floor that results are
// held against) and our DataFileWriter, on lineitem-like and sysbench-like columns, zstd level 1, output dropped.
// usage: parquet_floor [rows, default 2000000] [lineitem|sysbench|all]
#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <parquet/arrow/writer.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "base/text.h"
#include "io/env.h"
#include "lake/iceberg/data_writer.h"

namespace {

constexpr int64_t kBatchRows = 65'536;
constexpr int kRuns = 3;
using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class CountingStream final : public arrow::io::OutputStream {
 public:
  arrow::Status Write(const void*, int64_t count) override {
    position_ += count;
    return arrow::Status::OK();
  }
  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }
  arrow::Result<int64_t> Tell() const override { return position_; }

 private:
  int64_t position_ = 0;
};

struct Generator {
  std::mt19937_64 random{42};
  int64_t row = 0;
  uint64_t Below(uint64_t limit) { return random() % limit; }
};

using Fill = std::function<void(Generator&, arrow::ArrayBuilder&)>;
struct GeneratedColumn {
  std::string name;
  sluice::DataType type;
  Fill fill;
};

template <typename Builder, typename Value>
Fill Number(Value value) {
  return [value](Generator& g, arrow::ArrayBuilder& b) { (void)static_cast<Builder&>(b).Append(value(g)); };
}
Fill Money(uint64_t least, uint64_t range) {
  return [=](Generator& g, arrow::ArrayBuilder& b) {
    (void)static_cast<arrow::Decimal128Builder&>(b).Append(
        arrow::Decimal128(static_cast<int64_t>(least + g.Below(range))));
  };
}
Fill Choice(std::vector<std::string> words) {
  return [words](Generator& g, arrow::ArrayBuilder& b) {
    (void)static_cast<arrow::StringBuilder&>(b).Append(words[g.Below(words.size())]);
  };
}
Fill Comment() {
  static const std::vector<std::string> kWords = {"furiously ", "carefully ", "quickly ",  "final ",    "regular ",
                                                  "express ",   "packages ",  "deposits ", "requests ", "accounts ",
                                                  "ironic ",    "pending ",   "even ",     "bold ",     "slyly ",
                                                  "blithely ",  "above the ", "across ",   "among ",    "haggle "};
  return [](Generator& g, arrow::ArrayBuilder& b) {
    std::string text = kWords[g.Below(20)];
    for (size_t length = 10 + g.Below(34); text.size() < length;) text += kWords[g.Below(20)];
    text.resize(10 + g.Below(34) < text.size() ? text.size() - 3 : text.size());
    (void)static_cast<arrow::StringBuilder&>(b).Append(text);
  };
}
Fill Digits(int groups) {  // "83868641912-28773972837-…": sysbench's c and pad
  return [=](Generator& g, arrow::ArrayBuilder& b) {
    std::string text;
    for (int i = 0; i < groups; ++i) text += (i ? "-" : "") + std::to_string(10'000'000'000 + g.Below(89'999'999'999));
    (void)static_cast<arrow::StringBuilder&>(b).Append(text);
  };
}

sluice::DataType Kind(sluice::TypeKind kind) {
  sluice::DataType type;
  type.kind = kind;
  return type;
}

std::vector<GeneratedColumn> Lineitem() {
  using K = sluice::TypeKind;
  auto decimal = Kind(K::kDecimal);
  decimal.precision = 12;
  decimal.scale = 2;
  auto date = Number<arrow::Date32Builder>([](Generator& g) { return static_cast<int32_t>(8036 + g.Below(2526)); });
  auto below = [](uint64_t limit) {
    return Number<arrow::Int32Builder>([=](Generator& g) { return static_cast<int32_t>(1 + g.Below(limit)); });
  };
  return {
      {"l_orderkey", Kind(K::kBigInt), Number<arrow::Int64Builder>([](Generator& g) { return g.row / 4 + 1; })},
      {"l_partkey", Kind(K::kInt), below(200'000)},
      {"l_suppkey", Kind(K::kInt), below(10'000)},
      {"l_linenumber", Kind(K::kInt),
       Number<arrow::Int32Builder>([](Generator& g) { return static_cast<int32_t>(g.row % 4 + 1); })},
      {"l_quantity", decimal,
       [](Generator& g, arrow::ArrayBuilder& b) {
         (void)static_cast<arrow::Decimal128Builder&>(b).Append(
             arrow::Decimal128(static_cast<int64_t>(100 * (1 + g.Below(50)))));
       }},
      {"l_extendedprice", decimal, Money(90'000, 10'400'000)},
      {"l_discount", decimal, Money(0, 11)},
      {"l_tax", decimal, Money(0, 9)},
      {"l_returnflag", Kind(K::kString), Choice({"A", "N", "R"})},
      {"l_linestatus", Kind(K::kString), Choice({"O", "F"})},
      {"l_shipdate", Kind(K::kDate), date},
      {"l_commitdate", Kind(K::kDate), date},
      {"l_receiptdate", Kind(K::kDate), date},
      {"l_shipinstruct", Kind(K::kString), Choice({"DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"})},
      {"l_shipmode", Kind(K::kString), Choice({"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"})},
      {"l_comment", Kind(K::kString), Comment()}};
}

std::vector<GeneratedColumn> Sysbench() {
  using K = sluice::TypeKind;
  return {{"id", Kind(K::kBigInt), Number<arrow::Int64Builder>([](Generator& g) { return g.row + 1; })},
          {"k", Kind(K::kInt),
           Number<arrow::Int32Builder>([](Generator& g) { return static_cast<int32_t>(g.Below(2'000'000)); })},
          {"c", Kind(K::kString), Digits(10)},
          {"pad", Kind(K::kString), Digits(5)}};
}

sluice::TableSchema ToSchema(const std::vector<GeneratedColumn>& columns) {
  sluice::TableSchema schema;
  for (const auto& column : columns) {
    sluice::Column out;
    out.name = column.name;
    out.type = column.type;
    schema.columns.push_back(out);
  }
  return schema;
}

Batches Generate(const std::vector<GeneratedColumn>& columns, int64_t rows) {
  Batches out;
  Generator generator;
  auto schema = ToSchema(columns).ToArrow();
  for (int64_t from = 0; from < rows; from += kBatchRows) {
    int64_t count = std::min(kBatchRows, rows - from);
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (int c = 0; c < schema->num_fields(); ++c) {
      auto builder = arrow::MakeBuilder(schema->field(c)->type()).ValueOrDie();
      for (int64_t i = 0; i < count; ++i) {
        generator.row = from + i;
        columns[static_cast<size_t>(c)].fill(generator, *builder);
      }
      arrays.push_back(builder->Finish().ValueOrDie());
    }
    out.push_back(arrow::RecordBatch::Make(schema, count, arrays));
  }
  return out;
}

struct Cost {
  double seconds;
  int64_t bytes;
};

Cost WriteByArrow(const Batches& batches) {
  double start = CpuSeconds();
  parquet::WriterProperties::Builder properties;
  properties.compression(parquet::Compression::ZSTD)->compression_level(1)->enable_write_page_index();
  properties.enable_store_decimal_as_integer();
  auto sink = std::make_shared<CountingStream>();
  auto writer = parquet::arrow::FileWriter::Open(*batches[0]->schema(), arrow::default_memory_pool(), sink,
                                                 properties.build())
                    .ValueOrDie();
  for (const auto& batch : batches) (void)writer->WriteRecordBatch(*batch);
  (void)writer->Close();
  return {CpuSeconds() - start, *sink->Tell()};
}

Cost WriteByUs(const Batches& batches, const sluice::iceberg::Schema& schema, bool selected) {
  std::vector<uint32_t> rows;
  for (uint32_t i = 0; i < kBatchRows; ++i) rows.push_back(i);
  double start = CpuSeconds();
  sluice::iceberg::WriteOptions options;
  options.sync = false;  // which /dev/null cannot
  auto writer = sluice::iceberg::DataFileWriter::Open(sluice::PosixEnv(), "/dev/null", schema, options);
  for (const auto& batch : batches) {
    auto status = selected ? (*writer)->Append(*batch, std::span(rows).first(static_cast<size_t>(batch->num_rows())))
                           : (*writer)->Append(*batch);
    if (!status.ok()) std::fprintf(stderr, "%s\n", status.error().ToString().c_str());
  }
  auto file = (*writer)->Close();
  return {CpuSeconds() - start, file.ok() ? file->size : -1};
}

void Report(const char* data, const char* writer, int64_t rows, const std::function<Cost()>& run) {
  std::vector<double> seconds;
  Cost cost{};
  for (int i = 0; i < kRuns; ++i) {
    cost = run();
    seconds.push_back(cost.seconds);
  }
  std::sort(seconds.begin(), seconds.end());
  double scale = 1e6 / static_cast<double>(rows);
  std::printf("%-9s %-34s %6.3f us/row least, %6.3f median, %6.1f bytes/row\n", data, writer, seconds.front() * scale,
              seconds[kRuns / 2] * scale, static_cast<double>(cost.bytes) / static_cast<double>(rows));
  std::fflush(stdout);
}

void Run(const char* name, const std::vector<GeneratedColumn>& columns, int64_t rows) {
  Batches batches = Generate(columns, rows);
  auto schema = sluice::iceberg::FromTableSchema(ToSchema(columns));
  Report(name, "Arrow FileWriter (floor)", rows, [&] { return WriteByArrow(batches); });
  Report(name, "DataFileWriter", rows, [&] { return WriteByUs(batches, schema, false); });
  Report(name, "DataFileWriter, rows selected", rows, [&] { return WriteByUs(batches, schema, true); });
}

}  // namespace

int main(int argc, char** argv) {
  int64_t rows = 2'000'000;
  if (argc > 1 && (!sluice::ParseNumber(argv[1], rows) || rows < 1)) {
    std::fprintf(stderr, "usage: parquet_floor [rows] [lineitem|sysbench|all]\n");
    return 2;
  }
  std::string which = argc > 2 ? argv[2] : "all";
  if (which != "sysbench") Run("lineitem", Lineitem(), rows);
  if (which != "lineitem") Run("sysbench", Sysbench(), rows);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("peak memory %ld MB, the generated rows included\n", usage.ru_maxrss / 1024);
  return 0;
}
