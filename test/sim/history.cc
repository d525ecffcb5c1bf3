// SPDX-License-Identifier: Apache-2.0
#include "sim/history.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace sluice::sim {
namespace {

constexpr uint64_t kKeys = 16;

Column Col(const std::string& name, const char* type) { return {name, *ParseDataType(type), "", std::nullopt}; }

struct Template {
  const char* name;
  std::vector<Column> columns;
  std::vector<std::string> key;
  std::vector<const char*> partitions;  // to choose from; "" is none
};

const std::vector<Template>& Templates() {
  static const std::vector<Template> kTemplates = {
      {"orders",
       {Col("id", "INT NOT NULL"), Col("grp", "INT"), Col("v", "VARCHAR(40)"), Col("n", "INT")},
       {"id"},
       {"", "grp", "bucket[2](id)"}},
      {"log", {Col("id", "INT"), Col("v", "VARCHAR(40)"), Col("n", "INT")}, {}, {"", "", "bucket[2](id)"}},
      {"names",
       {Col("id", "VARCHAR(20) NOT NULL"), Col("v", "VARCHAR(40)"), Col("n", "BIGINT")},
       {"id"},
       {"", "truncate[1](id)"}},
      {"pairs",
       {Col("id", "INT NOT NULL"), Col("sub", "VARCHAR(9) NOT NULL"), Col("n", "INT")},
       {"id", "sub"},
       {"", "bucket[2](id)"}},
  };
  return kTemplates;
}

bool IsText(const Column& column) { return column.type.kind == TypeKind::kVarChar; }

std::shared_ptr<arrow::Array> ToArray(const Column& column, const std::vector<Cells>& rows, size_t at) {
  std::shared_ptr<arrow::Array> out;
  auto build = [&](auto builder, auto value) {
    for (const Cells& row : rows) {
      const std::string& cell = row[at];
      CHECK((cell == "null" ? builder.AppendNull() : builder.Append(value(cell))).ok());
    }
    CHECK(builder.Finish(&out).ok());
  };
  if (IsText(column)) {
    build(arrow::StringBuilder(), [](const std::string& cell) { return cell.substr(1, cell.size() - 2); });
  } else if (column.type.kind == TypeKind::kBigInt) {
    build(arrow::Int64Builder(), [](const std::string& cell) { return std::stoll(cell); });
  } else {
    build(arrow::Int32Builder(), [](const std::string& cell) { return std::stoi(cell); });
  }
  return out;
}

}  // namespace

class HistoryMaker {
 public:
  HistoryMaker(uint64_t seed, int64_t transactions)
      : rng_(seed), count_(transactions), restless_(OneIn(rng_, 4)) {}

  History Make() {
    size_t first = Pick(rng_, 2), number = 2 + Pick(rng_, 2);
    for (size_t i = 0; i < number; ++i) {
      const Template& chosen = Templates()[(first + i) % Templates().size()];
      templates_.push_back(&chosen);
      out_.tables_.push_back({"shop", chosen.name});
      state_.push_back(std::make_shared<TableState>());
      const char* partition = chosen.partitions[Pick(rng_, chosen.partitions.size())];
      if (*partition == '\0') continue;
      out_.partition_key_ += Str(out_.partition_key_.empty() ? "" : ";", "shop.", chosen.name, ":", partition);
    }
    out_.states_.push_back(state_);
    InitialCopy();
    while (out_.size() < count_) Change();
    return std::move(out_);
  }

 private:
  TableState& Touch(size_t table) {
    state_[table] = std::make_shared<TableState>(*state_[table]);
    return const_cast<TableState&>(*state_[table]);
  }

  void End() {
    out_.transactions_.push_back(std::move(now_));
    now_ = {};
    out_.states_.push_back(state_);
  }

  void InitialCopy() {
    for (size_t table = 0; table < templates_.size(); ++table) {
      if (OneIn(rng_, 5)) continue;  // made later
      Create(table);
      End();
      uint64_t key = 0;
      for (uint64_t batch = Pick(rng_, 3); batch > 0; --batch) {
        Batch rows(table, *this);
        for (uint64_t i = 1 + Pick(rng_, 5); i > 0 && key < kKeys; --i) rows.Put(key += 1 + Pick(rng_, 2));
        rows.snapshot = true;
        rows.Give();
        End();
      }
    }
  }

  // Row images of one table in one transaction.
  struct Batch {
    Batch(size_t number, HistoryMaker& owner) : table(number), maker(owner), state(owner.Touch(number)) {}
    size_t table;
    HistoryMaker& maker;
    TableState& state;
    std::vector<RowKind> kinds;
    std::vector<Cells> images;
    bool snapshot = false;

    void Add(RowKind kind, Cells cells) {
      kinds.push_back(kind);
      images.push_back(std::move(cells));
    }
    std::string KeyOf(const Cells& cells) const {
      std::string key;
      for (const std::string& name : state.schema->primary_key) key += cells[Index(name)] + "|";
      return key.empty() ? Str(maker.arrivals_++ + 1'000'000) : key;
    }
    size_t Index(const std::string& name) const { return static_cast<size_t>(state.schema->Find(name)); }
    // Inserts a row with this key, or updates it.
    void Put(uint64_t id) {
      Cells cells = maker.NewRow(*state.schema, id);
      std::string key = KeyOf(cells);
      Add(state.rows.contains(key) ? RowKind::kUpdateAfter : RowKind::kInsert, cells);
      state.rows[key] = std::move(cells);
    }
    Cells KeyOnly(const Cells& cells) const {
      Cells out(cells.size(), "null");
      for (const std::string& name : state.schema->primary_key) out[Index(name)] = cells[Index(name)];
      return out;
    }
    void RemoveSome() {
      if (state.rows.empty()) return;
      auto at = state.rows.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(Pick(maker.rng_, state.rows.size())));
      const bool keyed = !state.schema->primary_key.empty();
      Add(RowKind::kDelete, keyed ? KeyOnly(at->second) : at->second);
      if (keyed) state.rows.erase(at);  // without a key the sink leaves deletes out
    }
    // An update that changes the key.
    void MoveSome(uint64_t to) {
      if (state.rows.empty() || state.schema->primary_key.empty()) return;
      auto at = state.rows.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(Pick(maker.rng_, state.rows.size())));
      Cells moved = at->second;
      moved[Index("id")] = maker.NewRow(*state.schema, to)[Index("id")];
      std::string key = KeyOf(moved);
      if (state.rows.contains(key)) return;
      Add(RowKind::kUpdateBefore, KeyOnly(at->second));
      Add(RowKind::kUpdateAfter, moved);
      state.rows.erase(at);
      state.rows[key] = std::move(moved);
    }
    void Give() {
      if (images.empty()) return;
      ChangeBatch batch;
      batch.table = maker.out_.tables_[table];
      batch.schema = state.schema;
      batch.snapshot = snapshot;
      if (!snapshot) batch.kinds = kinds;
      std::vector<std::shared_ptr<arrow::Array>> columns;
      for (size_t i = 0; i < state.schema->columns.size(); ++i) {
        columns.push_back(ToArray(state.schema->columns[i], images, i));
      }
      batch.rows = arrow::RecordBatch::Make(state.schema->ToArrow(), static_cast<int64_t>(images.size()), columns);
      maker.now_.events.push_back({std::move(batch)});
      kinds.clear();
      images.clear();
    }
  };

  std::string NewCell(const Column& column) {
    if (OneIn(rng_, 8) && column.type.nullable) return "null";
    std::string number = Str(++values_);
    return IsText(column) ? Str("\"t", number, "\"") : number;
  }

  Cells NewRow(const TableSchema& schema, uint64_t id) {
    Cells out;
    for (const Column& column : schema.columns) {
      if (column.name == "id") {
        out.push_back(IsText(column) ? Str("\"", static_cast<char>('a' + id % 3), id, "\"") : Str(id));
      } else if (column.name == "sub") {
        out.push_back(id % 2 == 0 ? "\"x\"" : "\"y\"");
      } else if (column.name == "grp") {
        out.push_back(OneIn(rng_, 8) ? "null" : Str(Pick(rng_, 3)));
      } else {
        out.push_back(NewCell(column));
      }
    }
    return out;
  }

  void Change() {
    if (OneIn(rng_, 10)) return End();  // of a table that is not replicated
    const size_t tables = templates_.size();
    if (OneIn(rng_, restless_ ? 3 : 6)) {
      SchemaChangeOf(Pick(rng_, tables));
      return End();
    }
    const size_t first = Pick(rng_, tables), number = 1 + Pick(rng_, tables);
    for (size_t i = 0; i < number; ++i) {
      const size_t table = (first + i) % tables;
      if (state_[table]->schema == nullptr || state_[table]->dropped) {
        if (i > 0) continue;
        Create(table);
        return End();
      }
      Batch batch(table, *this);
      for (uint64_t change = 1 + Pick(rng_, 5); change > 0; --change) {
        switch (Pick(rng_, 6)) {
          case 0: batch.RemoveSome(); break;
          case 1: batch.MoveSome(Pick(rng_, kKeys)); break;
          default: batch.Put(Pick(rng_, kKeys));
        }
        if (OneIn(rng_, 6)) batch.Give();
      }
      batch.Give();
    }
    End();
  }

  void Create(size_t table) {
    TableState& state = Touch(table);
    auto schema = std::make_shared<TableSchema>();
    schema->columns = templates_[table]->columns;
    schema->primary_key = templates_[table]->key;
    if (state.dropped && OneIn(rng_, 2)) schema->columns.push_back(Col(Str("c", ++names_), "INT"));
    state.schema = schema;
    state.dropped = false;
    SchemaChange change;
    change.schema = schema;
    Give(table, std::move(change));
  }

  void Give(size_t table, SchemaChange change) {
    change.table = out_.tables_[table];
    now_.events.push_back({std::move(change)});
  }

  void SchemaChangeOf(size_t table) {
    if (state_[table]->schema == nullptr || state_[table]->dropped) return Create(table);
    TableState& state = Touch(table);
    switch (Pick(rng_, 7)) {
      case 0:
      case 1: return AddColumn(table, state);
      case 2: return DropColumn(table, state);
      case 3: return RenameColumn(table, state);
      case 4: return WidenColumn(table, state);
      default: return Empty(table, state);
    }
  }

  void AddColumn(size_t table, TableState& state) {
    SchemaChange change;
    change.kind = SchemaChangeKind::kAddColumn;
    change.place = OneIn(rng_, 3) ? ColumnPlace::kFirst : ColumnPlace::kLast;
    if (state.schema->primary_key.empty()) change.place = ColumnPlace::kLast;
    const bool text = OneIn(rng_, 2);
    change.column = Col(Str("c", ++names_), text ? "VARCHAR(40)" : "INT");
    std::string old = "null";
    if (OneIn(rng_, 2)) {
      change.column.default_value = text ? "tea" : "7";
      old = text ? "\"tea\"" : "7";
    }
    const bool first = change.place == ColumnPlace::kFirst;
    for (auto& [key, cells] : state.rows) cells.insert(first ? cells.begin() : cells.end(), old);
    Apply(table, state, std::move(change));
  }

  // Index of a column that is neither key nor partition; 0 if there is none.
  size_t FreeColumn(const TableSchema& schema) {
    for (int tries = 0; tries < 4; ++tries) {
      const size_t at = Pick(rng_, schema.columns.size());
      const std::string& name = schema.columns[at].name;
      if (at > 0 && name != "id" && name != "sub" && name != "grp") return at;
    }
    return 0;
  }

  void DropColumn(size_t table, TableState& state) {
    const size_t at = FreeColumn(*state.schema);
    if (at == 0) return;
    SchemaChange change;
    change.kind = SchemaChangeKind::kDropColumn;
    change.name = state.schema->columns[at].name;
    for (auto& [key, cells] : state.rows) cells.erase(cells.begin() + static_cast<std::ptrdiff_t>(at));
    Apply(table, state, std::move(change));
  }

  void RenameColumn(size_t table, TableState& state) {
    const size_t at = FreeColumn(*state.schema);
    if (at == 0) return;
    SchemaChange change;
    change.kind = SchemaChangeKind::kRenameColumn;
    change.column = state.schema->columns[at];
    change.name = change.column.name;
    change.column.name = Str("c", ++names_);
    Apply(table, state, std::move(change));
  }

  void WidenColumn(size_t table, TableState& state) {
    const size_t at = FreeColumn(*state.schema);
    if (at == 0 || state.schema->columns[at].type.kind != TypeKind::kInt) return;
    SchemaChange change;
    change.kind = SchemaChangeKind::kAlterColumn;
    change.column = state.schema->columns[at];
    change.column.type.kind = TypeKind::kBigInt;
    change.name = change.column.name;
    Apply(table, state, std::move(change));
  }

  void Empty(size_t table, TableState& state) {
    SchemaChange change;
    change.kind = OneIn(rng_, restless_ ? 1 : 3) ? SchemaChangeKind::kDropTable : SchemaChangeKind::kTruncateTable;
    state.dropped = change.kind == SchemaChangeKind::kDropTable;
    if (!state.dropped) change.schema = state.schema;
    state.rows.clear();
    ++state.emptied;
    Give(table, std::move(change));
  }

  void Apply(size_t table, TableState& state, SchemaChange change) {
    auto after = ApplySchemaChange(*state.schema, change);
    CHECK(after.ok());
    state.schema = std::make_shared<const TableSchema>(*std::move(after));
    change.schema = state.schema;
    Give(table, std::move(change));
  }

  Rng rng_;
  const int64_t count_;
  const bool restless_;  // tables come and go more often
  History out_;
  std::vector<const Template*> templates_;
  std::vector<std::shared_ptr<const TableState>> state_;
  Transaction now_;
  uint64_t arrivals_ = 0, values_ = 0, names_ = 0;
};

History History::Make(uint64_t seed, int64_t transactions) { return HistoryMaker(seed, transactions).Make(); }

}  // namespace sluice::sim
