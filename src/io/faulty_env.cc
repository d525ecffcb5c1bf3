// SPDX-License-Identifier: Apache-2.0
#include "io/faulty_env.h"

#include "base/text.h"

namespace sluice {

class FaultyFile final : public WritableFile {
 public:
  FaultyFile(FaultyEnv& env, std::string path, std::unique_ptr<WritableFile> real)
      : env_(env), path_(std::move(path)), real_(std::move(real)) {}
  Status Append(std::string_view bytes) override {
    if (env_.gone()) return env_.Failure(path_);
    if (!env_.Hit()) return real_->Append(bytes);
    if (env_.fault_ == Fault::kFailAfter) TRY(real_->Append(bytes));
    if (env_.fault_ == Fault::kTear || env_.fault_ == Fault::kCrash)
      TRY(real_->Append(bytes.substr(0, bytes.size() / 2)));
    return env_.Failure(path_);
  }
  Status Sync() override {
    return env_.Step(path_, [&] { return real_->Sync(); });
  }
  Status Close() override { return real_->Close(); }
  int64_t size() const override { return real_->size(); }

 private:
  FaultyEnv& env_;
  std::string path_;
  std::unique_ptr<WritableFile> real_;
};

void FaultyEnv::Arm(Fault fault, int64_t step) {
  fault_ = fault;
  fail_at_ = step;
  steps_ = 0;
  fired_ = false;
}

bool FaultyEnv::Hit() {
  if (++steps_ != fail_at_) return false;
  fired_ = true;
  return true;
}

Error FaultyEnv::Failure(const std::string& path) const { return Unavailable(Str(path, ": injected fault")); }

template <typename Do>
Status FaultyEnv::Step(const std::string& path, Do what) {
  if (gone()) return Failure(path);
  if (!Hit()) return what();
  if (fault_ == Fault::kFailAfter) TRY(what());
  return Failure(path);
}

Result<std::unique_ptr<WritableFile>> FaultyEnv::NewFile(const std::string& path) {
  std::unique_ptr<WritableFile> file;
  TRY(Step(path, [&]() -> Status {
    TRY_SET(file, real_.NewFile(path));
    return Ok();
  }));
  return std::unique_ptr<WritableFile>(new FaultyFile(*this, path, std::move(file)));
}

Result<std::string> FaultyEnv::ReadFile(const std::string& path) {
  if (gone()) return Failure(path);
  ++reads_;
  return real_.ReadFile(path);
}

Result<bool> FaultyEnv::Exists(const std::string& path) {
  if (gone()) return Failure(path);
  return real_.Exists(path);
}

Result<int64_t> FaultyEnv::FileSize(const std::string& path) {
  if (gone()) return Failure(path);
  return real_.FileSize(path);
}

Result<std::vector<std::string>> FaultyEnv::List(const std::string& folder) {
  if (gone()) return Failure(folder);
  return real_.List(folder);
}

Result<bool> FaultyEnv::MakeFolder(const std::string& folder) {
  bool made = false;
  TRY(Step(folder, [&]() -> Status {
    TRY_SET(made, real_.MakeFolder(folder));
    return Ok();
  }));
  return made;
}
Status FaultyEnv::Remove(const std::string& path) {
  return Step(path, [&] { return real_.Remove(path); });
}
Status FaultyEnv::Move(const std::string& from, const std::string& to) {
  return Step(to, [&] { return real_.Move(from, to); });
}
Status FaultyEnv::Link(const std::string& from, const std::string& to) {
  return Step(to, [&] { return real_.Link(from, to); });
}
Status FaultyEnv::SyncFolder(const std::string& folder) {
  return Step(folder, [&] { return real_.SyncFolder(folder); });
}

}  // namespace sluice
