// SPDX-License-Identifier: Apache-2.0
// MetadataCheck: whether a table on a SimDisk obeys the rules of the Iceberg specification, looked up in its files
// without the code that wrote them (only the Avro decoder is shared): every file that a snapshot needs is there and as
// long as it should be, no power failure has torn it, no file is live twice, deletes refer to live files, sequence
// numbers and logs ascend.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/sim_disk.h"

namespace sluice::sim {

class MetadataCheck {
 public:
  // The newest metadata file of the table in `folder`; snapshots that were looked at before are passed over.
  Status Check(const SimDisk& disk, const std::string& folder);
  // Everything is looked at again: files may have changed.
  void Forget() {
    checked_.clear();
    manifests_.clear();
  }

 private:
  struct File {  // of a manifest, live there
    std::string path, referenced;
    int64_t size = 0;
    int64_t sequence_number = 0;
  };
  struct Manifest {
    bool deletes = false;
    std::vector<File> files;
  };
  Status CheckSnapshot(const SimDisk& disk, const std::string& list, int64_t sequence);
  Result<const Manifest*> Read(const SimDisk& disk, const std::string& path, int64_t length, int64_t inherited,
                               bool deletes);

  std::set<std::string> checked_;  // manifest lists
  std::map<std::string, Manifest> manifests_;
};

}  // namespace sluice::sim
