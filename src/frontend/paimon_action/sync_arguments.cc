// SPDX-License-Identifier: Apache-2.0
#include "frontend/paimon_action/sync_arguments.h"

#include "base/text.h"

namespace sluice {

using Kind = ArgumentKind;

const std::vector<ArgumentSpec>& SyncArgumentSpecs() {
  static const std::vector<ArgumentSpec> kSpecs = {
      {"warehouse", Kind::kText, true, true, "folder of the Paimon warehouse"},
      {"database", Kind::kText, true, true, "database in it"},
      {"table", Kind::kText, true, false, "table that all source tables become"},
      {"mysql_conf", Kind::kPairs, true, true, "key=value of the source: hostname, port, username, password, "
                                               "database-name (a regular expression), table-name (likewise, of "
                                               "mysql_sync_table), server-id, server-time-zone, scan.startup.mode, …"},
      {"catalog_conf", Kind::kPairs, true, true, "key=value of the catalog"},
      {"table_conf", Kind::kPairs, true, true, "key=value of the tables: bucket, changelog-producer, …; "
                                               "tables that are there get those that can change"},
      {"primary_keys", Kind::kText, true, true, "a,b: instead of the source's key"},
      {"partition_keys", Kind::kText, true, true, "a,b: columns that become part of the primary key"},
      {"multiple_table_partition_keys", Kind::kPairs, false, true, "table=a,b: of one Paimon table"},
      {"sync_primary_keys_from_source_schema", Kind::kFlag, true, true, "false: no key but --primary_keys"},
      {"type_mapping", Kind::kText, true, true, "tinyint1-not-bool, to-nullable, to-string, char-to-string, "
                                                "longtext-to-bytes, bigint-unsigned-to-bigint, decimal-no-change, "
                                                "allow-non-string-to-string"},
      {"computed_column", Kind::kList, true, true, "name=function(column, …); mysql_sync_database: of the tables "
                                                    "that have the column"},
      {"metadata_column", Kind::kList, true, true, "table_name,database_name,op_ts"},
      {"ignore_incompatible", Kind::kFlag, false, true, "true: leave out source tables that do not fit their Paimon "
                                                        "tables"},
      {"merge_shards", Kind::kFlag, false, true, "false: each table is one of its own, database_table"},
      {"mode", Kind::kText, false, true, "divided, or combined: tables that are created later are taken in as well"},
      {"including_tables", Kind::kText, false, true, "regular expression of table names"},
      {"excluding_tables", Kind::kText, false, true, "likewise, of those that are left out"},
      {"including_dbs", Kind::kText, false, true, "regular expression of source databases"},
      {"excluding_dbs", Kind::kText, false, true, "likewise, of those that are left out"},
      {"table_prefix", Kind::kText, false, true, "begins the names of the Paimon tables"},
      {"table_suffix", Kind::kText, false, true, "ends them"},
      {"table_prefix_db", Kind::kPairs, false, true, "database=prefix"},
      {"table_suffix_db", Kind::kPairs, false, true, "database=suffix"},
      {"table_mapping", Kind::kPairs, false, true, "source table=Paimon table"},
      {"eager_init", Kind::kFlag, false, true, "without effect"},
      {"force_start_flink_job", Kind::kFlag, true, true, "without effect"},
  };
  return kSpecs;
}

Result<SyncArguments> SyncArguments::Make(const ActionWords& words) {
  SyncArguments out;
  out.action_ = words.action;
  std::vector<std::string> known;
  for (const ArgumentSpec& spec : SyncArgumentSpecs()) {
    if (out.of_table() ? spec.table : spec.database) known.emplace_back(spec.key);
  }
  for (const auto& [key, values] : words.values) {
    const ArgumentSpec* found = nullptr;
    for (const ArgumentSpec& spec : SyncArgumentSpecs()) {
      if (key == spec.key && (out.of_table() ? spec.table : spec.database)) found = &spec;
    }
    if (found == nullptr) {
      const std::string nearest = Nearest(key, known);
      return Invalid(Str(words.action, " has no argument --", key),
                     nearest.empty() ? Str("it has --", Join(known, ", --")) : Str("did you mean --", nearest, "?"));
    }
    const bool many = found->kind == Kind::kPairs || found->kind == Kind::kList;
    if (!many && values.size() > 1) {
      return Invalid(Str(words.action, ": --", key, " is given ", values.size(), " times"), "keep one of them");
    }
    out.values_[key] = values;
  }
  std::vector<std::string> needed = {"database", "mysql_conf"};
  if (out.of_table()) needed.emplace_back("table");
  for (const std::string& key : needed) {
    if (out.values_.contains(key)) continue;
    return Invalid(Str(words.action, " lacks the argument --", key),
                   Str("see sluice paimon ", words.action, " --help"));
  }
  return out;
}

std::optional<std::string> SyncArguments::Text(const std::string& key) const {
  auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second.back();
}

Result<bool> SyncArguments::Flag(const std::string& key, bool otherwise) const {
  const auto text = Text(key);
  if (!text) return otherwise;
  if (EqualsIgnoreCase(*text, "true")) return true;
  if (EqualsIgnoreCase(*text, "false")) return false;
  return Invalid(Str("--", key, " ", *text, " is neither true nor false"), Str("write --", key, " true"));
}

std::vector<std::string> SyncArguments::All(const std::string& key) const {
  auto found = values_.find(key);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

std::vector<std::string> SyncArguments::Names(const std::string& key) const {
  std::vector<std::string> out;
  for (const std::string& value : All(key)) {
    for (const std::string& name : Split(value, ',')) {
      if (!Trim(name).empty()) out.emplace_back(Trim(name));
    }
  }
  return out;
}

Result<std::vector<std::pair<std::string, std::string>>> SyncArguments::Pairs(const std::string& key) const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& value : All(key)) {
    const size_t equals = value.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Invalid(Str("--", key, ": a value is not of the form key=value"), Str("write --", key, " key=value"));
    }
    out.emplace_back(WithoutShell(value.substr(0, equals)), WithoutShell(value.substr(equals + 1)));
  }
  return out;
}

}  // namespace sluice
