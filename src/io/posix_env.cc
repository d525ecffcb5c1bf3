// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <thread>

#include "base/text.h"
#include "io/env.h"

namespace sluice {
namespace {

Error FromErrno(std::string_view what, const std::string& path, int error) {
  std::string message = Str(what, " ", path, ": ", std::strerror(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR: return NotFound(message);
    case EEXIST: return Conflict(message);
    case ENOSPC:
    case EDQUOT: return Unavailable(message, "free space on this file system; nothing was committed");
    case EROFS: return Invalid(message, "the file system is mounted for reading only: mount it for writing");
    case ENAMETOOLONG: return Invalid(message, "a name in it is longer than this file system allows (255 bytes)");
    case EACCES:
    case EPERM: return Invalid(message, "give the user that runs sluice the right to read and write there");
    default: return Unavailable(message, "the system's log (dmesg) says more about this file system");
  }
}

constexpr int64_t kWriteBackBytes = 8 << 20;

class PosixFile final : public WritableFile {
 public:
  PosixFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  ~PosixFile() override { (void)Close().ok(); }
  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return FromErrno("write", path_, errno);
      bytes.remove_prefix(static_cast<size_t>(n));
      size_ += n;
    }
    if (size_ - begun_ >= kWriteBackBytes) {  // the disk begins now, so that Sync has less to wait for
      (void)::sync_file_range(fd_, begun_, size_ - begun_, SYNC_FILE_RANGE_WRITE);
      begun_ = size_;
    }
    return Ok();
  }
  Status Sync() override {
    if (::fdatasync(fd_) != 0) return FromErrno("sync", path_, errno);
    return Ok();
  }
  Status Close() override {
    if (fd_ < 0) return Ok();
    int result = ::close(std::exchange(fd_, -1));
    if (result != 0) return FromErrno("close", path_, errno);
    return Ok();
  }
  int64_t size() const override { return size_; }

 private:
  std::string path_;
  int fd_;
  int64_t size_ = 0;
  int64_t begun_ = 0;  // bytes that the system was asked to write to the disk
};

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(std::string path, int fd, int64_t size) : path_(std::move(path)), fd_(fd), size_(size) {}
  ~PosixReadableFile() override { ::close(fd_); }
  Result<int64_t> ReadAt(int64_t offset, int64_t count, void* out) override {
    int64_t done = 0;
    while (done < count) {
      ssize_t n = ::pread(fd_, static_cast<char*>(out) + done, static_cast<size_t>(count - done), offset + done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return FromErrno("read", path_, errno);
      if (n == 0) break;
      done += n;
    }
    return done;
  }
  int64_t size() const override { return size_; }

 private:
  std::string path_;
  int fd_;
  int64_t size_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(int fd) : fd_(fd) {}
  ~PosixLock() override { ::close(fd_); }

 private:
  int fd_;
};

class PosixEnvironment final : public Env {
 public:
  Result<std::unique_ptr<WritableFile>> NewFile(const std::string& path) override {
    int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return FromErrno("create", path, errno);
    return std::unique_ptr<WritableFile>(new PosixFile(path, fd));
  }
  Result<std::string> ReadFile(const std::string& path) override {
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return FromErrno("open", path, errno);
    std::string bytes;
    struct stat info {};
    if (::fstat(fd, &info) == 0) bytes.reserve(static_cast<size_t>(info.st_size));
    char buffer[1 << 16];
    while (true) {
      ssize_t n = ::read(fd, buffer, sizeof buffer);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        int error = errno;
        ::close(fd);
        return FromErrno("read", path, error);
      }
      if (n == 0) break;
      bytes.append(buffer, static_cast<size_t>(n));
    }
    ::close(fd);
    return bytes;
  }
  Result<std::unique_ptr<ReadableFile>> OpenFile(const std::string& path) override {
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return FromErrno("open", path, errno);
    struct stat info {};
    if (::fstat(fd, &info) != 0) {
      int error = errno;
      ::close(fd);
      return FromErrno("stat", path, error);
    }
    return std::unique_ptr<ReadableFile>(new PosixReadableFile(path, fd, info.st_size));
  }
  Result<bool> Exists(const std::string& path) override {
    if (::access(path.c_str(), F_OK) == 0) return true;
    Error error = FromErrno("look for", path, errno);
    if (error.code == ErrorCode::kNotFound) return false;
    return error;
  }
  Result<int64_t> FileSize(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return FromErrno("stat", path, errno);
    return static_cast<int64_t>(info.st_size);
  }
  Result<int64_t> ModifiedMs(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return FromErrno("stat", path, errno);
    return info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1'000'000;
  }
  Result<std::vector<std::string>> List(const std::string& folder) override {
    DIR* dir = ::opendir(folder.c_str());
    if (dir == nullptr) return FromErrno("list", folder, errno);
    std::vector<std::string> names;
    while (dirent* entry = ::readdir(dir)) {
      std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    ::closedir(dir);
    std::sort(names.begin(), names.end());
    return names;
  }
  Result<bool> MakeFolder(const std::string& folder) override {
    if (::mkdir(folder.c_str(), 0755) == 0) return true;
    const int error = errno;
    struct stat info {};
    if (error != EEXIST || ::stat(folder.c_str(), &info) != 0) return FromErrno("make folder", folder, error);
    if (!S_ISDIR(info.st_mode)) return FromErrno("make folder", folder, ENOTDIR);
    return false;
  }
  Status Remove(const std::string& path) override {
    int result = ::unlink(path.c_str());
    if (result != 0 && errno == EISDIR) result = ::rmdir(path.c_str());
    if (result != 0 && errno != ENOENT) return FromErrno("remove", path, errno);
    return Ok();
  }
  Status Move(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return FromErrno("rename to", to, errno);
    return Ok();
  }
  Status Link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) != 0) return FromErrno("link", to, errno);
    return Ok();
  }
  Status SyncFolder(const std::string& folder) override {
    int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return FromErrno("open", folder, errno);
    int result = ::fsync(fd);
    int error = errno;
    ::close(fd);
    if (result != 0 && error != EINVAL) return FromErrno("sync", folder, error);
    return Ok();
  }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return FromErrno("open", path, errno);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      int error = errno;
      ::close(fd);
      if (error == EWOULDBLOCK) return Conflict(Str(path, " is locked by another process"));
      return FromErrno("lock", path, error);
    }
    return std::unique_ptr<FileLock>(new PosixLock(fd));
  }
  int64_t NowMs() override { return Clock(CLOCK_REALTIME); }
  int64_t MonotonicMs() override { return Clock(CLOCK_MONOTONIC); }
  uint64_t Random() override {
    uint64_t bits = 0;
    while (::getrandom(&bits, sizeof bits, 0) != sizeof bits) {
    }
    return bits;
  }
  bool Wait(int64_t ms, StopSignal* stop) override {
    const std::chrono::milliseconds time(std::max<int64_t>(0, ms));
    if (stop != nullptr) return stop->WaitFor(time);
    std::this_thread::sleep_for(time);
    return false;
  }

 private:
  static int64_t Clock(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
  }
};

}  // namespace

Env& PosixEnv() {
  static PosixEnvironment env;
  return env;
}

}  // namespace sluice
