// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/table.h"

#include <algorithm>
#include <unordered_map>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "lake/catalog/hadoop.h"
#include "lake/catalog/uri.h"
#include "lake/iceberg/commit.h"
#include "lake/iceberg/expiry.h"
#include "lake/iceberg/manifest.h"

namespace sluice::iceberg {
namespace {

// What a new table gets unless its definition says otherwise (docs/formats/iceberg.md).
const Properties& DefaultProperties() {
  static const Properties kDefaults = {
      {"write.metadata.delete-after-commit.enabled", "true"},
      {"write.metadata.previous-versions-max", "20"},
      {std::string(kMaxSnapshotsProperty), "100"},
  };
  return kDefaults;
}

// Takes what is no property but a wish about the table out of the properties.
Status CheckProperties(const TableId& id, Properties& properties) {
  if (auto it = properties.find("format-version"); it != properties.end() && it->second != "2") {
    return Unsupported(Str("table ", id.ToString(), ": format-version ", it->second, " cannot be written yet"),
                       "leave format-version out, or set it to 2");
  }
  if (properties.contains("write.metadata.path")) {
    return Unsupported(Str("table ", id.ToString(), ": write.metadata.path does not work with a hadoop catalog"),
                       "leave write.metadata.path out");
  }
  for (const char* reserved :
       {"format-version", "uuid", "snapshot-count", "current-snapshot-summary", "current-snapshot-id",
        "current-snapshot-timestamp-ms", "current-schema", "default-partition-spec", "default-sort-order"}) {
    properties.erase(reserved);
  }
  for (const auto& [key, value] : DefaultProperties()) properties.emplace(key, value);
  return Ok();
}

std::string PartitionKey(const DataFile& file) {
  std::string out = Str(file.spec_id);
  for (const PartitionValue& value : file.partition) {
    std::string bytes = SingleValueBytes(value);
    out += Str("/", value.index(), ":", bytes.size(), ":", bytes);
  }
  return out;
}

struct DeleteEntry {
  DataFile file;
  int64_t sequence_number = 0;
};

// Gives each data file the delete files that apply to it (lake-formats.md 1.7).
class DeleteIndex {
 public:
  explicit DeleteIndex(const TableMetadata& metadata) : metadata_(metadata) {}

  void Add(ManifestEntry entry) {
    DeleteEntry item{std::move(entry.file), *entry.sequence_number};
    if (item.file.content == FileContent::kEqualityDeletes) {
      const PartitionSpec* spec = metadata_.spec(item.file.spec_id);
      bool global = spec != nullptr && !spec->partitioned();
      std::string key = global ? std::string("global") : PartitionKey(item.file);
      equality_[key].push_back(std::move(item));
    } else if (std::string path = item.file.DeletesOf(); !path.empty()) {
      by_path_[path].push_back(std::move(item));
    } else {
      by_partition_[PartitionKey(item.file)].push_back(std::move(item));
    }
  }

  void Assign(LiveFile& live) const {
    Take(by_path_, live.data.path, live.sequence_number, live.deletes);
    if (by_partition_.empty() && equality_.empty()) return;
    std::string key = PartitionKey(live.data);
    Take(by_partition_, key, live.sequence_number, live.deletes);
    Take(equality_, key, live.sequence_number + 1, live.equality_deletes);
    Take(equality_, "global", live.sequence_number + 1, live.equality_deletes);
  }

 private:
  using Map = std::unordered_map<std::string, std::vector<DeleteEntry>>;
  static void Take(const Map& map, const std::string& key, int64_t least, std::vector<DataFile>& out) {
    auto it = map.find(key);
    if (it == map.end()) return;
    for (const DeleteEntry& entry : it->second) {
      if (entry.sequence_number >= least) out.push_back(entry.file);
    }
  }

  const TableMetadata& metadata_;
  Map by_path_, by_partition_, equality_;
};

}  // namespace

std::string EpochProperty(const std::string& writer) { return Str("sluice.", writer, ".epoch"); }
std::string SchemaProperty(const std::string& writer) { return Str("sluice.", writer, ".schema-id"); }

Status CheckReadable(const LiveFile& file) {
  if (!EqualsIgnoreCase(file.data.format, "parquet")) {
    return Unsupported(
        Str("data file ", file.data.path, " is of format ", file.data.format, ", and only Parquet is read"),
        "set write.format.default to parquet and rewrite the table's data files with its own engine");
  }
  if (!file.equality_deletes.empty()) {
    return Unsupported(Str("data file ", file.data.path, " has equality deletes (", file.equality_deletes[0].path,
                           "), which sluice does not apply"),
                       "compact the table with another engine (Spark: rewrite_data_files with "
                       "delete-file-threshold 1)");
  }
  return Ok();
}

uint64_t HashPath(std::string_view path) {
  uint64_t hash = 14695981039346656037ull;  // FNV-1a, then a finalizer: stable within a process is enough
  for (char c : path) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211ull;
  hash ^= hash >> 32;
  return hash * 0x9E3779B97F4A7C15ull;
}

Table::Table(Env& env, Catalog* catalog, TableId id) : env_(env), catalog_(catalog), id_(std::move(id)) {}
Table::~Table() = default;

Status Table::Adopt(MetadataVersion version) {
  TRY_SET(auto metadata, TableMetadata::Parse(version.json, version.file));
  if (metadata_ && !metadata_->uuid().empty() && metadata_->uuid() != metadata.uuid()) {
    return Invalid(Str("table ", id_.ToString(), " was dropped and made again by someone else: its uuid is ",
                       metadata.uuid(), " and was ", metadata_->uuid()),
                   "start the job again; with a fresh state directory it copies the table again");
  }
  version.json.clear();
  version.json.shrink_to_fit();
  version_ = std::move(version);
  metadata_ = std::move(metadata);
  return Ok();
}

Result<std::unique_ptr<Table>> Table::Open(Env& env, Catalog& catalog, const TableId& id) {
  std::unique_ptr<Table> table(new Table(env, &catalog, id));
  TRY(table->Refresh());
  return table;
}

Result<std::unique_ptr<Table>> Table::OpenAt(Env& env, const std::string& folder_or_file) {
  std::unique_ptr<Table> table(new Table(env, nullptr, {"", folder_or_file}));
  TRY_SET(auto version, LoadMetadataAt(env, folder_or_file));
  TRY(table->Adopt(std::move(version)));
  return table;
}

Result<std::unique_ptr<Table>> Table::Create(Env& env, Catalog& catalog, const TableId& id, NewTable definition) {
  TRY(CheckProperties(id, definition.properties));
  if (definition.location.empty()) {
    TRY_SET(definition.location, catalog.Location(id));
  }
  TRY_SET(auto metadata, TableMetadata::New(definition, env.Uuid(), env.NowMs()));
  std::unique_ptr<Table> table(new Table(env, &catalog, id));
  TRY_SET(auto version, catalog.Commit(id, MetadataVersion{}, metadata.ToJson()));
  TRY(table->Adopt(std::move(version)));
  return table;
}

void Table::RemoveFiles(const std::vector<std::string>& uris) {
  for (const std::string& uri : uris) {
    auto path = PathOfUri(uri);
    Status removed = path.ok() ? env_.Remove(*path) : Ok();
    if (!removed.ok()) LogWarn(Str("table ", id_.ToString(), ": ", removed.error().message));
  }
}

void Table::RemoveOldVersions(const std::vector<std::string>& uris) {
  // From a hint that stayed behind readers go on version by version: a gap would end their way at an old one.
  if (!version_.hinted || !metadata_->FlagProperty("write.metadata.delete-after-commit.enabled", false)) return;
  RemoveFiles(uris);
}

Status Table::Refresh() {
  if (catalog_ == nullptr) return Ok();
  TRY_SET(auto version, catalog_->Load(id_));
  if (metadata_ && version.version == version_.version && version.file == version_.file &&
      version.json == metadata_->ToJson()) {
    return Ok();
  }
  return Adopt(std::move(version));
}

Result<std::vector<ManifestFile>> Table::ReadManifests(const Snapshot& snapshot) const {
  if (!snapshot.manifest_list.empty()) {
    TRY_SET(std::string path, PathOfUri(snapshot.manifest_list));
    auto bytes = env_.ReadFile(path);
    if (!bytes.ok()) return std::move(bytes).error().With(Str("table ", id_.ToString(), ", manifest list"));
    return DecodeManifestList(*bytes, snapshot.manifest_list);
  }
  std::vector<ManifestFile> out;  // old v1
  for (const std::string& uri : snapshot.manifests) {
    ManifestFile file;
    file.path = uri;
    file.spec_id = metadata_->default_spec().spec_id;
    file.added_snapshot_id = snapshot.id;
    out.push_back(std::move(file));
  }
  return out;
}

Result<std::vector<ManifestEntry>> Table::ReadEntries(const ManifestFile& manifest) const {
  TRY_SET(std::string path, PathOfUri(manifest.path));
  auto bytes = env_.ReadFile(path);
  if (!bytes.ok()) return std::move(bytes).error().With(Str("table ", id_.ToString(), ", manifest"));
  return DecodeManifest(*bytes, manifest, *metadata_);
}

void Table::RememberPaths(const std::string& manifest_path, const std::vector<ManifestEntry>& entries) {
  std::vector<uint64_t> hashes;
  for (const ManifestEntry& entry : entries) {
    if (entry.status != EntryStatus::kDeleted) hashes.push_back(HashPath(entry.file.path));
  }
  std::sort(hashes.begin(), hashes.end());
  path_hashes_[manifest_path] = std::move(hashes);
}

Result<const std::vector<uint64_t>*> Table::LivePathHashes(const ManifestFile& manifest) {
  auto it = path_hashes_.find(manifest.path);
  if (it == path_hashes_.end()) {
    TRY_SET(auto entries, ReadEntries(manifest));
    RememberPaths(manifest.path, entries);
    it = path_hashes_.find(manifest.path);
  }
  return &it->second;
}

Result<std::vector<LiveFile>> Table::LiveFiles(std::optional<int64_t> snapshot_id) {
  const Snapshot* snapshot = snapshot_id ? metadata_->snapshot(*snapshot_id) : metadata_->current_snapshot();
  if (snapshot == nullptr) {
    if (!snapshot_id) return std::vector<LiveFile>();
    return NotFound(Str("table ", id_.ToString(), " has no snapshot ", *snapshot_id),
                    "it may have been expired; leave the snapshot out for the current one");
  }
  TRY_SET(auto manifests, ReadManifests(*snapshot));
  std::vector<LiveFile> out;
  DeleteIndex deletes(*metadata_);
  for (const ManifestFile& manifest : manifests) {
    if (!manifest.has_live_files()) continue;
    TRY_SET(auto entries, ReadEntries(manifest));
    for (ManifestEntry& entry : entries) {
      if (entry.status == EntryStatus::kDeleted) continue;
      if (manifest.deletes) {
        deletes.Add(std::move(entry));
      } else {
        out.push_back({std::move(entry.file), *entry.sequence_number, {}, {}});
      }
    }
  }
  for (LiveFile& file : out) deletes.Assign(file);
  return out;
}

bool Table::IsDone(const CommitGuard& guard) const {
  return !guard.writer.empty() && metadata_->NumberProperty(EpochProperty(guard.writer), -1) >= guard.epoch;
}

Result<int64_t> Table::Commit(const TableChange& change, const CommitGuard& guard) {
  return TableCommit(*this, change, guard).Run();
}

Result<int64_t> Table::Maintain() { return TableExpiry(*this).Run(); }

Result<bool> Table::Expire(const std::vector<int64_t>& snapshots, const std::map<std::string, int64_t>& tags,
                           const std::string& own_folder) {
  return TableExpiry(*this).Run(snapshots, tags, own_folder);
}

}  // namespace sluice::iceberg
