// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/parquet_open.h"

#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <utility>

#include "lake/parquet/block_pool.h"
#include "lake/parquet/promote.h"

namespace sluice {
namespace {
constexpr int kMissing = -1;
}

Result<std::unique_ptr<parquet::arrow::FileReader>> OpenArrowReader(
    std::shared_ptr<arrow::io::RandomAccessFile> source, const parquet::ReaderProperties& properties,
    std::shared_ptr<parquet::FileMetaData> footer) {
  auto parquet_reader = parquet::ParquetFileReader::Open(std::move(source), properties, std::move(footer));
  parquet::ArrowReaderProperties arrow_properties;
  arrow_properties.set_use_threads(false);
  arrow_properties.set_pre_buffer(false);
  arrow_properties.set_arrow_extensions_enabled(false);
  arrow_properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
  auto made = parquet::arrow::FileReader::Make(&BlockPool::Instance(), std::move(parquet_reader), arrow_properties);
  if (!made.ok()) return FromFileFormat(made.status());
  return std::move(made).ValueUnsafe();
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
