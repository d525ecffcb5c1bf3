// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/file_conditions.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "lake/paimon/column_index.h"
#include "lake/paimon/file_format.h"
#include "lake/paimon/value_stats.h"

namespace sluice::paimon {
namespace {

// Whether a file's value and what is read of it are the same.
bool ReadsAsWritten(const DataType& written, const DataType& read, const std::string& path) {
  if (written.kind == TypeKind::kChar && FormatOfFile(path) == FileFormat::kOrc) return false;  // without blanks
  if (written.SameIgnoringNull(read)) return true;
  if (written.kind != TypeKind::kVarChar) return false;
  return read.kind == TypeKind::kString || (read.kind == TypeKind::kVarChar && read.length >= written.length);
}

}  // namespace

FileConditions::FileConditions(const std::vector<ColumnCondition>& conditions, const std::vector<FileColumn>& columns,
                               bool indexes)
    : indexes_(indexes) {
  for (const ColumnCondition& condition : conditions) {
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const FileColumn& column) {
      return column.name == condition.column;
    });
    if (found != columns.end()) asked_.push_back({*found, condition});
  }
}

Result<bool> FileConditions::MayHold(Env& env, const LiveFile& file, const std::vector<const Asked*>& asked,
                                     const Schema& written) {
  std::vector<FieldCondition> conditions;
  for (const Asked* each : asked) conditions.push_back({written.FindId(each->column.id), &each->condition});
  TRY_SET(const auto rows, RowsByIndex(env, file, conditions));
  return !rows || !rows->empty();
}

std::vector<const FileConditions::Asked*> FileConditions::AskedOf(const LiveFile& file, const Schema& written) const {
  std::vector<const Asked*> out;
  for (const Asked& asked : asked_) {
    const Field* field = written.FindId(asked.column.id);
    if (field == nullptr || !field->supported || !ReadsAsWritten(field->type, asked.column.type, file.path)) continue;
    out.push_back(&asked);
  }
  return out;
}

std::vector<ColumnCondition> FileConditions::Of(const LiveFile& file, const Schema& written) const {
  std::vector<ColumnCondition> out;
  for (const Asked* asked : AskedOf(file, written)) out.push_back(asked->condition);
  return out;
}

Result<bool> FileConditions::MayHold(Env& env, const LiveFile& file, const Schema& written) const {
  const std::vector<const Asked*> told = AskedOf(file, written);
  if (told.empty()) return true;
  const auto stats = ReadValueStats(written, file.meta);  // those that are not well formed tell nothing
  for (const Asked* asked : told) {
    const auto* bounds = stats.ok() && stats->contains(asked->column.id) ? &stats->at(asked->column.id) : nullptr;
    if (bounds != nullptr && !bounds->MayHold(asked->condition)) return false;
  }
  return indexes_ ? MayHold(env, file, told, written) : Result<bool>(true);
}

}  // namespace sluice::paimon
