// SPDX-License-Identifier: Apache-2.0
// TableTracker: one statement at a time, on a copy of the state, which replaces the state if all went well.
#include "format/mysql/table_tracker.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "format/mysql/initial_default.h"
#include "format/mysql/lossy_change.h"
#include "format/mysql/table_alter.h"
#include "format/mysql/table_diff.h"

namespace sluice::mysql {

using Change = TableChange;

namespace {

// `initial(index in `after`, column as mapped)` for each column that is added.
template <typename Initial>
void NoteInitialDefaults(const MysqlTable& after, std::vector<SchemaChange>& events, Initial initial) {
  for (SchemaChange& event : events) {
    if (event.kind != SchemaChangeKind::kAddColumn) continue;
    event.initial = initial(static_cast<size_t>(after.Find(event.column.name)), event.column);
  }
}

}  // namespace

struct TableTracker::Step {
  const TableTracker& tracker;
  std::string default_database;
  const SqlContext& context;
  State state;
  std::vector<Change> changes;

  TableId Id(const TableName& name) const {
    TableId id{name.database.empty() ? default_database : name.database, name.table};
    if (tracker.options_.lower_case_table_names == 1) id = {Lower(id.schema), Lower(id.table)};
    return id;
  }
  bool Wanted(const TableId& id) const { return !tracker.options_.wanted || tracker.options_.wanted(id); }
  Key KeyOf(const TableId& id) const { return tracker.KeyOf(id.schema, id.table); }
  Entry* Find(const TableId& id) {
    auto found = state.tables.find(KeyOf(id));
    return found == state.tables.end() ? nullptr : &found->second;
  }
  CharsetChoice DatabaseCharset(const std::string& database) const {
    auto found = state.databases.find(tracker.KeyName(database));
    if (found != state.databases.end()) return found->second;
    return ResolveCharset("", context.server_collation.empty() ? "latin1_swedish_ci" : context.server_collation, {},
                          tracker.options_.default_collations);
  }

  Error Unknown(const TableId& id) const {
    return Invalid(Str("the log changes the table ", id.ToString(), ", whose columns are not known"),
                   "start with a fresh snapshot");
  }
  Result<std::vector<SchemaChange>> Simple(const TableId& id, SchemaChangeKind kind, const MysqlTable* table) const {
    std::vector<SchemaChange> out;
    if (!Wanted(id)) return out;
    SchemaChange event;
    event.kind = kind;
    event.table = id;
    if (table != nullptr) {
      TRY_SET(TableSchema schema, MapTable(*table, tracker.options_.mapping));
      event.schema = std::make_shared<TableSchema>(std::move(schema));
    }
    out.push_back(std::move(event));
    return out;
  }
  static bool SameKey(const MysqlTable& before, const MysqlTable& after, const std::vector<int>& origins) {
    if (before.primary_key.size() != after.primary_key.size()) return false;
    for (size_t i = 0; i < after.primary_key.size(); ++i) {
      int at = after.Find(after.primary_key[i]);
      if (at < 0 || origins[static_cast<size_t>(at)] != before.Find(before.primary_key[i])) return false;
    }
    return true;
  }

  Status Run(const CreateTable& create);
  Status Run(const AlterTable& alter);
  Status Run(const DropTables& drop);
  Status Run(const TruncateTable& truncate);
  Status Run(const RenameTables& rename);
  Status Run(const CreateDatabase& create);
  Status Run(const AlterDatabase& alter);
  Status Run(const DropDatabase& drop);

  Result<Entry> Created(const CreateTable& create, const TableId& id);
  static void MakeCopy(Entry& entry, const TableId& of, const MysqlTable& table) {
    entry.copy_of = of;
    for (const MysqlColumn& column : table.columns) entry.copied_columns.push_back({column.name, {}});
  }
  void NoteCopy(const TableId& id, Entry& entry);
  void CopyAltered(Entry& entry, const MysqlTable& after, const AlteredTable& made);
  Status Drop(const TableId& id);
  Status Rename(const std::vector<std::pair<TableId, TableId>>& names);
  Status Renamed(const Key& key, const State& old, const std::map<Key, TableId>& came_from,
                 const std::map<Key, TableId>& went_to);
  Status Swapped(Change& change, Entry& entry);
};

// CREATE TABLE as a table without columns that is altered.
Result<TableTracker::Entry> TableTracker::Step::Created(const CreateTable& create, const TableId& id) {
  MysqlTable table;
  Entry entry;
  if (create.like) {
    TableId like = Id(*create.like);
    const Entry* other = Find(like);
    if (other == nullptr) return entry;
    table = *other->table;
    MakeCopy(entry, like, table);
  } else {
    CharsetChoice charset = DatabaseCharset(id.schema);
    table.charset = charset.charset;
    table.collation = charset.collation;
    table.database = id.schema;
    table.name = id.table;
    TRY_SET(AlteredTable made,
            AlterMysqlTable(table, create.elements, charset, context, tracker.options_.default_collations));
    table = std::move(made.table);
  }
  table.database = id.schema;
  table.name = id.table;
  entry.table = std::make_shared<MysqlTable>(std::move(table));
  if (!create.like) NoteCopy(id, entry);
  return entry;
}

// pt-online-schema-change makes its copy `_t_new` from the text of SHOW CREATE TABLE.
void TableTracker::Step::NoteCopy(const TableId& id, Entry& entry) {
  std::string_view name = id.table;
  if (!name.starts_with('_') || !name.ends_with("_new")) return;
  name.remove_suffix(4);
  while (name.starts_with('_')) {
    name.remove_prefix(1);
    TableId base{id.schema, std::string(name)};
    const Entry* other = Find(base);
    if (other == nullptr || other->table->columns != entry.table->columns) continue;
    MakeCopy(entry, base, *entry.table);
    return;
  }
}

Status TableTracker::Step::Run(const CreateTable& create) {
  TableId id = Id(create.name);
  if (context.error_code != 0) return create.or_replace ? Drop(id) : Ok();  // OR REPLACE dropped it, then failed
  Entry* old = Find(id);
  if (old != nullptr && create.if_not_exists) return Ok();
  if (old != nullptr && !create.or_replace) {
    return Invalid(Str("the log creates the table ", id.ToString(), ", which is known already"),
                   "the known definitions do not belong to this place of the log; start with a fresh snapshot");
  }
  TRY_SET(Entry entry, Created(create, id));
  if (entry.table == nullptr) {  // LIKE a table that is not known
    if (Wanted(id)) return Unknown(Id(*create.like));
    state.tables.erase(KeyOf(id));
    return Ok();
  }
  Change change{.kind = Change::Kind::kCreated, .table = id};
  change.after = entry.table;
  if (old != nullptr) {
    change.before = old->table;
    change.kind = Change::Kind::kAltered;
    change.replaced = true;
    TRY_SET(change.events, Simple(id, SchemaChangeKind::kDropTable, nullptr));
  }
  TRY_SET(auto created, Simple(id, SchemaChangeKind::kCreateTable, entry.table.get()));
  change.events.insert(change.events.end(), created.begin(), created.end());
  state.tables[KeyOf(id)] = std::move(entry);
  changes.push_back(std::move(change));
  return Ok();
}

Status TableTracker::Step::Run(const AlterTable& alter) {
  TableId id = Id(alter.name);
  if (!alter.unlogged.empty() && (Wanted(id) || (alter.exchanged && Wanted(Id(*alter.exchanged))))) {
    return Unsupported(Str("ALTER TABLE ", id.ToString(), " … ", alter.unlogged,
                           " adds or removes rows that are not in the log one by one"),
                       "remove the table in the sink and the state directory, and start again; DELETE instead of this "
                       "statement is followed");
  }
  Entry* entry = Find(id);
  if (entry == nullptr) {
    if (alter.if_exists) return Ok();
    if (Wanted(id)) return Unknown(id);
    for (const AlterOperation& operation : alter.operations) {
      auto* rename = std::get_if<RenameTo>(&operation);
      if (rename != nullptr) return Rename({{id, Id(rename->to)}});
    }
    return Ok();
  }
  auto before = entry->table;
  TRY_SET(AlteredTable made, AlterMysqlTable(*before, alter.operations, DatabaseCharset(id.schema), context,
                                             tracker.options_.default_collations));
  auto after = std::make_shared<MysqlTable>(std::move(made.table));
  if (*after != *before) {
    Change change{.kind = Change::Kind::kAltered, .table = id, .before = before, .after = after};
    if (Wanted(id)) {
      TRY_SET(change.events, DiffTables(id, *before, *after, made.origins, made.moved, tracker.options_.mapping));
      NoteInitialDefaults(*after, change.events, [&](size_t at, const Column& mapped) {
        return InitialDefaultOf(*made.defined[at], after->columns[at], mapped, context);
      });
    }
    change.primary_key_changed = !SameKey(*before, *after, made.origins);
    change.rewritten = RewrittenColumns(*before, *after, made.origins, context.sql_mode);
    changes.push_back(std::move(change));
    if (!entry->copied_columns.empty()) CopyAltered(*entry, *after, made);
    entry->table = after;
  }
  return made.rename_to ? Rename({{id, Id(*made.rename_to)}}) : Ok();
}

// A copy is altered while it is empty. An INSERT that leaves out the added columns fills it.
void TableTracker::Step::CopyAltered(Entry& entry, const MysqlTable& after, const AlteredTable& made) {
  const auto mapped = MapTable(after, tracker.options_.mapping);
  std::vector<CopiedColumn> copied;
  for (size_t i = 0; i < made.origins.size(); ++i) {
    const MysqlColumn& column = after.columns[i];
    const auto origin = static_cast<size_t>(made.origins[i]);
    const bool was = made.origins[i] >= 0;
    copied.push_back(was ? entry.copied_columns[origin] : CopiedColumn());
    const int at = mapped.ok() ? mapped->Find(column.name) : -1;
    if (!copied.back().name.empty() || at < 0) continue;
    ColumnDefinition definition;
    if (made.defined[i] != nullptr) {
      definition = *made.defined[i];
    } else if (was && entry.table->columns[origin].default_value != column.default_value) {  // ALTER … SET DEFAULT
      if (column.default_value) definition.default_value.kind = DefaultValue::Kind::kText;
    } else {
      continue;
    }
    InitialDefault& initial = copied.back().initial;
    initial.kind = InitialDefault::Kind::kComputed;
    if (definition.default_value.kind == DefaultValue::Kind::kNow) continue;  // when each row is copied
    initial = InitialDefaultOf(definition, column, mapped->columns[static_cast<size_t>(at)], context);
  }
  entry.copied_columns = std::move(copied);
}

Status TableTracker::Step::Drop(const TableId& id) {
  auto found = state.tables.find(KeyOf(id));
  if (found == state.tables.end()) return Ok();  // IF EXISTS, views and sequences
  Change change{.kind = Change::Kind::kDropped, .table = id, .before = found->second.table};
  TRY_SET(change.events, Simple(id, SchemaChangeKind::kDropTable, nullptr));
  changes.push_back(std::move(change));
  state.tables.erase(found);
  return Ok();
}

Status TableTracker::Step::Run(const DropTables& drop) {
  for (const TableName& name : drop.names) TRY(Drop(Id(name)));
  return Ok();
}

Status TableTracker::Step::Run(const TruncateTable& truncate) {
  TableId id = Id(truncate.name);
  Entry* entry = Find(id);
  if (entry == nullptr) return Wanted(id) ? Status(Unknown(id)) : Ok();
  Change change{.kind = Change::Kind::kTruncated, .table = id, .before = entry->table, .after = entry->table};
  TRY_SET(change.events, Simple(id, SchemaChangeKind::kTruncateTable, entry->table.get()));
  changes.push_back(std::move(change));
  return Ok();
}

Status TableTracker::Step::Run(const RenameTables& rename) {
  std::vector<std::pair<TableId, TableId>> names;
  for (const auto& [from, to] : rename.names) {
    if (rename.if_exists && Find(Id(from)) == nullptr) continue;
    names.emplace_back(Id(from), Id(to));
  }
  return Rename(names);
}

Status TableTracker::Step::Rename(const std::vector<std::pair<TableId, TableId>>& names) {
  State old = state;
  std::map<Key, TableId> came_from, went_to;  // at the end, by the names at the beginning; at the beginning
  std::map<Key, TableId> first;
  for (const auto& [from, to] : names) {
    Key from_key = KeyOf(from), to_key = KeyOf(to);
    TableId origin = came_from.count(from_key) ? came_from[from_key] : from;
    came_from.erase(from_key);
    came_from[to_key] = origin;
    went_to[KeyOf(origin)] = to;
    auto entry = state.tables.extract(from_key);
    state.tables.erase(to_key);
    if (entry.empty()) continue;  // not known
    auto table = std::make_shared<MysqlTable>(*entry.mapped().table);
    table->database = to.schema;
    table->name = to.table;
    entry.mapped().table = std::move(table);
    entry.key() = to_key;
    state.tables.insert(std::move(entry));
  }
  for (const auto& [key, to] : went_to) {
    if (!old.tables.count(key) && Wanted(to) && state.tables.count(KeyOf(to)) == 0) {
      return Unknown(TableId{key.first, key.second});
    }
    TRY(Renamed(key, old, came_from, went_to));
  }
  for (const auto& [key, from] : came_from) {
    if (went_to.count(key) == 0) TRY(Renamed(key, old, came_from, went_to));
  }
  return Ok();
}

// One name that a RENAME touched: what it meant in `old`, and what it means now.
Status TableTracker::Step::Renamed(const Key& key, const State& old, const std::map<Key, TableId>& came_from,
                                   const std::map<Key, TableId>& went_to) {
  auto before = old.tables.find(key);
  auto after = state.tables.find(key);
  bool was = before != old.tables.end(), is = after != state.tables.end();
  if (!was && !is) return Ok();
  const MysqlTable& named = was ? *before->second.table : *after->second.table;
  Change change{.table = {named.database, named.name}};
  if (was) change.before = before->second.table;
  if (is) change.after = after->second.table;
  if (auto from = came_from.find(key); is && from != came_from.end()) change.renamed_from = from->second;
  if (!is) {
    change.kind = Change::Kind::kDropped;
    if (auto to = went_to.find(key); to != went_to.end()) change.renamed_to = to->second;
  } else if (!was) {
    change.kind = Change::Kind::kCreated;
    TRY_SET(change.events, Simple(change.table, SchemaChangeKind::kCreateTable, change.after.get()));
  } else {
    if (change.renamed_from && KeyOf(*change.renamed_from) == key) return Ok();  // there and back
    TRY(Swapped(change, after->second));
  }
  changes.push_back(std::move(change));
  return Ok();
}

// The columns of the table that took the place of another are matched by the copy's origin, else by name.
Status TableTracker::Step::Swapped(Change& change, Entry& entry) {
  change.kind = Change::Kind::kAltered;
  change.replaced = true;
  change.online_swap = !entry.copied_columns.empty() && KeyOf(entry.copy_of) == KeyOf(change.table);
  std::vector<int> origins;
  for (size_t i = 0; i < change.after->columns.size(); ++i) {
    const std::string& name = change.online_swap ? entry.copied_columns[i].name : change.after->columns[i].name;
    origins.push_back(name.empty() ? -1 : change.before->Find(name));
  }
  const std::vector<CopiedColumn> copied = std::exchange(entry.copied_columns, {});
  if (Wanted(change.table)) {
    TRY_SET(change.events, DiffTables(change.table, *change.before, *change.after, origins, MovedColumns(origins),
                                      tracker.options_.mapping));
    if (change.online_swap) {
      NoteInitialDefaults(*change.after, change.events,
                          [&](size_t at, const Column&) { return copied[at].initial; });
    }
  }
  change.primary_key_changed = !SameKey(*change.before, *change.after, origins);
  if (change.online_swap) {
    change.rewritten = RewrittenColumns(*change.before, *change.after, origins, context.sql_mode);
  }
  return Ok();
}

Status TableTracker::Step::Run(const CreateDatabase& create) {
  std::string key = tracker.KeyName(create.name);
  if (create.if_not_exists && state.databases.count(key)) return Ok();
  if (create.or_replace) TRY(Run(DropDatabase{create.name}));
  CharsetChoice server = DatabaseCharset("");
  state.databases[key] = ResolveCharset(create.options.charset.value_or(""), create.options.collation.value_or(""),
                                        server, tracker.options_.default_collations);
  return Ok();
}

Status TableTracker::Step::Run(const AlterDatabase& alter) {
  if (!alter.options.charset && !alter.options.collation) return Ok();
  std::string key = tracker.KeyName(alter.name.empty() ? default_database : alter.name);
  state.databases[key] = ResolveCharset(alter.options.charset.value_or(""), alter.options.collation.value_or(""),
                                        DatabaseCharset(""), tracker.options_.default_collations);
  return Ok();
}

Status TableTracker::Step::Run(const DropDatabase& drop) {
  std::string key = tracker.KeyName(drop.name);
  std::vector<TableId> tables;
  for (const auto& [table_key, entry] : state.tables) {
    if (table_key.first == key) tables.push_back({entry.table->database, entry.table->name});
  }
  for (const TableId& id : tables) TRY(Drop(id));
  state.databases.erase(key);
  return Ok();
}

std::string TableTracker::KeyName(std::string_view name) const {
  return options_.lower_case_table_names == 0 ? std::string(name) : Lower(name);
}

void TableTracker::SetDatabase(std::string_view database, std::string_view charset, std::string_view collation) {
  state_.databases[KeyName(database)] = {NormalCharset(charset), NormalCollation(collation)};
}

void TableTracker::SetTable(MysqlTable table) {
  Key key = KeyOf(table.database, table.name);
  state_.tables[key] = Entry{std::make_shared<MysqlTable>(std::move(table)), {}, {}};
}

void TableTracker::Forget(const TableId& table) { state_.tables.erase(KeyOf(table.schema, table.table)); }

std::shared_ptr<const MysqlTable> TableTracker::Find(std::string_view database, std::string_view table) const {
  auto found = state_.tables.find(KeyOf(database, table));
  return found == state_.tables.end() ? nullptr : found->second.table;
}

std::vector<std::shared_ptr<const MysqlTable>> TableTracker::tables() const {
  std::vector<std::shared_ptr<const MysqlTable>> out;
  for (const auto& [key, entry] : state_.tables) out.push_back(entry.table);
  return out;
}

Result<std::vector<TableChange>> TableTracker::Apply(const DdlStatement& statement, std::string_view default_database,
                                                     const SqlContext& context) {
  Step step{*this, std::string(default_database), context, {}, {}};
  if (!statement.problem && statement.operations.empty()) return step.changes;
  step.state = state_;
  Status status = statement.problem ? Status(Error(*statement.problem)) : Ok();
  for (const auto& operation : statement.operations) {
    if (status.ok()) status = std::visit([&](const auto& run) { return step.Run(run); }, operation);
  }
  if (!status.ok()) {
    if (statement.tables.empty()) return std::move(status).error();
    for (const TableName& name : statement.tables) {
      if (!step.Wanted(step.Id(name))) continue;
      Error error = std::move(status).error();
      return statement.problem ? std::move(error).With(Str("table ", step.Id(name).ToString())) : error;
    }
    for (const TableName& name : statement.tables) Forget(step.Id(name));  // no longer known
    return std::vector<TableChange>();
  }
  state_ = std::move(step.state);
  return std::move(step.changes);
}

}  // namespace sluice::mysql
