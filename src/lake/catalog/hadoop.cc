// SPDX-License-Identifier: Apache-2.0
#include "lake/catalog/hadoop.h"

#include <algorithm>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "lake/catalog/uri.h"

namespace sluice {
namespace {

constexpr int kDepthMax = 64;         // folders below a warehouse or table
constexpr size_t kSegmentMax = 255;   // bytes of a folder name, the limit of Linux file systems
constexpr std::string_view kHint = "version-hint.text";
constexpr std::string_view kSuffix = ".metadata.json";

std::string VersionPath(const std::string& folder, int64_t version) {
  return Str(folder, "/metadata/v", version, kSuffix);
}

int64_t ReadHint(Env& env, const std::string& folder) {
  auto text = env.ReadFile(Str(folder, "/metadata/", kHint));
  int64_t version = 0;
  return text.ok() && ParseNumber(Trim(*text), version) && version > 0 ? version : 0;
}

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The newest version: the hint, or the highest that is listed, and on while there is a next. 0: none.
Result<int64_t> NewestVersion(Env& env, const std::string& folder) {
  int64_t version = ReadHint(env, folder);
  bool there = false;
  if (version > 0) {
    TRY_SET(there, env.Exists(VersionPath(folder, version)));
  }
  if (!there) {
    version = 0;
    auto names = env.List(folder + "/metadata");
    if (!names.ok() && names.error().code != ErrorCode::kNotFound) return std::move(names).error();
    if (names.ok()) {
      for (const std::string& name : *names) version = std::max(version, MetadataVersionOf(name));
    }
    if (std::string plain = Str("v", version, kSuffix), zipped = Str("v", version, ".gz", kSuffix);
        names.ok() && !Has(*names, plain) && Has(*names, zipped)) {
      return Unsupported(Str(folder, "/metadata/v", version, ".gz", kSuffix, ": gzip metadata is not read so far"),
                         "set write.metadata.compression-codec to none on the table, with the engine that wrote it");
    }
  }
  for (;; ++version) {
    TRY_SET(bool next, env.Exists(VersionPath(folder, version + 1)));
    if (!next) return version;
  }
}

bool IsSafe(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-.~$@+,=!()").find(static_cast<char>(c)) != std::string_view::npos;
}

}  // namespace

std::string EncodeSegment(std::string_view name) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  if (name.empty()) return "%";
  const bool utf8 = IsUtf8(name);
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    auto c = static_cast<unsigned char>(name[i]);
    if ((c < 0x80 ? IsSafe(c) : utf8) && !(i == 0 && c == '.')) {
      out += name[i];
    } else {
      out += '%';
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  return out;
}

std::string DecodeSegment(std::string_view segment) {
  auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  if (segment == "%") return {};
  std::string out;
  for (size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] == '%' && i + 2 < segment.size() && digit(segment[i + 1]) >= 0 && digit(segment[i + 2]) >= 0) {
      out += static_cast<char>(digit(segment[i + 1]) << 4 | digit(segment[i + 2]));
      i += 2;
    } else {
      out += segment[i];
    }
  }
  return out;
}

Result<std::string> LocalPath(const std::string& uri) {
  if (uri.starts_with('/')) return uri;
  if (uri.starts_with("file:///")) return uri.substr(7);
  if (uri.starts_with("file:/") && !uri.starts_with("file://")) return uri.substr(5);
  return Unsupported(Str("location ", uri, " is not on a local disk"),
                     "only absolute paths and file: URIs work so far");
}

int64_t MetadataVersionOf(std::string_view file) {
  std::string_view name = file.substr(file.rfind('/') + 1);  // npos + 1 is 0
  int64_t version = 0;
  if (!name.starts_with('v') || !name.ends_with(kSuffix)) return 0;
  name = name.substr(1, name.size() - 1 - kSuffix.size());
  if (name.ends_with(".gz")) name.remove_suffix(3);
  return ParseNumber(name, version) && version > 0 ? version : 0;
}

Result<std::unique_ptr<HadoopCatalog>> HadoopCatalog::Make(Env& env, const std::string& warehouse) {
  TRY_SET(std::string path, LocalPath(warehouse));
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (path.size() < 2) return Invalid(Str("warehouse ", warehouse, " is not a folder below /"));
  return std::unique_ptr<HadoopCatalog>(new HadoopCatalog(env, std::move(path)));
}

std::unique_ptr<HadoopCatalog> HadoopCatalog::At(Env& env, std::string folder) {
  return std::unique_ptr<HadoopCatalog>(new HadoopCatalog(env, std::move(folder)));
}

Result<std::string> HadoopCatalog::Folder(const TableId& table) const {
  if (table.table.empty()) return Invalid("a table without a name");
  std::string out = warehouse_;
  std::vector<std::string> parts;
  if (!table.schema.empty()) parts = Split(table.schema, '.');
  parts.push_back(table.table);
  for (const std::string& part : parts) {
    std::string segment = EncodeSegment(part);
    if (segment.size() > kSegmentMax) {
      return Invalid(Str("table ", table.ToString(), ": \"", part, "\" makes a folder name of ", segment.size(),
                         " bytes; the limit is ", kSegmentMax),
                     "route the table to a shorter name");
    }
    out += '/';
    out += segment;
  }
  return out;
}

Result<std::string> HadoopCatalog::Location(const TableId& table) {
  TRY_SET(std::string folder, Folder(table));
  return UriOfPath(folder);
}

Result<bool> HadoopCatalog::Exists(const TableId& table) {
  TRY_SET(std::string folder, Folder(table));
  TRY_SET(int64_t version, NewestVersion(env_, folder));
  return version > 0;
}

Result<MetadataVersion> HadoopCatalog::LoadFolder(const std::string& folder, const std::string& name) {
  // A version can be cleaned away between the look and the read; a few newer ones are there then.
  for (int attempt = 0;; ++attempt) {
    TRY_SET(int64_t version, NewestVersion(env_, folder));
    if (version == 0) {
      return NotFound(Str("there is no Iceberg table ", name, " (no v<N>.metadata.json in ", folder, "/metadata)"),
                      "check the warehouse and the name; catalogs other than hadoop are not read so far");
    }
    MetadataVersion out{version, UriOfPath(VersionPath(folder, version)), {}};
    auto json = env_.ReadFile(VersionPath(folder, version));
    if (!json.ok() && json.error().code == ErrorCode::kNotFound && attempt < 3) continue;
    if (!json.ok()) return std::move(json).error();
    out.json = *std::move(json);
    return out;
  }
}

Result<MetadataVersion> HadoopCatalog::Load(const TableId& table) {
  TRY_SET(std::string folder, Folder(table));
  return LoadFolder(folder, table.ToString());
}

// A table's own folders are no place for another table.
Status HadoopCatalog::CheckNesting(const TableId& table) {
  std::string path = warehouse_;
  for (const std::string& part : Split(table.schema, '.')) {
    if (table.schema.empty()) break;
    path += '/' + EncodeSegment(part);
    TRY_SET(int64_t version, NewestVersion(env_, path));
    if (version == 0) continue;
    return Invalid(Str("table ", table.ToString(), " would be inside the folder of another table, ", path),
                   "route it to another namespace");
  }
  return Ok();
}

Result<MetadataVersion> HadoopCatalog::Commit(const TableId& table, const MetadataVersion& base,
                                              const std::string& json) {
  TRY_SET(std::string folder, Folder(table));
  if (base.version == 0) {
    TRY(CheckNesting(table));
    TRY_SET(int64_t there, NewestVersion(env_, folder));
    if (there > 0) return Conflict(Str("table ", table.ToString(), " exists already"));
    TRY(env_.MakeFolders(folder + "/metadata"));
  } else if (ReadHint(env_, folder) > base.version) {
    // v<N+1> may be cleaned away already, so that its name is free again. The hint itself may be nonsense.
    TRY_SET(int64_t newest, NewestVersion(env_, folder));
    if (newest > base.version) {
      return Conflict(Str("table ", table.ToString(), ": version ", base.version, " is not the newest any more"));
    }
  }
  MetadataVersion next{base.version + 1, {}, json};
  std::string path = VersionPath(folder, next.version);
  next.file = UriOfPath(path);
  std::string temporary = Str(folder, "/metadata/", env_.Uuid(), kSuffix);
  // Of a commit also makes the folder's entries durable: those of the manifests come before the link. The first version
  // has none.
  const bool remote = env_.IsObjectStore(path);  // a file appears whole there
  Status written = remote             ? Ok()
                   : base.version > 0 ? env_.WriteFileDurably(temporary, json)
                                      : env_.WriteFile(temporary, json);
  if (!written.ok()) {
    (void)env_.Remove(temporary).ok();
    return std::move(written).error();
  }
  PassFailpoint("iceberg.after_metadata_temp");
  Status linked = remote ? env_.PutNew(path, json) : env_.RenameNoReplace(temporary, path);
  if (!linked.ok()) {
    // The link may be there although the call failed: look.
    auto there = env_.ReadFile(path);
    bool absent = !there.ok() && there.error().code == ErrorCode::kNotFound;
    if (!there.ok() && !absent) {
      return Error{
          ErrorCode::kUnknownOutcome,
          Str("table ", table.ToString(), ": cannot tell whether ", path, " was made: ", linked.error().message),
          "the commit is tried again; if this stays, check the disk"};
    }
    if (!remote) (void)env_.Remove(temporary).ok();
    if (absent) return std::move(linked).error();
    if (*there != json) return Conflict(Str("table ", table.ToString(), ": version ", next.version, " is taken"));
  }
  PassFailpoint("iceberg.after_metadata_link");
  // A stale hint is tolerated by every reader, so the commit stands. Writing it makes the link durable too: a new
  // table, which a checkpoint will name, has to wait for that.
  Status hinted = env_.WriteFileDurably(Str(folder, "/metadata/", kHint), Str(next.version));
  if (!hinted.ok() && (!linked.ok() || base.version == 0)) {
    return Error{ErrorCode::kUnknownOutcome, Str("table ", table.ToString(), ": ", hinted.error().message),
                 "the commit is tried again; if this stays, check the disk"};
  }
  if (!hinted.ok()) LogWarn(Str("table ", table.ToString(), ": version hint not written: ", hinted.error().message));
  next.hinted = hinted.ok();
  PassFailpoint("iceberg.after_hint");
  return next;
}

Status HadoopCatalog::Sync(const TableId& table) {
  TRY_SET(std::string folder, Folder(table));
  return env_.SyncFolder(folder + "/metadata");
}

// An error is never taken for "nothing there": a start that misses a table would resume at the wrong position.
Status HadoopCatalog::CollectTables(const std::string& folder, const std::string& name_space, int depth,
                                    std::vector<TableId>& out) {
  auto names = env_.List(folder);
  if (!names.ok()) {
    if (names.error().code == ErrorCode::kNotFound) return Ok();  // a file, or nothing there
    return std::move(names).error();
  }
  if (depth > kDepthMax) return Ok();
  for (const std::string& name : *names) {
    if (name.starts_with('.') || name == "lost+found") continue;  // the latter is the file system's own
    std::string path = Str(folder, "/", name);
    TRY_SET(int64_t version, NewestVersion(env_, path));
    if (version > 0) {
      out.push_back({name_space, DecodeSegment(name)});
    } else {
      std::string below = DecodeSegment(name);
      TRY(CollectTables(path, name_space.empty() ? below : Str(name_space, ".", below), depth + 1, out));
    }
  }
  return Ok();
}

Result<std::vector<TableId>> HadoopCatalog::List(const std::string& name_space) {
  std::string folder = warehouse_;
  for (const std::string& part : Split(name_space, '.')) {
    if (!name_space.empty()) folder += '/' + EncodeSegment(part);
  }
  std::vector<TableId> out;
  TRY(CollectTables(folder, name_space, 0, out));
  std::sort(out.begin(), out.end());
  return out;
}

// Remove() takes files, links and empty folders, so that a link to elsewhere is never followed.
Status HadoopCatalog::RemoveTree(const std::string& folder, int depth) {
  if (env_.Remove(folder).ok()) return Ok();
  if (depth > kDepthMax) return Invalid(Str(folder, " is nested too deep to be removed"));
  TRY_SET(auto names, env_.List(folder));
  for (const std::string& name : names) TRY(RemoveTree(Str(folder, "/", name), depth + 1));
  return env_.Remove(folder);
}

Status HadoopCatalog::Drop(const TableId& table) {
  TRY_SET(std::string folder, Folder(table));
  TRY_SET(int64_t version, NewestVersion(env_, folder));
  if (version == 0) return NotFound(Str("there is no Iceberg table ", table.ToString()));
  // The metadata first: half a removal is no table, never a broken one.
  TRY(env_.Remove(Str(folder, "/metadata/", kHint)));
  TRY(RemoveTree(folder + "/metadata", 0));
  return RemoveTree(folder, 0);
}

Result<MetadataVersion> LoadMetadataAt(Env& env, const std::string& folder_or_file) {
  TRY_SET(std::string path, LocalPath(folder_or_file));
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  int64_t version = 0;
  if (!path.ends_with(kSuffix)) {
    TRY_SET(version, NewestVersion(env, path));
    if (version == 0) {
      return NotFound(Str("there is no Iceberg table in ", path),
                      "give the table's folder (with metadata/v<N>.metadata.json) or a metadata file");
    }
    path = VersionPath(path, version);
  }
  TRY_SET(std::string json, env.ReadFile(path));
  return MetadataVersion{version, "file://" + path, std::move(json)};
}

}  // namespace sluice
