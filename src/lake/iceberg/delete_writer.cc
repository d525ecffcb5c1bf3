// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/delete_writer.h"

#include <parquet/column_reader.h>
#include <parquet/column_writer.h>
#include <parquet/file_reader.h>
#include <parquet/file_writer.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"
#include "lake/parquet/file_streams.h"

namespace sluice::iceberg {
namespace {

constexpr int64_t kChunkRows = 4096;
constexpr int64_t kPlainRows = 64;  // fewer are not compressed: that costs more than all the rest
constexpr int64_t kPositionLimit = int64_t{1} << 31;
constexpr const char* kPathName = "file_path";
constexpr const char* kPosName = "pos";

std::shared_ptr<parquet::schema::GroupNode> DeleteSchema() {
  using namespace parquet::schema;  // NOLINT: node types only
  auto path = PrimitiveNode::Make(kPathName, parquet::Repetition::REQUIRED, parquet::LogicalType::String(),
                                  parquet::Type::BYTE_ARRAY, -1, kDeleteFilePathId);
  auto pos = PrimitiveNode::Make(kPosName, parquet::Repetition::REQUIRED, parquet::LogicalType::None(),
                                 parquet::Type::INT64, -1, kDeletePosId);
  return std::static_pointer_cast<GroupNode>(GroupNode::Make("table", parquet::Repetition::REQUIRED, {path, pos}));
}

void WriteRows(parquet::RowGroupWriter& group, const std::string& path, const DeleteSet& deletes) {
  std::vector<parquet::ByteArray> paths(static_cast<size_t>(std::min(deletes.count(), kChunkRows)),
                                        parquet::ByteArray(path));
  auto& path_writer = static_cast<parquet::ByteArrayWriter&>(*group.NextColumn());
  for (int64_t left = deletes.count(); left > 0; left -= kChunkRows) {
    path_writer.WriteBatch(std::min(left, kChunkRows), nullptr, nullptr, paths.data());
  }
  auto& pos_writer = static_cast<parquet::Int64Writer&>(*group.NextColumn());
  std::vector<int64_t> positions;
  positions.reserve(paths.size());
  auto flush = [&] {
    pos_writer.WriteBatch(static_cast<int64_t>(positions.size()), nullptr, nullptr, positions.data());
    positions.clear();
  };
  deletes.ForEach([&](int64_t position) {
    positions.push_back(position);
    if (static_cast<int64_t>(positions.size()) == kChunkRows) flush();
  });
  flush();
  group.Close();
}

void Describe(const parquet::FileMetaData& footer, const DataFile& data_file, const DeleteSet& deletes, DataFile& out) {
  out.content = FileContent::kPositionDeletes;
  out.spec_id = data_file.spec_id;
  out.partition = data_file.partition;
  out.record_count = deletes.count();
  out.referenced_data_file = data_file.path;
  int64_t first = -1, last = -1;
  deletes.ForEach([&](int64_t position) {
    if (first < 0) first = position;
    last = position;
  });
  auto bytes = [](int64_t value) {
    std::string text;
    AppendLe(text, value);
    return text;
  };
  out.lower_bounds = {{kDeleteFilePathId, data_file.path}, {kDeletePosId, bytes(first)}};
  out.upper_bounds = {{kDeleteFilePathId, data_file.path}, {kDeletePosId, bytes(last)}};
  out.value_counts = {{kDeleteFilePathId, deletes.count()}, {kDeletePosId, deletes.count()}};
  out.null_counts = {{kDeleteFilePathId, 0}, {kDeletePosId, 0}};
  auto group = footer.RowGroup(0);
  out.column_sizes = {{kDeleteFilePathId, group->ColumnChunk(0)->total_compressed_size()},
                      {kDeletePosId, group->ColumnChunk(1)->total_compressed_size()}};
  auto path_chunk = group->ColumnChunk(0);
  out.split_offsets = {path_chunk->has_dictionary_page() ? path_chunk->dictionary_page_offset()
                                                         : path_chunk->data_page_offset()};
}

Status WriteFile(EnvOutputStream& sink, const std::shared_ptr<EnvOutputStream>& shared, const DataFile& data_file,
                 const DeleteSet& deletes, bool sync, DataFile& out) {
  parquet::WriterProperties::Builder properties;
  properties.created_by("sluice version " SLUICE_VERSION)->disable_dictionary(kPosName)->max_statistics_size(1 << 20);
  if (deletes.count() > kPlainRows) properties.compression(parquet::Compression::ZSTD)->compression_level(1);
  auto writer = parquet::ParquetFileWriter::Open(shared, DeleteSchema(), properties.build());
  WriteRows(*writer->AppendRowGroup(), data_file.path, deletes);
  writer->Close();
  TRY(sink.Finish(sync));
  Describe(*writer->metadata(), data_file, deletes, out);
  return Ok();
}

// Column of a delete file by reserved id, else by name (writers that give no ids).
int FindColumn(const parquet::SchemaDescriptor& schema, int id, const char* name) {
  for (int i = 0; i < schema.num_columns(); ++i) {
    if (schema.Column(i)->schema_node()->field_id() == id) return i;
  }
  for (int i = 0; i < schema.num_columns(); ++i) {
    if (schema.Column(i)->path()->ToDotString() == name) return i;
  }
  return -1;
}

Status ReadGroup(parquet::RowGroupReader& group, int path_column, int pos_column, const std::string& wanted,
                 int64_t row_count, DeleteSet& out) {
  auto paths = std::static_pointer_cast<parquet::ByteArrayReader>(group.Column(path_column));
  auto positions = std::static_pointer_cast<parquet::Int64Reader>(group.Column(pos_column));
  std::vector<parquet::ByteArray> path_values(kChunkRows);
  std::vector<int64_t> pos_values(kChunkRows);
  // Both columns may be optional in files of other writers; NULL has no meaning here.
  std::vector<int16_t> levels(kChunkRows);
  for (int64_t left = group.metadata()->num_rows(); left > 0;) {
    int64_t path_count = 0, pos_count = 0;
    paths->ReadBatch(std::min(left, kChunkRows), levels.data(), nullptr, path_values.data(), &path_count);
    if (path_count == 0) return Corrupt("has fewer rows than its footer says");
    for (int64_t done = 0; done < path_count; done += pos_count) {
      positions->ReadBatch(path_count - done, levels.data(), nullptr, pos_values.data() + done, &pos_count);
      if (pos_count == 0) return Corrupt("has fewer positions than paths");
    }
    for (int64_t i = 0; i < path_count; ++i) {
      const parquet::ByteArray& path = path_values[static_cast<size_t>(i)];
      if (std::string_view(reinterpret_cast<const char*>(path.ptr), path.len) != wanted) continue;
      int64_t position = pos_values[static_cast<size_t>(i)];
      if (position < 0 || position >= row_count) {
        return Corrupt(Str("deletes row ", position, " of ", wanted, ", which has ", row_count, " rows"));
      }
      out.Add(position);
    }
    left -= path_count;
  }
  return Ok();
}

Status ReadAll(const std::shared_ptr<EnvInputFile>& source, const std::string& wanted, int64_t row_count,
               DeleteSet& out) {
  auto reader = parquet::ParquetFileReader::Open(source);
  const parquet::SchemaDescriptor& schema = *reader->metadata()->schema();
  int path_column = FindColumn(schema, kDeleteFilePathId, kPathName);
  int pos_column = FindColumn(schema, kDeletePosId, kPosName);
  if (path_column < 0 || pos_column < 0 || schema.Column(path_column)->physical_type() != parquet::Type::BYTE_ARRAY ||
      schema.Column(pos_column)->physical_type() != parquet::Type::INT64 ||
      schema.Column(path_column)->max_repetition_level() + schema.Column(pos_column)->max_repetition_level() > 0) {
    return Corrupt("has no columns file_path and pos");
  }
  for (int g = 0; g < reader->metadata()->num_row_groups(); ++g) {
    TRY(ReadGroup(*reader->RowGroup(g), path_column, pos_column, wanted, row_count, out));
  }
  return Ok();
}

}  // namespace

Result<DataFile> WritePositionDeletes(Env& env, const std::string& path, const DataFile& data_file,
                                      const DeleteSet& deletes, bool sync, std::string location) {
  if (deletes.empty()) return Invalid(Str("no deletes of ", data_file.path, " to write to ", path));
  TRY_SET(auto file, env.NewFile(path));
  auto sink = std::make_shared<EnvOutputStream>(std::move(file));
  DataFile out;
  Status status;
  try {
    status = WriteFile(*sink, sink, data_file, deletes, sync, out);
  } catch (const std::exception& error) {
    status = Unavailable(Str("write ", path, ": ", error.what()));
  }
  if (sink->error()) return *sink->error();
  TRY(std::move(status));
  out.path = location.empty() ? path : std::move(location);
  out.size = sink->position();
  return out;
}

Result<DeleteSet> ReadPositionDeletes(Env& env, const std::string& path, const DataFile& delete_file,
                                      const std::string& data_file_path, int64_t row_count) {
  if (!EqualsIgnoreCase(delete_file.format, "parquet") || delete_file.content != FileContent::kPositionDeletes) {
    return Unsupported(Str("delete file ", path, " of format ", delete_file.format, " cannot be read"),
                       "rewrite the table's delete files as Parquet position deletes with its own engine");
  }
  if (row_count > kPositionLimit) {
    return Unsupported(Str(data_file_path, " has ", row_count, " rows: deletes reach only 2147483648"));
  }
  TRY_SET(auto file, env.OpenFile(path));
  auto source = std::make_shared<EnvInputFile>(std::move(file));
  DeleteSet out;
  Status status;
  try {
    status = ReadAll(source, data_file_path, row_count, out);
  } catch (const std::exception& error) {
    status = Corrupt(error.what());
  }
  if (source->error()) return *source->error();
  if (!status.ok()) return std::move(status).error().With(Str("delete file ", path));
  return out;
}

}  // namespace sluice::iceberg
