// SPDX-License-Identifier: Apache-2.0
// From source schema changes to sink schema changes: Flink CDC's SchemaCoordinator and SchemaDerivator. The routing of
// rows is in schema_evolver_route.cc.
#include "pipeline/schema_evolver.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/text.h"
#include "pipeline/cut_times.h"
#include "pipeline/schema_follow.h"
#include "pipeline/schema_merge.h"

namespace sluice {
namespace {

using nlohmann::json;
using SchemaPtr = std::shared_ptr<const TableSchema>;

SchemaPtr Share(TableSchema schema) { return std::make_shared<const TableSchema>(std::move(schema)); }

DataType Nullable(DataType type) {
  type.nullable = true;
  return type;
}

const Column* FindColumn(const TableSchema& schema, std::string_view name) {
  int at = schema.Find(name);
  return at < 0 ? nullptr : &schema.columns[static_cast<size_t>(at)];
}

Error KeyChanged(const TableId& sink, const SchemaChange& change) {
  return Unsupported(Str("the primary key of ", sink.ToString(), " would change: ", Describe(change)),
                     "set schema.change.behavior: evolve, or drop the sink table and start over");
}

std::string ShortTime(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  text.resize(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

json SchemasToJson(const std::unordered_map<TableId, SchemaPtr>& schemas) {
  json list = json::array();
  for (const auto& [id, schema] : schemas) {
    list.push_back({{"schema", id.schema}, {"table", id.table}, {"columns", schema->ToJson()}});
  }
  std::sort(list.begin(), list.end());
  return list;
}

Status SchemasFromJson(const json& node, const char* what, std::unordered_map<TableId, SchemaPtr>& out) {
  if (!node.contains(what) || !node[what].is_array()) return Corrupt(Str("schema state without the list ", what));
  for (const json& item : node[what]) {
    for (const char* key : {"schema", "table", "columns"}) {
      if (!item.is_object() || !item.contains(key) || !item[key].is_string()) {
        return Corrupt(Str("schema state: an entry of ", what, " has no ", key));
      }
    }
    TRY_SET(TableSchema schema, ParseTableSchema(item["columns"].get_ref<const std::string&>()));
    out[{item["schema"].get<std::string>(), item["table"].get<std::string>()}] = Share(std::move(schema));
  }
  return Ok();
}

}  // namespace

SchemaEvolver::SchemaEvolver(Router router, SchemaChangeBehavior behavior, std::set<std::string> sink_changes,
                             TableShape shape)
    : router_(std::move(router)),
      behavior_(behavior),
      sink_changes_(std::move(sink_changes)),
      shape_(std::move(shape)) {}

Result<SchemaEvolver> SchemaEvolver::Make(const PipelineSpec& spec) {
  TRY_SET(Router router, Router::Make(spec.routes, spec.route_mode));
  return SchemaEvolver(std::move(router), spec.behavior, spec.sink_changes, spec.shape.value_or(TableShape()));
}

void SchemaEvolver::Changed() {
  plans_.clear();
  json_.clear();
}

SchemaPtr SchemaEvolver::Stored(SchemaPtr schema) const {
  if (schema == nullptr || !stored_) return schema;
  TableSchema out = *schema;
  for (Column& column : out.columns) column.type = stored_(column.type);
  return out == *schema ? schema : Share(std::move(out));
}

SchemaChange SchemaEvolver::Stored(const SchemaChange& change) const {
  SchemaChange out = change;
  out.schema = Stored(change.schema);
  if (!stored_) return out;
  out.column.type = stored_(change.column.type);
  TellCutTimes(change, out);
  // A default value has the text that values get (cast.h): of a time without zeros at its end.
  if (change.column.type.kind == TypeKind::kTime && out.column.type.kind == TypeKind::kString) {
    if (out.column.default_value) out.column.default_value = ShortTime(*out.column.default_value);
    out.initial.text = ShortTime(out.initial.text);
  }
  return out;
}

const std::vector<TableId>& SchemaEvolver::SinksOf(const TableId& source) {
  auto at = routes_.find(source);
  if (at == routes_.end()) at = routes_.emplace(source, router_.Route(source)).first;
  return at->second;
}

std::vector<const TableSchema*> SchemaEvolver::UpstreamOf(const TableId& sink) const {
  std::vector<std::pair<TableId, const TableSchema*>> found;
  for (const auto& [source, schema] : upstream_) {
    auto routes = routes_.find(source);
    if (routes == routes_.end()) continue;
    if (std::find(routes->second.begin(), routes->second.end(), sink) != routes->second.end()) {
      found.emplace_back(source, schema.get());
    }
  }
  std::sort(found.begin(), found.end());  // the order of columns must not depend on a hash
  std::vector<const TableSchema*> out;
  for (const auto& [source, schema] : found) out.push_back(schema);
  return out;
}

Result<std::vector<SchemaChange>> SchemaEvolver::OnSchemaChange(const SchemaChange& given) {
  if (given.kind == SchemaChangeKind::kCreateTable) return OnTables({given});
  const SchemaChange change = Stored(given);
  Changed();
  emitted_.clear();
  cause_ = change.table;
  SchemaPtr before;
  if (auto at = upstream_.find(change.table); at != upstream_.end()) before = at->second;
  if (before == nullptr) {
    return Invalid(Str("schema change of a table that is not known: ", Describe(change)));
  } else if (change.schema != nullptr && change.kind != SchemaChangeKind::kDropTable) {
    upstream_[change.table] = change.schema;
  } else {
    TRY_SET(TableSchema after, ApplySchemaChange(*before, change));
    upstream_[change.table] = Share(std::move(after));
  }
  for (const TableId& sink : SinksOf(change.table)) TRY(Derive(sink, change, before));
  if (change.kind == SchemaChangeKind::kDropTable) upstream_.erase(change.table);
  return EmittedChanges();
}

Result<std::vector<SchemaChange>> SchemaEvolver::OnTables(const std::vector<SchemaChange>& given) {
  Changed();
  emitted_.clear();
  std::vector<SchemaChange> creates;
  for (const SchemaChange& create : given) creates.push_back(Stored(create));
  std::vector<SchemaPtr> before;
  for (const SchemaChange& create : creates) {
    CHECK(create.kind == SchemaChangeKind::kCreateTable);
    if (create.schema == nullptr) return Invalid(Str(create.table.ToString(), ": create.table without a schema"));
    SchemaPtr& upstream = upstream_[create.table];
    before.push_back(upstream);
    upstream = create.schema;
    SinksOf(create.table);
  }
  for (size_t i = 0; i < creates.size(); ++i) {
    cause_ = creates[i].table;
    for (const TableId& sink : SinksOf(cause_)) TRY(Derive(sink, creates[i], before[i]));
  }
  return EmittedChanges();
}

std::vector<SchemaChange> SchemaEvolver::EmittedChanges() const {
  std::vector<SchemaChange> out;
  for (const Emitted& emitted : emitted_) out.push_back(emitted.change);
  return out;
}

// The upstream tables of a sink table must agree on its key, else rows would replace each other.
Status SchemaEvolver::CheckKeys(const TableId& sink, const TableSchema& current, const TableId& source) const {
  const TableSchema& schema = *upstream_.at(source);
  if (schema.primary_key == current.primary_key) return Ok();
  auto show = [](const TableSchema& of) {
    return of.primary_key.empty() ? std::string("no primary key")
                                  : Str("primary key (", Join(of.primary_key, ", "), ")");
  };
  return Invalid(Str("source table ", source.ToString(), " has ", show(schema), ", but sink table ", sink.ToString(),
                     " has ", show(current)),
                 "route it to another sink table, or drop the sink table and start over");
}

// Before the mode and the tags: what the sink table would have to do.
std::vector<SchemaChange> SchemaEvolver::RawChanges(const TableId& sink, const SchemaChange& change,
                                                    const SchemaPtr& old_upstream) {
  const TableSchema& current = *sinks_.at(sink);
  auto upstream = UpstreamOf(sink);
  bool create = change.kind == SchemaChangeKind::kCreateTable;
  if (upstream.size() == 1 && create && old_upstream != nullptr) {
    return SchemaDifference(sink, *old_upstream, *change.schema);  // changed while nobody watched
  }
  if (upstream.size() > 1 || create) return SchemaDifference(sink, current, WidenToFit(current, upstream));
  SchemaChange copy = change;
  copy.table = sink;
  return {std::move(copy)};
}

Status SchemaEvolver::Derive(const TableId& sink, const SchemaChange& change, const SchemaPtr& old_upstream) {
  bool create = change.kind == SchemaChangeKind::kCreateTable;
  if (left_out_.contains(sink)) return Ok();
  if (!sinks_.contains(sink)) {
    if (!create) return Ok();  // dropped at the sink
    TRY_SET(TableSchema first, FirstSchema(sink, change));
    sinks_[sink] = Share(std::move(first));
  }
  if (create) {
    TRY(CheckKeys(sink, *sinks_.at(sink), change.table));
    if (!announced_.contains(sink)) ForwardCreate(sink);
  }
  if (behavior_ == SchemaChangeBehavior::kMerge) return Follow(sink, change);
  for (SchemaChange& raw : RawChanges(sink, change, old_upstream)) TRY(Emit(sink, std::move(raw)));
  if (change.kind == SchemaChangeKind::kDropTable || !sinks_.contains(sink)) return Ok();
  return CheckKeys(sink, *sinks_.at(sink), change.table);
}

// Of tables that come together: wide enough for all.
Result<TableSchema> SchemaEvolver::FirstSchema(const TableId& sink, const SchemaChange& create) const {
  const auto upstream = UpstreamOf(sink);
  if (behavior_ != SchemaChangeBehavior::kMerge) return WidenToFit(*create.schema, upstream);
  TableSchema out = *create.schema;
  for (const TableSchema* schema : upstream) {
    auto followed = FollowSource(out, *schema, shape_);
    if (!followed.ok()) {
      return std::move(followed).error().With(Str("source tables of ", sink.ToString(), " cannot be merged"));
    }
    out = *std::move(followed);
  }
  return out;
}

// MERGE: what the rows that are there show in a column that is added. Those of other shards and of a column that was
// renamed have nothing of it, and what the server computed row by row is not known.
InitialDefault SchemaEvolver::InitialOf(const TableId& sink, const SchemaChange& added,
                                        const SchemaChange& change) const {
  const bool same = change.kind == SchemaChangeKind::kAddColumn && added.name == change.column.name;
  const bool known = same && UpstreamOf(sink).size() == 1 && change.initial.kind != InitialDefault::Kind::kComputed &&
                     added.column.default_value == change.column.default_value;
  return known ? change.initial : InitialDefault{InitialDefault::Kind::kNull, ""};
}

// MERGE: the source's whole schema counts, whatever the change was. Dropped and truncated tables stay as they are.
Status SchemaEvolver::Follow(const TableId& sink, const SchemaChange& change) {
  if (change.kind == SchemaChangeKind::kDropTable || change.kind == SchemaChangeKind::kTruncateTable) return Ok();
  const SchemaPtr current = sinks_.at(sink);
  auto followed = FollowSource(*current, *upstream_.at(change.table), shape_);
  if (!followed.ok()) {
    return std::move(followed).error().With(Str("source table ", change.table.ToString(), ", sink table ",
                                                sink.ToString()));
  }
  for (SchemaChange& raw : SchemaDifference(sink, *current, *followed)) {
    if (raw.kind == SchemaChangeKind::kAddColumn) raw.initial = InitialOf(sink, raw, change);
    TRY(Forward(sink, std::move(raw)));
  }
  if (followed->comment != current->comment) {
    SchemaChange comment;
    comment.kind = SchemaChangeKind::kAlterComment;
    comment.table = sink;
    comment.schema = Share(*std::move(followed));
    TRY(Forward(sink, std::move(comment)));
  }
  return CheckKeys(sink, *sinks_.at(sink), change.table);
}

void SchemaEvolver::ForwardCreate(const TableId& sink) {
  SchemaChange create;
  create.kind = SchemaChangeKind::kCreateTable;
  create.table = sink;
  create.schema = sinks_.at(sink);
  announced_.insert(sink);
  emitted_.push_back({std::move(create), nullptr, cause_});
}

Status SchemaEvolver::Emit(const TableId& sink, SchemaChange change) {
  switch (behavior_) {
    case SchemaChangeBehavior::kIgnore:
    case SchemaChangeBehavior::kMerge: return Ok();
    case SchemaChangeBehavior::kLenient: return EmitLenient(sink, std::move(change));
    case SchemaChangeBehavior::kException:
      if (!sink_changes_.contains(std::string(SchemaChangeTag(change.kind)))) return Ok();
      return Invalid(
          Str(Describe(change), ": Unexpected schema change events occurred in EXCEPTION mode. Job will fail now."),
          "set schema.change.behavior to lenient, evolve, try_evolve or ignore");
    case SchemaChangeBehavior::kEvolve:
    case SchemaChangeBehavior::kTryEvolve:
      return change.kind == SchemaChangeKind::kAddColumn ? EmitAdd(sink, std::move(change))
                                                         : Forward(sink, std::move(change));
  }
  CHECK(false);
}

// LENIENT: nothing is lost at the sink; new columns come last and are nullable, old ones stay.
Status SchemaEvolver::EmitLenient(const TableId& sink, SchemaChange change) {
  SchemaPtr current = sinks_.at(sink);
  const Column* old = FindColumn(*current, change.name);
  switch (change.kind) {
    case SchemaChangeKind::kAddColumn: {
      change.place = ColumnPlace::kLast;
      change.after.clear();
      change.column.type.nullable = true;
      return EmitAdd(sink, std::move(change));
    }
    case SchemaChangeKind::kAlterColumn:
      change.place = ColumnPlace::kKeep;
      if (old != nullptr && old->type.nullable) change.column.type.nullable = true;  // it may hold NULLs by now
      return Forward(sink, std::move(change));
    case SchemaChangeKind::kRenameColumn: {
      if (current->IsKey(change.name)) return KeyChanged(sink, change);
      if (old != nullptr) {
        SchemaChange add;
        add.kind = SchemaChangeKind::kAddColumn;
        add.table = sink;
        add.column = *old;
        add.column.name = change.column.name;
        add.column.type.nullable = true;
        add.place = ColumnPlace::kLast;
        TRY(EmitAdd(sink, std::move(add)));
      }
      return EmitAlter(sink, change.name, old == nullptr ? DataType() : Nullable(old->type));
    }
    case SchemaChangeKind::kDropColumn:
      if (current->IsKey(change.name)) return KeyChanged(sink, change);
      return EmitAlter(sink, change.name, old == nullptr ? DataType() : Nullable(old->type));
    default: return Forward(sink, std::move(change));
  }
}

// A column that the sink kept from before (dropped and added again) becomes wide enough for both.
Status SchemaEvolver::EmitAdd(const TableId& sink, SchemaChange change) {
  const Column* kept = FindColumn(*sinks_.at(sink), change.column.name);
  if (kept != nullptr) return EmitAlter(sink, kept->name, WidestCommonType(kept->type, change.column.type));
  return Forward(sink, std::move(change));
}

// Gives a column of the sink a type, if it has not got it.
Status SchemaEvolver::EmitAlter(const TableId& sink, const std::string& column, const DataType& type) {
  const Column* current = FindColumn(*sinks_.at(sink), column);
  if (current == nullptr || current->type == type) return Ok();
  SchemaChange alter;
  alter.kind = SchemaChangeKind::kAlterColumn;
  alter.table = sink;
  alter.name = column;
  alter.column = *current;
  alter.column.type = type;
  return Forward(sink, std::move(alter));
}

// The last step: tags, what the sink table does not have, and the new schema.
Status SchemaEvolver::Forward(const TableId& sink, SchemaChange change) {
  if (!sink_changes_.contains(std::string(SchemaChangeTag(change.kind)))) return Ok();
  SchemaPtr before = sinks_.at(sink);
  bool on_column = change.kind == SchemaChangeKind::kAlterColumn || change.kind == SchemaChangeKind::kRenameColumn ||
                   change.kind == SchemaChangeKind::kDropColumn;
  if (on_column && before->Find(change.name) < 0) return Ok();
  if (change.kind == SchemaChangeKind::kRenameColumn) {
    const Column* there = FindColumn(*before, change.column.name);
    if (there != nullptr && change.name != change.column.name) {  // kept from before: the rows go there
      if (before->IsKey(change.name)) return KeyChanged(sink, change);
      const DataType old = FindColumn(*before, change.name)->type;
      TRY(EmitAlter(sink, change.column.name, Nullable(WidestCommonType(there->type, old))));
      return EmitAlter(sink, change.name, Nullable(old));
    }
  }
  if (change.kind == SchemaChangeKind::kAlterColumn) {
    auto refused = refused_.find({sink, change.name});
    if (refused != refused_.end() && refused->second.SameIgnoringNull(change.column.type)) {
      const DataType kept = FindColumn(*before, change.name)->type;
      change.column.type = change.column.type.nullable ? Nullable(kept) : kept;
    }
  }
  if (change.place == ColumnPlace::kAfter && before->Find(change.after) < 0) {
    change.place = change.kind == SchemaChangeKind::kAddColumn ? ColumnPlace::kLast : ColumnPlace::kKeep;
    change.after.clear();
  }
  if (change.kind == SchemaChangeKind::kDropTable) {
    change.schema = nullptr;
    sinks_.erase(sink);
    announced_.erase(sink);
    std::erase_if(refused_, [&](const auto& entry) { return entry.first.first == sink; });
  } else {
    TRY_SET(TableSchema after, ApplySchemaChange(*before, change));
    if (after == *before && change.kind != SchemaChangeKind::kTruncateTable) return Ok();
    change.schema = Share(std::move(after));
    sinks_[sink] = change.schema;
  }
  emitted_.push_back({std::move(change), std::move(before), cause_});
  return Ok();
}

// The error of a change that had to be made; a table that came to others says so.
Error SchemaEvolver::Explain(const SchemaChange& change, const Error& error) const {
  auto emitted = std::find_if(emitted_.begin(), emitted_.end(),
                              [&](const Emitted& one) { return one.change.table == change.table; });
  const bool merged = UpstreamOf(change.table).size() > 1 && behavior_ != SchemaChangeBehavior::kMerge;
  if (error.code != ErrorCode::kUnsupported || emitted == emitted_.end() || !merged) return error;
  std::string source = emitted->source.ToString();
  Error out = error;
  out = std::move(out).With(Str("source table ", source, " is merged with others into ", change.table.ToString()));
  out.hint = Str("route ", source,
                 " to a sink table of its own; or start over in an empty warehouse with a new state directory, where ",
                 change.table.ToString(),
                 " is made in the widest schema of all; or set schema.change.behavior: lenient, which keeps the sink's "
                 "type while every value fits it");
  return out;
}

Result<std::vector<SchemaChange>> SchemaEvolver::OnRefused(const SchemaChange& change, const Error& error) {
  bool tolerated = behavior_ == SchemaChangeBehavior::kLenient && change.kind == SchemaChangeKind::kAlterColumn;
  tolerated |= behavior_ == SchemaChangeBehavior::kTryEvolve && change.kind != SchemaChangeKind::kCreateTable;
  if (!tolerated || error.code != ErrorCode::kUnsupported) return Explain(change, error);
  auto refused = std::find_if(emitted_.begin(), emitted_.end(), [&](const Emitted& emitted) {
    return emitted.change.table == change.table && emitted.change.kind == change.kind &&
           emitted.change.name == change.name && emitted.change.column == change.column;
  });
  CHECK(refused != emitted_.end());
  Changed();
  // Back to the schema before it; then those that came after it, as far as they still apply.
  sinks_[change.table] = refused->before;
  announced_.insert(change.table);
  refused = emitted_.erase(refused);
  std::vector<SchemaChange> instead;
  const Column* kept = FindColumn(*sinks_.at(change.table), change.name);
  bool alter = change.kind == SchemaChangeKind::kAlterColumn;
  if (alter) refused_[{change.table, change.name}] = change.column.type;
  bool gives_null = alter ? change.column.type.nullable : change.kind == SchemaChangeKind::kDropColumn;
  if (gives_null && kept != nullptr && !kept->type.nullable && !sinks_.at(change.table)->IsKey(change.name)) {
    SchemaChange relax;
    relax.kind = SchemaChangeKind::kAlterColumn;
    relax.table = change.table;
    relax.name = change.name;
    relax.column = *kept;
    relax.column.type.nullable = true;
    TRY_SET(TableSchema after, ApplySchemaChange(*sinks_.at(change.table), relax));
    relax.schema = Share(std::move(after));
    sinks_[change.table] = relax.schema;
    instead.push_back(std::move(relax));
  }
  for (; refused != emitted_.end(); ++refused) {
    if (refused->change.table != change.table) continue;
    refused->before = sinks_.at(change.table);
    auto after = ApplySchemaChange(*refused->before, refused->change);
    if (after.ok()) sinks_[change.table] = Share(*std::move(after));
  }
  return instead;
}

void SchemaEvolver::LeaveOut(const TableId& sink_table) {
  Changed();
  left_out_.insert(sink_table);
  announced_.erase(sink_table);
  sinks_.erase(sink_table);
}

void SchemaEvolver::Seed(const TableId& sink_table, TableSchema current) {
  Changed();
  sinks_[sink_table] = Share(std::move(current));
}

SchemaPtr SchemaEvolver::SinkSchema(const TableId& sink_table) const {
  auto at = sinks_.find(sink_table);
  return at == sinks_.end() ? nullptr : at->second;
}

const std::string& SchemaEvolver::ToJson() const {
  if (json_.empty()) {
    json out = {{"version", 1}, {"sources", SchemasToJson(upstream_)}, {"sinks", SchemasToJson(sinks_)}};
    json_ = out.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  return json_;
}

Status SchemaEvolver::Restore(std::string_view text) {
  if (text.empty()) return Ok();
  json node = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!node.is_object() || !node.contains("version"))
    return Corrupt("schema state is not a JSON object with a version");
  if (node["version"] != 1) return Unsupported("schema state of another version of sluice");
  std::unordered_map<TableId, SchemaPtr> sources;
  std::unordered_map<TableId, SchemaPtr> sinks;
  TRY(SchemasFromJson(node, "sources", sources));
  TRY(SchemasFromJson(node, "sinks", sinks));
  for (auto& [source, schema] : sources) schema = Stored(std::move(schema));
  upstream_ = std::move(sources);
  sinks_ = std::move(sinks);
  announced_.clear();
  Changed();
  for (const auto& [source, schema] : upstream_) SinksOf(source);
  return Ok();
}

}  // namespace sluice
