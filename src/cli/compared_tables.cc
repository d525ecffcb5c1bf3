// SPDX-License-Identifier: Apache-2.0
#include "cli/compared_tables.h"

#include <algorithm>

#include "base/text.h"

namespace sluice {

Status ComparedTables::Restart() {
  sinks_.clear();
  not_compared_.clear();
  auto evolver = SchemaEvolver::Make(spec_);
  if (!evolver.ok()) return std::move(evolver).error();
  evolver_ = std::make_unique<SchemaEvolver>(*std::move(evolver));
  return Ok();
}

std::map<TableId, std::string> ComparedTables::NotCompared() const {
  std::map<TableId, std::string> out = not_compared_;
  std::erase_if(out, [](const auto& entry) { return entry.second.empty(); });
  return out;
}

// Empty: it can be compared.
const std::string& ComparedTables::WhyNot(const TableId& sink_id) {
  auto [known, fresh] = not_compared_.emplace(sink_id, "");
  if (!fresh) return known->second;
  const auto opened = lake_.Open(sink_id);
  if (opened.ok()) known->second = (*opened)->WhyNotCompared();
  return known->second;
}

bool ComparedTables::IsCompared(const TableId& source) {
  const auto sinks = router_.Route(source);
  return std::any_of(sinks.begin(), sinks.end(), [&](const TableId& sink) { return WhyNot(sink).empty(); });
}

Status ComparedTables::Announce(const TableId& id, const TableSchema& schema) {
  TRY_SET(const auto shaped, shape_.Announce(id, schema));
  if (shaped == nullptr) return Ok();
  for (const TableId& sink_id : router_.Route(id)) {
    if (WhyNot(sink_id).empty() && !HasPassingKey(sink_id, *shaped)) TRY(Open(sink_id, *shaped));
  }
  SchemaChange create;
  create.table = id;
  create.schema = shaped;
  Status fits = Follow(create);
  const bool left_out = !fits.ok() && LeavesOut(fits.error());
  for (const TableId& sink_id : router_.Route(id)) {
    if (left_out) {
      not_compared_[sink_id] = Str("the job leaves it out: ", fits.error().message);
      sinks_.erase(sink_id);
      evolver_->LeaveOut(sink_id);
    }
    if (const auto sink = sinks_.find(sink_id); sink != sinks_.end()) Describe(id, *shaped, sink->second);
  }
  return left_out ? Ok() : std::move(fits);
}

// Merged shards share one. Rows are compared in the sink's types. A table that no row has come to says nothing yet of
// the key that its partition columns joined.
Status ComparedTables::Open(const TableId& sink_id, const TableSchema& source) {
  if (sinks_.contains(sink_id)) return Ok();
  SinkTable& sink = sinks_[sink_id];
  auto opened = lake_.Open(sink_id);
  if (!opened.ok() && opened.error().code == ErrorCode::kNotFound) return Ok();
  TRY_SET(auto table, std::move(opened));
  sink.schema_id = table->schema_id();
  sink.schema = table->schema();
  const auto joined = [&](const std::string& name) {
    const auto& key = sink.schema.primary_key;
    return std::find(key.begin(), key.end(), name) != key.end();
  };
  const auto& key = source.primary_key;
  const bool fits = !key.empty() && std::all_of(key.begin(), key.end(), joined);
  if (table->version() == 0 && fits) sink.schema.primary_key = key;
  evolver_->Seed(sink_id, sink.schema);
  sink.table = std::move(table);
  return Ok();
}

Status ComparedTables::Follow(const SchemaChange& create) {
  auto changes = evolver_->OnSchemaChange(create);
  return changes.ok() ? Ok() : Status(std::move(changes).error());
}

// --ignore_incompatible
bool ComparedTables::LeavesOut(const Error& error) const {
  const bool wrong = error.code == ErrorCode::kInvalid || error.code == ErrorCode::kUnsupported;
  return wrong && spec_.shape && spec_.shape->ignore_incompatible;
}

bool ComparedTables::HasPassingKey(const TableId& sink_id, const TableSchema& shaped) {
  for (const auto& [name, why] : shape_.passing()) {
    if (!shaped.IsKey(name)) continue;
    not_compared_[sink_id] = Str("column ", name, " is in its key, and ", why);
    return true;
  }
  return false;
}

void ComparedTables::Describe(const TableId& id, const TableSchema& schema, SinkTable& sink) const {
  if (sink.schema_id < 0) return;
  const bool first = sink.columns.empty();
  if (first) sink.key = schema.primary_key;
  for (const Column& column : schema.columns) {
    const auto passes = shape_.passing().find(column.name);
    const auto& columns = sink.columns;
    if (passes != shape_.passing().end()) {
      sink.left_out.insert(*passes);
    } else if (sink.schema.Find(column.name) < 0) {
      sink.missing_columns.push_back(Str(id.ToString(), ".", column.name));
    } else if ((first || spec_.shape) && std::find(columns.begin(), columns.end(), column.name) == columns.end()) {
      sink.columns.push_back(column.name);
    }
  }
}

// `use` takes the batch as each of its sink tables would get and keep it.
template <typename Use>
Status ComparedTables::Take(const ChangeBatch& batch, Use use) {
  TRY_SET(const ChangeBatch shaped, shape_.Apply(batch));
  TRY_SET(auto routed, evolver_->Route(shaped));
  for (ChangeBatch& part : routed) {
    const auto sink = sinks_.find(part.table);
    if (sink == sinks_.end() || sink->second.schema_id < 0) continue;
    sink->second.Begin();
    TRY_SET(part.rows, sink->second.table->AsStored(part.rows));
    use(*sink->second.digests, part);
  }
  return Ok();
}

Status ComparedTables::AddSource(const ChangeBatch& batch) {
  return Take(batch, [](RowDigests& digests, const ChangeBatch& part) { digests.AddLeft(*part.rows); });
}

Status ComparedTables::ChangeSource(const ChangeBatch& batch) {
  return Take(batch, [](RowDigests& digests, const ChangeBatch& part) { digests.ChangeLeft(part); });
}

}  // namespace sluice
