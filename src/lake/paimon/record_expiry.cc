// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/record_expiry.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include "base/text.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/table_options.h"
#include "lake/paimon/value_stats.h"
#include "row/arrow_status.h"
#include "row/timestamp.h"

namespace sluice::paimon {
namespace {

constexpr const char* kTime = "record-level.expire-time";
constexpr const char* kColumn = "record-level.time-field";
constexpr int64_t kFirstMillis = 1'000'000'000'000;  // a BIGINT from here on is no count of seconds

bool CanTell(const DataType& type) {
  return type.kind == TypeKind::kInt || type.kind == TypeKind::kBigInt || type.kind == TypeKind::kTimestamp ||
         type.kind == TypeKind::kTimestampLtz;
}

int64_t SecondsOf(const arrow::Array& times, int64_t row) {
  if (times.type_id() == arrow::Type::INT32) return times.data()->GetValues<int32_t>(1)[row];
  const int64_t time = times.data()->GetValues<int64_t>(1)[row];
  if (times.type_id() == arrow::Type::TIMESTAMP) {
    const int64_t second = HasNanos(*times.type()) ? 1'000'000'000 : 1'000'000;
    return time / second - (time % second < 0 ? 1 : 0);
  }
  return time >= kFirstMillis ? time / 1000 : time;
}

}  // namespace

Result<std::optional<RecordExpiry>> RecordExpiry::Of(const Schema& schema) {
  const auto time = schema.options.find(kTime);
  if (time == schema.options.end() || schema.primary_keys.empty()) return std::optional<RecordExpiry>();
  RecordExpiry out;
  TRY_SET(const int64_t ms, ParseOptionTime(kTime, time->second));
  out.seconds = ms / 1000;
  out.column = schema.Option(kColumn, "");
  const Field* field = schema.Find(out.column);
  if (field == nullptr) {
    return Invalid(Str("table option ", kTime, " needs ", kColumn, ", the name of a column",
                       out.column.empty() ? "" : Str(", and ", out.column, " is none")));
  }
  if (!field->supported || !CanTell(field->type)) {
    return Invalid(Str("table option ", kColumn, " names ", out.column, ", which is ", field->type.ToString()),
                   "it must be INT (seconds), BIGINT (seconds or milliseconds) or TIMESTAMP");
  }
  return std::optional(out);
}

bool RecordExpiry::IsOver(const arrow::Array& times, int64_t row) const {
  return !times.IsNull(row) && SecondsOf(times, row) < from_s;
}

Result<std::set<std::string>> FilesWithExpired(const RecordExpiry& expiry,
                                               const std::map<int64_t, const Schema*>& schemas,
                                               const std::vector<DataFileMeta>& files) {
  std::set<std::string> out;
  for (const DataFileMeta& file : files) {
    const auto fields = ColumnsWithStats(*schemas.at(file.schema_id), file);
    std::vector<DataType> types;
    size_t place = fields.size();
    for (size_t i = 0; i < fields.size(); ++i) {
      const bool known = fields[i]->supported && fields[i]->type.kind != TypeKind::kArray;
      types.push_back(known ? fields[i]->type : DataType{.kind = TypeKind::kBytes});  // NULL there
      if (fields[i]->name == expiry.column && known && CanTell(fields[i]->type)) place = i;
    }
    if (place == fields.size()) continue;
    TRY_SET(const auto codec, BinaryRowCodec::Make(types));
    TRY_SET(const auto least, codec.Parse(file.value_stats.min));
    ARROW_TRY_SET(const auto time, arrow::MakeArrayFromScalar(*least[place], 1));
    if (expiry.IsOver(*time, 0)) out.insert(file.name);
  }
  return out;
}

}  // namespace sluice::paimon
