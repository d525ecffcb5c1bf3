// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/references.h"

#include <algorithm>

#include "base/text.h"
#include "lake/json.h"

namespace sluice::paimon {
namespace {

// Paths of the entries of a folder whose names begin with `prefix`; none if there is no such folder.
Result<std::vector<std::string>> Paths(Env& env, const std::string& folder, std::string_view prefix) {
  std::vector<std::string> out;
  auto names = env.List(folder);
  if (!names.ok() && names.error().code == ErrorCode::kNotFound) return out;
  if (!names.ok()) return std::move(names).error();
  for (const std::string& name : *names) {
    if (name.starts_with(prefix)) out.push_back(Str(folder, "/", name));
  }
  return out;
}

// `use` takes the text of each such file and returns a Status. A file that is removed meanwhile keeps nothing.
template <typename Use>
Status ForEachFile(Env& env, const std::string& folder, std::string_view prefix, Use use) {
  TRY_SET(const auto paths, Paths(env, folder, prefix));
  for (const std::string& path : paths) {
    auto text = env.ReadFile(path);
    if (!text.ok() && text.error().code == ErrorCode::kNotFound) continue;
    if (!text.ok()) return std::move(text).error();
    Status used = use(*text);
    if (!used.ok()) return std::move(used).error().With(path);
  }
  return Ok();
}

Status AddSnapshots(Env& env, const std::string& folder, std::string_view prefix, std::vector<Snapshot>& out) {
  return ForEachFile(env, folder, prefix, [&](const std::string& text) -> Status {
    TRY_SET(Snapshot snapshot, ParseSnapshot(text));
    out.push_back(std::move(snapshot));
    return Ok();
  });
}

Status AddChangelogs(Env& env, const std::string& folder, std::vector<Snapshot>& out) {
  return ForEachFile(env, folder, "changelog-", [&](const std::string& text) -> Status {
    TRY_SET(const Json json, ParseJson(text));  // of older versions of Java it is no whole snapshot
    Snapshot& changelog = out.emplace_back();
    TRY_SET(changelog.base_manifest_list, OptionalText(json, "baseManifestList"));
    TRY_SET(changelog.delta_manifest_list, OptionalText(json, "deltaManifestList"));
    TRY_SET(changelog.changelog_manifest_list, OptionalText(json, "changelogManifestList"));
    return Ok();
  });
}

}  // namespace

void NarrowTags(std::vector<Snapshot>& tags, int64_t first, int64_t end) {
  std::erase_if(tags, [&](const Snapshot& tag) { return tag.id >= end; });
  const auto last = std::find_if(tags.rbegin(), tags.rend(), [&](const Snapshot& tag) { return tag.id <= first; });
  if (last != tags.rend()) tags.erase(tags.begin(), std::prev(last.base()));
}

Result<References> ReadReferences(Env& env, const std::string& folder, bool changelogs) {
  References out;
  TRY(AddSnapshots(env, folder + "/tag", "tag-", out.tags));
  std::sort(out.tags.begin(), out.tags.end(), [](const Snapshot& a, const Snapshot& b) { return a.id < b.id; });
  TRY_SET(const auto branches, Paths(env, folder + "/branch", "branch-"));
  for (const std::string& branch : branches) {
    TRY(AddSnapshots(env, branch + "/snapshot", "snapshot-", out.branches));
    TRY(AddSnapshots(env, branch + "/tag", "tag-", out.branches));
  }
  if (changelogs) TRY(AddChangelogs(env, folder + "/changelog", out.changelogs));
  TRY(ForEachFile(env, folder + "/consumer", "consumer-", [&](const std::string& text) -> Status {
    TRY_SET(const Json json, ParseJson(text));
    TRY_SET(const int64_t next, LongMember(json, "nextSnapshot"));
    out.consumed = std::min(out.consumed.value_or(next), next);
    return Ok();
  }));
  return out;
}

}  // namespace sluice::paimon
