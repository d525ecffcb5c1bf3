// SPDX-License-Identifier: Apache-2.0
// Which columns an ALTER TABLE may have rewritten: the server converts the stored values and writes no row events for
// it. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "format/mysql/column.h"

namespace sluice::mysql {

enum class Loss : uint8_t {
  kNone,       // every value stays as it is
  kNotStrict,  // under a strict sql_mode the ALTER fails instead
  kAlways,     // values are rounded, cut or filled up without an error
};
// What becomes of the values of a column that gets the definition `after`. A conversion that is not known is kAlways.
Loss LossOf(const MysqlColumn& before, const MysqlColumn& after);

// "at datetime(6) to datetime", one for each such column. `origins`: see AlteredTable.
std::vector<std::string> RewrittenColumns(const MysqlTable& before, const MysqlTable& after,
                                          const std::vector<int>& origins, uint64_t sql_mode);

}  // namespace sluice::mysql
