// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/change_rules.h"

#include "base/text.h"

namespace sluice::paimon {
namespace {

constexpr int kCompactionTrigger = 5;
constexpr int kPostponed = -2;

Status ReadNumber(const Schema& schema, const char* option, int& out) {
  const std::string text = schema.Option(option, Str(out));
  if (ParseNumber(Trim(text), out)) return Ok();
  return Invalid(Str("table option ", option, "='", text, "' must be a number"));
}

}  // namespace

Result<ChangeRules> ChangeRules::Of(const Schema& schema) {
  ChangeRules out;
  out.keyed = !schema.primary_keys.empty();
  const std::string producer = Lower(Trim(schema.Option("changelog-producer", "none")));
  if (producer == "input") {
    out.changelog = ChangelogProducer::kInput;
  } else if (producer == "lookup") {
    out.changelog = ChangelogProducer::kLookup;
  } else if (producer == "full-compaction") {
    out.changelog = ChangelogProducer::kFullCompaction;
  } else if (producer != "none") {
    return Invalid(Str("table option changelog-producer='", producer, "' is not known"));
  }
  if (!out.keyed) out.changelog = ChangelogProducer::kNone;
  out.deletion_vectors = Lower(schema.Option("deletion-vectors.enabled", "false")) == "true";
  out.engine = Lower(Trim(schema.Option("merge-engine", out.engine)));
  out.ordered = !Trim(schema.Option("sequence.field", "")).empty();
  out.expires = !Trim(schema.Option("record-level.expire-time", "")).empty();
  int trigger = kCompactionTrigger;
  TRY(ReadNumber(schema, "num-sorted-run.compaction-trigger", trigger));
  out.levels = trigger + 1;
  TRY(ReadNumber(schema, "num-levels", out.levels));
  TRY(ReadNumber(schema, "bucket", out.buckets));
  return out;
}

bool ChangeRules::ByDifference() const {
  if (!keyed) return false;
  if (buckets == kPostponed) return true;
  const bool as_written = changelog == ChangelogProducer::kNone || changelog == ChangelogProducer::kInput;
  return as_written && (engine != "deduplicate" || ordered);
}

bool ChangeRules::CanDiffer(const std::string& commit_kind) const {
  if (commit_kind != "COMPACT") return commit_kind != "ANALYZE";
  return lowest_visible() > 0 || buckets == kPostponed || expires;
}

ScanOptions ChangeRules::Told() const {
  ScanOptions options;
  if (!keyed) return options;
  if (ByDifference()) {
    options.lowest_level = lowest_visible();
    return options;
  }
  if (changelog == ChangelogProducer::kLookup) options.lowest_level = 1;
  if (changelog == ChangelogProducer::kFullCompaction) options.lowest_level = levels - 1;
  options.every_level = engine != "first-row";
  return options;
}

}  // namespace sluice::paimon
