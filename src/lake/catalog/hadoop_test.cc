// SPDX-License-Identifier: Apache-2.0
// The Hadoop catalog: names as folders, pointer moves, leftovers.
#include "lake/catalog/hadoop.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace sluice {
namespace {

class HadoopCatalogTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "sluice_catalog_" + PosixEnv().Uuid();
    catalog_ = *HadoopCatalog::Make(PosixEnv(), "file:" + folder_ + "/");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
  std::unique_ptr<HadoopCatalog> catalog_;
};

TEST_F(HadoopCatalogTest, CreateCommitConflictDrop) {
  TableId id{"a.b", "t"};
  EXPECT_EQ(catalog_->Load(id).error().code, ErrorCode::kNotFound);
  auto first = *catalog_->Commit(id, {}, "{1}");
  EXPECT_EQ(first.file, "file://" + folder_ + "/a/b/t/metadata/v1.metadata.json");
  EXPECT_EQ(catalog_->Commit(id, {}, "{x}").error().code, ErrorCode::kConflict);
  ASSERT_TRUE(catalog_->Commit(id, first, "{2}").ok());
  EXPECT_EQ(catalog_->Commit(id, first, "{3}").error().code, ErrorCode::kConflict);
  auto loaded = *catalog_->Load(id);
  EXPECT_EQ(loaded.version, 2);
  EXPECT_EQ(loaded.json, "{2}");
  EXPECT_EQ(*PosixEnv().ReadFile(folder_ + "/a/b/t/metadata/version-hint.text"), "2");
  EXPECT_EQ(catalog_->Commit({"a.b.t", "data"}, {}, "{}").error().code, ErrorCode::kInvalid);  // inside a table
  EXPECT_EQ(*catalog_->List(""), std::vector<TableId>{id});
  ASSERT_TRUE(catalog_->Drop(id).ok());
  EXPECT_FALSE(*PosixEnv().Exists(folder_ + "/a/b/t"));
  EXPECT_EQ(catalog_->Drop(id).error().code, ErrorCode::kNotFound);
}

TEST_F(HadoopCatalogTest, StaleDamagedOrMissingHint) {
  TableId id{"a", "t"};
  auto version = *catalog_->Commit(id, {}, "{1}");
  for (int i = 2; i <= 12; ++i) version = *catalog_->Commit(id, version, "{n}");
  std::string hint = folder_ + "/a/t/metadata/version-hint.text";
  for (const char* text : {"3", "", "x", "99", "-1"}) {
    ASSERT_TRUE(PosixEnv().WriteFileDurably(hint, text).ok());
    EXPECT_EQ(catalog_->Load(id)->version, 12) << text;
  }
  ASSERT_TRUE(PosixEnv().Remove(hint).ok());
  EXPECT_EQ(catalog_->Load(id)->version, 12);
  // v2 was cleaned away; one who still holds v1 must not take its name.
  ASSERT_TRUE(PosixEnv().WriteFileDurably(hint, "12").ok());
  ASSERT_TRUE(PosixEnv().Remove(folder_ + "/a/t/metadata/v2.metadata.json").ok());
  EXPECT_EQ(catalog_->Commit(id, {1, "", ""}, "{late}").error().code, ErrorCode::kConflict);
}

TEST_F(HadoopCatalogTest, HostileNamesStayApartAndInside) {
  const std::vector<std::string> names = {"plain",
                                          "it's",
                                          "a b",
                                          "a/b",
                                          "..",
                                          ".",
                                          "a.b",
                                          ".hidden",
                                          "100%",
                                          "%2E",
                                          "\xF0\x9F\x90\x98",
                                          "\xFF",
                                          "q\"x",
                                          "a?b#c",
                                          "Gr\xC3\xBC\xC3\x9F"
                                          "e",
                                          "a\nb"};
  for (const std::string& name : names) {
    EXPECT_EQ(DecodeSegment(EncodeSegment(name)), name);
    ASSERT_TRUE(catalog_->Commit({"db", name}, {}, "{" + name + "}").ok()) << name;
  }
  for (const std::string& name : names) EXPECT_EQ(catalog_->Load({"db", name})->json, "{" + name + "}");
  EXPECT_EQ(PosixEnv().List(folder_)->size(), 1u);
  EXPECT_EQ(PosixEnv().List(folder_ + "/db")->size(), names.size());
  EXPECT_EQ(catalog_->List("db")->size(), names.size());
  EXPECT_EQ(EncodeSegment("plain_1-x"), "plain_1-x");
  EXPECT_FALSE(catalog_->Location({"db", ""}).ok());
  EXPECT_FALSE(catalog_->Location({"db", std::string(300, 'x')}).ok());
}

TEST_F(HadoopCatalogTest, FolderWithoutMetadataIsNoTable) {
  ASSERT_TRUE(PosixEnv().MakeFolders(folder_ + "/a/t/data").ok());
  EXPECT_FALSE(*catalog_->Exists({"a", "t"}));
  EXPECT_TRUE(catalog_->Commit({"a", "t"}, {}, "{1}").ok());
  EXPECT_FALSE(HadoopCatalog::Make(PosixEnv(), "s3://bucket/x").ok());
  EXPECT_FALSE(HadoopCatalog::Make(PosixEnv(), "relative").ok());
}

}  // namespace
}  // namespace sluice
