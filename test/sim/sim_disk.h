// SPDX-License-Identifier: Apache-2.0
// SimDisk: a file system in memory that forgets as a real one may. What was not synced can be lost, torn or reordered
// by a power failure: bytes of a file until it is synced, and entries of a folder until the folder is. Owned by one
// simulation; one thread. It has no faults of its own: SimEnv injects those.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::sim {

using Rng = std::mt19937_64;

// A uniform number below `below`; std's distributions differ from library to library.
inline uint64_t Pick(Rng& rng, uint64_t below) { return below == 0 ? 0 : rng() % below; }
inline bool OneIn(Rng& rng, uint64_t n) { return Pick(rng, n) == 0; }

class SimDisk {
 public:
  struct Node;
  using NodePtr = std::shared_ptr<Node>;

  // One change of a folder that is not synced yet. Either name may be empty.
  struct Pending {
    uint64_t number = 0;  // over the whole disk, in order
    std::string removed;
    std::string added;
    NodePtr node;  // of `added`
  };

  struct Node {
    bool folder = false;
    std::string bytes;
    size_t durable = 0;      // so many of `bytes` are synced
    bool truncated = false;  // an older content is still durable: `old`
    std::string old;
    bool torn = false;  // a power failure took bytes of it
    std::map<std::string, NodePtr> entries, durable_entries;
    std::vector<Pending> pending;
  };

  SimDisk();

  Result<NodePtr> Create(const std::string& path);  // truncates
  Result<NodePtr> Open(const std::string& path) const;
  bool Exists(const std::string& path) const { return Find(path) != nullptr; }
  Result<std::vector<std::string>> List(const std::string& folder) const;
  Result<bool> MakeFolder(const std::string& folder);
  Status Remove(const std::string& path);
  Status Move(const std::string& from, const std::string& to);
  Status Link(const std::string& from, const std::string& to);
  Status SyncFolder(const std::string& folder);
  static void Append(Node& file, std::string_view bytes) { file.bytes += bytes; }
  static void SyncFile(Node& file);

  // The machine loses its power: what is not synced survives, or not, as `rng` says.
  void LosePower(Rng& rng);

  // What an operator does by hand, durably: no process of ours is running.
  void Write(const std::string& path, std::string bytes);
  std::map<std::string, std::string> Copy(const std::string& folder) const;  // its files, by name
  void RemoveTree(const std::string& folder);

 private:
  NodePtr Find(std::string_view path) const;
  Result<NodePtr> FolderAt(const std::string& path) const;
  void Change(Node& folder, std::string removed, std::string added, NodePtr node);

  NodePtr root_;
  uint64_t changes_ = 0;
};

}  // namespace sluice::sim
