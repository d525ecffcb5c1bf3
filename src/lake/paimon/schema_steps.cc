// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/schema_steps.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "lake/paimon/evolve.h"
#include "lake/paimon/pipeline_field.h"

namespace sluice::paimon {
namespace {

std::map<int, std::string> NamesById(const Schema& schema) {
  std::map<int, std::string> out;
  for (const Field& field : schema.fields) {
    if (InPipelines(field)) out[field.id] = field.name;
  }
  return out;
}

class Steps {
 public:
  Steps(const TableId& table, const Schema& from, const Schema& to)
      : table_(table),
        from_(NamesById(from)),
        to_(NamesById(to)),
        now_(ToTableSchema(from)),
        target_(ToTableSchema(to)) {}

  Result<std::vector<SchemaChange>> Make() {
    TRY(Drop());
    TRY(Rename());
    if (now_.primary_key != target_.primary_key) {
      return Unsupported(Str("table ", table_.ToString(), ": another primary key"),
                         "begin anew with an empty state directory and sink table");
    }
    TRY(Alter());
    TRY(AddAndMove());
    if (now_.comment != target_.comment) {
      SchemaChange change;
      change.kind = SchemaChangeKind::kAlterComment;
      change.schema = std::make_shared<const TableSchema>(target_);
      TRY(Take(std::move(change)));
    }
    return std::move(out_);
  }

 private:
  Status Take(SchemaChange change) {
    change.table = table_;
    if (change.kind == SchemaChangeKind::kAlterComment) {
      now_.comment = target_.comment;
    } else {
      TRY_SET(now_, ApplySchemaChange(now_, change));
    }
    change.schema = std::make_shared<const TableSchema>(now_);
    out_.push_back(std::move(change));
    return Ok();
  }

  Status Drop() {
    for (const auto& [id, name] : from_) {
      if (to_.contains(id)) continue;
      if (now_.IsKey(name)) {
        return Unsupported(Str("table ", table_.ToString(), ": key column ", name, " is dropped"),
                           "begin anew with an empty state directory and sink table");
      }
      SchemaChange change;
      change.kind = SchemaChangeKind::kDropColumn;
      change.name = name;
      TRY(Take(std::move(change)));
    }
    return Ok();
  }

  // A name may be free only after another column has given it up.
  Status Rename() {
    std::vector<std::pair<std::string, std::string>> left;
    for (const auto& [id, name] : from_) {
      auto later = to_.find(id);
      if (later != to_.end() && later->second != name) left.emplace_back(name, later->second);
    }
    while (!left.empty()) {
      auto free = std::find_if(left.begin(), left.end(), [&](const auto& pair) { return now_.Find(pair.second) < 0; });
      if (free == left.end()) {
        return Unsupported(Str("table ", table_.ToString(), ": columns change names with each other: ",
                               left[0].first, " becomes ", left[0].second),
                           "begin anew with an empty state directory and sink table");
      }
      SchemaChange change;
      change.kind = SchemaChangeKind::kRenameColumn;
      change.name = free->first;
      change.column = now_.columns[static_cast<size_t>(now_.Find(free->first))];
      change.column.name = free->second;
      left.erase(free);
      TRY(Take(std::move(change)));
    }
    return Ok();
  }

  Status Alter() {
    for (const Column& column : target_.columns) {
      const int at = now_.Find(column.name);
      if (at < 0 || now_.columns[static_cast<size_t>(at)] == column) continue;
      SchemaChange change;
      change.kind = SchemaChangeKind::kAlterColumn;
      change.name = column.name;
      change.column = column;
      TRY(Take(std::move(change)));
    }
    return Ok();
  }

  Status AddAndMove() {
    for (size_t i = 0; i < target_.columns.size(); ++i) {
      const Column& column = target_.columns[i];
      const int at = now_.Find(column.name);
      if (at == static_cast<int>(i)) continue;
      SchemaChange change;
      change.kind = at < 0 ? SchemaChangeKind::kAddColumn : SchemaChangeKind::kAlterColumn;
      if (at >= 0) change.name = column.name;
      change.column = column;
      change.place = i == 0 ? ColumnPlace::kFirst : ColumnPlace::kAfter;
      if (i > 0) change.after = target_.columns[i - 1].name;
      if (at < 0 && i == now_.columns.size()) {
        change.place = ColumnPlace::kLast;
        change.after.clear();
      }
      if (at < 0 && column.type.nullable) change.initial.kind = InitialDefault::Kind::kNull;
      TRY(Take(std::move(change)));
    }
    return Ok();
  }

  const TableId& table_;
  const std::map<int, std::string> from_, to_;
  TableSchema now_;
  const TableSchema target_;
  std::vector<SchemaChange> out_;
};

}  // namespace

Result<std::vector<SchemaChange>> SchemaSteps(const TableId& table, const Schema& from, const Schema& to) {
  return Steps(table, from, to).Make();
}

}  // namespace sluice::paimon
