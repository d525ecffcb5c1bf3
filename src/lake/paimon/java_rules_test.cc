// SPDX-License-Identifier: Apache-2.0
// Options with which Paimon's Java code would not open a table are refused by name when the table is made.
#include "lake/paimon/java_rules.h"

#include <gtest/gtest.h>

namespace sluice::paimon {
namespace {

Schema Keyless(Options options) {
  Schema schema;
  for (const char* name : {"id", "dt", "v"}) {
    Field field;
    field.name = name;
    field.id = static_cast<int>(schema.fields.size());
    field.type.kind = TypeKind::kInt;
    schema.fields.push_back(field);
  }
  schema.options = std::move(options);
  return schema;
}

Schema Keyed(Options options) {
  Schema schema = Keyless(std::move(options));
  schema.primary_keys = {"id", "dt"};
  return schema;
}

std::string Refusal(const Schema& schema) {
  const Status status = CheckJavaRules(schema);
  return status.ok() ? "none" : status.error().message;
}

TEST(PaimonJavaRules, WhatJavaOpensIsTaken) {
  for (const Options& options : {
           Options{}, Options{{"bucket", "2"}, {"bucket-key", "id"}}, Options{{"bucket", "2"}, {"bucket-key", "dt,id"}},
           Options{{"bucket", "-2"}, {"bucket-key", "id"}}, Options{{"fields.v.stats-mode", "none"}},
           Options{{"merge-engine", "aggregation"}, {"fields.default-aggregate-function", "sum"}},
           Options{{"merge-engine", "partial-update"}, {"fields.v,dt.ignored", "x"}},
           Options{{"sequence.snapshot-ordering", "true"}, {"write-only", "true"}},
           Options{{"changelog-producer", "lookup"}}, Options{{"sequence.field", "v,dt"}},
           Options{{"snapshot.num-retained.min", "3"}, {"snapshot.num-retained.max", "3"}},
           Options{{"changelog-producer", "full-compaction"}, {"full-compaction.delta-commits", "2"}}}) {
    EXPECT_EQ(Refusal(Keyed(options)), "none");
  }
  EXPECT_EQ(Refusal(Keyless({{"bucket", "2"}, {"bucket-key", "v"}, {"full-compaction.delta-commits", "2"}})), "none");
  EXPECT_EQ(Refusal(Keyless({{"changelog-producer", "none"}})), "none");
}

TEST(PaimonJavaRules, TheRestIsNamed) {
  const std::pair<Options, const char*> cases[] = {
      {{{"bucket-key", "id"}}, "bucket-key='id' needs a number of buckets"},
      {{{"bucket", "-1"}, {"bucket-key", "id"}}, "bucket-key='id' needs a number of buckets"},
      {{{"bucket", "2"}, {"bucket-key", "id, dt"}}, "bucket-key='id, dt' has blanks"},
      {{{"bucket", "2"}, {"bucket-key", "id,"}}, "bucket-key='id,' has blanks or empty names"},
      {{{"bucket", "2"}, {"bucket-key", "v"}}, "bucket-key names v, which is not part of the primary key"},
      {{{"fields.w.stats-mode", "none"}}, "fields.w.stats-mode names w, which is no column"},
      {{{"fields.v,w.sequence-group", "id"}}, "names w, which is no column"},
      {{{"sequence.snapshot-ordering", "true"}}, "sequence.snapshot-ordering needs write-only=true"},
      {{{"sequence.snapshot-ordering", "true"}, {"write-only", "true"}, {"sequence.field", "v"}}, "contradict"},
      {{{"sequence.snapshot-ordering", "true"}, {"write-only", "true"}, {"bucket", "-2"}}, "bucket='-2' is not"},
      {{{"sequence.field", "v,v"}}, "sequence.field names v twice"},
      {{{"snapshot.num-retained.max", "5"}}, "snapshot.num-retained.min=10 is above snapshot.num-retained.max=5"},
      {{{"changelog.num-retained.min", "9"}, {"changelog.num-retained.max", "5"}}, "changelog.num-retained.min=9 is"},
      {{{"changelog-producer", "lookup"}, {"full-compaction.delta-commits", "2"}}, "delta-commits and changelog-prod"},
      {{{"changelog-producer", "lookup"}, {"streaming-read-overwrite", "true"}}, "streaming-read-overwrite and chan"},
      {{{"manifest-sort.enabled", "true"}}, "manifest-sort.enabled is for tables with partitions"},
  };
  for (const auto& [options, text] : cases) {
    EXPECT_NE(Refusal(Keyed(options)).find(text), std::string::npos) << text << ": " << Refusal(Keyed(options));
  }
  EXPECT_NE(Refusal(Keyless({{"changelog-producer", "input"}})).find("changelog-producer"), std::string::npos);
  EXPECT_NE(Refusal(Keyless({{"full-compaction.delta-commits", "2"}})).find("delta-commits"), std::string::npos);
  for (const char* key : {"streaming-read-overwrite", "table-read.sequence-number.enabled"}) {
    EXPECT_NE(Refusal(Keyless({{key, "true"}})).find(key), std::string::npos);
    EXPECT_EQ(Refusal(Keyed({{key, "true"}})), "none");
    EXPECT_EQ(Refusal(Keyless({{key, "false"}})), "none");
  }
}

TEST(PaimonJavaRules, FoldersOfBytesAreFoundByNobody) {
  Schema schema = Keyed({});
  schema.partition_keys = {"dt"};
  EXPECT_EQ(Refusal(schema), "none");
  for (const TypeKind kind : {TypeKind::kBinary, TypeKind::kVarBinary, TypeKind::kBytes}) {
    schema.fields[1].type.kind = kind;
    EXPECT_NE(Refusal(schema).find("partition column dt is "), std::string::npos);
  }
}

TEST(PaimonJavaRules, TablesWithoutAKeyDoWithoutSomeOptions) {
  Schema schema = Keyless({{"changelog-producer", "input"}, {"full-compaction.delta-commits", "2"},
                           {"sequence.snapshot-ordering", "true"}, {"x", "y"}});
  EXPECT_EQ(LeaveOutForKeyless(schema),
            "changelog-producer, sequence.snapshot-ordering, full-compaction.delta-commits");
  EXPECT_EQ(schema.options, (Options{{"x", "y"}}));
  EXPECT_EQ(Refusal(schema), "none");
  Schema keyed = Keyed({{"changelog-producer", "input"}});
  EXPECT_EQ(LeaveOutForKeyless(keyed), "");
  EXPECT_EQ(keyed.options.size(), 1u);
}

}  // namespace
}  // namespace sluice::paimon
