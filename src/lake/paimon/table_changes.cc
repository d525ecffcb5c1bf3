// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/table_changes.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "lake/paimon/file_format.h"
#include "lake/paimon/tags.h"

namespace sluice::paimon {
namespace {

constexpr const char* kAppend = "APPEND";
constexpr const char* kOverwrite = "OVERWRITE";
constexpr const char* kKeepHint =
    "begin anew from the newest snapshot; a consumer-id, or a longer snapshot.time-retained of the table, keeps "
    "snapshots until they are read";

Error Expired(int64_t id, const std::string& rest) {
  return NotFound(Str("snapshot ", id, " of the table has expired", rest), kKeepHint);
}

// The snapshots, and before them those of which the changelog is there.
Result<std::vector<int64_t>> ToldIds(Table& table) {
  TRY_SET(auto ids, table.SnapshotIds());
  TRY_SET(const auto changelogs, table.ChangelogIds());
  if (ids.empty()) return ids;
  const auto end = std::lower_bound(changelogs.begin(), changelogs.end(), ids.front());
  auto begin = end;
  for (int64_t id = ids.front() - 1; begin != changelogs.begin() && *std::prev(begin) == id; --id) --begin;
  ids.insert(ids.begin(), begin, end);
  return ids;
}

Result<std::vector<ManifestEntry>> EntriesOf(Table& table, const std::string& list) {
  std::vector<ManifestEntry> out;
  if (list.empty()) return out;
  TRY_SET(const auto manifests, table.ReadManifestList(list));
  for (const ManifestFile& manifest : manifests) {
    TRY_SET(auto entries, table.ReadManifest(manifest.name));
    std::move(entries.begin(), entries.end(), std::back_inserter(out));
  }
  return out;
}

Status Choose(const ChangeRequest& request, std::vector<LiveFile>& files) {
  return request.choice == nullptr ? Ok() : request.choice->Keep(*request.schema, files);
}

// The entries of one kind as files; `as`: what their rows are.
Status AddFiles(Table& table, const Snapshot& snapshot, const ChangeRequest& request,
                std::vector<ManifestEntry> entries, EntryKind kind, std::optional<RowKind> as,
                std::vector<ChangeFile>& out) {
  std::erase_if(entries, [&](const ManifestEntry& entry) { return entry.kind != kind; });
  Snapshot plain = snapshot;
  plain.index_manifest.clear();  // its deletion vectors are younger than these rows
  TRY_SET(auto files, table.Locate(plain, entries));
  TRY(Choose(request, files));
  for (LiveFile& file : files) {
    if (!FormatOfFile(file.path)) {
      return Unsupported(Str("data file ", file.path, " is of no format that is read"), "parquet, orc and avro are");
    }
    out.push_back({std::move(file), as});
  }
  return Ok();
}

Result<std::vector<LiveFile>> ToldFiles(Table& table, const std::optional<Snapshot>& snapshot,
                                        const ChangeRequest& request, int lowest_level) {
  if (!snapshot) return std::vector<LiveFile>();
  TRY_SET(auto files, table.LiveFiles(*snapshot));
  std::erase_if(files, [&](const LiveFile& file) { return file.meta.level < lowest_level; });
  TRY(Choose(request, files));
  return files;
}

class Changes {
 public:
  Changes(Env& env, Table& table, const ChangeRequest& request, ChangeRules rules, std::vector<FileColumn> columns)
      : env_(env), table_(table), request_(request), rules_(std::move(rules)), columns_(std::move(columns)) {
    changelog_ = request.scan == ChangeScan::kChangelog ||
                 (request.scan == ChangeScan::kAuto && rules_.changelog != ChangelogProducer::kNone);
  }
  static Result<Changes> Make(Env& env, Table& table, const ChangeRequest& request) {
    TRY_SET(ChangeRules rules, ChangeRules::Of(*request.schema));
    TRY_SET(auto columns, ColumnsOf(*request.schema, request.columns));
    return Changes(env, table, request, std::move(rules), std::move(columns));
  }

  const ChangeRules& rules() const { return rules_; }

  // Whether the snapshot is told by what differs from the one before.
  bool ByDifference(const Snapshot& snapshot) const {
    const bool told = request_.overwrites || (request_.append_overwrites && !rules_.keyed);
    const bool overwritten = told && snapshot.commit_kind == kOverwrite;
    return overwritten || (request_.difference && rules_.keyed) || Merged();
  }
  // Whether it tells nothing.
  bool PassesOver(const Snapshot& snapshot) const {
    if (!Merged() || request_.difference) return false;
    return !rules_.CanDiffer(snapshot.commit_kind) || (snapshot.commit_kind == kOverwrite && !request_.overwrites);
  }

  Status AddFilesOf(const Snapshot& snapshot, std::vector<ChangeFile>& out) const {
    if (!changelog_ && snapshot.commit_kind != kAppend) return Ok();
    TRY_SET(auto entries, EntriesOf(table_, changelog_ ? snapshot.changelog_manifest_list
                                                       : snapshot.delta_manifest_list));
    // Files that were written again have no new rows.
    std::erase_if(entries, [&](const ManifestEntry& entry) {
      return !changelog_ && entry.file.source == FileSource::kCompact;
    });
    return AddFiles(table_, snapshot, request_, std::move(entries), EntryKind::kAdd, {}, out);
  }

  std::unique_ptr<ChangeReader> Read(std::vector<ChangeFile> files) const {
    return ReadChangeFiles(env_, table_, std::move(files), columns_, rules_.keyed);
  }

  Result<std::unique_ptr<ChangeReader>> Diff(const std::optional<Snapshot>& from, const Snapshot& to,
                                             int lowest_level) const {
    if (!rules_.keyed) {
      return Unsupported("the difference of two snapshots of a table without a primary key",
                         "read its changes as delta");
    }
    TRY_SET(auto before, ToldFiles(table_, from, request_, lowest_level));
    TRY_SET(auto after, ToldFiles(table_, to, request_, lowest_level));
    return ReadDifference(env_, table_, *request_.schema, std::move(before), std::move(after), columns_);
  }

  Result<std::unique_ptr<ChangeReader>> FromBefore(const Snapshot& snapshot) const {
    if (!rules_.keyed) {
      TRY_SET(const auto entries, EntriesOf(table_, snapshot.delta_manifest_list));
      std::vector<ChangeFile> files;
      const auto add = [&](EntryKind kind, RowKind as) {
        return AddFiles(table_, snapshot, request_, entries, kind, as, files);
      };
      if (request_.overwrites) TRY(add(EntryKind::kDelete, RowKind::kDelete));
      TRY(add(EntryKind::kAdd, RowKind::kInsert));
      return Read(std::move(files));
    }
    std::optional<Snapshot> before;
    if (snapshot.id > 1) {
      auto found = table_.SnapshotOf(snapshot.id - 1);
      if (!found.ok() && found.error().code == ErrorCode::kNotFound) {
        return Expired(snapshot.id - 1, Str(", and what snapshot ", snapshot.id, " has changed is known from it"));
      }
      if (!found.ok()) return std::move(found).error();
      before = *std::move(found);
    }
    return Diff(before, snapshot, rules_.Told().lowest_level);
  }

 private:
  bool Merged() const { return request_.scan == ChangeScan::kAuto && rules_.ByDifference(); }

  Env& env_;
  Table& table_;
  const ChangeRequest& request_;
  ChangeRules rules_;
  std::vector<FileColumn> columns_;
  bool changelog_ = false;
};

}  // namespace

Result<std::unique_ptr<ChangeReader>> ReadChanges(Env& env, Table& table, const Snapshot& snapshot,
                                                  const ChangeRequest& request) {
  TRY_SET(const Changes changes, Changes::Make(env, table, request));
  if (changes.PassesOver(snapshot)) return std::unique_ptr<ChangeReader>();
  if (changes.ByDifference(snapshot)) return changes.FromBefore(snapshot);
  std::vector<ChangeFile> files;
  TRY(changes.AddFilesOf(snapshot, files));
  if (files.empty()) return std::unique_ptr<ChangeReader>();
  return changes.Read(std::move(files));
}

Result<std::unique_ptr<ChangeReader>> ReadChangesBetween(Env& env, Table& table, const SnapshotRange& range,
                                                         const ChangeRequest& request) {
  TRY_SET(const Changes changes, Changes::Make(env, table, request));
  if (!range.to) return changes.Read({});
  const bool diff = request.scan == ChangeScan::kDiff || (request.scan == ChangeScan::kAuto && range.tags);
  if (diff) {
    if (!range.from && range.after > 0) return Expired(range.after, ", and the difference begins with it");
    if (!range.tags) TRY(table.SnapshotOf(range.to->id));  // of which more than the changes is there
    return changes.Diff(range.from, *range.to, changes.rules().lowest_visible());
  }
  std::vector<ChangeFile> files;
  for (int64_t id = range.after + 1; id <= range.to->id; ++id) {
    auto snapshot = table.SnapshotOrChangelogOf(id);
    Status added = snapshot.ok() ? changes.AddFilesOf(*snapshot, files) : Status(std::move(snapshot).error());
    if (!added.ok() && added.error().code == ErrorCode::kNotFound) return Expired(id, "");
    TRY(std::move(added));
  }
  return changes.Read(std::move(files));
}

namespace {

Result<SnapshotRange> TagRange(Env& env, Table& table, const std::string& from, const std::string& to) {
  SnapshotRange range;
  TRY_SET(Tag first, ReadTag(env, table.history(), from));
  TRY_SET(Tag last, ReadTag(env, table.history(), to));
  if (last.snapshot.id < first.snapshot.id) {
    return Invalid(Str("tag ", to, " is of snapshot ", last.snapshot.id, ", before that of tag ", from, ", ",
                       first.snapshot.id), "give the older tag first");
  }
  range.after = first.snapshot.id;
  range.from = std::move(first.snapshot);
  range.to = std::move(last.snapshot);
  range.tags = true;
  return range;
}

}  // namespace

Result<SnapshotRange> FindRange(Env& env, Table& table, const std::string& text) {
  const auto parts = Split(text, ',');
  if (parts.size() != 2 || Trim(parts[0]).empty() || Trim(parts[1]).empty()) {
    return Invalid(Str("\"", text, "\" is no range of snapshots"), "give two ids or two tags with a comma, as in 5,10");
  }
  const std::string from(Trim(parts[0])), to(Trim(parts[1]));
  SnapshotRange range;
  int64_t last = 0;
  if (!ParseNumber(from, range.after) || !ParseNumber(to, last)) return TagRange(env, table, from, to);
  if (range.after < 0 || last < range.after) {
    return Invalid(Str("snapshot ", last, " is before snapshot ", range.after), "give the older one first");
  }
  TRY_SET(const auto ids, ToldIds(table));
  if (ids.empty() || last == range.after) return range;
  if (range.after + 1 < ids.front() || last > ids.back()) {
    return NotFound(Str("the changes after snapshot ", range.after, " up to ", last,
                        " are not there: the table has snapshots ", ids.front(), " to ", ids.back()),
                    "give ids from the one before the first to the last");
  }
  auto before = table.SnapshotOf(range.after);
  if (!before.ok() && before.error().code != ErrorCode::kNotFound) return std::move(before).error();
  if (before.ok()) range.from = *std::move(before);
  TRY_SET(range.to, table.SnapshotOrChangelogOf(last));
  return range;
}

Result<SnapshotRange> FindTimeRange(Table& table, int64_t from_ms, int64_t to_ms) {
  if (to_ms < from_ms) return Invalid("the second time is before the first", "give the earlier one first");
  SnapshotRange range;
  TRY_SET(const auto ids, table.SnapshotIds());
  range.after = ids.empty() ? 0 : ids.front() - 1;
  for (const int64_t id : ids) {
    TRY_SET(Snapshot snapshot, table.SnapshotOf(id));
    if (snapshot.time_ms > to_ms) break;
    if (snapshot.time_ms <= from_ms) {
      range.after = id;
      range.from = std::move(snapshot);
    } else {
      range.to = std::move(snapshot);
    }
  }
  return range;
}

Result<std::optional<Snapshot>> SnapshotFollower::Next() {
  while (true) {
    auto found = table_.SnapshotOf(next_);
    if (found.ok()) {
      ++next_;
      return std::optional<Snapshot>(*std::move(found));
    }
    if (found.error().code != ErrorCode::kNotFound) return std::move(found).error();
    TRY_SET(const auto ids, table_.SnapshotIds());
    const int64_t first = ids.empty() ? 1 : ids.front(), end = ids.empty() ? 1 : ids.back() + 1;
    if (next_ == end) return std::optional<Snapshot>();
    if (next_ > end) {
      return Invalid(Str("snapshot ", next_, " is to be read next, and the newest of the table is ", end - 1),
                     "the table was made anew or rolled back: begin anew");
    }
    if (next_ < first) {
      auto changelog = table_.ChangelogOf(next_);
      if (!changelog.ok() && changelog.error().code == ErrorCode::kNotFound) {
        TRY_SET(const auto told, ToldIds(table_));
        return Expired(next_, Str(": the oldest that is there is ", told.empty() ? first : told.front()));
      }
      if (!changelog.ok()) return std::move(changelog).error();
      ++next_;
      return std::optional<Snapshot>(*std::move(changelog));
    }
    // It came while the folder was looked at.
  }
}

Result<int64_t> FirstSince(Table& table, int64_t time_ms) {
  TRY_SET(const auto ids, ToldIds(table));
  for (const int64_t id : ids) {
    TRY_SET(const Snapshot snapshot, table.SnapshotOrChangelogOf(id));
    if (snapshot.time_ms >= time_ms) return id;
  }
  return ids.empty() ? 1 : ids.back() + 1;
}

Error ReadingError(Table& table, int64_t snapshot, Error error) {
  if (error.code != ErrorCode::kNotFound) return error;
  const auto there = table.SnapshotOf(snapshot);
  if (there.ok() || there.error().code != ErrorCode::kNotFound) return error;
  return Expired(snapshot, " while it was read");
}

}  // namespace sluice::paimon
