// SPDX-License-Identifier: Apache-2.0
// Env: files, clocks and randomness. Everything that can fail or vary goes through it, so that tests can make it fail.
// One Env per process (PosixEnv) or per test (FaultyEnv wraps another). Thread safe. Paths are plain absolute paths,
// or s3://bucket/key of an Env that knows them (routing_env.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/stop.h"

namespace sluice {

// A new file, written once from front to back. Owned by one thread. Destroying it unclosed closes it and leaves the
// file.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Status Append(std::string_view bytes) = 0;
  virtual Status Sync() = 0;   // fsync
  virtual Status Close() = 0;  // idempotent
  virtual int64_t size() const = 0;  // bytes appended
};

// A file opened for reading anywhere in it. Owned by one thread.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  // Up to `count` bytes from `offset`; fewer only at the end of the file.
  virtual Result<int64_t> ReadAt(int64_t offset, int64_t count, void* out) = 0;
  virtual int64_t size() const = 0;
};

// An exclusive lock on a file, released by destruction or by the end of the process.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class Env {
 public:
  virtual ~Env() = default;
  virtual Result<std::unique_ptr<WritableFile>> NewFile(const std::string& path) = 0;  // truncates; makes no folders
  virtual Result<std::string> ReadFile(const std::string& path) = 0;                   // kNotFound if absent
  // kNotFound if absent. An Env that does not override it reads the whole file.
  virtual Result<std::unique_ptr<ReadableFile>> OpenFile(const std::string& path);
  virtual Result<bool> Exists(const std::string& path) = 0;  // an error if that cannot be known
  virtual Result<int64_t> FileSize(const std::string& path) = 0;
  // When the file was written last; kUnsupported of an Env that does not know.
  virtual Result<int64_t> ModifiedMs(const std::string& path);
  // Names, sorted; kNotFound if absent or a file.
  virtual Result<std::vector<std::string>> List(const std::string& folder) = 0;
  virtual Status Remove(const std::string& path) = 0;  // a file or an empty folder; absent is fine
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;  // kConflict if another process holds it
  virtual int64_t NowMs() = 0;        // wall clock, since the epoch
  virtual int64_t MonotonicMs() = 0;  // for intervals
  virtual uint64_t Random() = 0;      // 64 random bits
  // Waits so long, or until `stop`, which may be null; true if stopped.
  virtual bool Wait(int64_t ms, StopSignal* stop) = 0;

  // Single steps, which the functions below are made of. A change of a folder survives a power failure only after
  // SyncFolder.
  virtual Result<bool> MakeFolder(const std::string& folder) = 0;  // true: made; false: was there; kNotFound: no parent
  virtual Status Move(const std::string& from, const std::string& to) = 0;  // replaces
  virtual Status Link(const std::string& from, const std::string& to) = 0;  // kConflict if `to` is taken
  virtual Status SyncFolder(const std::string& folder) = 0;

  // Whether the path is in an object store: files appear whole and durable at Close, there are no folders and no links,
  // and PutNew takes the place of Link.
  virtual bool IsObjectStore(const std::string& path) const;
  // Only of an object store: makes the file, durably, if its name is free; kConflict if it is taken.
  virtual Status PutNew(const std::string& path, std::string_view bytes);

  // Makes the folder and its parents, durably, also if another process made it and died.
  Status MakeFolders(const std::string& folder);
  Status Rename(const std::string& from, const std::string& to);  // replaces; fsyncs the folder
  // Gives `from` the name `to` only if that is free, then removes `from`; kConflict if taken. fsyncs the folder.
  Status RenameNoReplace(const std::string& from, const std::string& to);
  // Makes a file of these bytes, durably, only if its name is free; kConflict if it is taken. No other file that begins
  // with `path` is seen meanwhile.
  Status WriteNewFile(const std::string& path, std::string_view bytes);
  // Makes a file of these bytes and fsyncs it. Its name is durable only after SyncFolder.
  Status WriteFile(const std::string& path, std::string_view bytes);
  // Writes a temporary file beside `path`, fsyncs it and renames it over `path`. Errors name `path`.
  Status WriteFileDurably(const std::string& path, std::string_view bytes);
  // Whether that could be done now; leaves nothing behind.
  Status CheckWritable(const std::string& path);
  // RFC 9562 version 4, lower case.
  std::string Uuid();
};

Env& PosixEnv();

// The folder that `path` is in; "." for a plain name.
std::string FolderOf(const std::string& path);

}  // namespace sluice
