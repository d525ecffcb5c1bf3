// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/row_file.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"
#include "lake/orc/old_times.h"
#include "lake/paimon/file_index.h"
#include "lake/paimon/key_sort.h"
#include "lake/paimon/local_time.h"
#include "lake/paimon/special_fields.h"
#include "lake/parquet/data_reader.h"
#include "lake/parquet/file_writer.h"
#include "row/arrow_status.h"
#include "row/change_batch.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kRowGroupBytes = 32 << 20;  // bounds an open file's memory
constexpr int32_t kKeyBoundLength = 128;  // characters of a key's bound, as in Java
constexpr const char* kMessageName = "paimon_schema";

WriteColumn ColumnOf(const Field& field) {
  WriteColumn column;
  column.id = field.id;
  column.name = field.name;
  column.type = field.type;
  column.required = !field.type.nullable;
  column.style = ParquetStyle::kPaimon;
  if (field.type.kind == TypeKind::kArray) column.element_id = ElementId(field.id);
  return column;
}

WriteColumn SystemColumn(int id, const char* name, TypeKind kind) {
  WriteColumn column;
  column.id = id;
  column.name = name;
  column.type.kind = kind;
  column.type.nullable = false;
  column.required = true;
  column.style = ParquetStyle::kPaimon;
  return column;
}

template <typename Number>
bool LoadNumber(const std::string& bytes, Number& out) {
  if (bytes.size() != sizeof out) return false;
  std::memcpy(&out, bytes.data(), sizeof out);
  return true;
}

std::shared_ptr<arrow::Scalar> ScalarOf(const std::shared_ptr<arrow::DataType>& type, auto&& value) {
  auto made = arrow::MakeScalar(type, std::forward<decltype(value)>(value));
  return made.ok() ? *std::move(made) : nullptr;
}

// A bound of the Parquet file as a cell; null for one that is not known.
std::shared_ptr<arrow::Scalar> BoundOf(const WriteColumn& column, const std::optional<std::string>& bound) {
  const auto type = column.type.ToArrow();
  if (!bound) return nullptr;
  switch (type->id()) {
    case arrow::Type::BOOL: return bound->empty() ? nullptr : ScalarOf(type, (*bound)[0] != 0);
    case arrow::Type::INT32:
    case arrow::Type::DATE32: {
      int32_t value = 0;
      return LoadNumber(*bound, value) ? ScalarOf(type, value) : nullptr;
    }
    case arrow::Type::FLOAT: {
      float value = 0;
      return LoadNumber(*bound, value) ? ScalarOf(type, value) : nullptr;
    }
    case arrow::Type::DOUBLE: {
      double value = 0;
      return LoadNumber(*bound, value) ? ScalarOf(type, value) : nullptr;
    }
    case arrow::Type::INT64:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP: {
      int64_t value = 0;
      int32_t millis = 0;
      if (LoadNumber(*bound, millis)) {
        value = millis;
      } else if (!LoadNumber(*bound, value)) {
        return nullptr;
      }
      if (column.IsMillis() && __builtin_mul_overflow(value, 1000, &value)) return nullptr;
      return ScalarOf(type, value);
    }
    case arrow::Type::DECIMAL128: {
      auto value = arrow::Decimal128::FromBigEndian(reinterpret_cast<const uint8_t*>(bound->data()),
                                                    static_cast<int32_t>(bound->size()));
      return value.ok() ? ScalarOf(type, *value) : nullptr;
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY: return ScalarOf(type, std::string(*bound));
    default: return nullptr;
  }
}

// One row of cells, for the codec.
Status AddCell(const WriteColumn& column, std::shared_ptr<arrow::Scalar> cell, Columns& out) {
  if (cell == nullptr) cell = arrow::MakeNullScalar(column.type.ToArrow());
  ARROW_TRY_SET(auto array, arrow::MakeArrayFromScalar(*cell, 1));
  out.push_back(std::move(array));
  return Ok();
}

// Statistics of some columns of the file.
Result<SimpleStats> StatsOf(const std::vector<WriteColumn>& columns, const std::vector<ColumnStats>& stats,
                            const std::vector<size_t>& chosen, const BinaryRowCodec& codec) {
  SimpleStats out;
  Columns least, most;
  for (size_t i : chosen) {
    const bool known = stats[i].nans == 0;  // NaN is above all, and in no bound
    TRY(AddCell(columns[i], known ? BoundOf(columns[i], stats[i].lower) : nullptr, least));
    TRY(AddCell(columns[i], known ? BoundOf(columns[i], stats[i].upper) : nullptr, most));
    out.null_counts.push_back(stats[i].nulls);
  }
  out.min = codec.Serialize(least, 0);
  out.max = codec.Serialize(most, 0);
  return out;
}

// A map may be stored as columns of its own.
Status CheckLayouts(const Options& options) {
  for (const auto& [key, value] : options) {
    if (!key.ends_with(".map.storage-layout") || EqualsIgnoreCase(Trim(value), "default")) continue;
    return Unsupported(Str("table option ", key, "='", value, "' is not supported yet"));
  }
  return Ok();
}

}  // namespace

Result<std::shared_ptr<const RowLayout>> RowLayout::Make(const Schema& schema, const TableOptions& options) {
  std::vector<std::string> names;
  for (const Field& field : schema.fields) names.push_back(field.name);
  TRY_SET(const auto fields, SupportedFields(schema, names));
  TRY(CheckLayouts(schema.options));
  std::vector<DataType> key_types;
  std::vector<WriteColumn> columns;
  std::vector<int> key;
  for (const std::string& name : options.keyed ? schema.TrimmedKey() : std::vector<std::string>()) {
    const Field& field = *schema.Find(name);
    WriteColumn column = ColumnOf(field);
    column.id += kKeyIds;
    column.name = kKeyPrefix + field.name;
    column.required = true;
    columns.push_back(std::move(column));
    key_types.push_back(field.type);
    key.push_back(static_cast<int>(&field - schema.fields.data()));
  }
  if (options.keyed) {
    columns.push_back(SystemColumn(kSequenceId, kSequenceName, TypeKind::kBigInt));
    columns.push_back(SystemColumn(kKindId, kKindName, TypeKind::kTinyInt));
  }
  for (const Field* field : fields) columns.push_back(ColumnOf(*field));
  TRY_SET(BinaryRowCodec key_codec, BinaryRowCodec::Make(key_types));
  std::shared_ptr<RowLayout> layout(new RowLayout(std::move(key_codec)));
  layout->schema_id_ = schema.id;
  layout->columns_ = std::move(columns);
  layout->key_ = std::move(key);
  return std::shared_ptr<const RowLayout>(std::move(layout));
}

std::shared_ptr<arrow::RecordBatch> RowLayout::Rows(const Columns& values, std::shared_ptr<arrow::Array> sequence,
                                                    std::shared_ptr<arrow::Array> kinds, int64_t rows) const {
  Columns columns;
  for (int i : key_) columns.push_back(values[static_cast<size_t>(i)]);
  if (keyed()) {
    columns.push_back(std::move(sequence));
    columns.push_back(std::move(kinds));
  }
  columns.insert(columns.end(), values.begin(), values.end());
  CHECK(columns.size() == columns_.size());
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (size_t i = 0; i < columns.size(); ++i) fields.push_back(arrow::field(columns_[i].name, columns[i]->type()));
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(columns));
}

std::vector<FileColumn> RowLayout::FileColumns() const {
  std::vector<FileColumn> out;
  for (const WriteColumn& column : columns_) out.push_back({column.id, column.name, column.type, column.required});
  return out;
}

RowFileWriter::RowFileWriter(std::shared_ptr<const RowLayout> layout, std::string name, std::string path,
                             std::unique_ptr<FormatWriter> writer, std::vector<MetricsMode> modes)
    : layout_(std::move(layout)),
      name_(std::move(name)),
      path_(std::move(path)),
      writer_(std::move(writer)),
      modes_(std::move(modes)) {}

RowFileOptions RowFileOptions::Of(const TableOptions& options, std::string folder) {
  RowFileOptions files;
  files.folder = std::move(folder);
  files.files = options.files;
  files.index = options.index;
  files.parquet.row_group_bytes = kRowGroupBytes;
  if (options.page_rows > 0) files.parquet.page_rows = options.page_rows;
  files.Take(options.files.StyleOf(0, /*changelog=*/false));
  return files;
}

RowFileOptions RowFileOptions::At(int level) const {
  RowFileOptions out = *this;
  out.Take(files.StyleOf(level, /*changelog=*/false));
  return out;
}

RowFileOptions RowFileOptions::ChangelogAt(int level) const {
  RowFileOptions out = *this;
  out.prefix = kChangelogPrefix;
  out.index = {};
  out.parquet.page_rows = ParquetOptions().page_rows;  // nothing is looked up in them
  out.Take(files.StyleOf(level, /*changelog=*/true));
  return out;
}

void RowFileOptions::Take(FileStyle chosen) {
  style = std::move(chosen);
  parquet.codec = CodecOf(style.format, style.compression);
  const bool zstd = parquet.codec.starts_with("zstd");
  parquet.codec_level = zstd ? files.zstd_level() : 0;
}

namespace {

Result<std::unique_ptr<FormatWriter>> OpenWriter(Env& env, FileFormat format, const std::string& path,
                                                 const std::vector<WriteColumn>& columns,
                                                 const ParquetOptions& options) {
  if (format == FileFormat::kOrc) return OpenOrcWriter(env, path, columns, options);
  if (format == FileFormat::kAvro) return OpenAvroWriter(env, path, columns, options);
  TRY_SET(auto writer, ParquetWriter::Open(env, path, columns, kMessageName, options));
  return std::unique_ptr<FormatWriter>(std::move(writer));
}

}  // namespace

Result<std::unique_ptr<RowFileWriter>> RowFileWriter::Open(Env& env, std::shared_ptr<const RowLayout> layout,
                                                           const RowFileOptions& options) {
  std::string name = Str(options.prefix, env.Uuid(), "-0.", NameOf(options.style.format));
  std::string path = Str(options.folder, "/", name);
  std::vector<MetricsMode> modes(layout->columns_.size(), MetricsMode{MetricsKind::kTruncate, kKeyBoundLength});
  for (size_t i = layout->first_value(); i < modes.size(); ++i) {
    const int place = static_cast<int>(i - layout->first_value());
    modes[i] = options.files.ModeOf(options.style, layout->columns_[i].name, place);
  }
  RowFileOptions own = options;
  own.parquet.modes = modes;
  TRY_SET(auto writer, OpenWriter(env, options.style.format, path, layout->columns_, own.parquet));
  auto index = FileIndexWriter::Make(options.index, layout->columns_, layout->first_value());
  std::unique_ptr<RowFileWriter> out(new RowFileWriter(std::move(layout), std::move(name), std::move(path),
                                                       std::move(writer), std::move(modes)));
  out->env_ = &env;
  out->index_ = std::move(index);
  out->in_manifest_bytes_ = options.index.in_manifest_bytes;
  out->sync_ = options.parquet.sync;
  out->options_ = std::move(own);
  return out;
}

Status RowFileWriter::LeaveOrc() {
  TRY_SET(const WrittenFile written, writer_->Close());
  const std::string left = path_;
  options_.style.format = FileFormat::kParquet;
  if (CodecOf(FileFormat::kParquet, options_.style.compression).empty()) options_.style.compression = "zstd";
  options_.parquet.codec = CodecOf(FileFormat::kParquet, options_.style.compression);
  options_.parquet.codec_level = options_.parquet.codec.starts_with("zstd") ? options_.files.zstd_level() : 0;
  const std::string name = Str(options_.prefix, env_->Uuid(), "-0.", NameOf(options_.style.format));
  const std::string path = Str(options_.folder, "/", name);
  TRY_SET(auto writer, OpenWriter(*env_, options_.style.format, path, layout_->columns_, options_.parquet));
  const auto copy = [&]() -> Status {
    TRY_SET(const auto reader, DataFileReader::Open(*env_, left, layout_->FileColumns(), ReadOptions()));
    for (DataBatch batch;;) {
      TRY_SET(const bool more, reader->Next(batch));
      if (!more) return Ok();
      TRY(writer->Append(*batch.rows));
    }
  };
  Status copied = written.rows > 0 ? copy() : Ok();
  if (!copied.ok()) {
    writer.reset();
    (void)env_->Remove(path).ok();
    return copied;
  }
  writer_ = std::move(writer);
  name_ = name;
  path_ = path;
  return env_->Remove(left);
}

template <typename RowAt>
void RowFileWriter::Note(const arrow::RecordBatch& rows, int64_t count, RowAt row_at) {
  if (!layout_->keyed()) return;
  const size_t keys = layout_->key_.size();
  Columns key(rows.columns().begin(), rows.columns().begin() + static_cast<std::ptrdiff_t>(keys));
  if (first_key_.empty()) first_key_ = layout_->key_codec_.Serialize(key, row_at(0));
  last_key_ = layout_->key_codec_.Serialize(key, row_at(count - 1));
  const auto* sequence = rows.column(static_cast<int>(keys))->data()->GetValues<int64_t>(1);
  const auto* kinds = rows.column(static_cast<int>(keys + 1))->data()->GetValues<int32_t>(1);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = row_at(i);
    min_sequence_ = std::min(min_sequence_, sequence[row]);
    max_sequence_ = std::max(max_sequence_, sequence[row]);
    const auto kind = static_cast<RowKind>(kinds[row]);
    retracted_ += kind == RowKind::kUpdateBefore || kind == RowKind::kDelete;
  }
}

Status RowFileWriter::Fit(const arrow::RecordBatch& rows) {
  const bool orc = options_.style.format == FileFormat::kOrc;
  return orc && ColumnBeyondOrc(layout_->columns_, rows) != nullptr ? LeaveOrc() : Ok();
}

Status RowFileWriter::Append(const arrow::RecordBatch& rows) {
  if (rows.num_rows() == 0) return Ok();
  TRY(Fit(rows));
  TRY(writer_->Append(rows));
  if (index_ != nullptr) index_->Add(rows);
  Note(rows, rows.num_rows(), [](int64_t i) { return i; });
  return Ok();
}

Status RowFileWriter::Append(const arrow::RecordBatch& rows, std::span<const uint32_t> chosen) {
  if (chosen.empty()) return Ok();
  TRY(Fit(rows));
  TRY(writer_->Append(rows, chosen));
  if (index_ != nullptr) index_->Add(rows, chosen);
  Note(rows, static_cast<int64_t>(chosen.size()), [&](int64_t i) { return chosen[static_cast<size_t>(i)]; });
  return Ok();
}

Status RowFileWriter::Stats(const WrittenFile& written, DataFileMeta& meta) const {
  meta.key_stats = SimpleStats::None();
  if (layout_->keyed()) {
    std::vector<size_t> key(layout_->key_.size());
    for (size_t i = 0; i < key.size(); ++i) key[i] = i;
    TRY_SET(meta.key_stats, StatsOf(layout_->columns_, written.columns, key, layout_->key_codec_));
  }
  std::vector<size_t> chosen;
  std::vector<std::string> names;
  std::vector<DataType> types;
  for (size_t i = layout_->first_value(); i < modes_.size(); ++i) {
    const WriteColumn& column = layout_->columns_[i];
    if (column.type.kind == TypeKind::kArray || modes_[i].kind == MetricsKind::kNone) continue;
    chosen.push_back(i);
    names.push_back(column.name);
    types.push_back(column.type);
  }
  TRY_SET(const BinaryRowCodec codec, BinaryRowCodec::Make(types));
  TRY_SET(meta.value_stats, StatsOf(layout_->columns_, written.columns, chosen, codec));
  if (chosen.size() < modes_.size() - layout_->first_value()) meta.value_stats_columns = std::move(names);
  return Ok();
}

Result<DataFileMeta> RowFileWriter::Close(int64_t now_ms) {
  TRY_SET(const WrittenFile written, writer_->Close());
  DataFileMeta meta;
  meta.name = name_;
  meta.size = written.size;
  meta.row_count = written.rows;
  meta.min_key = layout_->keyed() ? first_key_ : EmptyRow();
  meta.max_key = layout_->keyed() ? last_key_ : EmptyRow();
  meta.min_sequence = layout_->keyed() ? min_sequence_ : 0;
  meta.max_sequence = layout_->keyed() ? max_sequence_ : std::max<int64_t>(written.rows, 1) - 1;
  meta.schema_id = layout_->schema_id_;
  meta.creation_ms = LocalOfUtc(now_ms);  // as Java
  meta.delete_row_count = retracted_;
  TRY(Stats(written, meta));
  TRY(WriteIndex(meta));
  return meta;
}

Status RowFileWriter::WriteIndex(DataFileMeta& meta) {
  if (index_ == nullptr) return Ok();
  TRY_SET(std::string bytes, index_->Finish());
  index_.reset();
  if (static_cast<int64_t>(bytes.size()) <= in_manifest_bytes_) {
    meta.embedded_index = std::move(bytes);
    return Ok();
  }
  meta.extra_files.push_back(name_ + kIndexSuffix);
  const std::string path = path_ + kIndexSuffix;
  const auto write = [&]() -> Status {
    TRY_SET(const auto file, env_->NewFile(path));
    TRY(file->Append(bytes));
    if (sync_) TRY(file->Sync());
    return file->Close();
  };
  Status written = write();
  if (!written.ok()) (void)env_->Remove(path).ok();
  return written;
}

void RowFileWriter::Remove() {
  writer_.reset();
  (void)env_->Remove(path_).ok();
  (void)env_->Remove(path_ + kIndexSuffix).ok();
}

}  // namespace sluice::paimon
