// SPDX-License-Identifier: Apache-2.0
// A Paimon table as Paimon's Hive catalog keeps it in a metastore: columns in Hive's types, options as parameters,
// where its files are. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "io/thrift.h"
#include "lake/paimon/schema.h"
#include "row/table_id.h"

namespace sluice::paimon {

// What the options of the catalog say of its tables.
struct HiveStyle {
  bool location_in_properties = false;
  bool all_properties = true;  // the table's options are parameters
  bool external = false;       // of tables that are made
  bool case_sensitive = false;
};

bool IsPaimonTable(const ThriftValue& table);
// Empty if it says none.
std::string HiveLocation(const ThriftValue& object, bool in_properties);

// kUnsupported for names that the metastore would change, types that Hive has not, and partitions in the metastore.
Result<ThriftValue> MakeHiveTable(const TableId& id, const Schema& schema, const std::string& location,
                                  const std::string& owner, int64_t now_ms, const HiveStyle& style);
// Brings columns and parameters up to date; false if they are. Parameters that are not Paimon's stay.
Result<bool> UpdateHiveTable(ThriftValue& table, const Schema& schema, const HiveStyle& style);

// kUnsupported for a name with upper case letters.
Status CheckHiveName(const char* what, const std::string& name);

}  // namespace sluice::paimon
