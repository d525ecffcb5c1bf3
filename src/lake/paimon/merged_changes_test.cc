// SPDX-License-Identifier: Apache-2.0
// Changes of tables whose rows are merged when they are read: snapshot by snapshot they turn what readers saw into
// what they see.
#include <gtest/gtest.h>

#include "lake/paimon/random_table_test_util.h"
#include "lake/paimon/table_changes.h"

namespace sluice::paimon {
namespace {

struct Merged {
  const char* name;
  Options options;
  bool deletes;  // it takes them
};

// (id, g, n, t), by ids.
class MergedRun {
 public:
  MergedRun(const Merged& merged, uint64_t seed) : merged_(merged), random_(seed), lake_(TheSchema()) {}

  Status Run(int epochs) {
    Options options = merged_.options;
    options.try_emplace("bucket", Str(1 + random_(2)));
    options["num-sorted-run.compaction-trigger"] = Str(2 + random_(4));
    options["target-file-size"] = Str(2 + random_(6), " kb");
    TRY(lake_.Create({}, options));
    for (int epoch = 0; epoch < epochs; ++epoch) {
      if (random_.OneIn(4)) TRY(lake_.Reopen());
      TRY(lake_.Write(Rows(1 + random_(random_.OneIn(3) ? 150 : 9))));
      TRY(lake_.CommitEpoch());
    }
    return Follow();
  }

 private:
  static TableSchema TheSchema() {
    TableSchema schema;
    schema.columns = {Col("id", "INT NOT NULL"), Col("g", "INT"), Col("n", "BIGINT"), Col("t", "STRING")};
    schema.primary_key = {"id"};
    return schema;
  }

  std::vector<std::pair<RowKind, Cells>> Rows(size_t count) {
    std::vector<std::pair<RowKind, Cells>> out;
    while (out.size() < count) {
      const std::vector<std::string> row = {Str(random_(90)), Str(random_(9)), Str(random_(99)),
                                            Str("t", random_(5))};
      const bool goes = merged_.deletes && random_.OneIn(5);
      out.push_back(lake_.Row(goes ? RowKind::kDelete : RowKind::kInsert, row));
    }
    return out;
  }

  Status Follow() {
    auto table = lake_.OpenTable();
    ChangeRequest request;
    request.schema = &table->newest_schema();
    SnapshotFollower follower(*table, 1);
    paimon::Rows seen;
    for (;;) {
      TRY_SET(const auto snapshot, follower.Next());
      if (!snapshot) break;
      TRY_SET(const auto reader, ReadChanges(PosixEnv(), *table, *snapshot, request));
      for (RowChanges changes; reader != nullptr;) {
        TRY_SET(const bool more, reader->Next(changes));
        if (!more) break;
        TRY(Apply(changes, seen));
      }
      if (seen != lake_.Read(snapshot->id)) return Corrupt(Str("snapshot ", snapshot->id, " has other rows"));
    }
    return changes_ > 0 ? Ok() : Status(Corrupt("no changes"));
  }

  Status Apply(const RowChanges& changes, paimon::Rows& seen) {
    for (int64_t row = 0; row < changes.rows->num_rows(); ++row) {
      std::string line;
      for (const auto& column : changes.rows->columns()) {
        AppendJson(*column, row, line);
        line += '|';
      }
      ++changes_;
      const RowKind kind = changes.kinds[static_cast<size_t>(row)];
      if (kind == RowKind::kInsert || kind == RowKind::kUpdateAfter) {
        seen.insert(std::move(line));
      } else if (auto there = seen.find(line); there != seen.end()) {
        seen.erase(there);
      } else {
        return Corrupt(Str(RowKindName(kind), " of a row that is not there: ", line));
      }
    }
    return Ok();
  }

  const Merged& merged_;
  Random random_;
  ModelLake lake_;
  int64_t changes_ = 0;
};

class PaimonMergedChanges : public testing::TestWithParam<Merged> {};

TEST_P(PaimonMergedChanges, AreThoseOfTheRowsThatReadersSee) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const Status done = MergedRun(GetParam(), seed).Run(12);
    ASSERT_TRUE(done.ok()) << "seed " << seed << ": " << done.error().ToString();
  }
}

Options Parts(const Options& more = {}) {
  Options out = {{"merge-engine", "partial-update"}, {"partial-update.remove-record-on-delete", "true"}};
  out.insert(more.begin(), more.end());
  return out;
}

const Options kSums = {{"merge-engine", "aggregation"}, {"fields.n.aggregate-function", "sum"},
                       {"fields.g.aggregate-function", "max"}, {"ignore-delete", "true"}};

INSTANTIATE_TEST_SUITE_P(
    All, PaimonMergedChanges,
    testing::Values(Merged{"parts", Parts(), true},
                    Merged{"partsInput", Parts({{"changelog-producer", "input"}}), true},
                    Merged{"partsVectors", Parts({{"deletion-vectors.enabled", "true"}}), true},
                    Merged{"sums", kSums, false},
                    Merged{"firstRow", {{"merge-engine", "first-row"}, {"ignore-delete", "true"}}, false},
                    Merged{"ordered", {{"sequence.field", "g"}}, true},
                    Merged{"orderedInput", {{"sequence.field", "g"}, {"changelog-producer", "input"}}, true},
                    Merged{"orderedVectors", {{"sequence.field", "g"}, {"deletion-vectors.enabled", "true"}}, true}),
    [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace sluice::paimon
