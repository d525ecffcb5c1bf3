// SPDX-License-Identifier: Apache-2.0
// What every Env has in common: durable changes made of single steps.
#include "io/env.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace sluice {
namespace {

// For an Env that has no OpenFile of its own.
class BytesFile final : public ReadableFile {
 public:
  explicit BytesFile(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<int64_t> ReadAt(int64_t offset, int64_t count, void* out) override {
    if (offset < 0 || offset >= size()) return int64_t{0};
    count = std::min(count, size() - offset);
    std::memcpy(out, bytes_.data() + offset, static_cast<size_t>(count));
    return count;
  }
  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }

 private:
  std::string bytes_;
};

std::string TemporaryOf(const std::string& path, Env& env) { return Str(path, ".", env.Uuid(), ".tmp"); }

// Nobody knows the name of a temporary file.
Status WithName(Status status, const std::string& temporary, const std::string& path) {
  if (status.ok()) return status;
  Error error = std::move(status).error();
  size_t at = error.message.find(temporary);
  if (at != std::string::npos) error.message.replace(at, temporary.size(), path);
  return error;
}

}  // namespace

std::string FolderOf(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Result<std::unique_ptr<ReadableFile>> Env::OpenFile(const std::string& path) {
  TRY_SET(std::string bytes, ReadFile(path));
  return std::unique_ptr<ReadableFile>(new BytesFile(std::move(bytes)));
}

// A folder is made only when its parent's own entry is durable, so one that is there needs no look further up.
Status Env::MakeFolders(const std::string& path) {
  if (IsObjectStore(path)) return Ok();
  const std::string folder = path.substr(0, path.find_last_not_of('/') + 1);
  if (folder.empty()) return Ok();
  const std::string parent = FolderOf(folder);
  TRY_SET(bool there, Exists(folder));
  if (!there) TRY(MakeFolders(parent));
  TRY_SET(bool made, MakeFolder(folder));
  Status synced = SyncFolder(parent);
  // A parent that may be passed through but not opened, as /home of another user.
  if (!made && !synced.ok() && synced.error().code == ErrorCode::kInvalid) return Ok();
  return synced;
}

Status Env::Rename(const std::string& from, const std::string& to) {
  TRY(Move(from, to));
  return SyncFolder(FolderOf(to));
}

Status Env::RenameNoReplace(const std::string& from, const std::string& to) {
  TRY(Link(from, to));
  TRY(SyncFolder(FolderOf(to)));
  (void)Remove(from).ok();
  return Ok();
}

bool Env::IsObjectStore(const std::string&) const { return false; }

Status Env::PutNew(const std::string& path, std::string_view) {
  return Unsupported(Str(path, ": not in an object store"));
}

Result<int64_t> Env::ModifiedMs(const std::string& path) {
  return Unsupported(Str(path, ": the age of files is not known here"));
}

Status Env::WriteFile(const std::string& path, std::string_view bytes) {
  TRY_SET(auto file, NewFile(path));
  TRY(file->Append(bytes));
  TRY(file->Sync());
  return file->Close();
}

Status Env::WriteNewFile(const std::string& path, std::string_view bytes) {
  if (IsObjectStore(path)) return PutNew(path, bytes);
  const size_t slash = path.rfind('/');
  const std::string temporary = Str(path.substr(0, slash), "/.", path.substr(slash + 1), ".", Uuid(), ".tmp");
  Status status = WriteFile(temporary, bytes);
  if (status.ok()) status = RenameNoReplace(temporary, path);
  if (!status.ok()) (void)Remove(temporary).ok();
  return status;
}

Status Env::WriteFileDurably(const std::string& path, std::string_view bytes) {
  if (IsObjectStore(path)) return WriteFile(path, bytes);
  std::string temporary = TemporaryOf(path, *this);
  Status status = WriteFile(temporary, bytes);
  if (status.ok()) status = Rename(temporary, path);
  if (!status.ok()) (void)Remove(temporary).ok();
  return WithName(std::move(status), temporary, path);
}

Status Env::CheckWritable(const std::string& path) {
  std::string temporary = TemporaryOf(path, *this);
  Status status = [&]() -> Status {
    if (IsObjectStore(path)) {  // as commits are made
      TRY(PutNew(temporary, ""));
      return Remove(temporary);
    }
    TRY_SET(auto file, NewFile(temporary));
    Status written = file->Append("sluice");  // a full disk may have room for a name
    if (written.ok()) written = file->Close();
    TRY(Remove(temporary));
    return written;
  }();
  return WithName(std::move(status), temporary, path);
}

std::string Env::Uuid() {
  static constexpr char kHex[] = "0123456789abcdef";
  uint64_t bits[2] = {Random(), Random()};
  std::string out;
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) out += '-';
    uint64_t digit = bits[i / 16] >> (i % 16 * 4) & 15;
    if (i == 12) digit = 4;
    if (i == 16) digit = 8 | (digit & 3);
    out += kHex[digit];
  }
  return out;
}

}  // namespace sluice
