// SPDX-License-Identifier: Apache-2.0
// ORC by Arrow's reader, timestamps by our own. Columns are found by name, as Paimon's readers do.
#include <arrow/adapters/orc/adapter.h>
#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "lake/orc/nested_times.h"
#include "lake/orc/timestamps.h"
#include "lake/parquet/file_decoder.h"
#include "lake/parquet/file_streams.h"
#include "lake/parquet/promote.h"
#include "row/arrow_status.h"
#include "row/nested_type.h"
#include "row/timestamp.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr int kMissing = -1;

// What a column of the file is read as: TIME is stored as a number, and Arrow has times in nanoseconds.
TypePtr ReadAs(const TypePtr& stored, const DataType& wanted) {
  const bool number = stored->id() == arrow::Type::INT32;
  if (number && wanted.kind == TypeKind::kTime) return arrow::time32(arrow::TimeUnit::MILLI);
  if (stored->id() != arrow::Type::TIMESTAMP) return stored;
  const std::string& zone = static_cast<const arrow::TimestampType&>(*stored).timezone();
  return arrow::timestamp(HasNanos(wanted) ? arrow::TimeUnit::NANO : arrow::TimeUnit::MICRO, zone);
}

// Java's writer fills a CHAR(n) up with blanks, and its reader takes them away.
Result<ArrayPtr> Trimmed(const ArrayPtr& array) {
  if (array->type_id() != arrow::Type::STRING) return array;
  const auto& texts = static_cast<const arrow::StringArray&>(*array);
  arrow::StringBuilder out;
  for (int64_t i = 0; i < texts.length(); ++i) {
    if (texts.IsNull(i)) {
      ARROW_TRY(out.AppendNull());
      continue;
    }
    std::string_view text = texts.GetView(i);
    while (text.ends_with(' ')) text.remove_suffix(1);
    ARROW_TRY(out.Append(text));
  }
  ARROW_TRY_SET(ArrayPtr made, out.Finish());
  return made;
}

class OrcDecoder final : public FileDecoder {
 public:
  OrcDecoder(FileSourcePtr source, const DecodeLimits& limits) : source_(std::move(source)), limits_(limits) {}

  Result<std::vector<TypePtr>> Choose(const std::vector<FileColumn>& wanted) override {
    TRY(Open());
    ARROW_TRY_SET(const auto schema, reader_->ReadSchema());
    std::vector<TypePtr> types;
    for (const FileColumn& column : wanted) {
      const int place = schema->GetFieldIndex(column.stored_name.value_or(column.name));
      places_.push_back(place);
      types.push_back(place == kMissing ? nullptr : ReadAs(schema->field(place)->type(), column.type));
      if (place == kMissing) continue;
      (types.back()->id() == arrow::Type::TIMESTAMP ? timestamps_ : by_arrow_).push_back(place);
    }
    for (auto* list : {&timestamps_, &by_arrow_}) {
      std::sort(list->begin(), list->end());
      list->erase(std::unique(list->begin(), list->end()), list->end());
    }
    const bool own = std::any_of(wanted.begin(), wanted.end(), [](const FileColumn& column) {
      return column.type.kind == TypeKind::kChar || IsNested(column.type);
    });
    if (!timestamps_.empty() || own) TRY(OpenOwn());
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (places_[i] == kMissing || !IsNested(wanted[i].type)) continue;
      OrcNestedTimes times(*file_, static_cast<size_t>(places_[i]), types[i], wanted[i].type);
      if (times.empty()) continue;
      types[i] = times.type();
      nested_.emplace(i, std::move(times));
    }
    types_ = types;
    return types;
  }

  Status Next(DecodedRows& out) override {
    out.count = 0;
    out.columns.clear();
    while (at_ == stripe_rows_) {
      if (stripe_ + 1 >= reader_->NumberOfStripes()) return Ok();
      TRY(OpenStripe(++stripe_));
    }
    std::shared_ptr<arrow::RecordBatch> rows;
    out.count = std::min(batch_rows_, stripe_rows_ - at_);
    if (batches_ != nullptr) {
      if (const arrow::Status read = batches_->ReadNext(&rows); !read.ok() && !nested_.empty() && read.IsInvalid()) {
        return Unsupported(Str("times inside of columns are read from 1678 to 2261 only: ", read.message()));
      } else {
        ARROW_TRY(read);
      }
      if (rows == nullptr || rows->num_rows() == 0) return Corrupt(Str("stripe ", stripe_, " ends too early"));
      out.count = rows->num_rows();
    }
    if (out.count > stripe_rows_ - at_) return Corrupt(Str("stripe ", stripe_, " has more rows than its footer says"));
    for (size_t i = 0; i < places_.size(); ++i) {
      TRY_SET(ArrayPtr column, ColumnOf(i, rows.get(), out.count));
      out.columns.push_back(std::move(column));
    }
    at_ += out.count;
    return Ok();
  }

 private:
  static Result<std::string> ReadExactly(EnvInputFile& source, int64_t offset, int64_t count) {
    if (offset < 0 || count < 0) return Corrupt("orc: a place outside of the file");
    ARROW_TRY_SET(const int64_t size, source.GetSize());
    if (count > size || offset > size - count) return Corrupt("orc: a place outside of the file");
    std::string bytes(static_cast<size_t>(count), '\0');
    ARROW_TRY_SET(const int64_t got, source.ReadAt(offset, count, bytes.data()));
    if (got != count) return Corrupt("orc: the file is cut off");
    return bytes;
  }

  Status Open() {
    auto made = arrow::adapters::orc::ORCFileReader::Open(source_, arrow::default_memory_pool());
    if (!made.ok()) return FromFileFormat(made.status());
    reader_ = std::move(made).ValueUnsafe();
    return Ok();
  }

  // What Arrow's reader does not tell.
  Status OpenOwn() {
    ARROW_TRY_SET(const int64_t bytes, source_->GetSize());
    const auto read = [source = source_](int64_t offset, int64_t count) { return ReadExactly(*source, offset, count); };
    TRY_SET(OrcFile file, OrcFile::Open(read, bytes));
    file_ = std::make_unique<OrcFile>(std::move(file));
    return Ok();
  }

  Status OpenStripe(int64_t number) {
    const auto stripe = reader_->GetStripeInformation(number);
    stripe_rows_ = stripe.num_rows;
    at_ = 0;
    // Compressed bytes are a guess of what rows take; a stripe is bounded by its writer.
    const int64_t row_bytes = std::max<int64_t>(1, stripe.length / std::max<int64_t>(1, stripe.num_rows));
    batch_rows_ = std::clamp<int64_t>(limits_.batch_bytes / row_bytes, 1, limits_.batch_rows);
    batches_.reset();
    if (!by_arrow_.empty()) {
      ARROW_TRY(reader_->Seek(stripe.first_row_id));
      auto made = reader_->NextStripeReader(batch_rows_, by_arrow_);
      if (!made.ok()) return FromFileFormat(made.status());
      batches_ = std::move(made).ValueUnsafe();
      if (batches_ == nullptr) return Corrupt(Str("stripe ", number, " is not there"));
    }
    for (auto& [column, times] : nested_) TRY(times.OpenStripe(static_cast<size_t>(number)));
    own_columns_.clear();
    for (size_t i = 0; i < places_.size(); ++i) {
      if (!IsTimestamp(i) || own_columns_.contains(places_[i])) continue;
      const bool instant = !static_cast<const arrow::TimestampType&>(*types_[i]).timezone().empty();
      TRY_SET(own_columns_[places_[i]],
              OrcTimestamps(*file_).Read(static_cast<size_t>(number), static_cast<size_t>(places_[i]),
                                         {instant, HasNanos(*types_[i])}));
      if (own_columns_[places_[i]]->length() != stripe_rows_) return Corrupt(Str("stripe ", number, " is damaged"));
    }
    return Ok();
  }

  bool IsTimestamp(size_t i) const { return types_[i] != nullptr && types_[i]->id() == arrow::Type::TIMESTAMP; }

  Result<ArrayPtr> ColumnOf(size_t i, const arrow::RecordBatch* rows, int64_t count) {
    if (places_[i] == kMissing) return ArrayPtr();
    if (IsTimestamp(i)) return As(own_columns_.at(places_[i])->Slice(at_, count), types_[i]);
    const auto found = std::lower_bound(by_arrow_.begin(), by_arrow_.end(), places_[i]);
    ArrayPtr column = rows->column(static_cast<int>(found - by_arrow_.begin()));
    if (const auto times = nested_.find(i); times != nested_.end()) return times->second.Convert(column);
    if (file_ != nullptr && file_->IsChar(static_cast<size_t>(places_[i]))) return Trimmed(column);
    return types_[i]->id() == arrow::Type::TIME32 ? As(column, types_[i]) : column;
  }

  // The same bytes under another type's name.
  static ArrayPtr As(const ArrayPtr& array, const TypePtr& type) {
    auto data = array->data()->Copy();
    data->type = type;
    return arrow::MakeArray(data);
  }

  const FileSourcePtr source_;
  const DecodeLimits limits_;
  std::unique_ptr<arrow::adapters::orc::ORCFileReader> reader_;
  std::unique_ptr<OrcFile> file_;  // null: not needed
  std::vector<int> places_;     // wanted column -> that of the file, or kMissing
  std::vector<TypePtr> types_;  // of the wanted columns
  std::vector<int> by_arrow_, timestamps_;  // the file's columns to read, ascending
  std::shared_ptr<arrow::RecordBatchReader> batches_;
  std::map<int, ArrayPtr> own_columns_;  // of the stripe
  std::map<size_t, OrcNestedTimes> nested_;  // wanted columns with times in them
  int64_t stripe_ = -1;
  int64_t stripe_rows_ = 0, at_ = 0, batch_rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<FileDecoder>> OpenOrcDecoder(FileSourcePtr source, const DecodeLimits& limits) {
  return std::unique_ptr<FileDecoder>(new OrcDecoder(std::move(source), limits));
}

}  // namespace sluice
