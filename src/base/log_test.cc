// SPDX-License-Identifier: Apache-2.0
// Log: lines as text and as JSON.
#include "base/log.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::string g_lines;

class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    g_lines.clear();
    SetLogWriter([](const std::string& line) { g_lines += line; });
  }
  void TearDown() override {
    SetLogWriter(nullptr);
    SetLogFormat(LogFormat::kText);
  }
  // Without the time.
  static std::string Lines() {
    size_t at = g_lines.find("\"level\"");
    return at == std::string::npos ? g_lines : g_lines.substr(at);
  }
};

TEST_F(LogTest, AFailureIsTwoLinesOfText) {
  LogFailure(Invalid("shop.yaml:3:5: no such option", "remove it"));
  EXPECT_EQ(g_lines, "error: shop.yaml:3:5: no such option\nhint: remove it\n");
}

TEST_F(LogTest, AFailureIsOneLineOfJson) {
  SetLogFormat(LogFormat::kJson);
  LogFailure(Invalid("a:b.yaml:3:5: no \"such\" option", "remove it"));
  EXPECT_EQ(Lines(),
            R"("level":"error","msg":"a:b.yaml:3:5: no \"such\" option","code":"invalid","hint":"remove it",)"
            R"("file":"a:b.yaml","line":3,"column":5})"
            "\n");
}

TEST_F(LogTest, AFailureWithoutHintAndPlace) {
  SetLogFormat(LogFormat::kJson);
  for (const char* message : {"host:3306 is away: no route", "x:y:z: w", ":1:2", "1:2: w", "no colon", ""}) {
    g_lines.clear();
    LogFailure(Unavailable(message));
    EXPECT_EQ(Lines(), std::string(R"("level":"error","msg":")") + message + "\",\"code\":\"unavailable\"}\n");
  }
}

TEST_F(LogTest, ALineOfJson) {
  SetLogFormat(LogFormat::kJson);
  LogWarn("careful");
  EXPECT_EQ(Lines(), "\"level\":\"warn\",\"msg\":\"careful\"}\n");
}

TEST_F(LogTest, MembersStandInJsonOnly) {
  Log(LogLevel::kInfo, "42 rows", ",\"rows\":42");
  EXPECT_EQ(g_lines.substr(g_lines.find(' ')), " info 42 rows\n");
  SetLogFormat(LogFormat::kJson);
  g_lines.clear();
  Log(LogLevel::kInfo, "42 rows", ",\"rows\":42");
  EXPECT_EQ(Lines(), "\"level\":\"info\",\"msg\":\"42 rows\",\"rows\":42}\n");
}

}  // namespace
}  // namespace sluice
