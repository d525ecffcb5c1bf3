// SPDX-License-Identifier: Apache-2.0
// The Hadoop catalog in S3: outages and lost answers at each request of a commit, and two writers.
#include <gtest/gtest.h>

#include "io/fake_s3_test_util.h"
#include "lake/catalog/hadoop.h"
#include "lake/catalog/uri.h"

namespace sluice {
namespace {

const TableId kTable{"", "t"};

class HadoopCatalogS3Test : public testing::Test {
 protected:
  void Reset() {
    server_ = {};
    env_ = MakeS3Env(clock_, FakeS3Config(), std::make_unique<FakeS3Transport>(server_));
    catalog_ = HadoopCatalog::At(*env_, "s3://b/w");
  }
  std::string Version(int64_t number) { return server_.objects[Str("/b/w/t/metadata/v", number, ".metadata.json")]; }

  FakeS3 server_;
  NoWaitEnv clock_;
  std::unique_ptr<Env> env_;
  std::unique_ptr<HadoopCatalog> catalog_;
};

TEST_F(HadoopCatalogS3Test, CommitsAndConflicts) {
  Reset();
  EXPECT_FALSE(*catalog_->Exists(kTable));
  const auto first = catalog_->Commit(kTable, {}, "{1}");
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(first->file, "s3://b/w/t/metadata/v1.metadata.json");
  EXPECT_EQ(*catalog_->Location(kTable), "s3://b/w/t");
  ASSERT_TRUE(catalog_->Commit(kTable, *first, "{2}").ok());
  EXPECT_EQ(catalog_->Commit(kTable, *first, "{3}").error().code, ErrorCode::kConflict);
  EXPECT_EQ(catalog_->Load(kTable)->json, "{2}");
  EXPECT_EQ(catalog_->Load(kTable)->file, "s3://b/w/t/metadata/v2.metadata.json");
  for (const auto& [name, bytes] : server_.objects) EXPECT_TRUE(name.find("/v") != std::string::npos) << name;
}

TEST_F(HadoopCatalogS3Test, AfterAnOutageTheCommitIsThereOrCanBeMade) {
  for (const S3Fault fault : {S3Fault::kRefuse, S3Fault::kLose, S3Fault::kBusy}) {
    bool fired = true;
    for (int64_t at = 1; fired; ++at) {
      SCOPED_TRACE(testing::Message() << "fault " << static_cast<int>(fault) << " from request " << at << " on");
      Reset();
      const auto first = catalog_->Commit(kTable, {}, "{1}");
      ASSERT_TRUE(first.ok());
      const int64_t before = server_.requests;
      server_.fault = [&](const HttpRequest&) { return server_.requests >= before + at ? &fault : nullptr; };
      const auto made = catalog_->Commit(kTable, *first, "{2}");
      fired = server_.requests >= before + at;
      server_.fault = nullptr;
      const auto there = catalog_->Load(kTable);
      ASSERT_TRUE(there.ok());
      if (made.ok()) {
        ASSERT_EQ(there->json, "{2}");
      } else {
        ASSERT_NE(made.error().code, ErrorCode::kConflict) << made.error().message;
        // Another error than an unknown outcome means that nothing was changed.
        const bool known = made.error().code != ErrorCode::kUnknownOutcome;
        ASSERT_TRUE(!known || there->version == 1);
        ASSERT_TRUE(there->version == 2 || catalog_->Commit(kTable, *there, "{2}").ok());
      }
      ASSERT_EQ(Version(2), "{2}");
    }
  }
}

TEST_F(HadoopCatalogS3Test, ALostAnswerIsFound) {
  bool fired = true;
  for (int64_t at = 1; fired; ++at) {
    SCOPED_TRACE(testing::Message() << "request " << at);
    Reset();
    const auto first = catalog_->Commit(kTable, {}, "{1}");
    ASSERT_TRUE(first.ok());
    const int64_t before = server_.requests;
    server_.FailAt(S3Fault::kLose, at);
    const auto made = catalog_->Commit(kTable, *first, "{2}");
    fired = server_.requests >= before + at;
    ASSERT_TRUE(made.ok()) << made.error().message;
    ASSERT_EQ(made->version, 2);
  }
}

TEST(Uri, OfPathsAndBack) {
  EXPECT_EQ(UriOfPath("/a/b"), "file:///a/b");
  EXPECT_EQ(UriOfPath("s3://b/k"), "s3://b/k");
  EXPECT_EQ(*PathOfUri("file:///a/b"), "/a/b");
  EXPECT_EQ(*PathOfUri("s3://b/k"), "s3://b/k");
  EXPECT_EQ(*PathOfUri("s3a://b/k"), "s3://b/k");
  EXPECT_EQ(PathOfUri("hdfs://b/k").error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace sluice
