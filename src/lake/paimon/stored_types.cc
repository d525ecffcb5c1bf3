// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/stored_types.h"

#include <string>
#include <utility>

#include "lake/paimon/special_fields.h"
#include "lake/stored_cast.h"

namespace sluice::paimon {

std::vector<FileColumn> ColumnsOfFile(std::vector<FileColumn> columns, const Schema& written, ReadOptions& options) {
  columns = AsWritten(std::move(columns), written);
  options.stored_types.assign(columns.size(), std::nullopt);
  for (size_t i = 0; i < columns.size(); ++i) {
    const FileColumn& column = columns[i];
    if (column.id == kSequenceId || column.id == kKindId) continue;
    const Field* field = written.FindId(column.id - (column.name.starts_with(kKeyPrefix) ? kKeyIds : 0));
    if (field == nullptr || !field->supported || field->type.SameIgnoringNull(column.type)) continue;
    if (CanCastStored(field->type, column.type)) options.stored_types[i] = field->type;
  }
  return columns;
}

}  // namespace sluice::paimon
