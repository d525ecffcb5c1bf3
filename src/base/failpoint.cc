// SPDX-License-Identifier: Apache-2.0
#include "base/failpoint.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "base/check.h"
#include "base/text.h"

namespace sluice {
namespace {

struct Armed {
  std::string name;
  std::atomic<int> left{0};

  Armed() {
    if (const char* text = std::getenv("SLUICE_FAILPOINT")) Set(text);
  }
  void Set(const std::string& text) {
    auto parts = Split(text, ':');
    name = parts[0];
    int count = 1;
    if (parts.size() > 1 && !ParseNumber(parts[1], count)) count = 1;
    left = count;
  }
};

Armed& TheArmed() {
  static Armed armed;
  return armed;
}

}  // namespace

const std::vector<std::string>& AllFailpoints() {
  static const std::vector<std::string> kNames = {
      "catalog.after_database", "catalog.after_entry", "catalog.after_schema",
      "checkpoint.after_rename",  "checkpoint.after_write",    "checkpoint.before_write", "copy.after_files",
      "epoch.after_acknowledge",
      "epoch.after_commit",       "epoch.after_prepare",       "epoch.before_prepare",    "iceberg.after_data_files",
      "iceberg.after_epoch_file", "iceberg.after_hint",       "iceberg.after_manifest_list", "iceberg.after_manifests",
      "iceberg.after_metadata_link", "iceberg.after_metadata_temp",
      "iceberg.between_tables", "paimon.after_compaction", "paimon.after_data_files", "paimon.after_epoch_file",
      "paimon.after_indexes", "paimon.after_manifest_lists", "paimon.after_merged_manifests", "paimon.after_schema",
      "paimon.after_snapshot", "paimon.before_mirror", "paimon.before_publish",
      "paimon.between_snapshots", "paimon.between_tables",
      "snapshot.after_batch",    "table.after_create", "upkeep.after_changelog_files", "upkeep.after_changelogs",
      "upkeep.after_snapshots",
  };
  return kNames;
}

void PassFailpoint(const char* name) {
  Armed& armed = TheArmed();
  if (armed.name.empty()) return;
  CHECK(std::binary_search(AllFailpoints().begin(), AllFailpoints().end(), std::string_view(name), std::less<>()));
  if (armed.name == name && armed.left.fetch_sub(1) == 1) std::raise(SIGKILL);
}

void ArmFailpoint(const std::string& text) { TheArmed().Set(text); }

}  // namespace sluice
