// SPDX-License-Identifier: Apache-2.0
// JdbcStore: the tables of a database in which Paimon's JDBC catalog keeps which tables there are, as Java's catalog
// makes them: paimon_tables, paimon_database_properties, paimon_table_properties, paimon_views, and with locks
// paimon_distributed_locks. Connects at the first request, and again after a loss. Borrows the Env; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/sql_session.h"
#include "row/table_id.h"

namespace sluice::paimon {

struct JdbcSettings {
  SqlAddress address;
  std::string catalog_key = "jdbc";
  bool locks = false;
  int64_t lock_key_max = 255;          // characters
  int64_t lock_sleep_max_ms = 8'000;
  int64_t lock_timeout_ms = 480'000;   // after so long a lock is nobody's
  bool properties = true;              // the tables' options are kept too
};

class JdbcStore {
 public:
  JdbcStore(Env& env, JdbcSettings settings) : env_(env), settings_(std::move(settings)) {}

  bool keeps_properties() const { return settings_.properties; }
  // Makes its own tables that are missing.
  Status MakeTables();
  Result<std::vector<TableId>> Tables();  // sorted; none if its own tables are missing
  // kUnsupported: there is one with the same name in other letters, for the database's collation.
  Result<bool> HasTable(const TableId& id);
  Result<bool> HasView(const TableId& id);
  // The next three change nothing that is there already.
  Status AddDatabase(const std::string& name, const std::string& location);
  Status AddTable(const TableId& id);
  Status SetProperties(const TableId& id, const Options& properties);  // they are the table's, and no others
  // While no other process runs what it runs under the table's lock. kUnavailable: another has it for too long.
  Status Locked(const TableId& id, const std::function<Status()>& run);

 private:
  Status Lock(const std::string& name);
  Result<std::vector<SqlRow>> Query(const std::string& sql);
  Result<int64_t> Change(const std::string& sql);  // may be done twice
  Status Insert(const std::string& sql);           // one row, if it is not there
  Status Transaction(const std::vector<std::string>& statements);
  template <typename Request>
  auto Ask(Request request) -> decltype(request());
  Status Connect();
  std::string Quote(std::string_view text);
  std::string Where(const TableId& id);  // of the catalog's tables

  Env& env_;
  const JdbcSettings settings_;
  std::unique_ptr<SqlSession> session_;
  bool made_ = false;    // its tables are there
  bool warned_ = false;  // of properties without effect
};

}  // namespace sluice::paimon
