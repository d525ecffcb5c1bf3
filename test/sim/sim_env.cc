// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_env.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/text.h"

namespace sluice::sim {
namespace {

constexpr size_t kTailLines = 120;
constexpr uint64_t kStepsAfterSave = 12;
constexpr char kCheckpoint[] = "/checkpoint-";
constexpr char kHint[] = "/version-hint.text";

}  // namespace

void World::Trace(std::string line) {
  if (quiet) return;
  for (char c : line) trace_hash = (trace_hash ^ static_cast<uint8_t>(c)) * 0x100000001B3ull;
  ++steps;
  Note(std::move(line));
}

void World::Note(std::string line) {
  if (print) std::printf("  %s\n", line.c_str());
  tail.push_back(std::move(line));
  if (tail.size() > kTailLines) tail.pop_front();
}

class SimFile final : public WritableFile {
 public:
  SimFile(SimEnv& env, std::string path, SimDisk::NodePtr node)
      : env_(env), path_(std::move(path)), node_(std::move(node)) {}
  Status Append(std::string_view bytes) override {
    using Fate = SimEnv::Fate;
    const Fate fate = env_.Step("append", path_);
    size_t count = bytes.size();
    if (fate == Fate::kFails) count = 0;
    if (fate == Fate::kDoneButFails) count = Pick(env_.rng_, count + 1);
    SimDisk::Append(*node_, bytes.substr(0, count));
    size_ += static_cast<int64_t>(count);
    if (fate != Fate::kDone) return env_.Failure(path_);
    return Ok();
  }
  Status Sync() override {
    return env_.Change("sync", path_, [&] {
      SimDisk::SyncFile(*node_);
      return Ok();
    });
  }
  Status Close() override { return Ok(); }
  int64_t size() const override { return size_; }

 private:
  SimEnv& env_;
  std::string path_;
  SimDisk::NodePtr node_;
  int64_t size_ = 0;
};

class SimReadable final : public ReadableFile {
 public:
  SimReadable(SimEnv& env, std::string path, SimDisk::NodePtr node)
      : env_(env), path_(std::move(path)), node_(std::move(node)) {}
  Result<int64_t> ReadAt(int64_t offset, int64_t count, void* out) override {
    TRY(env_.Look("read at", path_));
    if (offset < 0 || offset >= size()) return int64_t{0};
    count = std::min(count, size() - offset);
    std::memcpy(out, node_->bytes.data() + offset, static_cast<size_t>(count));
    return count;
  }
  int64_t size() const override { return static_cast<int64_t>(node_->bytes.size()); }

 private:
  SimEnv& env_;
  std::string path_;
  SimDisk::NodePtr node_;
};

class SimLock final : public FileLock {
 public:
  explicit SimLock(SimEnv& env) : env_(env) {}
  ~SimLock() override { env_.Unlock(); }

 private:
  SimEnv& env_;
};

void SimEnv::Unlock() {
  if (has_lock_) world_.locked = false;
  has_lock_ = false;
}

void SimEnv::Advance(int64_t ms) {
  world_.now_ms += ms;
  world_.monotonic_ms += ms;
}

void SimEnv::Die(std::string_view why) {
  if (dead_) return;
  dead_ = true;
  world_.Trace(Str("-- the process dies ", why));
}

Error SimEnv::Failure(const std::string& path) {
  if (dead_) return Unavailable(Str(path, ": the process is dead"));
  switch (Pick(rng_, plan_.forbidden ? 3 : 2)) {
    case 0: return Unavailable(Str(path, ": input/output error"));
    case 1: return Unavailable(Str(path, ": no space left on device"), "free space on this file system");
    default: return Invalid(Str(path, ": permission denied"), "make the path writable");
  }
}

// Whether the plan ends the process at this step.
bool SimEnv::CrashesHere(std::string_view what, const std::string& path) {
  entries_ += what == "rename" || what == "link" || what == "syncdir";
  links_ += what == "link";
  if (what == "rename" && path.find(kCheckpoint) != std::string::npos && ++saves_ == plan_.crash_at_save) {
    plan_.crash_at = steps_ + 2 + static_cast<int64_t>(Pick(rng_, kStepsAfterSave));  // the next one syncs the folder
  }
  return steps_ == plan_.crash_at || (plan_.crash_at_entry != 0 && entries_ == plan_.crash_at_entry);
}

SimEnv::Fate SimEnv::Step(const char* name, const std::string& path) {
  if (dead_) return Fate::kFails;
  if (world_.quiet) return Fate::kDone;
  ++steps_;
  Advance(static_cast<int64_t>(Pick(rng_, 3)));
  if (foreign_ && steps_ == plan_.foreign_at) foreign_();
  const std::string_view what = name;
  const bool crash = CrashesHere(what, path);
  const bool linked = plan_.crash_at_link != 0 && links_ >= plan_.crash_at_link && what == "syncdir";
  const bool no_hint =
      plan_.hint_error_1_in != 0 && path.find(kHint) != std::string::npos && OneIn(rng_, plan_.hint_error_1_in);
  const bool denied = plan_.hint_error_1_in != 0 && what == "link" && OneIn(rng_, plan_.hint_error_1_in);
  const bool error = plan_.error_1_in != 0 && OneIn(rng_, burst_ > 0 ? 2 : plan_.error_1_in);
  burst_ -= burst_ > 0;
  if (error && burst_ == 0 && OneIn(rng_, 2)) {  // what fails once often fails again, and may be followed by worse
    burst_ = static_cast<int>(1 + Pick(rng_, 8));
    if (OneIn(rng_, 3)) plan_.crash_at = steps_ + static_cast<int64_t>(1 + Pick(rng_, 16));
  }
  Fate fate = Fate::kDone;
  if (crash || error) fate = OneIn(rng_, 2) ? Fate::kFails : Fate::kDoneButFails;
  if (linked || no_hint) fate = Fate::kFails;
  if (denied) fate = Fate::kDoneButFails;
  const char* mark = fate == Fate::kFails ? " FAILS" : fate == Fate::kDoneButFails ? " DONE BUT FAILS" : "";
  world_.Trace(Str(name, " ", path, mark));
  if (crash || linked) Die(Str("at step ", steps_));
  return fate;
}

template <typename Do>
Status SimEnv::Change(const char* name, const std::string& path, Do what) {
  const Fate fate = Step(name, path);
  if (fate == Fate::kFails) return Failure(path);
  Status status = what();
  if (status.ok() && fate == Fate::kDoneButFails) return Failure(path);
  return status;
}

// A step that only reads.
Status SimEnv::Look(const char* name, const std::string& path) {
  return Change(name, path, [] { return Ok(); });
}

Result<std::unique_ptr<WritableFile>> SimEnv::NewFile(const std::string& path) {
  SimDisk::NodePtr node;
  TRY(Change("create", path, [&]() -> Status {
    TRY_SET(node, world_.disk.Create(path));
    return Ok();
  }));
  return std::unique_ptr<WritableFile>(new SimFile(*this, path, std::move(node)));
}

Result<std::string> SimEnv::ReadFile(const std::string& path) {
  TRY(Look("read", path));
  TRY_SET(auto node, world_.disk.Open(path));
  return node->bytes;
}

Result<std::unique_ptr<ReadableFile>> SimEnv::OpenFile(const std::string& path) {
  TRY(Look("open", path));
  TRY_SET(auto node, world_.disk.Open(path));
  return std::unique_ptr<ReadableFile>(new SimReadable(*this, path, std::move(node)));
}

Result<bool> SimEnv::Exists(const std::string& path) {
  TRY(Look("exists", path));
  return world_.disk.Exists(path);
}

Result<int64_t> SimEnv::FileSize(const std::string& path) {
  TRY(Look("stat", path));
  TRY_SET(auto node, world_.disk.Open(path));
  return static_cast<int64_t>(node->bytes.size());
}

Result<std::vector<std::string>> SimEnv::List(const std::string& folder) {
  TRY(Look("list", folder));
  return world_.disk.List(folder);
}

Status SimEnv::Remove(const std::string& path) {
  return Change("remove", path, [&] { return world_.disk.Remove(path); });
}

Result<bool> SimEnv::MakeFolder(const std::string& folder) {
  bool made = false;
  TRY(Change("mkdir", folder, [&]() -> Status {
    TRY_SET(made, world_.disk.MakeFolder(folder));
    return Ok();
  }));
  return made;
}

Status SimEnv::Move(const std::string& from, const std::string& to) {
  return Change("rename", to, [&] { return world_.disk.Move(from, to); });
}

Status SimEnv::Link(const std::string& from, const std::string& to) {
  return Change("link", to, [&] { return world_.disk.Link(from, to); });
}

Status SimEnv::SyncFolder(const std::string& folder) {
  return Change("syncdir", folder, [&] { return world_.disk.SyncFolder(folder); });
}

Result<std::unique_ptr<FileLock>> SimEnv::Lock(const std::string& path) {
  TRY(Look("lock", path));
  if (!world_.disk.Exists(path)) {
    TRY_SET(auto node, world_.disk.Create(path));
  }
  if (world_.locked) return Conflict(Str(path, " is locked by another process"));
  world_.locked = has_lock_ = true;
  return std::unique_ptr<FileLock>(new SimLock(*this));
}

int64_t SimEnv::NowMs() { return world_.now_ms; }

bool SimEnv::Wait(int64_t ms, StopSignal* stop) {
  if (stop != nullptr && (dead_ || stop->stopped())) return true;
  world_.Trace(Str("wait ", ms, " ms"));
  Advance(ms);
  return false;
}

}  // namespace sluice::sim
