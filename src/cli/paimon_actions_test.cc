// SPDX-License-Identifier: Apache-2.0
// The help of actions: each key says what it is.
#include "cli/paimon_actions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

TEST(PaimonActions, EachKeyOfEachActionIsExplained) {
  for (const auto& [name, what] : PaimonActions()) {
    const std::string help = PaimonActionHelp(name);
    EXPECT_NE(help.find(what), std::string::npos) << name;
    EXPECT_EQ(help.find("      \n"), std::string::npos) << "a key without a word:\n" << help;
    EXPECT_FALSE(RefusedPaimonAction(name).has_value()) << name << " is refused, too";
  }
}

// By the service files of Paimon 2.0.0's Flink modules, and what later or earlier versions have.
TEST(PaimonActions, EachOfPaimonIsDoneOrRefusedWithAReason) {
  const std::vector<std::pair<std::string, std::string>> actions = PaimonActions();
  for (const char* name :
       {"clear_consumers", "clone", "compact", "compact_chain_table", "compact_database", "compact_manifest",
        "copy_files", "create_branch", "create_tag", "create_tag_from_timestamp", "create_tag_from_watermark",
        "data_evolution_merge_into", "delete", "delete_branch", "delete_tag", "drop_partition", "expire_changelogs",
        "expire_partitions", "expire_snapshots", "expire_tags", "fast_forward", "mark_partition_done", "merge_branch",
        "merge_into", "migrate_database", "migrate_file", "migrate_iceberg_table", "migrate_table", "query_service",
        "reassign_row_id", "remove_orphan_files", "remove_unexisting_files", "remove_unexisting_manifests",
        "rename_tag", "repair", "replace_tag", "rescale", "reset_consumer", "rewrite_file_index", "rollback_to",
        "rollback_to_timestamp"}) {
    const bool done = std::any_of(actions.begin(), actions.end(), [&](const auto& each) { return each.first == name; });
    const auto refused = RefusedPaimonAction(name);
    EXPECT_NE(done, refused.has_value()) << name;
    if (!refused) continue;
    EXPECT_NE(refused->message.find(name), std::string::npos) << refused->message;
    EXPECT_FALSE(refused->hint.empty()) << name;
  }
}

}  // namespace
}  // namespace sluice
