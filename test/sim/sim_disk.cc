// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_disk.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "io/env.h"

namespace sluice::sim {
namespace {

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

enum class Survival : uint8_t { kNothing, kAll, kInOrder, kAny };

// What becomes of a disk's unsynced state at a power failure.
class PowerLoss {
 public:
  PowerLoss(Rng& rng, uint64_t changes) : rng_(rng), mode_(static_cast<Survival>(Pick(rng, 4))) {
    cut_ = Pick(rng_, changes + 1);
  }

  void Apply(SimDisk::Node& node) {
    if (!seen_.insert(&node).second) return;
    if (!node.folder) return Tear(node);
    for (SimDisk::Pending& change : node.pending) {
      if (!Survives(change.number)) continue;
      if (!change.removed.empty()) node.durable_entries.erase(change.removed);
      if (!change.added.empty()) node.durable_entries[change.added] = change.node;
    }
    node.pending.clear();
    node.entries = node.durable_entries;
    for (auto& [name, child] : node.entries) Apply(*child);
  }

 private:
  bool Survives(uint64_t number) {
    switch (mode_) {
      case Survival::kNothing: return false;
      case Survival::kAll: return true;
      case Survival::kInOrder: return number <= cut_;
      case Survival::kAny: return OneIn(rng_, 2);
    }
    return false;
  }

  void Tear(SimDisk::Node& file) {
    if (!file.truncated && file.durable == file.bytes.size()) return;
    const std::string before = file.bytes;
    if (file.truncated && mode_ != Survival::kAll && OneIn(rng_, 2)) {
      file.bytes = std::move(file.old);
    } else if (file.durable < file.bytes.size() && mode_ != Survival::kAll) {
      const size_t kept = file.durable + Pick(rng_, file.bytes.size() - file.durable + 1);
      if (OneIn(rng_, 3)) {  // the size was written, the bytes were not
        std::fill(file.bytes.begin() + static_cast<std::ptrdiff_t>(kept), file.bytes.end(), '\0');
      } else {
        file.bytes.resize(mode_ == Survival::kNothing ? file.durable : kept);
      }
    }
    SimDisk::SyncFile(file);
    file.torn |= file.bytes != before;
  }

  Rng& rng_;
  Survival mode_;
  uint64_t cut_ = 0;
  std::set<const SimDisk::Node*> seen_;
};

}  // namespace

SimDisk::SimDisk() : root_(std::make_shared<Node>()) { root_->folder = true; }

SimDisk::NodePtr SimDisk::Find(std::string_view path) const {
  NodePtr at = root_;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const size_t end = std::min(path.find('/'), path.size());
    if (end > 0) {
      auto found = at->entries.find(std::string(path.substr(0, end)));
      if (found == at->entries.end()) return nullptr;
      at = found->second;
    }
    path.remove_prefix(end);
  }
  return at;
}

Result<SimDisk::NodePtr> SimDisk::FolderAt(const std::string& path) const {
  NodePtr folder = Find(path == "/" ? "" : path);
  if (folder == nullptr) return NotFound(Str(path, ": no such file or directory"));
  if (!folder->folder) return NotFound(Str(path, ": not a directory"));
  return folder;
}

void SimDisk::Change(Node& folder, std::string removed, std::string added, NodePtr node) {
  if (!removed.empty()) folder.entries.erase(removed);
  if (!added.empty()) folder.entries[added] = node;
  folder.pending.push_back({++changes_, std::move(removed), std::move(added), std::move(node)});
}

Result<SimDisk::NodePtr> SimDisk::Create(const std::string& path) {
  TRY_SET(NodePtr folder, FolderAt(FolderOf(path)));
  const std::string name = NameOf(path);
  auto found = folder->entries.find(name);
  if (found == folder->entries.end()) {
    auto node = std::make_shared<Node>();
    Change(*folder, "", name, node);
    return node;
  }
  Node& file = *found->second;
  if (file.folder) return Unavailable(Str(path, ": is a directory"));
  if (!file.truncated) file.old = file.bytes.substr(0, file.durable);
  file.truncated = true;
  file.torn = false;
  file.bytes.clear();
  file.durable = 0;
  return found->second;
}

Result<SimDisk::NodePtr> SimDisk::Open(const std::string& path) const {
  NodePtr node = Find(path);
  if (node == nullptr) return NotFound(Str(path, ": no such file or directory"));
  if (node->folder) return Unavailable(Str(path, ": is a directory"));
  return node;
}

Result<std::vector<std::string>> SimDisk::List(const std::string& path) const {
  TRY_SET(NodePtr folder, FolderAt(path));
  std::vector<std::string> names;
  for (const auto& [name, node] : folder->entries) names.push_back(name);
  return names;
}

Result<bool> SimDisk::MakeFolder(const std::string& path) {
  TRY_SET(NodePtr parent, FolderAt(FolderOf(path)));
  if (NodePtr there = Find(path)) {
    if (there->folder) return false;
    return Unavailable(Str(path, ": not a directory"));
  }
  auto node = std::make_shared<Node>();
  node->folder = true;
  Change(*parent, "", NameOf(path), std::move(node));
  return true;
}

Status SimDisk::Remove(const std::string& path) {
  NodePtr node = Find(path);
  if (node == nullptr) return Ok();
  if (!node->entries.empty()) return Unavailable(Str(path, ": directory not empty"));
  TRY_SET(NodePtr folder, FolderAt(FolderOf(path)));
  Change(*folder, NameOf(path), "", nullptr);
  return Ok();
}

Status SimDisk::Move(const std::string& from, const std::string& to) {
  TRY_SET(NodePtr node, Open(from));
  TRY_SET(NodePtr source, FolderAt(FolderOf(from)));
  TRY_SET(NodePtr target, FolderAt(FolderOf(to)));
  if (source == target) {
    Change(*source, NameOf(from), NameOf(to), std::move(node));
  } else {
    Change(*target, "", NameOf(to), std::move(node));
    Change(*source, NameOf(from), "", nullptr);
  }
  return Ok();
}

Status SimDisk::Link(const std::string& from, const std::string& to) {
  TRY_SET(NodePtr node, Open(from));
  TRY_SET(NodePtr target, FolderAt(FolderOf(to)));
  if (Find(to) != nullptr) return Conflict(Str(to, ": file exists"));
  Change(*target, "", NameOf(to), std::move(node));
  return Ok();
}

Status SimDisk::SyncFolder(const std::string& path) {
  TRY_SET(NodePtr folder, FolderAt(path));
  folder->durable_entries = folder->entries;
  folder->pending.clear();
  return Ok();
}

void SimDisk::SyncFile(Node& file) {
  file.durable = file.bytes.size();
  file.truncated = false;
  file.old.clear();
}

void SimDisk::LosePower(Rng& rng) { PowerLoss(rng, changes_).Apply(*root_); }

void SimDisk::Write(const std::string& path, std::string bytes) {
  auto file = Create(path);
  if (!file.ok()) return;
  (*file)->bytes = std::move(bytes);
  SyncFile(**file);
  (void)SyncFolder(FolderOf(path)).ok();
}

std::map<std::string, std::string> SimDisk::Copy(const std::string& path) const {
  std::map<std::string, std::string> out;
  NodePtr folder = Find(path);
  if (folder == nullptr) return out;
  for (const auto& [name, node] : folder->entries) {
    if (!node->folder) out[name] = node->bytes;
  }
  return out;
}

void SimDisk::RemoveTree(const std::string& path) {
  auto parent = FolderAt(FolderOf(path));
  if (!parent.ok() || Find(path) == nullptr) return;
  Change(**parent, NameOf(path), "", nullptr);
  (void)SyncFolder(FolderOf(path)).ok();
}

}  // namespace sluice::sim
