// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/parquet_open.h"

#include <parquet/arrow/reader.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <cstring>
#include <utility>

#include "base/text.h"
#include "lake/parquet/block_pool.h"
#include "lake/parquet/promote.h"
#include "row/timestamp.h"

namespace sluice {
namespace {
constexpr int kMissing = -1;
}

Result<std::unique_ptr<parquet::arrow::FileReader>> OpenArrowReader(
    std::shared_ptr<arrow::io::RandomAccessFile> source, const parquet::ReaderProperties& properties,
    std::shared_ptr<parquet::FileMetaData> footer, bool nanos) {
  auto parquet_reader = parquet::ParquetFileReader::Open(std::move(source), properties, std::move(footer));
  parquet::ArrowReaderProperties arrow_properties;
  arrow_properties.set_use_threads(false);
  arrow_properties.set_pre_buffer(false);
  arrow_properties.set_arrow_extensions_enabled(false);
  arrow_properties.set_coerce_int96_timestamp_unit(nanos ? arrow::TimeUnit::NANO : arrow::TimeUnit::MICRO);
  auto made = parquet::arrow::FileReader::Make(&BlockPool::Instance(), std::move(parquet_reader), arrow_properties);
  if (!made.ok()) return FromFileFormat(made.status());
  return std::move(made).ValueUnsafe();
}

namespace {

// Writers may give nanoseconds of the day below 0.
bool FitsNanos(const parquet::Int96& time) {
  constexpr __int128 kDayNanos = __int128{86'400} * 1'000'000'000, kUnixDay = 2'440'588;
  int64_t nanos = 0;
  std::memcpy(&nanos, time.value.data(), sizeof nanos);
  const __int128 since = (static_cast<int32_t>(time.value[2]) - kUnixDay) * kDayNanos + nanos;
  return since == static_cast<int64_t>(since);
}

Status CheckNanosOf(parquet::Int96Reader& column, const std::string& name) {
  constexpr int64_t kAtOnce = 4096;
  std::vector<parquet::Int96> times(kAtOnce);
  std::vector<int16_t> definition(kAtOnce), repetition(kAtOnce);
  while (column.HasNext()) {
    int64_t read = 0;
    column.ReadBatch(kAtOnce, definition.data(), repetition.data(), times.data(), &read);
    for (int64_t i = 0; i < read; ++i) {
      if (FitsNanos(times[static_cast<size_t>(i)])) continue;
      return Unsupported(Str("column ", name, " has a time that 64 bits of nanoseconds do not hold: ", kNanosRange),
                         "leave it out with --columns, or give the column the type TIMESTAMP(6)");
    }
  }
  return Ok();
}

}  // namespace

Status CheckNanos(parquet::arrow::FileReader& reader, int group, const std::vector<int>& leaves) {
  const parquet::SchemaDescriptor& schema = *reader.parquet_reader()->metadata()->schema();
  std::shared_ptr<parquet::RowGroupReader> rows;
  for (int leaf : leaves) {
    if (schema.Column(leaf)->physical_type() != parquet::Type::INT96) continue;
    if (rows == nullptr) rows = reader.parquet_reader()->RowGroup(group);
    const auto column = rows->Column(leaf);
    TRY(CheckNanosOf(static_cast<parquet::Int96Reader&>(*column), schema.GetColumnRoot(leaf)->name()));
  }
  return Ok();
}

std::vector<int> TopColumnsOf(const parquet::FileMetaData& footer, const std::vector<FileColumn>& wanted) {
  const parquet::schema::GroupNode& root = *footer.schema()->group_node();
  bool ids = false;
  for (int i = 0; i < root.field_count(); ++i) ids |= root.field(i)->field_id() >= 0;
  std::vector<int> nodes;
  for (const FileColumn& field : wanted) {
    int node = kMissing;
    for (int i = 0; i < root.field_count() && node == kMissing; ++i) {
      const bool same = ids ? root.field(i)->field_id() == field.id
                            : root.field(i)->name() == field.stored_name.value_or(field.name);
      if (same) node = i;
    }
    nodes.push_back(node);
  }
  return nodes;
}

std::vector<int> LeavesOf(const parquet::FileMetaData& footer, int column) {
  const parquet::schema::GroupNode& root = *footer.schema()->group_node();
  std::vector<int> leaves;
  for (int leaf = 0; leaf < footer.schema()->num_columns(); ++leaf) {
    if (root.FieldIndex(*footer.schema()->GetColumnRoot(leaf)) == column) leaves.push_back(leaf);
  }
  return leaves;
}

int FlatLeafOf(const parquet::FileMetaData& footer, const FileColumn& column) {
  const int node = TopColumnsOf(footer, {column})[0];
  if (node == kMissing || !footer.schema()->group_node()->field(node)->is_primitive()) return kMissing;
  const std::vector<int> leaves = LeavesOf(footer, node);
  return leaves.size() == 1 ? leaves[0] : kMissing;
}

}  // namespace sluice
