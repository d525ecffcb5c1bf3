// SPDX-License-Identifier: Apache-2.0
#include "cli/paimon_actions.h"

#include <cstdio>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "cli/lake_places.h"
#include "cli/paimon_action_keys.h"
#include "cli/paimon_action_parts.h"
#include "lake/mirror/iceberg_mirror.h"
#include "lake/paimon/changelog_expiry.h"
#include "lake/paimon/consumers.h"
#include "lake/paimon/expiry.h"
#include "lake/paimon/local_time.h"
#include "lake/paimon/orphans.h"
#include "lake/paimon/partition_done.h"
#include "lake/paimon/partition_expiry.h"
#include "lake/paimon/table_options.h"
#include "pipeline/regex.h"

namespace sluice {
namespace {

constexpr int64_t kOrphansAgeMs = 86'400'000;  // Java's

Status ExpireSnapshotsAction(const ActionContext& context) {
  paimon::ExpiryBounds bounds;
  TRY_SET(bounds.snapshots_max, context.arguments.Number("retain_max", 1));
  TRY_SET(bounds.snapshots_min, context.arguments.Number("retain_min", 1));
  TRY_SET(bounds.limit, context.arguments.Number("max_deletes", 1));
  if (context.arguments.Has("older_than")) {
    TRY_SET(bounds.older_than_ms, ActionLocalMs(context.arguments, "older_than"));
  }
  TRY_SET(const auto table, context.Open());
  TRY_SET(const auto expired, paimon::ExpireSnapshots(context.env, *table, bounds));
  Say(Str(expired.snapshots, " snapshots have expired", expired.more ? "; more can" : ""));
  if (!expired.held_by.empty()) Say(Str("older ones stay: they hold the position of job ", expired.held_by));
  return FollowWithIceberg(context, context.table());
}

Status ExpireChangelogsAction(const ActionContext& context) {
  TRY_SET(const auto table, context.Open());
  TRY_SET(const bool all, context.arguments.Flag("delete_all", false));
  TRY_SET(auto options, paimon::TableOptions::Of(table->newest_schema()));
  for (auto [key, bound] : {std::pair("retain_max", &options.changelogs_max),
                            std::pair("retain_min", &options.changelogs_min),
                            std::pair("max_deletes", &options.snapshot_expire_limit)}) {
    TRY_SET(const auto given, context.arguments.Number(key, 1));
    *bound = given.value_or(*bound);
  }
  if (options.changelogs_min > options.changelogs_max) {
    return Invalid(Str("retain_max ", options.changelogs_max, " is below retain_min ", options.changelogs_min));
  }
  if (context.arguments.Has("older_than")) {
    TRY_SET(const int64_t older_than_ms, ActionLocalMs(context.arguments, "older_than"));
    options.changelog_time_ms = context.env.NowMs() - older_than_ms;
  }
  TRY_SET(const int64_t gone, all ? paimon::DropChangelogs(context.env, *table)
                                  : paimon::ExpireChangelogs(context.env, *table, options));
  Say(Str(gone, " changelogs have expired"));
  return Ok();
}

Status ResetConsumerAction(const ActionContext& context) {
  TRY_SET(const auto next, context.arguments.Number("next_snapshot", 1));
  const std::string id = context.arguments.Get("consumer_id");
  TRY_SET(const auto table, context.Open());
  TRY(paimon::ResetConsumer(context.env, *table, id, next));
  Say(next ? Str("consumer ", id, " reads snapshot ", *next, " next") : Str("consumer ", id, " is deleted"));
  return Ok();
}

Status ClearConsumersAction(const ActionContext& context) {
  const auto pattern = [&](const char* key, const char* otherwise) {
    const std::string given = context.arguments.Get(key);
    auto regex = Regex::Compile(given.empty() ? otherwise : given, false);
    return regex.ok() ? std::move(regex) : Result<Regex>(std::move(regex).error().With(Str("--", key)));
  };
  TRY_SET(const Regex including, pattern("including_consumers", ".*"));
  TRY_SET(const Regex excluding, pattern("excluding_consumers", "(?!)"));
  TRY_SET(const auto table, context.Open());
  TRY_SET(const auto ids, paimon::ListConsumers(context.env, table->folder()));
  int gone = 0;
  for (const std::string& id : ids) {
    if (!including.Matches(id) || excluding.Matches(id)) continue;
    TRY(paimon::ResetConsumer(context.env, *table, id, {}));
    Say(Str("consumer ", id, " is deleted"));
    ++gone;
  }
  if (gone == 0) Say("the table has no such consumer");
  return Ok();
}

Status RemoveOrphans(const ActionContext& context, const TableId& id, int64_t before_ms, bool dry_run) {
  TRY_SET(const std::string folder, context.warehouse.TableFolder(id));
  TRY_SET(const auto files, paimon::FindOrphans(context.env, folder, before_ms));
  int64_t bytes = 0;
  for (const OrphanFile& file : files) {
    if (!dry_run) TRY(context.env.Remove(file.path));
    bytes += file.bytes;
    Say(file.path);
  }
  Say(Str("table ", id.ToString(), ": ", files.size(), " files, ", bytes, " bytes",
          dry_run ? " belong to no snapshot" : " removed"));
  return Ok();
}

Status RemoveOrphanFilesAction(const ActionContext& context) {
  int64_t before_ms = context.env.NowMs() - kOrphansAgeMs;
  if (context.arguments.Has("older_than")) {
    TRY_SET(before_ms, ActionLocalMs(context.arguments, "older_than"));
    if (before_ms >= context.env.NowMs()) {
      return Invalid(Str("--older_than ", context.arguments.Get("older_than"), " is not in the past"),
                     "a writer at work may be about to commit the newest files");
    }
  }
  TRY_SET(const bool dry_run, context.arguments.Flag("dry_run", false));
  const std::string name = context.arguments.Get("table", "*");
  if (name != "*") return RemoveOrphans(context, context.table(), before_ms, dry_run);
  TRY_SET(const auto tables, context.warehouse.List());
  for (const TableId& id : tables) {
    if (id.schema == context.arguments.Get("database")) TRY(RemoveOrphans(context, id, before_ms, dry_run));
  }
  return Ok();
}

void SayDropped(const paimon::DroppedPartitions& names, const char* none) {
  for (const std::string& name : names) Say(Str("partition ", name, " is gone"));
  if (names.empty()) Say(none);
}

Result<std::vector<paimon::PartitionSpec>> PartitionsNamed(const ActionContext& context) {
  std::vector<paimon::PartitionSpec> specs;
  for (const std::string& text : context.arguments.All("partition")) {
    TRY_SET(auto spec, paimon::ParsePartitionSpec(text));
    specs.push_back(std::move(spec));
  }
  if (specs.empty()) return Invalid("argument --partition is missing");
  return specs;
}

Status MarkPartitionDoneAction(const ActionContext& context) {
  TRY_SET(const auto specs, PartitionsNamed(context));
  TRY_SET(const auto table, context.Open());
  TRY_SET(const auto files, paimon::MarkPartitionsDone(context.env, *table, specs));
  for (const std::string& file : files) Say(file);
  return Ok();
}

Status DropPartitionAction(const ActionContext& context) {
  TRY_SET(const auto specs, PartitionsNamed(context));
  TRY_SET(const auto table, context.Open());
  TRY_SET(const auto names, paimon::DropPartitions(context.env, *table, specs));
  SayDropped(names, "the table has no such partition");
  return FollowWithIceberg(context, context.table());
}

Status ExpirePartitionsAction(const ActionContext& context) {
  TRY_SET(const auto table, context.Open());
  paimon::Schema schema = table->newest_schema();
  TRY_SET(const auto options, context.arguments.Pairs("table_conf"));
  for (const auto& [key, value] : options) schema.options[key] = value;
  for (auto [argument, option] : {std::pair("expiration_time", "partition.expiration-time"),
                                  std::pair("timestamp_formatter", "partition.timestamp-formatter"),
                                  std::pair("timestamp_pattern", "partition.timestamp-pattern"),
                                  std::pair("expire_strategy", "partition.expiration-strategy")}) {
    if (context.arguments.Has(argument)) schema.options[option] = context.arguments.Get(argument);
  }
  TRY_SET(const auto expiry, paimon::PartitionExpiry::Of(schema));
  TRY_SET(const auto names, paimon::ExpirePartitions(context.env, *table, expiry));
  SayDropped(names, "no partition has expired");
  return FollowWithIceberg(context, context.table());
}

struct Action {
  const char* name;
  const char* what;
  ActionKeys keys;  // without those of every action
  Status (*run)(const ActionContext&);
};

std::vector<std::string> OfTable(std::vector<std::string> more) {
  more.insert(more.begin(), {"database", "table"});
  return more;
}

std::vector<Action> VersionActions() {
  return {
      {"create_tag", "gives a snapshot a name", {OfTable({"tag_name"}), {"snapshot", "time_retained"}, {}, {}},
       CreateTagAction},
      {"create_tag_from_timestamp", "gives the first snapshot since a time a name",
       {OfTable({"tag", "timestamp"}), {"time_retained"}, {}, {"options"}}, CreateTagFromTimestampAction},
      {"create_tag_from_watermark", "gives the first snapshot of a watermark or a later one a name",
       {OfTable({"tag", "watermark"}), {"time_retained"}, {}, {"options"}}, CreateTagFromWatermarkAction},
      {"replace_tag", "gives a tag another snapshot or time to stay",
       {OfTable({"tag_name"}), {"snapshot", "time_retained"}, {}, {}}, ReplaceTagAction},
      {"rename_tag", "gives a tag another name", {OfTable({"tag_name", "target_tag_name"}), {}, {}, {}},
       RenameTagAction},
      {"delete_tag", "takes a tag away", {OfTable({"tag_name"}), {}, {}, {}}, DeleteTagAction},
      {"expire_tags", "takes tags away whose time is over", {OfTable({}), {"older_than"}, {}, {}}, ExpireTagsAction},
      {"create_branch", "begins another history of a table",
       {OfTable({"branch_name"}), {"tag_name", "ignore_if_exists"}, {}, {}}, CreateBranchAction},
      {"delete_branch", "takes a branch away", {OfTable({"branch_name"}), {}, {}, {}}, DeleteBranchAction},
      {"fast_forward", "makes a table what a branch of it is", {OfTable({"branch_name"}), {}, {}, {}},
       FastForwardAction},
      {"merge_branch", "adds the files of a branch to a table without a key, or to another branch of it",
       {OfTable({"source_branch"}), {"target_branch"}, {}, {}}, MergeBranchAction},
      {"rollback_to", "makes a table what it was at a snapshot or tag", {OfTable({"version"}), {}, {}, {}},
       RollBackToAction},
      {"rollback_to_timestamp", "makes a table what it was at a time", {OfTable({"timestamp"}), {}, {}, {}},
       RollBackToTimestampAction},
  };
}

const std::vector<Action>& Actions() {
  static const std::vector<std::string> table = {"database", "table"};
  static const std::vector<Action> own = {
      {"compact", "merges the files of a table",
       {table, {"compact_strategy", "where", "buckets", "partition_idle_time", "order_strategy", "order_by"},
        {"partition", "table_conf"}, {}}, CompactAction},
      {"compact_database", "merges the files of many tables",
       {{}, {"including_databases", "including_tables", "excluding_tables", "mode", "compact_strategy",
             "partition_idle_time"}, {"table_conf"}, {}}, CompactDatabaseAction},
      {"delete", "deletes rows of a table with a primary key",
       {OfTable({"where"}), {}, {}, {"source_sql", "sink_parallelism"}}, DeleteAction},
      {"rescale", "gives the rows of a table, or of a partition, another number of buckets",
       {table, {"bucket_num", "scan_parallelism", "sink_parallelism"}, {"partition"}, {}}, RescaleAction},
      {"rewrite_file_index", "gives data files the indexes that the table's options ask for",
       {{"identifier"}, {"partitions"}, {}, {}}, RewriteFileIndexAction},
      {"expire_snapshots", "takes old snapshots away",
       {table, {"retain_max", "retain_min", "older_than", "max_deletes"}, {}, {"options"}}, ExpireSnapshotsAction},
      {"expire_changelogs", "takes changelogs away that have outlived their snapshots",
       {table, {"retain_max", "retain_min", "older_than", "max_deletes", "delete_all"}, {}, {}},
       ExpireChangelogsAction},
      {"reset_consumer", "says what a consumer reads next, or deletes it",
       {OfTable({"consumer_id"}), {"next_snapshot"}, {}, {}}, ResetConsumerAction},
      {"clear_consumers", "deletes consumers",
       {table, {"including_consumers", "excluding_consumers"}, {}, {}}, ClearConsumersAction},
      {"copy_files", "copies the newest snapshot of tables into another catalog, file by file",
       {{}, {"database", "table", "target_warehouse", "target_database", "target_table", "parallelism"},
        {"target_catalog_conf"}, {}}, CopyFilesAction},
      {"clone", "writes the rows of tables into new tables of another catalog",
       {{}, {"clone_from", "database", "table", "target_warehouse", "target_database", "target_table", "where",
                         "included_tables", "excluded_tables", "prefer_file_format", "meta_only", "clone_if_exists",
                         "parallelism"}, {"target_catalog_conf", "target_table_conf"}, {}}, CloneAction},
      {"repair", "enters tables that have their files into a Hive or JDBC catalog, and brings entries up to date",
       {{}, {"identifier"}, {}, {}}, RepairAction},
      {"remove_orphan_files", "removes files that nothing names",
       {{"database"}, {"table", "older_than", "dry_run"}, {}, {"parallelism"}}, RemoveOrphanFilesAction},
      {"remove_unexisting_files", "takes data files that are lost, and their rows, out of a table",
       {table, {"dry_run", "parallelism"}, {"partition"}, {}}, RemoveUnexistingFilesAction},
      {"remove_unexisting_manifests", "takes manifests that are lost, and their files, out of a table",
       {table, {}, {}, {}}, RemoveUnexistingManifestsAction},
      {"drop_partition", "removes the rows of partitions", {table, {}, {"partition"}, {}}, DropPartitionAction},
      {"mark_partition_done", "writes _SUCCESS into partitions", {table, {}, {"partition"}, {}},
       MarkPartitionDoneAction},
      {"expire_partitions", "removes the rows of partitions whose time is over",
       {OfTable({"expiration_time"}), {"timestamp_formatter", "timestamp_pattern", "expire_strategy"}, {"table_conf"},
        {}}, ExpirePartitionsAction},
  };
  static const std::vector<Action> actions = [] {
    std::vector<Action> all = own;
    for (Action& action : VersionActions()) all.push_back(std::move(action));
    return all;
  }();
  return actions;
}

const Action* Find(const std::string& name) {
  for (const Action& action : Actions()) {
    if (name == action.name) return &action;
  }
  return nullptr;
}

ActionKeys KeysOf(const Action& action) {
  ActionKeys keys = action.keys;
  keys.optional.insert(keys.optional.begin(), {"warehouse", "force_start_flink_job"});
  keys.repeated.push_back("catalog_conf");
  keys.refused.push_back("path");
  return keys;
}

// Java's names of branches as tables.
Status CheckNoBranch(const ActionArguments& arguments) {
  for (const char* key : {"table", "target_table", "identifier"}) {
    if (arguments.Get(key).find("$branch_") == std::string::npos) continue;
    return Unsupported(Str("--", key, " ", arguments.Get(key), ": actions change tables, not the branches of a table"),
                       "make the branch the table by fast_forward, or its rows the table's by merge_branch");
  }
  return Ok();
}

Result<paimon::Options> OptionsOfCatalog(const ActionArguments& arguments) {
  TRY_SET(auto catalog, arguments.Pairs("catalog_conf"));
  if (arguments.Has("warehouse")) catalog["warehouse"] = arguments.Get("warehouse");
  return catalog;
}

}  // namespace

Result<std::unique_ptr<paimon::Table>> ActionContext::Open() const {
  return warehouse.Open(env, table());
}

Result<paimon::Options> ActionContext::CatalogOptions() const { return OptionsOfCatalog(arguments); }

Status FollowWithIceberg(const ActionContext& context, const TableId& id) {
  TRY_SET(const std::string folder, context.warehouse.TableFolder(id));
  TRY_SET(const auto table, paimon::Table::Open(context.env, folder));
  Status followed = mirror::FollowOnce(context.env, *table);
  if (followed.ok()) return followed;
  return std::move(followed).error().With("the table is changed, but not the Iceberg metadata beside it");
}

Status ShowTagsInIceberg(const ActionContext& context) {
  TRY_SET(const auto table, context.Open());
  const std::string storage = Lower(Trim(table->newest_schema().Option("metadata.iceberg.storage", "disabled")));
  if (storage == "disabled") return Ok();
  return FollowWithIceberg(context, context.table());
}

void Say(const std::string& line) { std::printf("%s\n", line.c_str()); }

Result<int64_t> ActionTimeMs(const ActionArguments& arguments, const std::string& key) {
  return paimon::ParseOptionTime("--" + key, arguments.Get(key));
}

Result<int64_t> ActionLocalMs(const ActionArguments& arguments, const std::string& key) {
  const std::string text = arguments.Get(key);
  const auto local = paimon::ParseLocal(text);
  if (!local) return Invalid(Str("--", key, " ", text, " is no time"), "write it as 2024-01-31 20:15:00");
  return paimon::UtcOfLocal(*local);
}

std::vector<std::pair<std::string, std::string>> PaimonActions() {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Action& action : Actions()) out.emplace_back(action.name, action.what);
  return out;
}

std::string PaimonActionHelp(const std::string& name) {
  const Action* action = Find(name);
  if (action == nullptr) return {};
  std::string out = Str("sluice paimon ", action->name, " --key value …: ", action->what, "\n");
  const ActionKeys keys = KeysOf(*action);
  const auto list = [&](const char* title, const std::vector<std::string>& names, const char* many) {
    if (!names.empty()) out += Str("\n", title, "\n");
    for (const std::string& key : names) out += Str("  --", key, many, "\n      ", ActionKeyHelp(key), "\n");
  };
  list("needed:", keys.required, "");
  list("optional:", keys.optional, "");
  list("optional, also several times:", keys.repeated, " …");
  return out;
}

Status RunPaimonAction(Env& env, const std::string& name, const ActionArguments& arguments) {
  const Action* action = Find(name);
  CHECK(action != nullptr);
  TRY(arguments.Check(KeysOf(*action)));
  TRY(CheckNoBranch(arguments));
  TRY_SET(auto options, OptionsOfCatalog(arguments));
  TRY_SET(const auto catalog, OpenActionCatalog(env, std::move(options)));
  return action->run({env, arguments, *catalog});
}

}  // namespace sluice
