// SPDX-License-Identifier: Apache-2.0
// What `sluice check` wants to know of a server before a job runs. Connects read-only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connector/mysql/catalog.h"
#include "connector/mysql/source_config.h"
#include "row/schema.h"

namespace sluice::mysql {

struct InspectedTable {
  TableId id;
  MysqlTable definition;
  TableSchema schema;
  int64_t rows = 0;  // the server's estimate
  std::string how;   // "chunks of its key", "as a whole: …", "as a whole, append-only: no primary key"
};

struct Inspection {
  std::string version;
  std::string position;  // end of the log; empty without one
  std::vector<Finding> findings;
  std::vector<InspectedTable> tables;
};

Result<Inspection> Inspect(const SourceConfig& config);

// The position where the file wants the job to begin (specific-offset by file), if the server has it not, or no more.
// `end`: of its log.
Result<std::optional<Finding>> FindNoPosition(Connection& connection, const SourceConfig& config,
                                              const BinlogPosition& end);

}  // namespace sluice::mysql
