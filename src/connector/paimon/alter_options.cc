// SPDX-License-Identifier: Apache-2.0
#include "connector/paimon/alter_options.h"

#include <set>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "connector/paimon/upkeep.h"
#include "lake/paimon/catalog.h"
#include "lake/paimon/java_rules.h"

namespace sluice {
namespace {

// Those that Java calls immutable, and `bucket`, which the sync actions never alter.
const std::set<std::string, std::less<>>& Immutable() {
  static const std::set<std::string, std::less<>> kKeys = {
      "aggregation.remove-record-on-delete", "blob-descriptor-field", "blob-field", "blob-view-field", "bucket",
      "bucket-function.type", "bucket-key", "data-evolution.enabled", "data-file.path-directory",
      "dynamic-bucket.initial-buckets", "force-lookup", "index-file-in-data-file-dir", "merge-engine",
      "partial-update.remove-record-on-delete", "partial-update.remove-record-on-sequence-group", "partition",
      "pk-clustering-override", "primary-key", "primary-key.nullable", "row-tracking.enabled", "rowkind.field",
      "sequence.snapshot-ordering", "type"};
  return kKeys;
}

bool IsTrue(const std::string& text) { return Lower(Trim(text)) == "true"; }

// Of an option that has another value now: what a table with rows cannot take.
Status CheckChange(const std::string& key, const std::string& before, const std::string& after,
                   const paimon::Schema& schema) {
  const auto refused = [&](const char* why) {
    return Invalid(Str("table option ", key, " cannot become ", after, ": ", why),
                   Str("leave ", key, " out of --table_conf, or drop the table and let it be copied again"));
  };
  const bool same = IsTrue(before) == IsTrue(after);
  if (key == "deletion-vectors.enabled" && !same && !IsTrue(schema.Option("deletion-vectors.modifiable", "false"))) {
    return refused("readers would see replaced rows again");
  }
  if ((key == "ignore-delete" || key == "ignore-update-before") && !same && IsTrue(before)) {
    return refused("what was ignored is not in the table");
  }
  return Ok();
}

}  // namespace

Result<paimon::Schema> WithOptions(const std::string& table, const paimon::Schema& schema,
                                   const paimon::Options& options) {
  paimon::Schema next = schema, wanted = schema;
  wanted.options = options;
  paimon::LeaveOutForKeyless(wanted);
  for (const auto& [key, value] : wanted.options) {
    const auto there = schema.options.find(key);
    const std::string before = there == schema.options.end() ? "" : there->second;
    if (there != schema.options.end() && before == value) continue;
    if (Immutable().contains(key)) {
      LogWarn(Str("table ", table, " keeps its option ", key, there == schema.options.end() ? "" : "=", before,
                  ": it cannot change to ", value, " once the table is there"));
      continue;
    }
    Status may = CheckChange(key, before, value, schema);
    if (!may.ok()) return std::move(may).error().With(Str("table ", table));
    next.options[key] = value;
  }
  if (next.options == schema.options) return next;
  Status valid = paimon::CheckJavaRules(next);
  if (!valid.ok()) return std::move(valid).error().With(Str("table ", table));
  Status kept = PaimonUpkeep::Check(next);
  if (!kept.ok()) return std::move(kept).error().With(Str("table ", table));
  return next;
}

void TellKeptOptions(const std::string& table, const paimon::Schema& schema, const paimon::Options& options) {
  paimon::Schema wanted = schema;
  wanted.options = options;
  paimon::LeaveOutForKeyless(wanted);
  std::vector<std::string> kept;
  for (const auto& [key, value] : wanted.options) {
    const auto there = schema.options.find(key);
    if (there == schema.options.end()) {
      kept.push_back(Str(key, " is not set, not ", value));
    } else if (there->second != value) {
      kept.push_back(Str(key, " is ", there->second, ", not ", value));
    }
  }
  if (kept.empty()) return;
  LogWarn(Str("table ", table, " is there and keeps its own options: ", Join(kept, "; "),
              " (ALTER TABLE … SET of another engine changes those that can be)"));
}

Status AlterOptions(Env& env, const std::string& name, paimon::Table& table, const paimon::Options& options) {
  const paimon::Schema& schema = table.newest_schema();
  TRY_SET(paimon::Schema next, WithOptions(name, schema, options));
  if (next.options == schema.options) return Ok();
  std::vector<std::string> changed;
  for (const auto& [key, value] : next.options) {
    const auto before = schema.options.find(key);
    if (before == schema.options.end() || before->second != value) changed.push_back(Str(key, "=", value));
  }
  ++next.id;
  next.time_ms = env.NowMs();
  Status made = paimon::CommitterOf(table.folder())->CommitSchema(env, table, next, next.ToJson());
  if (!made.ok() && made.error().code == ErrorCode::kConflict) {
    return Conflict(Str("table ", name, ": another writer changed the schema meanwhile"), "run it again");
  }
  TRY(std::move(made));
  LogInfo(Str("table ", name, " has got the options ", Join(changed, ", ")));
  return table.Refresh();
}

}  // namespace sluice
