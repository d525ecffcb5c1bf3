// SPDX-License-Identifier: Apache-2.0
// StoredEpochs: what the properties of a lake's tables say of a job's epochs (docs/formats/epoch.md). A value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/sink.h"
#include "row/table_id.h"

namespace sluice {

struct StoredEpochs {
  EpochInfo newest;         // epoch 0: no table has one of this job
  bool known = false;       // the job made or wrote a table, perhaps without an epoch so far
  int64_t tables_with = 0;  // tables that have the newest epoch
  int64_t tables_of = 0;    // tables that it changed: more of them while its commits are made, or if that was cut off
  std::string epoch_file;
  // Of every table of the warehouse, the version that was read. The tables are read one after the other: if all are
  // the same at a later time, they were what this says at some time between.
  std::map<TableId, int64_t> versions;
  std::map<TableId, int64_t> epochs;  // of the tables that have one

  bool whole() const { return tables_with == tables_of; }
  std::optional<EpochInfo> Newest() const;  // as Sink::StoredEpoch gives it
  // Takes in a table of the warehouse.
  void Add(const TableId& id, const std::map<std::string, std::string>& properties, const std::string& job);
};

// The property `name` of a job in its tables.
std::string JobProperty(const std::string& job, std::string_view name);
// The epoch that a table's properties hold of this job; 0 if none.
int64_t EpochOf(const std::map<std::string, std::string>& properties, const std::string& job);

}  // namespace sluice
