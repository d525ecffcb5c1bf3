// SPDX-License-Identifier: Apache-2.0
// The command line.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "base/failpoint.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/paimon_actions.h"
#include "cli/sql_sessions.h"
#include "cli/usage.h"
#include "cli/version.h"

namespace sluice {
namespace {

void AddFile(CLI::App* command, FileArguments& file) {
  command->add_option("FILE", file.file, "Pipeline file in Flink CDC's YAML")
      ->required()
      ->type_name("FILE")
      ->option_text("required");
  command->add_option("-D", file.defines, "Set a Flink option, such as -D execution.checkpointing.interval=5s")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

void AddLakeTable(CLI::App* command, std::string& table, std::vector<std::string>& catalog) {
  command->add_option("LAKE_TABLE", table,
                      "Folder of the table: warehouse/namespace/table; with --catalog_conf database.table")
      ->required()
      ->type_name("DIR")
      ->option_text("required");
  command->add_option("--catalog_conf", catalog,
                      "Option of the Paimon catalog that knows the table: warehouse=DIR, metastore=jdbc, uri=…")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

struct Arguments {
  RunArguments run;
  PaimonArguments paimon;
  FileArguments check;
  VerifyArguments verify;
  ReadArguments read;
  OrphansArguments orphans;
  std::string until, read_until;
  std::string log_format = "text";
  std::string log_level = "info";
  std::string shell;
};

CLI::App* AddRun(CLI::App& app, Arguments& arguments) {
  auto* run = app.add_subcommand("run", "Run a pipeline until it is stopped; goes on from its last checkpoint");
  AddFile(run, arguments.run.file);
  run->add_option("--state", arguments.run.state,
                  "Directory of the checkpoints. Default: .sluice/<file name> beside the file")->type_name("DIR");
  run->add_option("--until", arguments.until,
                  "caught-up: end when the sink holds all that the server had written at the start")
      ->check(OneOf({"caught-up"}))
      ->type_name("{caught-up}");
  run->add_option("--summary", arguments.run.summary_file, "Write the closing summary as JSON, also of a failed run")
      ->type_name("FILE");
  run->add_option("--log-format", arguments.log_format, "How the log on stderr and the summary on stdout are written")
      ->check(OneOf({"text", "json"}))
      ->type_name("{text,json}");
  run->add_option("--log-level", arguments.log_level, "The least that is logged")
      ->check(OneOf({"debug", "info", "warn", "error"}))
      ->type_name("{debug,info,warn,error}");
  return run;
}

// Of `read`, of Paimon tables.
void AddChanges(CLI::App& command, Arguments& arguments) {
  ReadArguments& read = arguments.read;
  auto* between = command.add_option("--incremental-between", read.between,
                                     "The changes after the first snapshot or tag up to the second")
                      ->type_name("A,B");
  auto* times = command.add_option("--incremental-between-timestamp", read.between_timestamp,
                                   "The same by times: milliseconds, or '2024-01-31 20:15:00' on this machine's clock")
                    ->type_name("T1,T2")
                    ->excludes(between);
  auto* to_tag = command.add_option("--incremental-to-auto-tag", read.to_auto_tag,
                                    "The changes from the tag of the period before up to this one")
                     ->type_name("TAG")
                     ->excludes(between)
                     ->excludes(times);
  command.add_option("--incremental-between-scan-mode", read.between_scan_mode,
                     "How: auto is changelog if the table has one, else delta, and diff between tags")
      ->check(OneOf({"auto", "delta", "changelog", "diff"}))
      ->type_name("{auto,delta,changelog,diff}");
  auto* follow = command.add_flag("--follow", read.follow, "The rows, then the changes as they come, until Ctrl-C")
                     ->excludes(between)
                     ->excludes(times)
                     ->excludes(to_tag);
  auto* from = command.add_option("--from-snapshot", read.from_snapshot, "With --follow: from its changes on, no rows")
                   ->type_name("ID")
                   ->needs(follow);
  command.add_option("--from-timestamp", read.from_timestamp, "The same from the first snapshot of that time or later")
      ->type_name("TIME")
      ->needs(follow)
      ->excludes(from);
  command.add_option("--until", arguments.read_until,
                     "caught-up, with --follow: end with the snapshot that is the newest at the start")
      ->check(OneOf({"caught-up"}))
      ->type_name("{caught-up}")
      ->needs(follow);
  for (const char* moment : {"--snapshot", "--tag", "--timestamp", "--watermark"}) {
    for (CLI::Option* option : {between, times, to_tag, follow}) option->excludes(command.get_option(moment));
  }
}

// Of `read`: which moment of a table.
void AddMoments(CLI::App& command, ReadArguments& read) {
  std::vector<CLI::Option*> moments;
  const auto add = [&](CLI::Option* option) {
    for (CLI::Option* other : moments) option->excludes(other);
    moments.push_back(option);
  };
  add(command.add_option("--snapshot", read.snapshot, "As of this snapshot")->type_name("ID"));
  add(command.add_option("--tag", read.tag, "As of this tag of a Paimon table")->type_name("NAME"));
  add(command.add_option("--timestamp", read.timestamp,
                         "As of this time of a Paimon table: milliseconds, or '2024-01-31 20:15:00' on this machine's "
                         "clock")->type_name("TIME"));
  add(command.add_option("--watermark", read.watermark,
                         "As of the first snapshot of a Paimon table with this watermark or a later one")
          ->type_name("N"));
  command.add_option("--branch", read.branch, "Of this branch of a Paimon table")->type_name("NAME");
}

CLI::App* AddRead(CLI::App& app, Arguments& arguments) {
  ReadArguments& read = arguments.read;
  auto* command = app.add_subcommand("read", "Print the rows of an Iceberg or Paimon table, deletes applied");
  AddLakeTable(command, read.table, read.catalog);
  command->add_option("--format", read.format, "How rows are printed, see below")
      ->check(OneOf({"table", "jsonl", "csv"}))
      ->type_name("{table,jsonl,csv}");
  command->add_option("--columns", read.columns, "Only these columns")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("A,B,…");
  command->add_option("--where", read.where,
                      "Only rows with COLUMN OP VALUE; OP is = != < <= > >=; IS NULL, IN, BETWEEN, LIKE; "
                      "AND, OR, NOT, parentheses. "
                      "VALUE is of the column's type: 42, 'text', true, 2024-01-31, '2024-01-31 20:15:00', x'00ff'");
  command->add_option("--limit", read.limit, "At most so many rows")->check(RowCount())->type_name("N");
  AddMoments(*command, read);
  AddChanges(*command, arguments);
  return command;
}

CLI::App* AddVerify(CLI::App& app, Arguments& arguments) {
  VerifyArguments& verify = arguments.verify;
  auto* command = app.add_subcommand("verify", "Compare source and sink table by table at one position");
  AddFile(command, verify.file);
  command->add_option("--state", verify.state, "Directory of the job's checkpoints, to tell whether it is running")
      ->type_name("DIR");
  command->add_option("--wait", verify.wait,
                      "How long tables that are behind may take to catch up; 0: compare at once. Default: 30s")
      ->type_name("DURATION");
  return command;
}

CLI::App* AddOrphans(CLI::App& app, Arguments& arguments) {
  OrphansArguments& orphans = arguments.orphans;
  auto* tables = app.add_subcommand("tables", "Care for Iceberg and Paimon tables");
  tables->require_subcommand(1);
  auto* command = tables->add_subcommand("orphans", "List files in a table's folder that belong to no snapshot");
  AddLakeTable(command, orphans.table, orphans.catalog);
  command->add_option("--older-than", orphans.older_than,
                      "Only files written longer ago: a writer may be about to commit younger ones. Default: 3d")
      ->type_name("AGE");
  command->add_flag("--delete", orphans.remove, "Remove them");
  return command;
}

// Their words are read by the front-end: keys come with '_' or '-', several times, and as flags of `flink run`.
void AddPaimon(CLI::App& app, PaimonArguments& paimon) {
  auto* command = app.add_subcommand("paimon", "Run an action of Paimon's paimon-flink-action.jar, without Flink");
  auto* flink = app.add_subcommand("flink", "Take a command line of Flink as it is");
  flink->require_subcommand(1);
  auto* run = flink->add_subcommand("run",
                                    "Run an action of Paimon: [flags] paimon-flink-action.jar ACTION --key value");
  for (CLI::App* one : {command, run}) {
    one->prefix_command();
    one->final_callback([&paimon, one, run] {
      paimon.words = one->remaining();
      paimon.flink = one == run;
    });
  }
}

// Usage errors come before the arguments are known.
bool WantsJson(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word == "--log-format=json") return true;
    if (word == "--log-format" && i + 1 < argc && std::string_view(argv[i + 1]) == "json") return true;
  }
  return false;
}

int Refuse(int argc, char** argv, const CLI::App& app, const CLI::ParseError& error) {
  SetLogFormat(WantsJson(argc, argv) ? LogFormat::kJson : LogFormat::kText);
  LogFailure(UsageError(app, {argv + 1, argv + argc}, error));
  return 2;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"sluice keeps lake tables up to date with the changes of a database", "sluice"};
  app.require_subcommand(1);
  app.set_version_flag("--version", VersionText());
  auto* run = AddRun(app, arguments);
  auto* check = app.add_subcommand("check", "Validate a pipeline file, connect read-only and show the plan");
  AddFile(check, arguments.check);
  AddPaimon(app, arguments.paimon);
  auto* read = AddRead(app, arguments);
  auto* verify = AddVerify(app, arguments);
  auto* orphans = AddOrphans(app, arguments);
  auto* version = app.add_subcommand("version", "Print the version");
  auto* failpoints = app.add_subcommand("failpoints", "Print the names for SLUICE_FAILPOINT, for crash tests");
  auto* completion = app.add_subcommand("completion", "Print a completion script: eval \"$(sluice completion bash)\"");
  completion->add_option("SHELL", arguments.shell, "bash, zsh or fish")
      ->required()
      ->check(OneOf({"bash", "zsh", "fish"}))
      ->type_name("{bash,zsh,fish}");
  AddExamples(app);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return Refuse(argc, argv, app, error);
    (void)app.exit(error);  // --help, --version
    return FinishOutput(0);
  }
  UseSqlSessions();
  SetLogFormat(arguments.log_format == "json" ? LogFormat::kJson : LogFormat::kText);
  SetLogLevel(arguments.log_level == "debug"  ? LogLevel::kDebug
              : arguments.log_level == "warn" ? LogLevel::kWarn
              : arguments.log_level == "error" ? LogLevel::kError
                                               : LogLevel::kInfo);
  if (run->parsed()) {
    arguments.run.until_caught_up = arguments.until == "caught-up";
    return RunCommand(arguments.run);
  }
  if (app.got_subcommand("paimon") || app.got_subcommand("flink")) return PaimonCommand(arguments.paimon);
  if (check->parsed()) return CheckCommand(arguments.check);
  if (read->parsed()) {
    arguments.read.until_caught_up = arguments.read_until == "caught-up";
    return ReadCommand(arguments.read);
  }
  if (verify->parsed()) return VerifyCommand(arguments.verify);
  if (orphans->parsed()) return OrphansCommand(arguments.orphans);
  if (version->parsed()) std::puts(VersionText());
  if (failpoints->parsed()) {
    for (const std::string& name : AllFailpoints()) std::puts(name.c_str());
  }
  if (completion->parsed()) std::fputs(CompletionScript(app, arguments.shell).c_str(), stdout);
  return FinishOutput(0);
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  // Row batches come and go by the megabyte: kept in the heap they cost no page faults. Idle jobs give it back.
  ::setenv("ARROW_DEFAULT_MEMORY_POOL", "system", 0);
  ::mallopt(M_MMAP_THRESHOLD, 256 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
  return sluice::Main(argc, argv);
}
