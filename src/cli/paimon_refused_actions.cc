// SPDX-License-Identifier: Apache-2.0
// Actions of Paimon's jar that sluice knows and does not do, each with its reason.
#include <map>
#include <string>
#include <utility>

#include "base/text.h"
#include "cli/paimon_actions.h"

namespace sluice {
namespace {

struct Reason {
  const char* why;
  const char* instead;
};

constexpr Reason kSql = {"it joins with a source that is given in Flink's SQL",
                         "change the rows at the source: the tables follow; delete takes rows away by a condition"};
constexpr Reason kMigrates = {"it takes over data files of Hive's or Iceberg's tables, and sluice writes only its own",
                              "run it with Flink once; sluice goes on with the table that it makes"};
constexpr Reason kEvolution = {"it is for tables with row ids (row-tracking.enabled), which sluice does not write",
                               "run it with Flink"};
constexpr Reason kChain = {"it is for chain tables, which sluice does not write", "run it with Flink"};

const std::map<std::string, Reason>& Reasons() {
  static const std::map<std::string, Reason> kReasons = {
      {"compact_chain_table", kChain},
      {"compact_manifest", {"manifests are merged by each commit, as manifest.merge-min-count says", "use compact"}},
      {"data_evolution_merge_into", kEvolution},
      {"merge_into", kSql},
      {"migrate_database", kMigrates},
      {"migrate_file", kMigrates},
      {"migrate_iceberg_table", kMigrates},
      {"migrate_table", kMigrates},
      {"query_service", {"it is a server for lookups by Flink's readers", "run it with Flink; read takes --where"}},
      {"reassign_row_id", kEvolution},
  };
  return kReasons;
}

}  // namespace

std::optional<Error> RefusedPaimonAction(const std::string& name) {
  const auto found = Reasons().find(name);
  if (found == Reasons().end()) return std::nullopt;
  return Unsupported(Str("action ", name, " is not supported: ", found->second.why), found->second.instead);
}

}  // namespace sluice
