// SPDX-License-Identifier: Apache-2.0
// What tables say of a job's epochs, how prepared commits are written down, and the identity of a job.
#include "pipeline/stored_epochs.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "pipeline/job_id.h"
#include "pipeline/prepared_epoch.h"

namespace sluice {
namespace {

std::map<std::string, std::string> Properties(const std::string& job, const std::string& epoch,
                                              const std::string& tables = "1") {
  const std::string prefix = Str("sluice.", job, ".");
  return {{"owner", "me"},         {prefix + "epoch", epoch}, {prefix + "end", "e" + epoch},
          {prefix + "state", "s"}, {prefix + "tables", tables}, {prefix + "epoch-file", "f" + epoch}};
}

TEST(StoredEpochs, TheNewestOneCounts) {
  StoredEpochs stored;
  EXPECT_TRUE(stored.whole());
  EXPECT_FALSE(stored.known);
  stored.Add({"db", "a"}, Properties("j", "7", "2"), "j");
  EXPECT_FALSE(stored.whole());
  stored.Add({"db", "b"}, Properties("j", "6", "9"), "j");
  EXPECT_FALSE(stored.whole());
  stored.Add({"db", "c"}, Properties("j", "7", "2"), "j");
  EXPECT_TRUE(stored.whole());
  EXPECT_EQ(stored.newest.epoch, 7);
  EXPECT_EQ(stored.Newest()->end, "e7");
  EXPECT_EQ(stored.newest.state_id, "s");
  EXPECT_EQ(stored.epoch_file, "f7");
  EXPECT_EQ(stored.epochs, (std::map<TableId, int64_t>{{{"db", "a"}, 7}, {{"db", "b"}, 6}, {{"db", "c"}, 7}}));
  stored.Add({"db", "d"}, Properties("j", "10"), "j");  // a number, not a text
  EXPECT_EQ(stored.newest.epoch, 10);
  EXPECT_EQ(stored.tables_with, 1);
  EXPECT_TRUE(stored.whole());
}

TEST(StoredEpochs, OtherJobsDoNotCount) {
  StoredEpochs stored;
  stored.Add({"db", "a"}, Properties("j2", "7"), "j");
  stored.Add({"db", "b"}, Properties("", "7"), "j");
  EXPECT_FALSE(stored.Newest().has_value());
  EXPECT_FALSE(stored.known);
  stored.Add({"db", "c"}, {{"sluice.j.schema-id", "3"}}, "j");  // made by it, but never written
  EXPECT_TRUE(stored.known);
  EXPECT_TRUE(stored.epochs.empty());
  EXPECT_EQ(EpochOf({{"sluice.j.epoch", "12x"}}, "j"), 0);
  EXPECT_EQ(EpochOf({{"sluice.j.epoch", "12"}}, "j"), 12);
}

TEST(PreparedEpoch, IsReadAsItWasWritten) {
  const PreparedEpoch prepared{
      "a \"job\"", 12, {{{"d\"b", "t\n"}, 7, "{\"x\":[1,\"\\u0000ü\"]}"}, {{"", "u"}, {}, "1"}}};
  const std::string text = prepared.ToJson();
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const auto read = PreparedEpoch::Parse(text);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->ToJson(), text);
  EXPECT_EQ(read->job, prepared.job);
  EXPECT_EQ(read->epoch, 12);
  ASSERT_EQ(read->tables.size(), 2u);
  EXPECT_EQ(read->tables[0].id, prepared.tables[0].id);
  EXPECT_EQ(read->tables[0].base, 7);
  EXPECT_FALSE(read->tables[1].base.has_value());
  for (size_t end = 0; end < text.size(); ++end) EXPECT_FALSE(PreparedEpoch::Parse(text.substr(0, end)).ok());
}

TEST(PreparedEpoch, OfAnotherShapeIsRefused) {
  for (const char* text : {"", "[]", "{}", R"({"job":1,"epoch":1,"tables":[]})", R"({"job":"j","epoch":1})",
                           R"({"job":"j","epoch":1.5,"tables":[]})", R"({"job":"j","epoch":1,"tables":[1]})",
                           R"({"job":"j","epoch":1,"tables":[{"namespace":"a","table":"b"}]})"}) {
    const auto read = PreparedEpoch::Parse(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    EXPECT_FALSE(read.error().hint.empty());
  }
}

// It must stay the same from version to version: tables hold it.
TEST(LakeJobId, IsOfWhatIsReadAndWhereItGoes) {
  PipelineSpec spec;
  spec.name = "shop";
  spec.source.type = "mysql";
  spec.source.options = {{"hostname", {"db1", {}}}, {"port", {"3306", {}}}, {"tables", {"shop.*", {}}}};
  spec.sink.options = {{"catalog.properties.warehouse", {"/lake", {}}}};
  const std::string id = LakeJobId(spec, "cdc");
  EXPECT_EQ(id, "cdc-86e28d4f7a686cdc");
  EXPECT_EQ(LakeJobId(spec, "a b/c").substr(0, 6), "a_b_c-");
  PipelineSpec other = spec;
  other.source.options["password"] = {"x", {}};
  other.parallelism = 4;
  EXPECT_EQ(LakeJobId(other, "cdc"), id);
  for (const char* key : {"hostname", "port", "tables"}) {
    other = spec;
    other.source.options[key] = {"else", {}};
    EXPECT_NE(LakeJobId(other, "cdc"), id) << key;
  }
  other = spec;
  other.sink.options["catalog.properties.warehouse"] = {"/lake2", {}};
  EXPECT_NE(LakeJobId(other, "cdc"), id);
}

}  // namespace
}  // namespace sluice
