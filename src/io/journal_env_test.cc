// SPDX-License-Identifier: Apache-2.0
// JournalEnv: what a killed process made is known to the next one.
#include "io/journal_env.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "io/faulty_env.h"
#include "io/folder_test_util.h"

namespace sluice {
namespace {

using Paths = std::vector<std::string>;

class JournalEnvTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return folder_ / name; }
  void Make(Env& env, const std::string& name) {
    auto file = env.NewFile(Path(name));
    ASSERT_TRUE(file.ok()) << file.error().ToString();
    ASSERT_TRUE((*file)->Close().ok());
  }
  Paths Former() {
    JournalEnv env(PosixEnv(), folder_);
    auto files = env.FormerFiles();
    EXPECT_TRUE(files.ok());
    return *files;
  }

  TestFolder test_folder_;
  const std::filesystem::path& folder_ = test_folder_.path();
};

TEST_F(JournalEnvTest, TheNextOneKnowsTheFiles) {
  {
    JournalEnv env(PosixEnv(), folder_);
    Make(env, "a");
    Make(env, "b c");
    EXPECT_EQ(*env.FormerFiles(), Paths());  // its own are not former ones
  }
  EXPECT_EQ(Former(), (Paths{Path("a"), Path("b c")}));
  JournalEnv next(PosixEnv(), folder_);
  Make(next, "d");
  EXPECT_EQ(*next.FormerFiles(), (Paths{Path("a"), Path("b c")}));
  ASSERT_TRUE(next.ForgetFormer().ok());
  EXPECT_EQ(*next.FormerFiles(), Paths());
  EXPECT_EQ(Former(), Paths{Path("d")});
}

TEST_F(JournalEnvTest, AFileThatGetsItsNameLater) {
  {
    JournalEnv env(PosixEnv(), folder_);
    ASSERT_OK(env.WriteFileDurably(Path("a"), "x"));
  }
  Paths former = Former();
  ASSERT_EQ(former.size(), 2u);  // the temporary name first
  EXPECT_EQ(former[1], Path("a"));
}

TEST_F(JournalEnvTest, RestartForgetsWhatIsWhereItBelongs) {
  JournalEnv env(PosixEnv(), folder_);
  Make(env, "a");
  ASSERT_TRUE(env.Restart().ok());
  ASSERT_TRUE(env.Restart().ok());
  EXPECT_EQ(Former(), Paths());
  Make(env, "b");
  EXPECT_EQ(Former(), Paths{Path("b")});
}

TEST_F(JournalEnvTest, ATornLineAndACopyNameNothing) {
  {
    FaultyEnv faulty(PosixEnv());
    JournalEnv env(faulty, folder_);
    Make(env, "a");
    faulty.Arm(Fault::kTear, 1);
    EXPECT_FALSE(env.NewFile(Path("torn")).ok());
    EXPECT_FALSE(std::filesystem::exists(Path("torn")));
  }
  EXPECT_EQ(Former(), Paths{Path("a")});
  std::string copy = folder_.string() + "-copy";
  std::filesystem::copy(folder_, copy);
  EXPECT_EQ(*JournalEnv(PosixEnv(), copy).FormerFiles(), Paths());
  std::filesystem::remove_all(copy);
}

}  // namespace
}  // namespace sluice
