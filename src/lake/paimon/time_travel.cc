// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/time_travel.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "lake/paimon/local_time.h"
#include "lake/paimon/tag_creation.h"
#include "lake/paimon/tags.h"

namespace sluice::paimon {
namespace {

constexpr std::string_view kWatermark = "watermark-";

bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<Snapshot> SnapshotOfWatermark(Table& table, int64_t watermark) {
  TRY_SET(const auto ids, table.SnapshotIds());
  for (const int64_t id : ids) {
    TRY_SET(Snapshot snapshot, table.SnapshotOf(id));
    const int64_t own = snapshot.watermark.value_or(INT64_MIN);
    if (own != INT64_MIN && own >= watermark) return snapshot;
  }
  return NotFound(Str("no snapshot of the table has a watermark of ", watermark, " or later"),
                  "only a writer that has watermarks puts them into its snapshots");
}

Result<std::optional<Snapshot>> LastCompacted(Table& table) {
  const Schema& schema = table.newest_schema();
  const std::string commits = schema.Option("full-compaction.delta-commits", "");
  const bool full = !commits.empty() || Lower(schema.Option("changelog-producer", "")) == "full-compaction";
  int64_t every = 1;
  if (!commits.empty() && (!ParseNumber(Trim(commits), every) || every < 1)) {
    return Invalid(Str("table option full-compaction.delta-commits='", commits, "' must be a number from 1 on"));
  }
  TRY_SET(const auto ids, table.SnapshotIds());
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    TRY_SET(Snapshot snapshot, table.SnapshotOf(*id));
    if (snapshot.commit_kind != "COMPACT") continue;
    const int64_t identifier = snapshot.commit_identifier;
    if (!full || identifier % every == 0 || identifier == INT64_MAX) return std::optional(std::move(snapshot));
  }
  return table.LatestSnapshot();
}

Result<std::optional<Snapshot>> NewestUpTo(Table& table, std::optional<int64_t> time_ms) {
  if (!time_ms) return table.LatestSnapshot();
  TRY_SET(const auto ids, table.SnapshotIds());
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    TRY_SET(Snapshot snapshot, table.SnapshotOf(*id));
    if (snapshot.time_ms <= *time_ms) return std::optional(std::move(snapshot));
  }
  return std::optional<Snapshot>();
}

Result<FoundSnapshot> FindVersion(Env& env, Table& table, const std::string& version) {
  auto tag = ReadTag(env, table.history(), version);
  if (tag.ok()) return FoundSnapshot{std::move(tag->snapshot), version};
  if (tag.error().code != ErrorCode::kNotFound) return std::move(tag).error();
  int64_t number = 0;
  if (version.starts_with(kWatermark)) {
    if (!ParseNumber(std::string_view(version).substr(kWatermark.size()), number)) {
      return Invalid(Str("version \"", version, "\" has no number behind ", kWatermark));
    }
    TRY_SET(Snapshot snapshot, SnapshotOfWatermark(table, number));
    return FoundSnapshot{std::move(snapshot), ""};
  }
  if (IsNumber(version) && ParseNumber(version, number)) {
    TRY_SET(Snapshot snapshot, table.SnapshotOf(number));
    return FoundSnapshot{std::move(snapshot), ""};
  }
  return std::move(tag).error();
}

Result<std::optional<int64_t>> FirstBetween(Table& table, int64_t time_ms) {
  TRY_SET(const int64_t first, FirstSince(table, time_ms));
  const auto before = table.SnapshotOrChangelogOf(first - 1);
  if (!before.ok() && before.error().code != ErrorCode::kNotFound) return before.error();
  const auto there = table.SnapshotOrChangelogOf(first);
  if (!there.ok() && there.error().code != ErrorCode::kNotFound) return there.error();
  if (before.ok() && there.ok()) return std::optional(first);
  return std::optional<int64_t>();
}

Result<SnapshotRange> FindAutoTagRange(Env& env, Table& table, const std::string& tag) {
  TRY_SET(const TagOptions options, TagOptions::Of(table.newest_schema()));
  TRY_SET(const LocalPattern pattern, LocalPattern::Make(options.pattern));
  const auto end = pattern.Parse(tag);
  if (!end) {
    return Invalid(Str("\"", tag, "\" is no tag of a period of the table"),
                   Str("such tags are called ", options.pattern, "; tag.creation-period and tag.period-formatter of "
                       "the table say so"));
  }
  SnapshotRange range;
  range.tags = true;
  TRY_SET(auto tags, ListTags(env, table.history()));
  Tag* last = nullptr;
  Tag* before = nullptr;
  for (Tag& other : tags) {
    const auto time = pattern.Parse(other.name);
    if (other.name == tag) last = &other;
    if (!time || *time >= *end) continue;
    if (before == nullptr || *time > *pattern.Parse(before->name)) before = &other;
  }
  if (last == nullptr || before == nullptr) {
    LogWarn(last == nullptr ? Str("there is no tag ", tag, ": no changes")
                            : Str("there is no tag of a period before ", tag, ": no changes"));
    return range;
  }
  range.after = before->snapshot.id;
  range.from = std::move(before->snapshot);
  if (last->snapshot.id > range.after) range.to = std::move(last->snapshot);
  return range;
}

Result<SnapshotRange> FindRange(Env& env, Table& table, const std::string& text, bool tags_as_snapshots) {
  TRY_SET(SnapshotRange range, FindRange(env, table, text));
  if (!range.tags || !tags_as_snapshots) return range;
  return FindRange(env, table, Str(range.after, ",", range.to ? range.to->id : range.after));
}

}  // namespace sluice::paimon
