// SPDX-License-Identifier: Apache-2.0
// The actions on tags, branches and older versions of a table.
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/text.h"
#include "cli/paimon_action_parts.h"
#include "lake/paimon/branch_merge.h"
#include "lake/paimon/branches.h"
#include "lake/paimon/catalog.h"
#include "lake/paimon/fast_forward.h"
#include "lake/paimon/local_time.h"
#include "lake/paimon/rollback.h"
#include "lake/paimon/tags.h"

namespace sluice {
namespace {

// Of `--timestamp`.
Result<int64_t> TimestampMs(const ActionContext& context) {
  TRY_SET(const auto ms, context.arguments.Number("timestamp", 0));
  return *ms;  // it is a required argument
}

Result<std::optional<int64_t>> TimeRetained(const ActionContext& context) {
  if (!context.arguments.Has("time_retained")) return std::optional<int64_t>();
  TRY_SET(const int64_t ms, ActionTimeMs(context.arguments, "time_retained"));
  return std::optional(ms);
}

Status CreateOrReplaceTag(const ActionContext& context, bool replace) {
  paimon::TagRequest request;
  request.name = context.arguments.Get("tag_name");
  TRY_SET(request.snapshot, context.arguments.Number("snapshot", 1));
  TRY_SET(request.retained_ms, TimeRetained(context));
  TRY_SET(const auto table, context.Open());
  TRY_SET(const int64_t snapshot, replace ? paimon::ReplaceTag(context.env, *table, request)
                                          : paimon::CreateTag(context.env, *table, request));
  Say(Str("tag ", request.name, " is snapshot ", snapshot));
  return ShowTagsInIceberg(context);
}

void TellJobs(const std::set<std::string>& jobs) {
  for (const std::string& job : jobs) {
    Say(Str("job ", job, " wrote some of them: remove its state directory, so that it resumes from the table"));
  }
}

Status RollBack(const ActionContext& context, paimon::Table& table, const std::string& version) {
  TRY_SET(const auto done, paimon::RollBackTo(context.env, table, version));
  Say(Str("the table is at snapshot ", done.snapshot, " again; ", done.snapshots_gone, " snapshots and ",
          done.tags_gone.size(), " tags are gone"));
  TellJobs(done.jobs);
  return FollowWithIceberg(context, context.table());
}

}  // namespace

Status CreateTagAction(const ActionContext& context) { return CreateOrReplaceTag(context, false); }
Status ReplaceTagAction(const ActionContext& context) { return CreateOrReplaceTag(context, true); }

Status CreateTagFromTimestampAction(const ActionContext& context) {
  TRY_SET(const int64_t time_ms, TimestampMs(context));
  paimon::TagRequest request;
  request.name = context.arguments.Get("tag");
  TRY_SET(request.retained_ms, TimeRetained(context));
  TRY_SET(const auto table, context.Open());
  TRY_SET(const auto tags, paimon::ListTags(context.env, table->folder()));
  TRY_SET(request.snapshot, paimon::FirstKeptSince(*table, tags, time_ms));
  TRY_SET(const int64_t snapshot, paimon::CreateTag(context.env, *table, request));
  Say(Str("tag ", request.name, " is snapshot ", snapshot));
  return ShowTagsInIceberg(context);
}

Status CreateTagFromWatermarkAction(const ActionContext& context) {
  TRY_SET(const auto watermark, context.arguments.Number("watermark", INT64_MIN));
  paimon::TagRequest request;
  request.name = context.arguments.Get("tag");
  TRY_SET(request.retained_ms, TimeRetained(context));
  TRY_SET(const auto table, context.Open());
  TRY_SET(const auto tags, paimon::ListTags(context.env, table->folder()));
  TRY_SET(request.snapshot, paimon::FirstKeptOfWatermark(*table, tags, *watermark));
  TRY_SET(const int64_t snapshot, paimon::CreateTag(context.env, *table, request));
  Say(Str("tag ", request.name, " is snapshot ", snapshot));
  return ShowTagsInIceberg(context);
}

Status RenameTagAction(const ActionContext& context) {
  const std::string from = context.arguments.Get("tag_name"), to = context.arguments.Get("target_tag_name");
  TRY_SET(const std::string folder, context.Folder());
  TRY(paimon::RenameTag(context.env, folder, from, to));
  Say(Str("tag ", from, " is called ", to));
  return ShowTagsInIceberg(context);
}

Status DeleteTagAction(const ActionContext& context) {
  TRY_SET(const auto table, context.Open());
  for (const std::string& name : Split(context.arguments.Get("tag_name"), ',')) {
    TRY(paimon::DeleteTag(context.env, *table, name));
    Say(Str("tag ", name, " is deleted"));
  }
  return ShowTagsInIceberg(context);
}

Status ExpireTagsAction(const ActionContext& context) {
  std::optional<int64_t> older_than;
  if (context.arguments.Has("older_than")) {
    TRY_SET(const int64_t utc, ActionLocalMs(context.arguments, "older_than"));
    older_than = paimon::LocalOfUtc(utc);
  }
  TRY_SET(const auto table, context.Open());
  TRY_SET(const auto gone, paimon::ExpireTags(context.env, *table, older_than));
  Say(gone.empty() ? "no tag has expired" : Str("tags have expired: ", Join(gone, ", ")));
  return ShowTagsInIceberg(context);
}

Status CreateBranchAction(const ActionContext& context) {
  const std::string name = context.arguments.Get("branch_name");
  TRY_SET(const bool ignore, context.arguments.Flag("ignore_if_exists", false));
  TRY_SET(const auto table, context.Open());
  Status made = paimon::CreateBranch(context.env, *table, name, context.arguments.Get("tag_name"));
  const bool there = !made.ok() && made.error().code == ErrorCode::kConflict;
  if (!made.ok() && !(there && ignore)) return made;
  Say(there ? Str("branch ", name, " was there already") : Str("branch ", name, " is made"));
  return Ok();
}

Status DeleteBranchAction(const ActionContext& context) {
  const std::string name = context.arguments.Get("branch_name");
  TRY_SET(const auto table, context.Open());
  TRY(paimon::DeleteBranch(context.env, *table, name));
  Say(Str("branch ", name, " is deleted"));
  return Ok();
}

Status FastForwardAction(const ActionContext& context) {
  TRY_SET(const auto table, context.Open());
  TRY_SET(const auto done, paimon::FastForward(context.env, *table, context.arguments.Get("branch_name")));
  Say(Str("the table is at snapshot ", done.snapshot, " of the branch; ", done.snapshots_taken, " snapshots came, ",
          done.snapshots_gone, " and ", done.tags_gone.size(), " tags are gone"));
  TellJobs(done.jobs);
  TRY(table->Refresh());
  TRY(paimon::CommitterOf(table->folder())->OnSchema(context.env, *table, table->newest_schema()));
  return FollowWithIceberg(context, context.table());
}

Status MergeBranchAction(const ActionContext& context) {
  const std::string from = context.arguments.Get("source_branch");
  const std::string to = context.arguments.Get("target_branch", "main");
  const std::string named = to == "main" ? "the table" : Str("branch ", to);
  TRY_SET(const std::string folder, context.Folder());
  TRY_SET(const auto done, paimon::MergeBranch(context.env, folder, from, to));
  if (done.snapshot == 0) {
    Say(Str(named, " has all files of branch ", from));
    return Ok();
  }
  Say(Str(done.files, " files with ", done.rows, " rows came from branch ", from, " into ", named, ": snapshot ",
          done.snapshot));
  return to == "main" ? FollowWithIceberg(context, context.table()) : Ok();
}

Status RollBackToAction(const ActionContext& context) {
  TRY_SET(const auto table, context.Open());
  return RollBack(context, *table, context.arguments.Get("version"));
}

Status RollBackToTimestampAction(const ActionContext& context) {
  TRY_SET(const int64_t time_ms, TimestampMs(context));
  TRY_SET(const auto table, context.Open());
  TRY_SET(const int64_t snapshot, paimon::SnapshotAt(*table, time_ms));
  return RollBack(context, *table, Str(snapshot));
}

}  // namespace sluice
