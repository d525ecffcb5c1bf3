// SPDX-License-Identifier: Apache-2.0
// SourceConfig: the checked options of a `mysql` source, ready for use. A value.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/mysql/connection.h"
#include "connector/mysql/server_id.h"
#include "format/mysql/position.h"
#include "format/mysql/column.h"
#include "pipeline/option.h"
#include "pipeline/pipeline_spec.h"
#include "row/table_id.h"

namespace sluice::mysql {

enum class StartupMode : uint8_t { kInitial, kSnapshot, kLatest, kEarliest, kSpecific, kTimestamp };

struct SourceConfig {
  ConnectOptions connect;
  int connect_retries = 3;
  std::string tables_text;                      // as in the file, for messages
  std::vector<std::string> databases;           // those that stand in it as plain names
  std::function<bool(const TableId&)> wanted;   // tables minus tables.exclude
  StartupMode mode = StartupMode::kInitial;
  std::string start_file;                       // kSpecific
  uint64_t start_offset = 0;
  std::string start_gtids;
  int64_t skip_events = 0;
  int64_t skip_rows = 0;
  int64_t start_ms = 0;                         // kTimestamp
  MappingOptions mapping;
  ReaderId reader;
  int64_t epoch_ms = 10'000;                    // time between two epochs
  int64_t chunk_rows = 0;                       // 0: chosen by the size of the table
  int connections = 2;
  bool schema_changes = true;
  bool exact_times = false;        // each batch of the log has one time
  bool capture_new_tables = true;  // created while the job follows the log
  bool scan_new_tables = false;    // there when a job is resumed that did not know them: copied
};

// From the file's block; every option is checked. `warnings` gets a sentence for each that has no effect here.
Result<SourceConfig> MakeSourceConfig(const PipelineSpec& spec, std::vector<std::string>& warnings);

}  // namespace sluice::mysql
