// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/fast_forward.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "lake/paimon/catalog.h"
#include "lake/paimon/changelog_expiry.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/orphans.h"
#include "lake/paimon/rollback.h"
#include "lake/paimon/snapshot_files.h"
#include "lake/paimon/tags.h"

namespace sluice::paimon {
namespace {

constexpr std::string_view kSchemaPrefix = "schema-";

// Nothing if the file is not there.
Result<std::optional<std::string>> TextOf(Env& env, const std::string& path) {
  auto text = env.ReadFile(path);
  if (text.ok()) return std::optional(*std::move(text));
  if (text.error().code == ErrorCode::kNotFound) return std::optional<std::string>();
  return std::move(text).error();
}

Result<std::vector<int64_t>> SchemaIds(Env& env, const Table& table) {
  std::vector<int64_t> out;
  TRY_SET(const auto names, env.List(table.history() + "/schema"));
  for (const std::string& name : names) {
    int64_t id = 0;
    if (name.starts_with(kSchemaPrefix) && ParseNumber(std::string_view(name).substr(kSchemaPrefix.size()), id)) {
      out.push_back(id);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string TagPath(const std::string& history, const std::string& name) { return Str(history, "/tag/tag-", name); }

class Forward {
 public:
  Forward(Env& env, Table& table, Table& branch, std::string name)
      : env_(env), table_(table), branch_(branch), name_(std::move(name)) {}

  Result<FastForwarded> Run() {
    TRY(Compare());
    TRY(CollectGone());
    TRY(GoBack());
    TRY(TakeSchemas());
    TRY(GoForward());
    std::sort(files_.begin(), files_.end());
    files_.erase(std::unique(files_.begin(), files_.end()), files_.end());
    const auto removed = RemoveUnreachable(env_, table_, files_);
    if (!removed.ok()) return Error(removed.error());
    out_.snapshot = theirs_.back();
    return out_;
  }

 private:
  // What both have.
  Status Compare() {
    TRY_SET(theirs_, branch_.SnapshotIds());
    TRY_SET(ours_, table_.SnapshotIds());
    if (theirs_.empty()) return Invalid(Str("branch ", name_, " has no snapshot"), "write to it first");
    first_ = theirs_.front();
    if (!ours_.empty() && ours_.back() < first_ - 1) {
      return Conflict(Str("the table ends at snapshot ", ours_.back(), ", before branch ", name_, " begins at ",
                          first_), "it has been rolled back since: make a new branch");
    }
    TRY_SET(const Snapshot first, branch_.SnapshotOf(first_));
    first_schema_ = first.schema_id;
    for (int64_t id = 0; id <= first_schema_; ++id) {
      TRY_SET(const auto our, TextOf(env_, table_.SchemaPath(id)));
      TRY_SET(const auto their, TextOf(env_, branch_.SchemaPath(id)));
      if (!our || !their || *our == *their) continue;
      return Conflict(Str("schema ", id, " of branch ", name_, " is another than the table's"),
                      "the branch is not of this table's past");
    }
    for (const int64_t id : theirs_) {
      const auto our = table_.SnapshotOf(id);
      if (!our.ok() && our.error().code != ErrorCode::kNotFound) return Error(our.error());
      TRY_SET(const Snapshot their, branch_.SnapshotOf(id));
      if (id == first_) first_there_ = our.ok();
      if (!our.ok() || our->ToJson() != their.ToJson()) break;
      common_ = id;
    }
    return Ok();
  }

  Status Take(const Snapshot& snapshot, bool changelog) {
    TRY_SET(const auto own, FilesOf(table_, snapshot));
    files_.insert(files_.end(), own.begin(), own.end());
    if (!changelog) return Ok();
    TRY_SET(const auto of_changelog, ChangelogFilesOf(table_, snapshot));
    files_.insert(files_.end(), of_changelog.begin(), of_changelog.end());
    return Ok();
  }

  Status CollectGone() {
    for (const int64_t id : ours_) {
      if (id < first_ || id <= common_) continue;
      TRY_SET(const Snapshot snapshot, table_.SnapshotOf(id));
      AddJobsOf(snapshot, out_.jobs);
      TRY(Take(snapshot, true));
      ++out_.snapshots_gone;
    }
    return Ok();
  }

  // To the newest snapshot that both have, or the branch's first one.
  Status GoBack() {
    const int64_t back = std::max(common_, first_);
    for (int64_t id = 0; id <= first_schema_; ++id) TRY(CopySchema(id));
    if (!first_there_) TRY(CopySnapshot(first_));
    WriteHint(env_, table_, "LATEST", back);  // before they go: readers look on from there
    for (auto id = ours_.rbegin(); id != ours_.rend() && *id > back; ++id) TRY(env_.Remove(table_.SnapshotPath(*id)));
    TRY(env_.SyncFolder(table_.folder() + "/snapshot"));
    if (common_ < first_) TRY(CopySnapshot(first_));
    if (!first_there_) WriteHint(env_, table_, "EARLIEST", first_);
    TRY(RemoveChangelogsAfter(env_, table_, back, files_));
    TRY_SET(const auto tags, ListTags(env_, table_.folder()));
    for (const Tag& tag : tags) {
      TRY_SET(const auto their, TextOf(env_, TagPath(branch_.history(), tag.name)));
      TRY_SET(const auto our, TextOf(env_, TagPath(table_.folder(), tag.name)));
      const bool common = tag.snapshot.id < first_ || tag.snapshot.id <= common_;
      if (their ? our && *their == *our : common) continue;
      TRY(Take(tag.snapshot, false));
      TRY(env_.Remove(TagPath(table_.folder(), tag.name)));
      out_.tags_gone.insert(tag.name);
    }
    return Ok();
  }

  // Those that came after the branch began: no snapshot of the table that is there needs another one.
  Status TakeSchemas() {
    TRY_SET(const auto ours, SchemaIds(env_, table_));
    TRY_SET(const auto theirs, SchemaIds(env_, branch_));
    for (auto id = ours.rbegin(); id != ours.rend() && *id > first_schema_; ++id) {
      TRY_SET(const auto our, TextOf(env_, table_.SchemaPath(*id)));
      TRY_SET(const auto their, TextOf(env_, branch_.SchemaPath(*id)));
      if (!their || !our || *their != *our) TRY(env_.Remove(table_.SchemaPath(*id)));
    }
    TRY(env_.SyncFolder(table_.folder() + "/schema"));
    for (const int64_t id : theirs) TRY(CopySchema(id));
    return Ok();
  }

  Status GoForward() {
    for (const int64_t id : theirs_) {
      if (id <= std::max(common_, first_)) continue;
      TRY_SET(const std::string text, env_.ReadFile(branch_.SnapshotPath(id)));
      Status made = env_.WriteNewFile(table_.SnapshotPath(id), text);
      if (!made.ok() && made.error().code == ErrorCode::kConflict) {
        return Conflict(Str("another writer made snapshot ", id, " meanwhile"),
                        "no writer may be at work: end it, then do this again");
      }
      TRY(std::move(made));
      ++out_.snapshots_taken;
    }
    if (common_ < first_) ++out_.snapshots_taken;
    WriteHint(env_, table_, "LATEST", theirs_.back());
    TRY_SET(const auto tags, ListTags(env_, branch_.history()));
    if (!tags.empty()) TRY(env_.MakeFolders(table_.folder() + "/tag"));
    for (const Tag& tag : tags) {
      const std::string path = TagPath(table_.folder(), tag.name);
      TRY_SET(const bool there, env_.Exists(path));  // the same, else it has gone
      TRY_SET(const std::string text, env_.ReadFile(TagPath(branch_.history(), tag.name)));
      if (!there) TRY(env_.WriteNewFile(path, text));
    }
    return Ok();
  }

  Status CopySnapshot(int64_t id) {
    TRY_SET(const std::string text, env_.ReadFile(branch_.SnapshotPath(id)));
    TRY(env_.MakeFolders(table_.folder() + "/snapshot"));
    const std::string path = table_.SnapshotPath(id);
    TRY_SET(const bool there, env_.Exists(path));
    return there ? env_.WriteFileDurably(path, text) : env_.WriteNewFile(path, text);
  }

  Status CopySchema(int64_t id) {
    TRY_SET(const auto our, TextOf(env_, table_.SchemaPath(id)));
    TRY_SET(const auto their, TextOf(env_, branch_.SchemaPath(id)));
    return our || !their ? Ok() : env_.WriteNewFile(table_.SchemaPath(id), *their);
  }

  Env& env_;
  Table& table_;
  Table& branch_;
  const std::string name_;
  std::vector<int64_t> ours_, theirs_;  // snapshots
  int64_t first_ = 0;         // snapshot of the branch
  int64_t first_schema_ = 0;  // its schema
  bool first_there_ = false;  // the table has a snapshot of this number
  int64_t common_ = 0;        // the newest snapshot that both have, with all from the first one on; 0: none
  std::vector<std::string> files_;  // of what goes; others may need them
  FastForwarded out_;
};

// By the server of the catalog; nothing if it leaves that to the files.
Result<std::optional<FastForwarded>> LeftToCatalog(Table& table, Table& branch, const std::string& name) {
  TRY_SET(const auto theirs, branch.SnapshotIds());
  TRY_SET(const auto ours, table.SnapshotIds());
  const int64_t first = theirs.empty() ? 0 : theirs.front();
  FastForwarded out;
  for (const int64_t id : ours) {
    if (theirs.empty() || id < first) continue;
    TRY_SET(const Snapshot snapshot, table.SnapshotOf(id));
    AddJobsOf(snapshot, out.jobs);
    ++out.snapshots_gone;
  }
  TRY_SET(const bool done, CommitterOf(table.folder())->ChangeHistory(
                               {HistoryChange::Kind::kFastForward, name, 0, {}}));
  if (!done) return std::optional<FastForwarded>();
  out.snapshots_taken = static_cast<int64_t>(theirs.size());
  out.snapshot = theirs.empty() ? 0 : theirs.back();
  return std::optional(std::move(out));
}

}  // namespace

Result<FastForwarded> FastForward(Env& env, Table& table, const std::string& branch) {
  TRY_SET(const auto from, Table::OpenBranch(env, table.folder(), branch));
  TRY_SET(auto done, LeftToCatalog(table, *from, branch));
  if (done) return *std::move(done);
  return Forward(env, table, *from, branch).Run();
}

}  // namespace sluice::paimon
