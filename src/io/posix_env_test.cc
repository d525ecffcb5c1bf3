// SPDX-License-Identifier: Apache-2.0
// PosixEnv: what each operation does, and which error code each failure gives.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

#include "base/text.h"
#include "io/env.h"
#include "io/faulty_env.h"

namespace sluice {
namespace {

class PosixEnvTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = Str(::testing::TempDir(), "/sluice-env-", env_.Uuid());
    ASSERT_TRUE(env_.MakeFolders(folder_).ok());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Path(std::string_view name) const { return Str(folder_, "/", name); }

  Env& env_ = PosixEnv();
  std::string folder_;
};

TEST_F(PosixEnvTest, WritesAndReadsBack) {
  auto file = env_.NewFile(Path("a"));
  ASSERT_TRUE(file.ok()) << file.error().ToString();
  ASSERT_TRUE((*file)->Append("one").ok());
  ASSERT_TRUE((*file)->Append(std::string("\0two", 4)).ok());
  EXPECT_EQ((*file)->size(), 7);
  ASSERT_TRUE((*file)->Sync().ok());
  ASSERT_TRUE((*file)->Close().ok());
  EXPECT_TRUE((*file)->Close().ok());  // idempotent
  EXPECT_EQ(*env_.ReadFile(Path("a")), std::string("one\0two", 7));
  EXPECT_EQ(*env_.FileSize(Path("a")), 7);
}

TEST_F(PosixEnvTest, AbsentThingsAreNotFound) {
  EXPECT_EQ(env_.ReadFile(Path("none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(env_.FileSize(Path("none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(env_.List(Path("none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(env_.NewFile(Path("none/file")).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(*env_.Exists(Path("none")));
  EXPECT_TRUE(env_.Remove(Path("none")).ok());
  EXPECT_NE(env_.ReadFile(Path("none")).error().message.find(Path("none")), std::string::npos);
}

TEST_F(PosixEnvTest, ANameThatIsTooLongIsNoOutage) {
  const std::string name(300, 'x');
  for (const Status& status : {env_.MakeFolders(Path(name + "/a")), env_.WriteFile(Path(name), "")}) {
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::kInvalid) << status.error().ToString();
  }
}

TEST_F(PosixEnvTest, ADurableWriteNamesTheFileAndNotItsTemporary) {
  for (const Status& status : {env_.WriteFileDurably(Path("none/a"), "1"), env_.CheckWritable(Path("none/a"))}) {
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message, Str("create ", Path("none/a"), ": No such file or directory"));
  }
}

TEST_F(PosixEnvTest, ACheckOfAFileLeavesAllAsItWas) {
  ASSERT_TRUE(env_.WriteFileDurably(Path("a"), "1").ok());
  EXPECT_TRUE(env_.CheckWritable(Path("a")).ok());
  EXPECT_TRUE(env_.CheckWritable(Path("b")).ok());
  EXPECT_EQ(Join(*env_.List(folder_), " "), "a");
  EXPECT_EQ(*env_.ReadFile(Path("a")), "1");
  FaultyEnv full(env_);
  full.Arm(Fault::kTear, 2);  // the file is made, its bytes have no room
  EXPECT_FALSE(full.CheckWritable(Path("b")).ok());
  EXPECT_EQ(Join(*env_.List(folder_), " "), "a");
}

TEST_F(PosixEnvTest, MakesFoldersAndListsSorted) {
  ASSERT_TRUE(env_.MakeFolders(Path("x/y/z")).ok());
  ASSERT_TRUE(env_.MakeFolders(Path("x/y/z")).ok());
  ASSERT_TRUE(env_.WriteFileDurably(Path("x/y/b"), "2").ok());
  ASSERT_TRUE(env_.WriteFileDurably(Path("x/y/a"), "1").ok());
  EXPECT_EQ(Join(*env_.List(Path("x/y")), " "), "a b z");  // no temporary file is left
  EXPECT_FALSE(env_.MakeFolders(Path("x/y/a/below")).ok());
}

// Another process may have made the folder and died before its name was durable.
TEST_F(PosixEnvTest, AFolderThatIsThereIsMadeDurableToo) {
  FaultyEnv env(env_);
  ASSERT_TRUE(env.MakeFolders(Path("x/y")).ok());
  env.Arm(Fault::kFail, 2);  // the first step is MakeFolder, the second SyncFolder
  EXPECT_EQ(env.MakeFolders(Path("x/y")).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(env.fired());
  env.Disarm();
  EXPECT_TRUE(env.MakeFolders(Path("x/y/")).ok());
}

TEST_F(PosixEnvTest, WriteFileDurablyReplaces) {
  ASSERT_TRUE(env_.WriteFileDurably(Path("a"), "a long first text").ok());
  ASSERT_TRUE(env_.WriteFileDurably(Path("a"), "second").ok());
  EXPECT_EQ(*env_.ReadFile(Path("a")), "second");
}

TEST_F(PosixEnvTest, RenameReplacesAndRenameNoReplaceDoesNot) {
  ASSERT_TRUE(env_.WriteFileDurably(Path("a"), "A").ok());
  ASSERT_TRUE(env_.WriteFileDurably(Path("b"), "B").ok());
  Status status = env_.RenameNoReplace(Path("a"), Path("b"));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kConflict);
  EXPECT_EQ(*env_.ReadFile(Path("a")), "A");
  EXPECT_EQ(*env_.ReadFile(Path("b")), "B");
  ASSERT_TRUE(env_.RenameNoReplace(Path("a"), Path("c")).ok());
  EXPECT_FALSE(*env_.Exists(Path("a")));
  ASSERT_TRUE(env_.Rename(Path("c"), Path("b")).ok());
  EXPECT_EQ(*env_.ReadFile(Path("b")), "A");
}

TEST_F(PosixEnvTest, ALockIsExclusiveAndEndsWithItsOwner) {
  auto first = env_.Lock(Path("lock"));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(env_.Lock(Path("lock")).error().code, ErrorCode::kConflict);
  first->reset();
  EXPECT_TRUE(env_.Lock(Path("lock")).ok());
}

TEST_F(PosixEnvTest, UuidsAreVersion4AndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    std::string id = env_.Uuid();
    ASSERT_EQ(id.size(), 36u);
    EXPECT_EQ(id[14], '4');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
    EXPECT_TRUE(id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-') << id;
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 100u);
}

TEST_F(PosixEnvTest, ClocksGoOn) {
  EXPECT_GT(env_.NowMs(), 1'600'000'000'000);
  int64_t before = env_.MonotonicMs();
  EXPECT_LE(before, env_.MonotonicMs());
}

}  // namespace
}  // namespace sluice
