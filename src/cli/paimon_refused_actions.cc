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

constexpr Reason kSql = {"it takes a query in Flink's SQL", "change the rows at the source: the tables follow"};
constexpr Reason kMigrates = {"it takes over tables of Hive or Iceberg", "run it with Flink"};
constexpr Reason kCopies = {"it copies tables between catalogs", "run it with Flink"};
constexpr Reason kEvolution = {"it is for tables with row ids, which sluice does not write", "run it with Flink"};

const std::map<std::string, Reason>& Reasons() {
  static const std::map<std::string, Reason> kReasons = {
      {"clone", kCopies},
      {"copy_files", kCopies},
      {"compact_chain_table", kEvolution},
      {"compact_manifest", {"manifests are merged by each commit, as manifest.merge-min-count says", "use compact"}},
      {"data_evolution_merge_into", kEvolution},
      {"merge_into", kSql},
      {"migrate_database", kMigrates},
      {"migrate_file", kMigrates},
      {"migrate_iceberg_table", kMigrates},
      {"migrate_table", kMigrates},
      {"query_service", {"it answers lookups of Flink's readers", "run it with Flink"}},
      {"reassign_row_id", kEvolution},
      {"repair", {"it repairs a metastore, and a filesystem catalog has none", "there is nothing to do"}},
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
