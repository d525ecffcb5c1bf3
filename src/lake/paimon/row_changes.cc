// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/row_changes.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <deque>
#include <utility>

#include "base/text.h"
#include "lake/paimon/special_fields.h"
#include "lake/paimon/stored_types.h"
#include "lake/parquet/data_reader.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

class FilesReader final : public ChangeReader {
 public:
  FilesReader(Env& env, Table& table, std::vector<ChangeFile> files, std::vector<FileColumn> columns, bool keyed)
      : env_(env), table_(table), files_(std::move(files)), columns_(std::move(columns)), keyed_(keyed) {
    if (keyed_) columns_.push_back({kKindId, kKindName, DataType{.kind = TypeKind::kInt}, false});
  }

  // The old row of an update and its new one are not parted: whoever gets an old row alone takes it for a deletion.
  Result<bool> Next(RowChanges& out) override {
    TRY_SET(bool more, NextRows(out));
    if (!more || out.kinds.back() != RowKind::kUpdateBefore) return more;
    const int64_t last = out.rows->num_rows() - 1;
    RowChanges behind;
    TRY_SET(more, NextRows(behind));
    if (!more) return true;
    if (last > 0) {
      rest_.push_back({out.rows->Slice(last), {RowKind::kUpdateBefore}});
      out = {out.rows->Slice(0, last), {out.kinds.begin(), out.kinds.end() - 1}};
      rest_.push_back(std::move(behind));
      return true;
    }
    ARROW_TRY_SET(out.rows, arrow::ConcatenateRecordBatches({out.rows, behind.rows->Slice(0, 1)}));
    out.kinds.push_back(behind.kinds[0]);
    if (behind.rows->num_rows() > 1) {
      rest_.push_front({behind.rows->Slice(1), {behind.kinds.begin() + 1, behind.kinds.end()}});
    }
    return true;
  }

 private:
  // As the files have them; at least one.
  Result<bool> NextRows(RowChanges& out) {
    if (!rest_.empty()) {
      out = std::move(rest_.front());
      rest_.pop_front();
      return true;
    }
    while (true) {
      if (reader_ == nullptr) {
        if (next_ == files_.size()) return false;
        TRY(OpenNext());
      }
      DataBatch batch;
      TRY_SET(const bool more, reader_->Next(batch));
      if (!more) {
        reader_.reset();
        continue;
      }
      TRY(Take(std::move(batch.rows), out));
      return true;
    }
  }

  Status OpenNext() {
    const LiveFile& file = files_[next_].file;
    TRY_SET(deletes_, ReadDeletions(env_, file));
    ReadOptions options;
    options.deletes = deletes_.empty() ? nullptr : &deletes_;
    options.rows = file.meta.row_count;
    TRY_SET(const Schema* written, table_.SchemaOf(file.meta.schema_id));
    auto columns = ColumnsOfFile(columns_, *written, options);
    TRY_SET(reader_, DataFileReader::Open(env_, file.path, std::move(columns), options));
    kind_ = files_[next_++].kind;
    if (!kind_ && !keyed_) kind_ = RowKind::kInsert;
    return Ok();
  }

  Status Take(std::shared_ptr<arrow::RecordBatch> rows, RowChanges& out) const {
    out.kinds.assign(static_cast<size_t>(rows->num_rows()), kind_.value_or(RowKind::kInsert));
    if (keyed_) {
      const int last = rows->num_columns() - 1;
      const auto& kinds = static_cast<const arrow::Int32Array&>(*rows->column(last));
      for (int64_t row = 0; !kind_ && row < rows->num_rows(); ++row) {
        const int32_t kind = kinds.IsNull(row) ? -1 : kinds.Value(row);
        if (kind < 0 || kind > static_cast<int32_t>(RowKind::kDelete)) {
          return Corrupt(Str("data file ", files_[next_ - 1].file.path, " has a row without a kind in ", kKindName),
                         "the file is damaged, or was not written by Paimon for a primary key");
        }
        out.kinds[static_cast<size_t>(row)] = static_cast<RowKind>(kind);
      }
      ARROW_TRY_SET(rows, rows->RemoveColumn(last));
    }
    out.rows = std::move(rows);
    return Ok();
  }

  Env& env_;
  Table& table_;
  const std::vector<ChangeFile> files_;
  std::vector<FileColumn> columns_;  // of a keyed table the kind is the last
  const bool keyed_;
  size_t next_ = 0;
  std::optional<RowKind> kind_;  // of all rows of the open file
  DeleteSet deletes_;
  std::unique_ptr<DataFileReader> reader_;
  std::deque<RowChanges> rest_;  // that was read, and comes next
};

}  // namespace

std::unique_ptr<ChangeReader> ReadChangeFiles(Env& env, Table& table, std::vector<ChangeFile> files,
                                              std::vector<FileColumn> columns, bool keyed) {
  return std::make_unique<FilesReader>(env, table, std::move(files), std::move(columns), keyed);
}

Result<std::vector<FileColumn>> ColumnsOf(const Schema& schema, const std::vector<std::string>& names) {
  std::vector<std::string> wanted = names;
  for (size_t i = 0; names.empty() && i < schema.fields.size(); ++i) wanted.push_back(schema.fields[i].name);
  TRY_SET(const auto fields, SupportedFields(schema, wanted));
  std::vector<FileColumn> columns;
  for (const Field* field : fields) columns.push_back({field->id, field->name, field->type, false});
  return columns;
}

}  // namespace sluice::paimon
