// SPDX-License-Identifier: Apache-2.0
// KeyRange: the least and the greatest key of a data file, to tell whether files can hold the same key. A value; any
// thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/key_sort.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/schema.h"

namespace sluice::paimon {

class KeyRange {
 public:
  // Of the rows that a file's min_key and max_key are.
  static Result<BinaryRowCodec> Codec(const Schema& schema);
  // kCorrupt if the file's keys are no such rows.
  static Result<KeyRange> Of(const BinaryRowCodec& codec, const DataFileMeta& file);

  bool BeginsBefore(const KeyRange& other) const { return Compare(least_, other.least_) < 0; }
  bool EndsBefore(const KeyRange& other) const { return Compare(greatest_, other.greatest_) < 0; }
  bool IsBelow(const KeyRange& other) const { return Compare(greatest_, other.least_) < 0; }
  bool Overlaps(const KeyRange& other) const { return !IsBelow(other) && !other.IsBelow(*this); }

 private:
  static int Compare(const Columns& a, const Columns& b);

  Columns least_, greatest_;  // a row each
};

// The numbers of the ranges by their least keys, in sections: ranges of different sections have no key in common.
std::vector<std::vector<size_t>> SectionsOf(const std::vector<KeyRange>& ranges);

}  // namespace sluice::paimon
