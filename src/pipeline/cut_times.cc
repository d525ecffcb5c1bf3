// SPDX-License-Identifier: Apache-2.0
#include "pipeline/cut_times.h"

#include "base/log.h"
#include "base/text.h"
#include "row/timestamp.h"

namespace sluice {
namespace {

void Tell(const TableId& table, const Column& given, const Column& stored) {
  if (!HasNanos(given.type) || HasNanos(stored.type)) return;
  LogWarn(Str("table ", table.ToString(), ": column ", given.name, " is ", given.type.ToString(), ", and ",
              stored.type.ToString(), " in the sink: what is less than a microsecond is cut off"));
}

}  // namespace

void TellCutTimes(const SchemaChange& given, const SchemaChange& stored) {
  Tell(given.table, given.column, stored.column);
  if (given.schema == nullptr) return;
  for (size_t i = 0; i < given.schema->columns.size(); ++i) {
    Tell(given.table, given.schema->columns[i], stored.schema->columns[i]);
  }
}

}  // namespace sluice
