// SPDX-License-Identifier: Apache-2.0
#include "io/journal_env.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace sluice {
namespace {

constexpr std::string_view kPrefix = "files-";

std::string FirstLine(const std::string& folder) {
  return Str("sluice-files-1 ", std::filesystem::absolute(folder).lexically_normal().string(), "\n");
}

}  // namespace

JournalEnv::JournalEnv(Env& real, std::string folder)
    : real_(real), folder_(std::move(folder)), own_(Str(folder_, "/", kPrefix, real_.Uuid())) {}

Result<std::vector<std::string>> JournalEnv::Former() {
  TRY_SET(auto names, real_.List(folder_));
  std::vector<std::string> out;
  for (const std::string& name : names) {
    std::string path = Str(folder_, "/", name);
    if (name.starts_with(kPrefix) && path != own_) out.push_back(std::move(path));
  }
  return out;
}

Result<std::vector<std::string>> JournalEnv::FormerFiles() {
  TRY_SET(auto journals, Former());
  std::vector<std::string> out;
  for (const std::string& journal : journals) {
    TRY_SET(std::string text, real_.ReadFile(journal));
    const std::string first = FirstLine(folder_);
    if (!text.starts_with(first)) continue;  // of another folder
    text.resize(text.rfind('\n'));           // a torn line names no file: it was not made yet
    for (size_t at = first.size(); at < text.size();) {
      size_t end = std::min(text.find('\n', at), text.size());
      const std::string path = text.substr(at, end - at);
      if (path.starts_with('/') || path.starts_with("s3://")) out.push_back(path);
      at = end + 1;
    }
  }
  return out;
}

Status JournalEnv::ForgetFormer() {
  TRY_SET(auto journals, Former());
  for (const std::string& journal : journals) TRY(real_.Remove(journal));
  return Ok();
}

Status JournalEnv::Restart() {
  std::lock_guard lock(mutex_);
  if (journal_ == nullptr) return Ok();
  journal_.reset();
  return real_.Remove(own_);
}

Status JournalEnv::Note(const std::string& path) {
  if (path.find('\n') != std::string::npos) return Ok();  // cannot be a line; the file is found by its age
  std::lock_guard lock(mutex_);
  if (journal_ == nullptr) {
    TRY_SET(auto file, real_.NewFile(own_));
    TRY(file->Append(FirstLine(folder_)));
    journal_ = std::move(file);
  }
  return journal_->Append(path + "\n");
}

Result<std::unique_ptr<WritableFile>> JournalEnv::NewFile(const std::string& path) {
  TRY(Note(path));
  return real_.NewFile(path);
}

Status JournalEnv::Move(const std::string& from, const std::string& to) {
  TRY(Note(to));
  return real_.Move(from, to);
}

}  // namespace sluice
