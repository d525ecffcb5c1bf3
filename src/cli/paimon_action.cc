// SPDX-License-Identifier: Apache-2.0
// `sluice paimon ACTION …` and `sluice flink run … x.jar ACTION …`: actions of Paimon, each with its handler.
#include <algorithm>
#include <cstdio>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/paimon_actions.h"
#include "cli/summary.h"
#include "frontend/paimon_action/sync_action.h"
#include "frontend/paimon_action/words.h"
#include "io/routing_env.h"

namespace sluice {
namespace {

// A table or a database of MariaDB into Paimon, as `sluice run` does what a file says.
int SyncAction(const ActionWords& words) {
  if (words.help) {
    std::fputs(SyncActionHelp(words.action).c_str(), stdout);
    return FinishOutput(0);
  }
  RunArguments arguments;
  arguments.state = words.state;
  arguments.until_caught_up = words.until == "caught-up";
  arguments.summary_file = words.summary;
  if (!arguments.summary_file.empty()) {
    Status writable = CheckSummaryFile(PosixEnv(), arguments.summary_file);
    if (!writable.ok()) return PrintError(writable.error(), nullptr);
  }
  std::vector<std::string> warnings;
  const auto spec = [&]() -> Result<PipelineSpec> {
    TRY_SET(PipelineSpec made, MakeSyncSpec(words));
    TRY_SET(made, Checked(std::move(made), warnings));
    if (arguments.state.empty()) {
      TRY_SET(arguments.state, DefaultStateFolder(words, made));
    }
    return made;
  }();
  if (words.verify && spec.ok()) {
    VerifyArguments verify;
    verify.state = arguments.state;
    if (!words.wait.empty()) verify.wait = words.wait;
    return VerifyLoaded(verify, *spec);
  }
  if (!words.check && !words.verify) return RunLoaded(arguments, spec, warnings);
  return spec.ok() ? CheckLoaded(*spec, warnings) : PrintError(spec.error(), nullptr);
}

// One that cares for tables which are there.
int UpkeepAction(const ActionWords& words) {
  if (words.help) {
    std::fputs(PaimonActionHelp(words.action).c_str(), stdout);
    return FinishOutput(0);
  }
  Status status = RunPaimonAction(LakeEnv(), words.action, ActionArguments(words.values));
  if (status.ok()) return FinishOutput(0);
  std::fflush(stdout);
  const int code = PrintError(status.error(), nullptr);
  return status.error().code == ErrorCode::kInvalid ? code : 1;
}

// The explicit list of actions; those of upkeep are in paimon_actions.h.
struct Action {
  std::string name;
  std::string what;
  int (*run)(const ActionWords& words);
};

std::vector<Action> Actions() {
  std::vector<Action> out = {
      {"mysql_sync_table", "tables of MariaDB into one table of Paimon", SyncAction},
      {"mysql_sync_database", "databases of MariaDB into a database of Paimon", SyncAction},
  };
  for (auto& [name, what] : PaimonActions()) out.push_back({std::move(name), std::move(what), UpkeepAction});
  return out;
}

Error NoAction(const std::string& name) {
  const auto& missing = MissingSyncActions();
  if (std::find(missing.begin(), missing.end(), name) != missing.end()) return MissingSource(name);
  if (auto refused = RefusedPaimonAction(name)) return *std::move(refused);
  std::vector<std::string> known;
  for (const Action& action : Actions()) known.push_back(action.name);
  const std::string hint = Str("actions are: ", Join(known, ", "));
  if (name.empty()) return Invalid("the action is missing", hint);
  const std::string nearest = Nearest(name, known);
  return Invalid(Str("there is no action ", name, nearest.empty() ? "" : Str("; did you mean ", nearest, "?")), hint);
}

void SetLog(const ActionWords& words) {
  SetLogFormat(words.log_format == "json" ? LogFormat::kJson : LogFormat::kText);
  SetLogLevel(words.log_level == "debug"   ? LogLevel::kDebug
              : words.log_level == "warn"  ? LogLevel::kWarn
              : words.log_level == "error" ? LogLevel::kError
                                           : LogLevel::kInfo);
}

}  // namespace

int PaimonCommand(const PaimonArguments& arguments) {
  const auto words = ReadActionWords(arguments.words, arguments.flink);
  if (!words.ok()) return PrintError(words.error(), nullptr);
  SetLog(*words);
  const std::vector<Action> actions = Actions();
  for (const Action& action : actions) {
    if (action.name == words->action) return action.run(*words);
  }
  if (!words->help || !words->action.empty()) return PrintError(NoAction(words->action), nullptr);
  for (const Action& action : actions) std::printf("%-24s%s\n", action.name.c_str(), action.what.c_str());
  return FinishOutput(0);
}

}  // namespace sluice
