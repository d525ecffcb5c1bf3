// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/java_rules.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {
namespace {

constexpr const char* kFullCompactions = "full-compaction.delta-commits";
constexpr std::string_view kFields = "fields.";

Error Contradict(std::string_view a, std::string_view b, std::string hint) {
  return Invalid(Str("table options ", a, " and ", b, " contradict each other"), std::move(hint));
}

Status CheckBuckets(const Schema& schema, const TableOptions& options) {
  const auto given = schema.options.find("bucket-key");
  if (given == schema.options.end()) return Ok();
  if (options.buckets == -1) {
    return Invalid(Str("table option bucket-key='", given->second, "' needs a number of buckets"),
                   "set bucket to a number above 0, or leave bucket-key out");
  }
  for (const std::string& name : Split(given->second, ',')) {
    if (!name.empty() && name == Trim(name)) continue;
    return Invalid(Str("table option bucket-key='", given->second, "' has blanks or empty names"),
                   "write it as a,b: Paimon takes blanks as part of a column's name");
  }
  return Ok();
}

// fields.a,b.sequence-group, fields.default-aggregate-function: whatever stands behind them.
Status CheckFields(const Schema& schema) {
  for (const auto& [key, value] : schema.options) {
    if (!key.starts_with(kFields) || key == "fields.default-aggregate-function") continue;
    const std::string_view rest = std::string_view(key).substr(kFields.size());
    for (const std::string& name : Split(rest.substr(0, rest.find('.')), ',')) {
      if (schema.Find(name) != nullptr) continue;
      return Invalid(Str("table option ", key, " names ", name, ", which is no column"),
                     "name columns of the table; where tables of a pipeline have different columns, give each kind "
                     "of table a pipeline of its own");
    }
  }
  return Ok();
}

// Java's folders of such a partition have the address of an object in their names.
Status CheckPartitions(const Schema& schema) {
  for (const std::string& name : schema.partition_keys) {
    const Field* field = schema.Find(name);
    if (field->type.kind < TypeKind::kBinary || field->type.kind > TypeKind::kBytes) continue;
    return Invalid(Str("partition column ", name, " is ", field->type.ToString(),
                       ", and no other reader of Paimon would find its folders"),
                   "partition by columns that are no bytes");
  }
  return Ok();
}

Status CheckSequence(const TableOptions& options) {
  std::set<std::string> names;
  for (const std::string& name : options.sequence) {
    if (!names.insert(name).second) {
      return Invalid(Str("table option sequence.field names ", name, " twice"), "name it once");
    }
  }
  return Ok();
}

Status CheckSnapshotOrder(const TableOptions& options) {
  if (!options.by_snapshot || options.write_only) return Ok();
  return Invalid("table option sequence.snapshot-ordering needs write-only=true: a writer would compact files before "
                 "their snapshot has its number",
                 "set write-only: true, and compact the table by sluice paimon compact or another engine's compactor");
}

Status CheckRetained(const TableOptions& options) {
  const auto above = [](const char* what, int64_t least, int64_t most) -> Status {
    if (least <= most) return Ok();
    return Invalid(Str("table option ", what, ".num-retained.min=", least, " is above ", what, ".num-retained.max=",
                       most),
                   Str("set both; ", what, ".num-retained.min is 10 where it is not set"));
  };
  TRY(above("snapshot", options.snapshots_min, options.snapshots_max));
  return above("changelog", options.changelogs_min, options.changelogs_max);
}

Status CheckReading(const Schema& schema, const TableOptions& options) {
  const auto on = [&](const char* key) { return Lower(Trim(schema.Option(key, "false"))) == "true"; };
  constexpr const char* kOverwrites = "streaming-read-overwrite";
  const bool told_twice =
      options.changelog == ChangelogProducer::kLookup || options.changelog == ChangelogProducer::kFullCompaction;
  if (on(kOverwrites) && told_twice) {
    return Contradict(kOverwrites, "changelog-producer lookup or full-compaction",
                      Str("leave ", kOverwrites, " out: the changelog tells what an overwrite changes"));
  }
  for (const char* key : {kOverwrites, "table-read.sequence-number.enabled"}) {
    if (options.keyed || !on(key)) continue;
    return Invalid(Str("table option ", key, " is for tables with a primary key"),
                   key == kOverwrites ? "use streaming-read-append-overwrite, or leave it out" : "leave it out");
  }
  if (!on("manifest-sort.enabled") || !schema.partition_keys.empty()) return Ok();
  return Invalid("table option manifest-sort.enabled is for tables with partitions", "leave it out");
}

}  // namespace

Status CheckJavaRules(const Schema& schema) {
  TRY_SET(const TableOptions options, TableOptions::Of(schema));
  TRY(CheckBuckets(schema, options));
  TRY(CheckFields(schema));
  TRY(CheckPartitions(schema));
  TRY(CheckSequence(options));
  TRY(CheckSnapshotOrder(options));
  TRY(CheckRetained(options));
  TRY(CheckReading(schema, options));
  const bool by_epochs = schema.options.contains(kFullCompactions);
  if (by_epochs && options.keyed && options.changelog == ChangelogProducer::kLookup) {
    return Contradict(kFullCompactions, "changelog-producer=lookup",
                      Str("use changelog-producer: full-compaction, or leave ", kFullCompactions, " out"));
  }
  if (options.keyed) return Ok();
  if (options.changelog != ChangelogProducer::kNone) {
    return Invalid("table option changelog-producer is for tables with a primary key", "leave it out");
  }
  if (!by_epochs || options.buckets > 0) return Ok();
  return Invalid(Str("table option ", kFullCompactions, " of a table without a key needs a number of buckets"),
                 Str("leave ", kFullCompactions, " out"));
}

std::string LeaveOutForKeyless(Schema& schema) {
  if (!schema.primary_keys.empty()) return {};
  std::vector<std::string> out;
  for (const char* key : {"changelog-producer", "sequence.snapshot-ordering"}) {
    if (schema.options.erase(key) > 0) out.emplace_back(key);
  }
  const bool buckets = !schema.Option("bucket-key", "").empty();
  if (!buckets && schema.options.erase(kFullCompactions) > 0) out.emplace_back(kFullCompactions);
  return Join(out, ", ");
}

}  // namespace sluice::paimon
