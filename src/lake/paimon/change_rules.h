// SPDX-License-Identifier: Apache-2.0
// ChangeRules: where a table tells the changes of its rows, by its options (docs of Paimon: "Changelog Producer"), and
// which of its rows were told at a snapshot. A value; any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "lake/paimon/scan.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {

struct ChangeRules {
  ChangelogProducer changelog = ChangelogProducer::kNone;
  bool keyed = false;
  bool deletion_vectors = false;
  std::string engine = "deduplicate";
  int levels = 6;
  bool ordered = false;  // `sequence.field`: rows can come that change nothing
  bool expires = false;  // `record-level.expire-time`
  int buckets = -1;

  // kInvalid names the option.
  static Result<ChangeRules> Of(const Schema& schema);
  // Whether what is written is not what changes: rows before their merging, or not yet in a bucket. The changes of a
  // snapshot are then what differs from the one before.
  bool ByDifference() const;
  // Of such a table: whether a snapshot of this kind can change what readers see.
  bool CanDiffer(const std::string& commit_kind) const;
  // What all changes up to a snapshot add up to: changelogs of compactions tell a row when they come to it.
  ScanOptions Told() const;
  // The lowest level whose rows readers of a snapshot see.
  int lowest_visible() const { return keyed && (deletion_vectors || engine == "first-row") ? 1 : 0; }
  // Whether a changelog tells what rows were before.
  bool tells_old_rows() const { return changelog != ChangelogProducer::kNone; }
};

}  // namespace sluice::paimon
