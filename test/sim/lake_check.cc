// SPDX-License-Identifier: Apache-2.0
#include "sim/lake_check.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>

#include "base/text.h"
#include "lake/iceberg/scan.h"
#include "row/format_value.h"

namespace sluice::sim {
namespace {

using NamedCells = std::vector<std::pair<std::string, std::string>>;

// "a=1 b=null", by name.
std::string Line(NamedCells cells) {
  std::sort(cells.begin(), cells.end());
  std::string out;
  for (const auto& [name, cell] : cells) out += Str(name, "=", cell, " ");
  return out;
}

std::string Differences(const std::multiset<std::string>& wanted, const std::multiset<std::string>& found) {
  std::string out;
  auto list = [&](const auto& from, const auto& other, const char* mark) {
    std::multiset<std::string> rest = other;
    for (const std::string& row : from) {
      if (auto at = rest.find(row); at != rest.end()) {
        rest.erase(at);
      } else {
        out += Str("\n    ", mark, row);
      }
    }
  };
  list(wanted, found, "missing: ");
  list(found, wanted, "too much: ");
  return out;
}

}  // namespace

LakeCheck::LakeCheck(World& world, const History& history, const std::string& warehouse, const std::string& job)
    : world_(world), history_(history), warehouse_(warehouse), job_(job), env_(world, 1, {}) {
  catalog_ = *HadoopCatalog::Make(env_, warehouse);
}

void LakeCheck::Forget() {
  for (auto& [id, check] : metadata_) check.Forget();
}

std::string LakeCheck::Folder(const TableId& id) const { return Str(warehouse_, "/", id.schema, "/", id.table); }

Status LakeCheck::Check() {
  world_.quiet = true;
  Status status;
  for (size_t table = 0; table < history_.tables().size() && status.ok(); ++table) {
    status = metadata_[history_.tables()[table]].Check(world_.disk, Folder(history_.tables()[table]));
    if (status.ok()) status = CheckTable(table);
    if (!status.ok()) status = std::move(status).error().With(history_.tables()[table].ToString());
  }
  world_.quiet = false;
  return status;
}

Status LakeCheck::CheckTable(size_t table) {
  auto lake = iceberg::Table::Open(env_, *catalog_, history_.tables()[table]);
  if (!lake.ok() && lake.error().code == ErrorCode::kNotFound) return Ok();
  if (!lake.ok()) return std::move(lake).error();
  for (const iceberg::Snapshot& snapshot : (*lake)->metadata().snapshots()) {
    if (seen_.contains(snapshot.id)) continue;
    Status checked = CheckSnapshot(table, **lake, snapshot);
    if (!checked.ok()) {
      return std::move(checked).error().With(Str("snapshot ", snapshot.sequence_number, " (", snapshot.id, ")"));
    }
  }
  return Ok();
}

Status LakeCheck::CheckSnapshot(size_t table, iceberg::Table& lake, const iceberg::Snapshot& snapshot) {
  auto parent = snapshot.parent_id ? seen_.find(*snapshot.parent_id) : seen_.end();
  Seen now;
  auto position = snapshot.summary.find(Str("sluice.", job_, ".position"));
  const bool ours = position != snapshot.summary.end();
  if (ours) {
    if (!ParseNumber(std::string_view(position->second).substr(3), now.position)) {
      return Corrupt(Str("a position of another form: ", position->second));
    }
  } else if (parent != seen_.end()) {
    now.position = parent->second.position;  // somebody else's: our rows are the same
  } else if (snapshot.parent_id) {
    return Ok();  // its parent has expired
  }
  Rows rows;
  TRY(ReadRows(lake, snapshot.id, rows, now.foreign));
  Status same = Compare(table, now.position, rows);
  // A change of the schema alone makes no snapshot: the next one, if it is somebody else's, shows it.
  for (int64_t later = now.position + 1; !ours && !same.ok() && later <= history_.size(); ++later) {
    if (Compare(table, later, rows).ok()) same = Ok();
  }
  TRY(std::move(same));
  if (parent != seen_.end() &&
      history_.State(table, parent->second.position).emptied == history_.State(table, now.position).emptied) {
    for (const std::string& id : parent->second.foreign) {
      if (!now.foreign.contains(id)) return Corrupt(Str("row ", id, " of another writer is lost"));
    }
  }
  seen_[snapshot.id] = std::move(now);
  ++snapshots_;
  return Ok();
}

Status LakeCheck::ReadRows(iceberg::Table& lake, std::optional<int64_t> snapshot, Rows& rows,
                           std::set<std::string>& foreign) {
  TRY_SET(auto scan, iceberg::TableScan::Make(env_, lake, snapshot, {}));
  const auto& fields = scan.schema().fields;
  for (DataBatch batch;;) {
    TRY_SET(bool more, scan.Next(batch));
    if (!more) return Ok();
    for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
      NamedCells cells;
      std::string id;
      for (size_t i = 0; i < fields.size(); ++i) {
        std::string cell;
        AppendJson(*batch.rows->column(static_cast<int>(i)), row, cell);
        if (fields[i].name == "id") id = cell;
        cells.emplace_back(fields[i].name, std::move(cell));
      }
      if (!id.starts_with('-') && !id.starts_with("\"-")) {
        rows.insert(Line(std::move(cells)));
      } else if (!foreign.insert(id).second) {
        return Corrupt(Str("row ", id, " of another writer is there twice"));
      }
    }
  }
}

Status LakeCheck::Compare(size_t table, int64_t position, const Rows& rows) const {
  const TableState& state = history_.State(table, position);
  Rows wanted;
  for (const auto& [key, cells] : state.rows) {
    NamedCells named;
    for (size_t i = 0; i < cells.size(); ++i) named.emplace_back(state.schema->columns[i].name, cells[i]);
    wanted.insert(Line(std::move(named)));
  }
  if (wanted == rows) return Ok();
  return Corrupt(Str("the rows are not those of position ", position, ":", Differences(wanted, rows)));
}

Status LakeCheck::CheckAt(int64_t position) {
  TRY(Check());
  world_.quiet = true;
  auto check = [&]() -> Status {
    for (size_t table = 0; table < history_.tables().size(); ++table) {
      const TableState& state = history_.State(table, position);
      const TableId& id = history_.tables()[table];
      auto lake = iceberg::Table::Open(env_, *catalog_, id);
      if (!lake.ok() && lake.error().code == ErrorCode::kNotFound && state.schema == nullptr) continue;
      if (!lake.ok()) return std::move(lake).error();
      Rows rows;
      std::set<std::string> foreign;
      TRY(ReadRows(**lake, {}, rows, foreign));
      Status same = Compare(table, position, rows);
      if (!same.ok()) return std::move(same).error().With(Str(id.ToString(), " now"));
      TRY_SET(iceberg::Schema schema, (*lake)->metadata().current_schema());
      if (state.schema == nullptr) continue;
      std::set<std::string> wanted, found;
      for (const Column& column : state.schema->columns) wanted.insert(column.name);
      for (const iceberg::Field& field : schema.fields) found.insert(field.name);
      if (wanted != found) return Corrupt(Str(id.ToString(), " has not the columns of position ", position));
    }
    return Ok();
  };
  Status status = check();
  world_.quiet = false;
  return status;
}

}  // namespace sluice::sim
