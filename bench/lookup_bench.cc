// SPDX-License-Identifier: Apache-2.0
// What an epoch of random updates costs in a Paimon table whose commits look rows up: CPU and bytes read. A table of 20
// columns in 4 buckets is filled, then each epoch updates rows anywhere in it; all in this process and thread.
//   lookup_bench FOLDER [rows] [epochs] [changes an epoch] [option=value ...]
#include <arrow/api.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/text.h"
#include "io/env.h"
#include "lake/paimon/evolve.h"
#include "lake/paimon/table_writer.h"

namespace {

using namespace sluice;
using namespace sluice::paimon;

constexpr int64_t kBatchRows = 65'536;

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double ReadMb() {
  std::ifstream file("/proc/self/io");
  std::string name;
  double bytes = 0;
  file >> name >> bytes;  // rchar
  return bytes / 1e6;
}

double PeakMb() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

template <typename T>
T Must(Result<T> result) {
  if (result.ok()) return *std::move(result);
  std::fprintf(stderr, "%s\n", result.error().ToString().c_str());
  std::exit(1);
}
void Must(Status status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.error().ToString().c_str());
  std::exit(1);
}

TableSchema TestSchema() {
  TableSchema schema;
  schema.columns.push_back({"id", Must(ParseDataType("BIGINT NOT NULL")), "", {}});
  const char* types[] = {"INT", "BIGINT", "VARCHAR(40)", "DOUBLE", "VARCHAR(40)"};
  for (int i = 1; i < 20; ++i) schema.columns.push_back({Str("c", i), Must(ParseDataType(types[i % 5])), "", {}});
  schema.primary_key = {"id"};
  return schema;
}

std::shared_ptr<arrow::Array> ColumnOf(const std::shared_ptr<arrow::DataType>& type, const std::vector<int64_t>& ids,
                                       std::mt19937_64& random, bool key) {
  auto builder = arrow::MakeBuilder(type).ValueOrDie();
  for (int64_t id : ids) {
    const uint64_t bits = random();
    arrow::Status done;
    switch (type->id()) {
      case arrow::Type::INT32: done = static_cast<arrow::Int32Builder&>(*builder).Append(bits % 1'000'000); break;
      case arrow::Type::INT64:
        done = static_cast<arrow::Int64Builder&>(*builder).Append(key ? id : static_cast<int64_t>(bits >> 20));
        break;
      case arrow::Type::DOUBLE:
        done = static_cast<arrow::DoubleBuilder&>(*builder).Append(static_cast<double>(bits % 10'000'000) / 100);
        break;
      default: done = static_cast<arrow::StringBuilder&>(*builder).Append(Str("text ", bits % 1'000'000'000)); break;
    }
    if (!done.ok()) std::abort();
  }
  return builder->Finish().ValueOrDie();
}

void Write(TableWriter& writer, const std::shared_ptr<const TableSchema>& schema, const std::vector<int64_t>& ids,
           RowKind kind, std::mt19937_64& random) {
  ChangeBatch batch;
  batch.table = {"db", "t"};
  batch.schema = schema;
  batch.kinds.assign(ids.size(), kind);
  const auto types = schema->ToArrow();
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const auto& field : types->fields()) columns.push_back(ColumnOf(field->type(), ids, random, columns.empty()));
  batch.rows = arrow::RecordBatch::Make(types, static_cast<int64_t>(ids.size()), std::move(columns));
  Must(writer.Write(batch));
}

void Commit(TableWriter& writer, int64_t epoch) {
  const TableChange change = Must(writer.Finish({epoch, Str("end-", epoch)}));
  Must(writer.Commit(change, epoch));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 1;
  const std::string folder = Str(argv[1], "/t");
  int64_t numbers[] = {2'000'000, 20, 1000};
  Options options = {{"bucket", "4"}, {"changelog-producer", "lookup"}, {"snapshot.num-retained.max", "10"}};
  for (int i = 2; i < argc; ++i) {
    const std::string text = argv[i];
    const size_t at = text.find('=');
    if (at != std::string::npos) options[text.substr(0, at)] = text.substr(at + 1);
    else numbers[i - 2] = std::atoll(argv[i]);
  }
  const auto [rows, epochs, changes] = numbers;
  const auto schema = std::make_shared<const TableSchema>(TestSchema());
  Must(CreateTable(PosixEnv(), folder, Must(FromTableSchema(*schema, {}, options))));
  TableWriterOptions writing;
  writing.name = "db.t";
  writing.user = "bench";
  auto writer = Must(TableWriter::Make(PosixEnv(), Must(Table::Open(PosixEnv(), folder)), writing));
  Must(writer->Adopt(*schema));
  std::mt19937_64 random(1);
  double cpu = CpuSeconds();
  for (int64_t first = 0; first < rows; first += kBatchRows) {
    std::vector<int64_t> ids;
    for (int64_t id = first; id < std::min(rows, first + kBatchRows); ++id) ids.push_back(id);
    Write(*writer, schema, ids, RowKind::kInsert, random);
    if (writer->buffered_bytes() > writer->most_buffered_bytes()) Must(writer->Flush());
  }
  Commit(*writer, 1);
  std::printf("filled: %lld rows, %.2f CPU s, peak %.0f MB\n", static_cast<long long>(rows), CpuSeconds() - cpu,
              PeakMb());
  std::vector<double> seconds, megabytes;
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    std::vector<int64_t> ids;
    for (int64_t i = 0; i < changes; ++i) ids.push_back(static_cast<int64_t>(random() % static_cast<uint64_t>(rows)));
    cpu = CpuSeconds();
    const double read = ReadMb();
    Write(*writer, schema, ids, RowKind::kUpdateAfter, random);
    Commit(*writer, epoch + 2);
    seconds.push_back(CpuSeconds() - cpu);
    megabytes.push_back(ReadMb() - read);
  }
  std::sort(seconds.begin(), seconds.end());
  std::sort(megabytes.begin(), megabytes.end());
  const size_t middle = seconds.size() / 2;
  std::printf("epoch: CPU %.1f ms (%.1f-%.1f), %.1f us a change; read %.2f MB (%.2f-%.2f); peak %.0f MB\n",
              seconds[middle] * 1e3, seconds.front() * 1e3, seconds.back() * 1e3,
              seconds[middle] * 1e6 / static_cast<double>(changes), megabytes[middle], megabytes.front(),
              megabytes.back(), PeakMb());
  return 0;
}
