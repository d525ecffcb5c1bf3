// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/data_writer.h"

#include <string_view>
#include <utility>

#include "base/text.h"

namespace sluice::iceberg {
namespace {

// Bytes of uuid and fixed[L]; 0 for all others.
int FixedBytes(std::string_view type) {
  if (type == "uuid") return 16;
  int length = 0;
  if (!type.starts_with("fixed[") || !ParseNumber(type.substr(6, type.size() - 7), length)) return 0;
  return length;
}

std::vector<WriteColumn> WriteColumns(const Schema& schema) {
  std::vector<WriteColumn> columns;
  for (const Field& field : schema.fields) {
    columns.push_back({.id = field.id,
                       .name = field.name,
                       .type = field.type,
                       .required = field.required,
                       .element_id = field.element_id,
                       .element_required = field.element_required,
                       .fixed_bytes = FixedBytes(field.iceberg_type),
                       .uuid = field.iceberg_type == "uuid",
                       .style = ParquetStyle::kIceberg,
                       .type_name = field.iceberg_type});
  }
  return columns;
}

// Fields inside of lists have no counts and bounds, as in other writers.
void Describe(const Field& field, MetricsMode mode, ColumnStats stats, DataFile& file) {
  if (mode.kind == MetricsKind::kNone) return;
  const bool list = field.type.kind == TypeKind::kArray;
  file.column_sizes[list ? field.element_id : field.id] = stats.compressed_size;
  if (list) return;
  file.value_counts[field.id] = stats.values;
  file.null_counts[field.id] = stats.nulls;
  const bool real = field.type.kind == TypeKind::kFloat || field.type.kind == TypeKind::kDouble;
  if (real) file.nan_counts[field.id] = stats.nans;
  if (stats.lower) file.lower_bounds[field.id] = *std::move(stats.lower);
  if (stats.upper) file.upper_bounds[field.id] = *std::move(stats.upper);
}

}  // namespace

Result<std::unique_ptr<DataFileWriter>> DataFileWriter::Open(Env& env, const std::string& path, const Schema& schema,
                                                             WriteOptions options, std::string location) {
  std::vector<MetricsMode> modes;
  for (const Field& field : schema.fields) {
    auto mode = options.column_metrics.find(field.id);
    modes.push_back(mode == options.column_metrics.end() ? options.metrics : mode->second);
  }
  options.modes = modes;
  TRY_SET(auto writer, ParquetWriter::Open(env, path, WriteColumns(schema), "table", std::move(options)));
  return std::unique_ptr<DataFileWriter>(new DataFileWriter(location.empty() ? path : std::move(location), schema,
                                                            std::move(modes), std::move(writer)));
}

DataFileWriter::DataFileWriter(std::string location, Schema schema, std::vector<MetricsMode> modes,
                               std::unique_ptr<ParquetWriter> writer)
    : location_(std::move(location)),
      schema_(std::move(schema)),
      modes_(std::move(modes)),
      writer_(std::move(writer)) {}

Result<DataFile> DataFileWriter::Close() {
  TRY_SET(WrittenFile written, writer_->Close());
  DataFile file;
  file.path = location_;
  file.record_count = written.rows;
  file.size = written.size;
  file.split_offsets = std::move(written.split_offsets);
  for (size_t i = 0; i < schema_.fields.size(); ++i) {
    Describe(schema_.fields[i], modes_[i], std::move(written.columns[i]), file);
  }
  return file;
}

}  // namespace sluice::iceberg
