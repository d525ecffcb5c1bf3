// SPDX-License-Identifier: Apache-2.0
// TableTracker: the definitions of a server's tables at one place of its log. It starts with what information_schema
// said and follows the DDL of the log. It does no I/O and reads no rows; one owner, its thread.
//
// Give it every table of the databases of interest, not only the replicated ones: CREATE TABLE … LIKE, RENAME TABLE and
// the swaps of gh-ost and pt-online-schema-change take their columns from tables beside the replicated ones.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/mysql/column.h"
#include "format/mysql/ddl_column.h"
#include "format/mysql/ddl_statement.h"
#include "row/schema_change.h"

namespace sluice::mysql {

struct TrackerOptions {
  int lower_case_table_names = 0;  // the server's variable
  MappingOptions mapping;
  DefaultCollations default_collations;
  // Replicated tables: their changes give events, and what cannot be understood about them is an error. Unset: all.
  std::function<bool(const TableId&)> wanted;
};

struct TableChange {
  enum class Kind : uint8_t { kCreated, kAltered, kDropped, kTruncated };
  Kind kind = Kind::kAltered;
  TableId table;
  std::shared_ptr<const MysqlTable> before;  // null for kCreated
  std::shared_ptr<const MysqlTable> after;   // null for kDropped
  std::vector<SchemaChange> events;          // in order; only for wanted tables; empty if our types stay as they are
  // The key of the rows is another one. Sinks index rows by key, so the source stops here unless the table is empty.
  bool primary_key_changed = false;
  // The name now means another table with other rows (RENAME TABLE, CREATE OR REPLACE). The rows of that table came
  // before, under its old name (`renamed_from`), or are none (no `renamed_from`).
  bool replaced = false;
  // As `replaced`, but the other table is known to be a copy that an online schema change tool kept up to date: the
  // rows are the same, and `events` tells how the columns changed.
  bool online_swap = false;
  // Columns whose stored values the server may have changed, without row events (lossy_change.h).
  std::vector<std::string> rewritten;
  std::optional<TableId> renamed_from;  // of kCreated, and of kAltered with `replaced`
  std::optional<TableId> renamed_to;    // of kDropped
};

// A column of a table that an online schema change tool fills with the rows of another: the other's column `name`, or
// `initial` where that is empty.
struct CopiedColumn {
  std::string name;
  InitialDefault initial;
};

class TableTracker {
 public:
  explicit TableTracker(TrackerOptions options) : options_(std::move(options)) {}

  // From information_schema: SCHEMATA, TABLES and COLUMNS.
  void SetDatabase(std::string_view database, std::string_view charset, std::string_view collation);
  void SetTable(MysqlTable table);
  void Forget(const TableId& table);

  // Null if unknown. The object stays as it is when the table changes.
  std::shared_ptr<const MysqlTable> Find(std::string_view database, std::string_view table) const;
  std::vector<std::shared_ptr<const MysqlTable>> tables() const;  // by database and name

  // Follows one statement of the log; all or nothing. An error if it concerns a wanted table and was not understood, or
  // does not fit to the known definition.
  Result<std::vector<TableChange>> Apply(const DdlStatement& statement, std::string_view default_database,
                                         const SqlContext& context);

  // Tables and databases for a checkpoint; options are not kept.
  std::string ToJson() const;
  Status LoadJson(std::string_view json);

 private:
  struct Entry {
    std::shared_ptr<const MysqlTable> table;
    // Of a table that was made as a copy of another (LIKE): that table, and each column of this one.
    TableId copy_of;
    std::vector<CopiedColumn> copied_columns;
  };
  using Key = std::pair<std::string, std::string>;
  struct State {
    std::map<Key, Entry> tables;
    std::map<std::string, CharsetChoice> databases;
  };
  struct Step;  // one Apply

  std::string KeyName(std::string_view name) const;
  Key KeyOf(std::string_view database, std::string_view table) const { return {KeyName(database), KeyName(table)}; }

  TrackerOptions options_;
  State state_;
};

}  // namespace sluice::mysql
