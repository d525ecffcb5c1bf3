// SPDX-License-Identifier: Apache-2.0
// What stands below the help of each command.
#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "cli/usage.h"

namespace sluice {
namespace {

constexpr const char* kProgram = R"(Examples:
  sluice check shop.yaml                       what would be done, and what is missing for it
  sluice run shop.yaml                         copy, then follow, until Ctrl-C
  sluice run shop.yaml --until caught-up       for cron jobs and tests
  sluice read lake/shop/orders --limit 10      rows of an Iceberg or Paimon table
  sluice verify shop.yaml                      compare source and sink
  sluice paimon mysql_sync_table …             Paimon's sync actions, without Flink
  sluice tables orphans lake/shop/orders       files that a killed writer left

sluice COMMAND --help says more of each.
Exit codes: 0 fine, 1 failed, 2 wrong usage or invalid file, 130/143 ended by a signal.)";

constexpr const char* kRun = R"(Examples:
  sluice run shop.yaml
  sluice run shop.yaml --until caught-up --summary last.json
  sluice run shop.yaml -D execution.checkpointing.interval=5s --log-format json

Progress is shown live on a terminal, else as lines on stderr: every 5 s at the start and while rows move, once a
minute when nothing does. With --log-format json they have members: phase, rows, rows_per_second, lag_ms, position, …
The file of --summary is written also when the run fails, with a member "error".
Ctrl-C makes a checkpoint and stops; a second one stops at once. Both lose nothing.)";

constexpr const char* kCheck = R"(Examples:
  sluice check shop.yaml
  sluice check shop.yaml -D execution.runtime-mode=BATCH
  sluice check shop.yaml && sluice run shop.yaml

Exit code 1: something is missing; each finding has the line that mends it.)";

constexpr const char* kVerify = R"(Examples:
  sluice verify shop.yaml
  sluice run shop.yaml --until caught-up && sluice verify shop.yaml

Exit code 1: the tables differ; the first differing keys are shown.)";

constexpr const char* kRead = R"(Examples:
  sluice read lake/shop/orders --where "id >= 5 AND note IS NOT NULL" --columns id,note --limit 10
  sluice read lake/shop/orders --format csv > orders.csv
  sluice read lake/shop.db/orders --incremental-between 5,10     of Paimon: changes after snapshot 5 up to 10

Changes have a column more, rowkind: +I, -U and +U (an updated row before and after), -D. --follow prints the rows of a
Paimon table, and then its changes as they come.
table  for people: control characters are shown as \n, \t, \x1b
jsonl  an object a row; nothing is lost
csv    as RFC 4180, with a header: an empty field is NULL, "" is an empty text)";

constexpr const char* kTables = R"(Examples:
  sluice tables orphans lake/shop/orders
  sluice tables orphans lake/shop/orders --older-than 12h --delete)";

constexpr const char* kOrphans = R"(Examples:
  sluice tables orphans lake/shop/orders --older-than 12h
  sluice tables orphans lake/shop/orders --older-than 12h --delete
  sluice tables orphans lake/shop.db/orders                            of Paimon)";

constexpr const char* kPaimon = R"(Examples:
  sluice paimon --help; sluice paimon compact --help
  sluice paimon mysql_sync_table --warehouse /lake --database ods --table orders --mysql_conf hostname=db …
  sluice paimon mysql_sync_database --check …          the plan, and what is missing for it
  sluice paimon mysql_sync_database … --until caught-up --state DIR -D execution.checkpointing.interval=60s
  sluice paimon compact --warehouse lake --database shop --table orders --partition dt=2024-01-31
  sluice paimon expire_snapshots --warehouse lake --database shop --table orders --retain_max 10 --retain_min 1
  sluice paimon create_tag --warehouse lake --database shop --table orders --tag_name monthly --time_retained '90 d'
  sluice paimon rollback_to --warehouse lake --database shop --table orders --version monthly

Actions: mysql_sync_table, mysql_sync_database, compact, compact_database, expire_snapshots, create_tag,
create_tag_from_timestamp, replace_tag, rename_tag, delete_tag, expire_tags, create_branch, delete_branch, rollback_to,
rollback_to_timestamp, reset_consumer, clear_consumers, remove_orphan_files, drop_partition, expire_partitions,
copy_files, clone, repair and more: sluice paimon --help lists all.
Beside their own arguments those that sync take --state, --until caught-up, --summary, --log-format, --log-level,
--check and -D; their checkpoints lie in .sluice/<database>[.<table>] in the warehouse unless --state says otherwise.)";

constexpr const char* kFlink = R"(Examples:
  sluice flink run -d -p 4 paimon-flink-action.jar mysql_sync_table --warehouse /lake --database ods …

-p and -D count; other flags of flink run are accepted without effect. The jar need not exist.
sluice paimon --help says more.)";

constexpr const char* kCompletion = R"x(Examples:
  eval "$(sluice completion bash)"                                     in ~/.bashrc
  eval "$(sluice completion zsh)"                                      in ~/.zshrc, after compinit
  sluice completion fish > ~/.config/fish/completions/sluice.fish)x";

constexpr const char* kVersion = R"(Examples:
  sluice version
  sluice --version)";

constexpr const char* kFailpoints = R"(Examples:
  sluice failpoints
  SLUICE_FAILPOINT=epoch.after_prepare sluice run shop.yaml     ends there, as a crash would)";

constexpr std::pair<std::string_view, const char*> kExamples[] = {
    {"run", kRun},         {"check", kCheck},     {"verify", kVerify},         {"read", kRead},
    {"tables", kTables},   {"orphans", kOrphans}, {"completion", kCompletion}, {"version", kVersion},
    {"failpoints", kFailpoints}, {"paimon", kPaimon}, {"flink", kFlink}};

}  // namespace

void AddExamples(CLI::App& app) {
  app.footer(app.get_parent() == nullptr ? kProgram : "");  // not those of the parent
  for (const auto& [name, text] : kExamples) {
    if (app.get_parent() == nullptr) break;
    const bool of_flink = app.get_parent()->get_name() == "flink";  // its `run` is not ours
    if (app.get_name() == name || (of_flink && name == "flink")) app.footer(of_flink ? kFlink : text);
  }
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) AddExamples(*command);
}

}  // namespace sluice
