// SPDX-License-Identifier: Apache-2.0
// What is said of a wrong command line.
#include "cli/usage.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace sluice {
namespace {

// What sluice says of these arguments; empty if it takes them.
std::string ErrorOf(std::vector<std::string> arguments) {
  CLI::App app{"test", "sluice"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "1");
  std::string text;
  int64_t number = 0;
  auto* run = app.add_subcommand("run");
  run->add_option("FILE", text)->required();
  run->add_option("-D", text)->allow_extra_args(false);
  run->add_option("--state", text);
  run->add_option("--format", text)->check(OneOf({"table", "jsonl", "csv"}));
  run->add_option("--limit", number)->check(RowCount());
  run->add_flag("--delete");
  auto* tables = app.add_subcommand("tables");
  tables->require_subcommand(1);
  tables->add_subcommand("orphans");
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return UsageError(app, arguments, error).ToString();
  }
  return "";
}

TEST(Usage, AnUnknownCommandHasTheNearest) {
  const std::string hint = "\nhint: commands of sluice: run, tables; see sluice --help";
  EXPECT_EQ(ErrorOf({"rnu"}), "there is no command rnu; did you mean run?" + hint);
  EXPECT_EQ(ErrorOf({"rnu", "file.yaml", "--state", "x"}), "there is no command rnu; did you mean run?" + hint);
  EXPECT_EQ(ErrorOf({"convert"}), "there is no command convert" + hint);
  EXPECT_EQ(ErrorOf({}), "sluice needs a command" + hint);
  EXPECT_EQ(ErrorOf({"tables"}),
            "sluice tables needs a command\nhint: commands of sluice tables: orphans; see sluice tables --help");
  EXPECT_EQ(ErrorOf({"tables", "orphan"}),
            "there is no command orphan; did you mean orphans?\n"
            "hint: commands of sluice tables: orphans; see sluice tables --help");
}

TEST(Usage, AnUnknownOptionHasTheNearest) {
  const std::string hint =
      "\nhint: options of sluice run: --help, -h, -D, --state, --format, --limit, --delete; see sluice run --help";
  EXPECT_EQ(ErrorOf({"run", "--stat", "x", "f"}), "sluice run has no option --stat; did you mean --state?" + hint);
  EXPECT_EQ(ErrorOf({"run", "--stat=secret"}), "sluice run has no option --stat; did you mean --state?" + hint);
  EXPECT_EQ(ErrorOf({"run", "-state", "x"}), "sluice run has no option -state; did you mean --state?" + hint);
  EXPECT_EQ(ErrorOf({"run", "f", "--nope"}), "sluice run has no option --nope" + hint);
  EXPECT_EQ(ErrorOf({"--nope"}),
            "sluice has no option --nope\nhint: options of sluice: --help, -h, --version; see sluice --help");
}

TEST(Usage, OtherErrorsSayWhereToLook) {
  const std::string hint = "\nhint: see sluice run --help";
  EXPECT_EQ(ErrorOf({"run"}), "FILE is required" + hint);
  EXPECT_EQ(ErrorOf({"run", "-D", "--a=--b", "f", "--state"}), "--state: 1 required TEXT missing" + hint);
  EXPECT_EQ(ErrorOf({"run", "f", "second"}), "the following argument was not expected: second" + hint);
}

TEST(Usage, ValuesAreCheckedInWords) {
  const std::string hint = "\nhint: see sluice run --help";
  EXPECT_EQ(ErrorOf({"run", "f", "--limit", "-1"}), "--limit: -1 is not a number of rows, 0 or more" + hint);
  EXPECT_EQ(ErrorOf({"run", "f", "--limit", "1e3"}), "--limit: 1e3 is not a number of rows, 0 or more" + hint);
  EXPECT_EQ(ErrorOf({"run", "f", "--limit", "0"}), "");
  EXPECT_EQ(ErrorOf({"run", "f", "--format", "json"}),
            "--format: json is none of table, jsonl, csv; did you mean jsonl?" + hint);
  EXPECT_EQ(ErrorOf({"run", "f", "--format", "csv", "-Da=b"}), "");
}

}  // namespace
}  // namespace sluice
