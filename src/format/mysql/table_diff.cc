// SPDX-License-Identifier: Apache-2.0
// The events between two versions of a table.
#include "format/mysql/table_diff.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace sluice::mysql {
namespace {

class Diff {
 public:
  Diff(const TableId& id, const MysqlTable& before, const MysqlTable& after, const MappingOptions& mapping)
      : id_(id), after_(after), mapping_(mapping), work_(before) {
    for (size_t i = 0; i < before.columns.size(); ++i) origin_.push_back(static_cast<int>(i));
  }

  Result<std::vector<SchemaChange>> Run(const std::vector<int>& origins, const std::vector<bool>& moved) {
    TRY_SET(schema_, MapTable(work_, mapping_));
    TRY(Drops(origins));
    TRY(Renames(origins));
    for (size_t i = 0; i < origins.size(); ++i) TRY(Column(i, origins[i], moved[i]));
    CHECK(work_.columns == after_.columns);
    work_ = after_;
    TRY_SET(TableSchema last, MapTable(work_, mapping_));
    bool comment = last.comment != schema_.comment;
    schema_ = std::move(last);
    if (comment) Emit({.kind = SchemaChangeKind::kAlterComment});
    if (!events_.empty()) events_.back().schema = std::make_shared<TableSchema>(schema_);
    return std::move(events_);
  }

 private:
  int Position(int origin) const {
    return static_cast<int>(std::find(origin_.begin(), origin_.end(), origin) - origin_.begin());
  }
  void Emit(SchemaChange change) {
    change.table = id_;
    change.schema = std::make_shared<TableSchema>(schema_);
    events_.push_back(std::move(change));
  }

  Status Drops(const std::vector<int>& origins) {
    for (size_t i = 0; i < work_.columns.size();) {
      if (std::find(origins.begin(), origins.end(), origin_[i]) != origins.end()) {
        ++i;
        continue;
      }
      std::string name = work_.columns[i].name;
      std::erase_if(work_.primary_key, [&](const std::string& key) { return EqualsIgnoreCase(key, name); });
      work_.columns.erase(work_.columns.begin() + static_cast<std::ptrdiff_t>(i));
      origin_.erase(origin_.begin() + static_cast<std::ptrdiff_t>(i));
      TRY_SET(schema_, MapTable(work_, mapping_));
      Emit({.kind = SchemaChangeKind::kDropColumn, .name = name});
    }
    return Ok();
  }

  Status Rename(size_t at, const std::string& to) {
    std::string from = work_.columns[at].name;
    work_.columns[at].name = to;
    for (std::string& key : work_.primary_key) {
      if (EqualsIgnoreCase(key, from)) key = to;
    }
    TRY_SET(schema_, MapTable(work_, mapping_));
    Emit({.kind = SchemaChangeKind::kRenameColumn, .name = from, .column = schema_.columns[at]});
    return Ok();
  }

  // A name must be free before it is given; a ring of names takes a way round.
  Status Renames(const std::vector<int>& origins) {
    std::vector<std::pair<int, std::string>> open;  // origin, new name
    for (size_t i = 0; i < origins.size(); ++i) {
      if (origins[i] < 0) continue;
      if (work_.columns[static_cast<size_t>(Position(origins[i]))].name != after_.columns[i].name) {
        open.emplace_back(origins[i], after_.columns[i].name);
      }
    }
    while (!open.empty()) {
      auto ready = std::find_if(open.begin(), open.end(), [&](const auto& rename) {
        int taken = work_.Find(rename.second);
        return taken < 0 || taken == Position(rename.first);
      });
      if (ready == open.end()) {
        std::string free = open[0].second + "__renaming";
        while (work_.Find(free) >= 0) free += "_";
        TRY(Rename(static_cast<size_t>(Position(open[0].first)), free));
        continue;
      }
      TRY(Rename(static_cast<size_t>(Position(ready->first)), ready->second));
      open.erase(ready);
    }
    return Ok();
  }

  // Brings column `i` of the result to its type and to its place, behind the columns that are there already.
  Status Column(size_t i, int origin, bool moved) {
    const MysqlColumn& wanted = after_.columns[i];
    size_t at = i == 0 ? 0 : static_cast<size_t>(work_.Find(after_.columns[i - 1].name)) + 1;
    SchemaChange change;
    if (origin < 0) {
      change.kind = SchemaChangeKind::kAddColumn;
      change.place = at == work_.columns.size() ? ColumnPlace::kLast : ColumnPlace::kAfter;
    } else {
      change.kind = SchemaChangeKind::kAlterColumn;
      size_t now = static_cast<size_t>(Position(origin));
      if (!moved || now == at) return Retype(now, wanted);
      work_.columns.erase(work_.columns.begin() + static_cast<std::ptrdiff_t>(now));
      origin_.erase(origin_.begin() + static_cast<std::ptrdiff_t>(now));
      if (now < at) --at;
      change.place = ColumnPlace::kAfter;
    }
    if (at == 0) change.place = ColumnPlace::kFirst;
    if (change.place == ColumnPlace::kAfter) change.after = work_.columns[at - 1].name;
    work_.columns.insert(work_.columns.begin() + static_cast<std::ptrdiff_t>(at), wanted);
    origin_.insert(origin_.begin() + static_cast<std::ptrdiff_t>(at), origin);
    TRY_SET(schema_, MapTable(work_, mapping_));
    change.name = wanted.name;
    change.column = schema_.columns[at];
    Emit(std::move(change));
    return Ok();
  }

  Status Retype(size_t at, const MysqlColumn& wanted) {
    if (work_.columns[at] == wanted) return Ok();
    work_.columns[at] = wanted;
    TRY_SET(TableSchema schema, MapTable(work_, mapping_));
    bool same = schema.columns[at] == schema_.columns[at];
    schema_ = std::move(schema);
    if (same) return Ok();
    Emit({.kind = SchemaChangeKind::kAlterColumn, .name = wanted.name, .column = schema_.columns[at]});
    return Ok();
  }

  TableId id_;
  const MysqlTable& after_;
  const MappingOptions& mapping_;
  MysqlTable work_;
  std::vector<int> origin_;  // of the columns of work_
  TableSchema schema_;       // of work_
  std::vector<SchemaChange> events_;
};

}  // namespace

Result<std::vector<SchemaChange>> DiffTables(const TableId& id, const MysqlTable& before, const MysqlTable& after,
                                             const std::vector<int>& origins, const std::vector<bool>& moved,
                                             const MappingOptions& mapping) {
  return Diff(id, before, after, mapping).Run(origins, moved);
}

std::vector<bool> MovedColumns(const std::vector<int>& origins) {
  std::vector<int> length(origins.size(), 1), previous(origins.size(), -1);
  int best = -1;
  for (size_t i = 0; i < origins.size(); ++i) {
    if (origins[i] < 0) continue;
    for (size_t j = 0; j < i; ++j) {
      if (origins[j] < 0 || origins[j] > origins[i] || length[j] < length[i]) continue;
      length[i] = length[j] + 1;
      previous[i] = static_cast<int>(j);
    }
    if (best < 0 || length[i] > length[static_cast<size_t>(best)]) best = static_cast<int>(i);
  }
  std::vector<bool> moved(origins.size(), true);
  for (int i = best; i >= 0; i = previous[static_cast<size_t>(i)]) moved[static_cast<size_t>(i)] = false;
  return moved;
}

}  // namespace sluice::mysql
