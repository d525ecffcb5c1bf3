// SPDX-License-Identifier: Apache-2.0
// TableWriter and TableScan with each merge engine against a model that keeps all rows of each key: over several epochs
// with flushes, restarts and compactions between. Only what does not depend on when files are merged is drawn: Paimon's
// own result does where a deleted row comes again, or NULL where a value was taken back.
#include <gtest/gtest.h>

#include <functional>

#include "lake/paimon/random_table_test_util.h"
#include "lake/paimon/table_check_test_util.h"

namespace sluice::paimon {
namespace {

constexpr RowKind kInsert = RowKind::kInsert, kBefore = RowKind::kUpdateBefore, kAfter = RowKind::kUpdateAfter,
                  kDelete = RowKind::kDelete;
constexpr char kNull[] = "null";
using Texts = std::vector<std::string>;  // of id, g, a, n, m, t, o, l
struct Event {
  RowKind kind;
  Texts row;
};
using History = std::vector<Event>;
// A row that is none: the key is not there.
using Model = std::function<Texts(const History&)>;

bool Retracts(RowKind kind) { return kind == kBefore || kind == kDelete; }

struct Engine {
  std::string name;
  Options options;
  Model model;
  bool takes_back = false;  // -U and -D come
  bool again = true;        // a deleted key may come again
};

Texts FirstRow(const History& history) {
  for (const Event& event : history) {
    if (!Retracts(event.kind)) return event.row;
  }
  return {};
}

Texts NewestParts(const History& history) {
  Texts out;
  for (const Event& event : history) {
    if (Retracts(event.kind)) continue;
    if (out.empty()) out = event.row;
    for (size_t i = 0; i < out.size(); ++i) {
      if (event.row[i] != kNull) out[i] = event.row[i];
    }
  }
  return out;
}

Texts NewestPartsOfLiving(const History& history) {
  return history.back().kind == kDelete ? Texts() : NewestParts(history);
}

std::string Sum(const std::string& a, const std::string& b, int sign = 1) {
  if (b == kNull) return a;
  return Str((a == kNull ? 0 : std::stoll(a)) + sign * std::stoll(b));
}

// `g` orders a and n, which is summed; the others are parts.
Texts Groups(const History& history) {
  if (history.size() == 1) return history[0].row;
  Texts out(history[0].row.size(), kNull);
  for (const Event& event : history) {
    for (size_t i : {0, 4, 5, 6, 7}) {
      if (event.row[i] != kNull) out[i] = event.row[i];
    }
    if (event.row[1] == kNull) continue;
    out[3] = Sum(out[3], event.row[3]);
    if (out[1] != kNull && std::stoi(event.row[1]) < std::stoi(out[1])) continue;
    out[1] = event.row[1];
    out[2] = event.row[2];
  }
  return out;
}

// Sums of n; of m the greatest and of g the first value, which is never taken back; the last ones of a, t, o and l.
Texts Sums(const History& history) {
  Texts out(history[0].row.size(), kNull);
  bool first = true;
  for (const Event& event : history) {
    const bool back = Retracts(event.kind);
    out[0] = event.row[0];
    out[3] = Sum(out[3], event.row[3], back ? -1 : 1);
    for (size_t i : {2, 5, 6, 7}) out[i] = back ? kNull : event.row[i];
    if (back) continue;
    if (std::exchange(first, false)) out[1] = event.row[1];
    const std::string& m = event.row[4];
    if (m != kNull && (out[4] == kNull || std::stoi(m) > std::stoi(out[4]))) out[4] = m;
  }
  return out;
}

// The least g, the first a, the last n, the product of m (of 1 and -1), a list of t, whether any o is
// true, and the elements of all l.
Texts Folds(const History& history) {
  Texts out;
  for (const Event& event : history) {
    if (Retracts(event.kind)) continue;
    const Texts& row = event.row;
    if (out.empty()) {
      out = row;
      continue;
    }
    const auto join = [&](size_t i, const std::string& both) {
      out[i] = out[i] == kNull ? row[i] : row[i] == kNull ? out[i] : both;
    };
    if (row[1] != kNull) join(1, out[1] != kNull && std::stoi(out[1]) < std::stoi(row[1]) ? out[1] : row[1]);
    join(2, out[2]);
    join(3, row[3]);
    if (out[4] != kNull && row[4] != kNull) out[4] = Str(std::stoi(out[4]) * std::stoi(row[4]));
    else join(4, "");
    join(5, out[5] + ";" + row[5]);
    join(6, out[6] == "true" ? "true" : row[6]);
    join(7, out[7] + " " + row[7]);
  }
  return out;
}

// The row with the highest g, of equal ones the last: NULL is below all.
Texts NewestByG(const History& history) {
  Texts out;
  const auto g = [](const Texts& row) { return row[1] == kNull ? -1 : std::stoi(row[1]); };
  for (const Event& event : history) {
    if (!Retracts(event.kind) && (out.empty() || g(event.row) >= g(out))) out = event.row;
  }
  return out;
}

std::vector<Engine> Engines() {
  const auto function = [](const char* column) { return Str("fields.", column, ".aggregate-function"); };
  const Options partial = {{"merge-engine", "partial-update"}};
  Options groups = partial, removes = partial, sums = {{"merge-engine", "aggregation"}}, folds = sums, parts = partial;
  parts["ignore-delete"] = "true";
  groups["fields.g.sequence-group"] = "a,n";
  groups[function("n")] = "sum";
  groups["ignore-delete"] = "true";
  removes["partial-update.remove-record-on-delete"] = "true";
  sums[function("n")] = "sum";
  for (const char* column : {"a", "t", "o", "l"}) sums[function(column)] = "last_value";
  sums[function("m")] = "max";
  sums[function("g")] = "first_value";
  sums["fields.m.ignore-retract"] = sums["fields.g.ignore-retract"] = "true";
  const std::pair<const char*, const char*> kFolds[] = {{"g", "min"}, {"a", "first_non_null_value"},
                                                        {"n", "last_non_null_value"}, {"m", "product"},
                                                        {"t", "listagg"}, {"o", "bool_or"},
                                                        {"l", "collect"}};
  for (const auto& [column, name] : kFolds) folds[function(column)] = name;
  folds["fields.t.list-agg-delimiter"] = ";";
  folds["ignore-delete"] = "true";
  const Options newest = {{"merge-engine", "aggregation"}, {"fields.default-aggregate-function", "last_value"},
                          {"sequence.field", "g"}, {"ignore-delete", "true"}};
  return {{"first-row", {{"merge-engine", "first-row"}, {"ignore-delete", "true"}}, FirstRow, true, true},
          {"parts", parts, NewestParts, true, true},
          {"parts that go", removes, NewestPartsOfLiving, true, false},
          {"groups", groups, Groups, false, true},
          {"sums", sums, Sums, true, true},
          {"newest by g", newest, NewestByG, true, true},
          {"folds", folds, Folds, true, true}};
}

class EngineRun {
 public:
  EngineRun(const Engine& engine, uint64_t seed)
      : engine_(engine), random_(seed), lake_(SchemaOfRows()), checker_(PosixEnv(), lake_.folder_) {}

  Status Run(int epochs) {
    Options options = engine_.options;
    options["bucket"] = Str(1 + random_(2));
    options["num-sorted-run.compaction-trigger"] = Str(2 + random_(4));
    options["target-file-size"] = Str(2 + random_(6), " kb");
    if (random_.OneIn(2)) options["num-levels"] = Str(2 + random_(6));
    if (random_.OneIn(3)) options["compaction.size-ratio"] = Str(random_(200));
    if (random_.OneIn(2)) options["parquet.page.row.count.limit"] = Str(1 + random_(9));
    TRY(lake_.Create({}, options));
    for (int epoch = 0; epoch < epochs; ++epoch) {
      if (random_.OneIn(4)) TRY(lake_.Reopen());
      for (uint64_t i = 1 + random_(4); i > 0; --i) {
        TRY(lake_.Write(Changes(1 + random_(random_.OneIn(4) ? 200 : 12))));
        if (random_.OneIn(3)) TRY(lake_.writer_->Flush());
      }
      TRY(lake_.CommitEpoch());
      TRY_SET(const auto ids, lake_.OpenTable()->SnapshotIds());
      for (int64_t id : ids) {
        if (id > seen_) TRY(checker_.CheckSnapshot(id));
      }
      seen_ = ids.back();
      expected_[seen_] = Lines();
      TRY(Compare(seen_));
    }
    for (const auto& [id, rows] : expected_) TRY(Compare(id));
    return Ok();
  }

 private:
  static TableSchema SchemaOfRows() {
    TableSchema schema;
    schema.columns = {Col("id", "INT NOT NULL"), Col("g", "INT"), Col("a", "STRING"), Col("n", "BIGINT"),
                      Col("m", "INT"), Col("t", "STRING"), Col("o", "BOOLEAN"), Col("l", "ARRAY<STRING>")};
    schema.primary_key = {"id"};
    return schema;
  }

  Texts RandomRow() {
    const auto some = [&](const std::string& text) { return random_.OneIn(4) ? std::string(kNull) : text; };
    const uint64_t keys = engine_.again ? 60 : 60 + 9 * rows_.size();  // there is always one that was not deleted
    return {Str(random_(keys)), some(Str(random_(9))), some(Str("a", random_(99))), some(Str(random_(1000))),
            some(random_.OneIn(2) ? "1" : "-1"), some(Str("t", random_(9))), some(random_.OneIn(3) ? "true" : "false"),
            some(random_.OneIn(4) ? "" : Str("l", random_(9), " l", random_(9)))};
  }

  std::vector<std::pair<RowKind, Cells>> Changes(size_t count) {
    std::vector<std::pair<RowKind, Cells>> out;
    const auto add = [&](RowKind kind, const Texts& row) {
      out.push_back(lake_.Row(kind, row));
      rows_[row[0]].push_back({kind, row});
    };
    while (out.size() < count) {
      const Texts row = RandomRow();
      const History& history = rows_[row[0]];
      const bool there = !history.empty() && history.back().kind != kDelete;
      if (!there && !history.empty() && !engine_.again) continue;
      if (!there || !engine_.takes_back) {
        add(kInsert, row);
      } else if (random_.OneIn(5)) {
        add(kDelete, Texts(history.back().row));
      } else {
        add(kBefore, Texts(history.back().row));
        add(kAfter, row);
      }
    }
    return out;
  }

  Rows Lines() const {
    Rows out;
    for (const auto& [id, history] : rows_) {
      const Texts row = history.empty() ? Texts() : engine_.model(history);
      if (!row.empty()) out.insert(Line(lake_.Row(kInsert, row).second));
    }
    return out;
  }

  Status Compare(int64_t snapshot) const {
    const Rows rows = lake_.Read(snapshot), &wanted = expected_.at(snapshot);
    if (rows == wanted) return Ok();
    std::string text = Str("snapshot ", snapshot, " of ", rows.size(), " rows, not ", wanted.size(), ":");
    for (const std::string& row : rows) text += wanted.contains(row) ? "" : "\n+ " + row;
    for (const std::string& row : wanted) text += rows.contains(row) ? "" : "\n- " + row;
    return Corrupt(text);
  }

  const Engine& engine_;
  Random random_;
  ModelLake lake_;
  TableChecker checker_;
  std::map<std::string, History> rows_;
  std::map<int64_t, Rows> expected_;  // by snapshot, the last of each epoch
  int64_t seen_ = 0;
};

TEST(PaimonMergeEngineRandomTest, TablesOfEachEngine) {
  const char* more = std::getenv("SLUICE_PAIMON_SEEDS");  // for a long run
  const uint64_t count = more == nullptr ? 4 : static_cast<uint64_t>(std::atoll(more));
  for (const Engine& engine : Engines()) {
    for (uint64_t seed = 1; seed <= count; ++seed) {
      const Status done = EngineRun(engine, seed).Run(9);
      ASSERT_TRUE(done.ok()) << engine.name << ", seed " << seed << ": " << done.error().ToString();
    }
  }
}

}  // namespace
}  // namespace sluice::paimon
