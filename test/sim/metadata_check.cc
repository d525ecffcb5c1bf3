// SPDX-License-Identifier: Apache-2.0
#include "sim/metadata_check.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "format/avro/container.h"

namespace sluice::sim {
namespace {

using Json = nlohmann::json;

std::string Plain(const std::string& uri) { return uri.starts_with("file://") ? uri.substr(7) : uri; }

Result<SimDisk::NodePtr> Needed(const SimDisk& disk, const std::string& uri) {
  auto file = disk.Open(Plain(uri));
  if (!file.ok()) return Corrupt(Str("a file that the table needs is not there: ", uri));
  if ((*file)->torn) return Corrupt(Str("a file that the table needs was torn by a power failure: ", uri));
  return file;
}

Result<std::string> Bytes(const SimDisk& disk, const std::string& uri) {
  TRY_SET(auto file, Needed(disk, uri));
  return file->bytes;
}

Result<int64_t> SizeOf(const SimDisk& disk, const std::string& uri) {
  TRY_SET(auto file, Needed(disk, uri));
  return static_cast<int64_t>(file->bytes.size());
}

int64_t Number(const AvroValue& record, int id, const char* name, int64_t otherwise = 0) {
  const AvroValue* value = record.Field(id, name);
  return value == nullptr ? otherwise : value->number;
}

std::string Text(const AvroValue& record, int id, const char* name) {
  const AvroValue* value = record.Field(id, name);
  return value == nullptr ? "" : value->bytes;
}

Status CheckLogs(const Json& metadata, const std::string& file) {
  int64_t last = 0;
  std::set<int64_t> ids;
  for (const Json& snapshot : metadata.value("snapshots", Json::array()))
    ids.insert(snapshot["snapshot-id"].get<int64_t>());
  for (const Json& item : metadata.value("snapshot-log", Json::array())) {
    if (item["timestamp-ms"].get<int64_t>() < last) return Corrupt(Str(file, ": the snapshot log goes back in time"));
    last = item["timestamp-ms"];
    if (!ids.contains(item["snapshot-id"].get<int64_t>()))
      return Corrupt(Str(file, ": the log names a snapshot that is not there"));
  }
  if (!ids.empty()) {
    if (metadata["snapshot-log"].back()["snapshot-id"] != metadata["current-snapshot-id"]) {
      return Corrupt(Str(file, ": the snapshot log does not end with the current snapshot"));
    }
    if (metadata["refs"]["main"]["snapshot-id"] != metadata["current-snapshot-id"]) {
      return Corrupt(Str(file, ": main is not the current snapshot"));
    }
  }
  if (metadata["last-updated-ms"].get<int64_t>() < last)
    return Corrupt(Str(file, ": last-updated-ms is before the last snapshot"));
  last = 0;
  for (const Json& item : metadata.value("metadata-log", Json::array())) {
    if (item["timestamp-ms"].get<int64_t>() < last) return Corrupt(Str(file, ": the metadata log goes back in time"));
    last = item["timestamp-ms"];
  }
  return Ok();
}

}  // namespace

Status MetadataCheck::Check(const SimDisk& disk, const std::string& folder) {
  auto names = disk.List(folder + "/metadata");
  if (!names.ok()) return Ok();
  int64_t newest = 0;
  for (const std::string& name : *names) {
    int64_t version = 0;
    if (!name.starts_with("v") || !name.ends_with(".metadata.json")) continue;
    if (ParseNumber(std::string_view(name).substr(1, name.size() - 15), version)) newest = std::max(newest, version);
  }
  if (newest == 0) return Ok();
  const std::string file = Str(folder, "/metadata/v", newest, ".metadata.json");
  TRY_SET(std::string text, Bytes(disk, file));
  Json metadata = Json::parse(text, nullptr, false);
  if (!metadata.is_object()) return Corrupt(Str(file, " is not JSON"));
  TRY(CheckLogs(metadata, file));
  int64_t last = 0;
  for (const Json& snapshot : metadata.value("snapshots", Json::array())) {
    const int64_t number = snapshot["sequence-number"];
    if (number <= last) return Corrupt(Str(file, ": sequence number ", number, " comes after ", last));
    last = number;
    const std::string list = snapshot["manifest-list"];
    if (checked_.contains(list)) continue;
    Status checked = CheckSnapshot(disk, list, number);
    if (!checked.ok()) return std::move(checked).error().With(Str(file, ", snapshot ", snapshot["snapshot-id"].dump()));
    checked_.insert(list);
  }
  if (metadata["last-sequence-number"].get<int64_t>() < last)
    return Corrupt(Str(file, ": last-sequence-number is too small"));
  return Ok();
}

Result<const MetadataCheck::Manifest*> MetadataCheck::Read(const SimDisk& disk, const std::string& path, int64_t length,
                                                           int64_t inherited, bool deletes) {
  if (auto known = manifests_.find(path); known != manifests_.end()) return &known->second;
  TRY_SET(std::string bytes, Bytes(disk, path));
  if (static_cast<int64_t>(bytes.size()) != length) return Corrupt(Str(path, " has another length than the list says"));
  Manifest manifest{deletes, {}};
  auto take = [&](const AvroFile&, const AvroValue& entry) -> Status {
    if (Number(entry, 0, "status") == 2) return Ok();
    const AvroValue* file = entry.Field(2, "data_file");
    if (file == nullptr) return Corrupt(Str(path, " has an entry without a file"));
    manifest.files.push_back({Text(*file, 100, "file_path"), Text(*file, 143, "referenced_data_file"),
                              Number(*file, 104, "file_size_in_bytes"),
                              Number(entry, 3, "sequence_number", inherited)});
    return Ok();
  };
  auto read = ReadAvroFile(bytes, path, take);
  if (!read.ok()) return std::move(read).error();
  return &(manifests_[path] = std::move(manifest));
}

Status MetadataCheck::CheckSnapshot(const SimDisk& disk, const std::string& list, int64_t sequence) {
  TRY_SET(std::string bytes, Bytes(disk, list));
  std::map<std::string, File> live[2];  // data, deletes
  auto take = [&](const AvroFile&, const AvroValue& item) -> Status {
    const int64_t inherited = Number(item, 515, "sequence_number");
    const std::string path = Text(item, 500, "manifest_path");
    if (inherited > sequence) return Corrupt(Str(path, " is newer than its snapshot"));
    TRY_SET(const Manifest* manifest,
            Read(disk, path, Number(item, 501, "manifest_length"), inherited, Number(item, 517, "content") == 1));
    for (const File& file : manifest->files) {
      TRY_SET(const int64_t size, SizeOf(disk, file.path));
      if (size != file.size) return Corrupt(Str(file.path, " has ", size, " bytes, the manifest says ", file.size));
      if (file.sequence_number > sequence) return Corrupt(Str(file.path, " is newer than its snapshot"));
      if (!live[manifest->deletes].emplace(file.path, file).second) return Corrupt(Str(file.path, " is live twice"));
    }
    return Ok();
  };
  auto read = ReadAvroFile(bytes, list, take);
  if (!read.ok()) return std::move(read).error();
  for (const auto& [name, deletes] : live[1]) {
    auto data = live[0].find(deletes.referenced);
    if (data == live[0].end())
      return Corrupt(Str(name, " deletes rows of a file that is not live: ", deletes.referenced));
    if (data->second.sequence_number > deletes.sequence_number) {
      return Corrupt(Str(name, " is older than the file whose rows it deletes, so it does not apply"));
    }
  }
  return Ok();
}

}  // namespace sluice::sim
