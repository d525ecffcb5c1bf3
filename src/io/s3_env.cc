// SPDX-License-Identifier: Apache-2.0
#include "io/s3_env.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "base/text.h"
#include "io/s3_client.h"
#include "io/s3_file.h"
#include "io/unfinished_uploads.h"

namespace sluice {
namespace {

Error NotThere(const char* what, const std::string& path) { return Unsupported(Str("S3 has no ", what, ": ", path)); }

class S3Env final : public Env, public UploadStore {
 public:
  S3Env(Env& clock, S3Config config, std::unique_ptr<HttpTransport> transport)
      : clock_(clock), endpoint_(config.endpoint), client_(clock, std::move(config), std::move(transport)) {}

  Result<std::unique_ptr<WritableFile>> NewFile(const std::string& path) override {
    return std::unique_ptr<WritableFile>(new S3WritableFile(client_, S3PlaceOf(path)));
  }
  Result<std::string> ReadFile(const std::string& path) override {
    TRY_SET(auto read, client_.Get(S3PlaceOf(path)));
    return std::move(read.bytes);
  }
  Result<std::unique_ptr<ReadableFile>> OpenFile(const std::string& path) override {
    return S3ReadableFile::Open(client_, S3PlaceOf(path));
  }
  Result<bool> Exists(const std::string& path) override {
    const auto file = client_.Head(S3PlaceOf(path));
    if (file.ok()) return true;
    if (file.error().code != ErrorCode::kNotFound) return file.error();
    TRY_SET(const auto below, client_.List(FolderPlace(path), false, 1));
    return !below.objects.empty();
  }
  Result<int64_t> FileSize(const std::string& path) override {
    TRY_SET(const auto object, client_.Head(S3PlaceOf(path)));
    return object.bytes;
  }
  Result<int64_t> ModifiedMs(const std::string& path) override {
    TRY_SET(const auto object, client_.Head(S3PlaceOf(path)));
    return object.modified_ms;
  }
  Result<std::vector<std::string>> List(const std::string& folder) override {
    const S3Place place = FolderPlace(folder);
    TRY_SET(const auto found, client_.List(place, true));
    if (found.objects.empty() && found.folders.empty() && !place.key.empty()) {
      return NotFound(Str("there is nothing below ", place.ToString()));
    }
    std::set<std::string> names;
    for (const auto& object : found.objects) names.insert(object.name.substr(place.key.size()));
    for (const std::string& name : found.folders) {
      names.insert(name.substr(place.key.size(), name.size() - place.key.size() - 1));
    }
    names.erase("");  // the folder itself, as other tools mark it
    return std::vector<std::string>(names.begin(), names.end());
  }
  Status Remove(const std::string& path) override { return client_.Delete(S3PlaceOf(path)); }
  Result<bool> MakeFolder(const std::string&) override { return false; }
  Status SyncFolder(const std::string&) override { return Ok(); }
  bool IsObjectStore(const std::string&) const override { return true; }
  Status PutNew(const std::string& path, std::string_view bytes) override {
    TRY(CheckConditions(path));
    return client_.PutNew(S3PlaceOf(path), bytes);
  }
  Result<std::vector<UnfinishedUpload>> Uploads(const std::string& folder) override {
    const S3Place place = FolderPlace(folder);
    TRY_SET(const auto found, client_.ListUploads(place));
    std::vector<UnfinishedUpload> out;
    for (const S3Client::Begun& one : found) {
      // Some servers do not heed the prefix.
      if (one.name.starts_with(place.key)) {
        out.push_back({S3Place{place.bucket, one.name}.ToString(), one.id, one.begun_ms});
      }
    }
    return out;
  }
  Status Abort(const UnfinishedUpload& upload) override {
    return client_.AbortUpload(S3PlaceOf(upload.path), upload.id);
  }
  Status Move(const std::string&, const std::string& to) override { return NotThere("rename", to); }
  Status Link(const std::string&, const std::string& to) override { return NotThere("link", to); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override { return NotThere("lock", path); }
  int64_t NowMs() override { return clock_.NowMs(); }
  int64_t MonotonicMs() override { return clock_.MonotonicMs(); }
  uint64_t Random() override { return clock_.Random(); }
  bool Wait(int64_t ms, StopSignal* stop) override { return clock_.Wait(ms, stop); }

 private:
  static S3Place FolderPlace(const std::string& folder) {
    S3Place place = S3PlaceOf(folder);
    if (!place.key.empty() && !place.key.ends_with('/')) place.key += '/';
    return place;
  }

  // A server that does not heed If-None-Match would let two writers replace each other's snapshots, and say nothing.
  Status CheckConditions(const std::string& path) {
    const std::string bucket = S3PlaceOf(path).bucket;
    std::lock_guard lock(mutex_);
    if (checked_.contains(bucket)) return Ok();
    const S3Place probe = S3PlaceOf(Str(FolderOf(path), "/.sluice-probe-", Uuid()));
    TRY(client_.PutNew(probe, "1"));
    Status again = client_.PutNew(probe, "2");
    TRY(client_.Delete(probe));
    if (again.ok()) {
      return Unsupported(Str("the server at ", endpoint_, " replaces objects in spite of If-None-Match: writers would "
                             "lose each other's commits"),
                         "use a server with conditional writes, as Amazon S3, MinIO, R2 and versitygw have them");
    }
    if (again.error().code != ErrorCode::kConflict) return again;
    checked_.insert(bucket);
    return Ok();
  }

  Env& clock_;
  const std::string endpoint_;
  S3Client client_;
  std::mutex mutex_;
  std::set<std::string> checked_;  // buckets; guarded by mutex_
};

}  // namespace

std::unique_ptr<Env> MakeS3Env(Env& clock, S3Config config, std::unique_ptr<HttpTransport> transport) {
  return std::make_unique<S3Env>(clock, std::move(config), std::move(transport));
}

}  // namespace sluice
