// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/tags.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "lake/json.h"
#include "lake/paimon/local_time.h"
#include "lake/paimon/orphans.h"
#include "lake/paimon/snapshot_files.h"
#include "lake/paimon/table_options.h"
#include "lake/paimon/time_travel.h"
#include "row/format_value.h"

namespace sluice::paimon {
namespace {

constexpr std::string_view kPrefix = "tag-";
constexpr const char* kCreated = "tagCreateTime";
constexpr const char* kRetained = "tagTimeRetained";
constexpr int64_t kMsOfDay = 86'400'000;

std::string FolderOfTags(const std::string& table) { return table + "/tag"; }
std::string PathOf(const std::string& table, const std::string& name) {
  return Str(FolderOfTags(table), "/", kPrefix, name);
}

Status CheckName(const std::string& name) {
  const bool good = !Trim(name).empty() && name.find_first_of("/\\\n") == std::string::npos && IsUtf8(name);
  return good ? Ok() : Status(Invalid(Str("\"", JsonEscape(name), "\" cannot be the name of a tag")));
}

// [year, month, day, hour, minute, second, nanos]: the last two may be missing.
Json TimeToJson(int64_t local_ms) {
  const int64_t day = local_ms / kMsOfDay, ms = local_ms % kMsOfDay;
  const CivilDate date = CivilFromDays(day);
  return Json::array({date.year, date.month, date.day, ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60,
                      ms % 1000 * 1'000'000});
}

Result<std::optional<int64_t>> ParseTime(const Json& json) {
  const Json* time = FindMember(json, kCreated);
  if (time == nullptr) return std::optional<int64_t>();
  int64_t parts[7] = {};
  bool good = time->is_array() && time->size() >= 5 && time->size() <= 7;
  for (size_t i = 0; good && i < time->size(); ++i) {
    good = (*time)[i].is_number_integer();
    if (good) parts[i] = (*time)[i].get<int64_t>();
  }
  if (!good) return Corrupt(Str("`", kCreated, "` is no list of the parts of a time"));
  const int64_t days = DaysFromCivil(parts[0], static_cast<int32_t>(parts[1]), static_cast<int32_t>(parts[2]));
  return std::optional(days * kMsOfDay + ((parts[3] * 60 + parts[4]) * 60 + parts[5]) * 1000 + parts[6] / 1'000'000);
}

Result<Tag> ParseTag(std::string name, const std::string& text) {
  Tag tag;
  tag.name = std::move(name);
  TRY_SET(tag.snapshot, ParseSnapshot(text));
  TRY_SET(const Json json, ParseJson(text));
  TRY_SET(tag.created_ms, ParseTime(json));
  if (const Json* retained = FindMember(json, kRetained)) {
    if (!retained->is_number()) return Corrupt(Str("`", kRetained, "` is no number of seconds"));
    tag.retained_ms = static_cast<int64_t>(retained->get<double>() * 1000);
  }
  return tag;
}

Result<std::vector<std::string>> Names(Env& env, const std::string& folder) {
  std::vector<std::string> out;
  auto names = env.List(FolderOfTags(folder));
  if (!names.ok() && names.error().code == ErrorCode::kNotFound) return out;
  if (!names.ok()) return std::move(names).error();
  for (const std::string& name : *names) {
    if (name.starts_with(kPrefix)) out.push_back(name.substr(kPrefix.size()));
  }
  return out;
}

// The text of the snapshot's file, with members that are not known here.
Result<std::pair<int64_t, std::string>> TextOf(Env& env, Table& table, std::optional<int64_t> id) {
  if (!id) {
    TRY_SET(const auto latest, table.LatestSnapshot());
    if (!latest) return NotFound(Str(table.folder(), " has no snapshot to be tagged"));
    id = latest->id;
  }
  auto text = env.ReadFile(table.SnapshotPath(*id));
  if (text.ok()) return std::pair(*id, *std::move(text));
  if (text.error().code != ErrorCode::kNotFound) return std::move(text).error();
  TRY_SET(const auto tags, ListTags(env, table.folder()));  // a snapshot that has expired may have another tag
  for (const Tag& tag : tags) {
    if (tag.snapshot.id == *id) return std::pair(*id, tag.snapshot.ToJson());
  }
  return NotFound(Str("the table has no snapshot ", *id), "expired snapshots cannot be tagged any more");
}

struct NewTag {
  int64_t snapshot = 0;
  std::string text;
};

Result<NewTag> MakeTag(Env& env, Table& table, const TagRequest& request) {
  TRY_SET(const auto text, TextOf(env, table, request.snapshot));
  std::optional<int64_t> retained = request.retained_ms;
  const std::string otherwise = table.newest_schema().Option("tag.default-time-retained", "");
  if (!retained && !otherwise.empty()) {
    TRY_SET(retained, ParseOptionTime("tag.default-time-retained", otherwise));
  }
  TRY_SET(Json json, ParseJson(text.second));
  json.erase(kCreated);
  json.erase(kRetained);
  if (retained) {  // without it no time either: readers before Paimon 0.8 take it for damage
    json[kCreated] = TimeToJson(LocalOfUtc(env.NowMs()));
    json[kRetained] = static_cast<double>(*retained) / 1000;
  }
  return NewTag{text.first, json.dump(2, ' ', false, Json::error_handler_t::replace)};
}

// kConflict if there is one and it may not be replaced.
Status WriteTag(Env& env, const Table& table, const std::string& name, const std::string& text, bool replace) {
  TRY(env.MakeFolders(FolderOfTags(table.folder())));
  const std::string path = PathOf(table.folder(), name);
  if (!replace) return env.WriteNewFile(path, text);
  if (env.IsObjectStore(path)) return env.WriteFileDurably(path, text);
  const std::string temporary = Str(FolderOfTags(table.folder()), "/.", name, ".", env.Uuid(), ".tmp");
  Status status = env.WriteFile(temporary, text);
  if (status.ok()) status = env.Rename(temporary, path);
  if (!status.ok()) (void)env.Remove(temporary).ok();
  return status;
}

// A killed process may leave both names in an object store, which has no links.
Status GiveName(Env& env, const std::string& from, const std::string& to) {
  if (!env.IsObjectStore(from)) return env.RenameNoReplace(from, to);
  TRY_SET(const std::string text, env.ReadFile(from));
  TRY(env.WriteNewFile(to, text));
  return env.Remove(from);
}

// Those that may go with the tag: none if the table has its snapshot.
Result<std::vector<std::string>> FilesOfTagAlone(Env& env, Table& table, const Tag& tag) {
  TRY_SET(const bool there, env.Exists(table.SnapshotPath(tag.snapshot.id)));
  if (there) return std::vector<std::string>();
  return FilesOf(table, tag.snapshot);  // its changelog went with the snapshot
}

// Those that nothing else needs.
Status Remove(Env& env, Table& table, const std::vector<std::string>& files) {
  if (files.empty()) return Ok();
  const auto removed = RemoveUnreachable(env, table, files);
  return removed.ok() ? Ok() : Status(Error(removed.error()));
}

}  // namespace

Result<std::vector<Tag>> ListTags(Env& env, const std::string& folder) {
  std::vector<Tag> tags;
  TRY_SET(const auto names, Names(env, folder));
  for (const std::string& name : names) {
    auto text = env.ReadFile(PathOf(folder, name));
    if (!text.ok() && text.error().code == ErrorCode::kNotFound) continue;  // removed meanwhile
    if (!text.ok()) return std::move(text).error();
    auto tag = ParseTag(name, *text);
    if (!tag.ok()) return std::move(tag).error().With(PathOf(folder, name));
    tags.push_back(*std::move(tag));
  }
  std::sort(tags.begin(), tags.end(), [](const Tag& a, const Tag& b) {
    return std::tie(a.snapshot.id, a.name) < std::tie(b.snapshot.id, b.name);
  });
  return tags;
}

Result<Tag> ReadTag(Env& env, const std::string& folder, const std::string& name) {
  TRY(CheckName(name));
  auto text = env.ReadFile(PathOf(folder, name));
  if (!text.ok() && text.error().code == ErrorCode::kNotFound) {
    TRY_SET(const auto names, Names(env, folder));
    return NotFound(Str("the table has no tag ", name),
                    names.empty() ? "it has no tags" : Str("its tags: ", Join(names, ", ")));
  }
  if (!text.ok()) return std::move(text).error();
  auto tag = ParseTag(name, *text);
  if (!tag.ok()) return std::move(tag).error().With(PathOf(folder, name));
  return tag;
}

Result<int64_t> FirstKeptSince(Table& table, const std::vector<Tag>& tags, int64_t time_ms) {
  std::optional<int64_t> found;
  TRY_SET(const auto ids, table.SnapshotIds());
  for (const int64_t id : ids) {
    TRY_SET(const Snapshot snapshot, table.SnapshotOf(id));
    if (snapshot.time_ms < time_ms) continue;
    found = id;
    break;
  }
  for (const Tag& tag : tags) {
    if (tag.snapshot.time_ms >= time_ms && (!found || tag.snapshot.id < *found)) found = tag.snapshot.id;
  }
  if (found) return *found;
  return NotFound(Str("the table has no snapshot since ", time_ms), "the time is in milliseconds since 1970 in UTC");
}

Result<int64_t> FirstKeptOfWatermark(Table& table, const std::vector<Tag>& tags, int64_t watermark) {
  std::optional<int64_t> found, found_watermark;
  const auto found_here = SnapshotOfWatermark(table, watermark);
  if (!found_here.ok() && found_here.error().code != ErrorCode::kNotFound) return Error(found_here.error());
  if (found_here.ok()) {
    found = found_here->id;
    found_watermark = found_here->watermark;
  }
  for (const Tag& tag : tags) {  // by snapshot: the first one counts, as in Java
    if (!tag.snapshot.watermark || *tag.snapshot.watermark < watermark) continue;
    if (!found_watermark || *tag.snapshot.watermark < *found_watermark) found = tag.snapshot.id;
    break;
  }
  if (found) return *found;
  return Error(found_here.error());
}

Result<int64_t> CreateTag(Env& env, Table& table, const TagRequest& request) {
  TRY(CheckName(request.name));
  TRY_SET(const NewTag tag, MakeTag(env, table, request));
  const Status status = WriteTag(env, table, request.name, tag.text, false);
  if (status.ok()) return tag.snapshot;
  if (status.error().code != ErrorCode::kConflict) return status.error();
  return Conflict(Str("the table has a tag ", request.name, " already"), "delete that first, or give another name");
}

Result<int64_t> ReplaceTag(Env& env, Table& table, const TagRequest& request) {
  TRY_SET(const Tag old, ReadTag(env, table.folder(), request.name));
  TRY_SET(const NewTag tag, MakeTag(env, table, request));
  TRY_SET(const auto files, FilesOfTagAlone(env, table, old));
  TRY(WriteTag(env, table, request.name, tag.text, true));
  TRY(Remove(env, table, files));
  return tag.snapshot;
}

Status RenameTag(Env& env, const std::string& folder, const std::string& from, const std::string& to) {
  TRY(CheckName(to));
  TRY_SET(const Tag tag, ReadTag(env, folder, from));
  Status status = GiveName(env, PathOf(folder, from), PathOf(folder, to));
  if (status.ok() || status.error().code != ErrorCode::kConflict) return status;
  return Conflict(Str("the table has a tag ", to, " already"), "delete that first, or give another name");
}

Status DeleteTag(Env& env, Table& table, const std::string& name) {
  TRY_SET(const Tag tag, ReadTag(env, table.folder(), name));
  TRY_SET(const auto files, FilesOfTagAlone(env, table, tag));
  TRY(env.Remove(PathOf(table.folder(), name)));
  TRY(env.SyncFolder(FolderOfTags(table.folder())));
  return Remove(env, table, files);
}

Result<std::vector<std::string>> ExpireTags(Env& env, Table& table, std::optional<int64_t> older_than_ms) {
  std::vector<std::string> out;
  const int64_t now = LocalOfUtc(env.NowMs());
  TRY_SET(const auto tags, ListTags(env, table.folder()));
  for (const Tag& tag : tags) {
    const bool over = tag.created_ms && tag.retained_ms && now > *tag.created_ms + *tag.retained_ms;
    bool old = false;
    if (!over && older_than_ms) {
      int64_t created = tag.created_ms.value_or(0);
      if (!tag.created_ms) {
        TRY_SET(const int64_t modified, env.ModifiedMs(PathOf(table.folder(), tag.name)));
        created = LocalOfUtc(modified);
      }
      old = created < *older_than_ms;
    }
    if (!over && !old) continue;
    TRY(DeleteTag(env, table, tag.name));
    out.push_back(tag.name);
  }
  return out;
}

}  // namespace sluice::paimon
