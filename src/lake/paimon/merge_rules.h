// SPDX-License-Identifier: Apache-2.0
// MergeRules: what the options of a table with a primary key say of rows with the same key (docs of Paimon: "Merge
// Engine"). A value; any thread. row_merger.h does it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/paimon/schema.h"
#include "row/change_batch.h"

namespace sluice::paimon {

enum class MergeEngine : uint8_t {
  kDeduplicate,    // the newest row
  kPartialUpdate,  // of each column the newest value that is not NULL, or as its sequence group says
  kAggregation,    // of each column what its function makes of all values
  kFirstRow,       // the oldest row
};

enum class AggregateFunction : uint8_t {
  kPrimaryKey,  // of key columns: any value
  kLastValue, kLastNonNullValue, kFirstValue, kFirstNonNullValue,
  kSum, kProduct, kMax, kMin, kListagg, kBoolAnd, kBoolOr,
  kCollect,        // of arrays: their elements
  kRbm32, kRbm64,  // of serialised Roaring bitmaps: their union
  kThetaSketch,    // of serialised sketches: their union
  kMergeMap,             // of maps: their entries, a later one's where both have a key
  kMergeMapWithKeyTime,  // the same, where a field of the values says what is later
  kNestedUpdate,         // of arrays of rows: all rows, or one of each key
  kNestedPartialUpdate,  // the same, field by field
  kHllSketch,            // as kThetaSketch
};

enum class NestedKeyNull : uint8_t { kMerge, kIgnore, kError };

// `fields.x.…` of the functions over maps and arrays of rows.
struct NestedRules {
  std::vector<std::string> key;       // `nested-key`: fields of the rows
  std::vector<std::string> sequence;  // `nested-sequence-field`: which of two rows of a key is newer; none: the later
  bool has_null_key = false;          // `nested-key-null-strategy`: what becomes of rows whose key has a NULL
  NestedKeyNull null_key = NestedKeyNull::kMerge;
  int64_t count_limit = INT32_MAX;  // `count-limit`: rows of an array that are kept
  std::string time;                 // `ts-field` of merge_map_with_keytime; empty: the last field
};

struct Aggregate {
  AggregateFunction function = AggregateFunction::kLastNonNullValue;
  std::string name = "last_non_null_value";  // of the function
  bool ignore_retract = false;               // `fields.x.ignore-retract`: -U and -D rows change nothing
  bool distinct = false;                     // of listagg and collect: `fields.x.distinct`
  std::string delimiter = ",";               // of listagg: `fields.x.list-agg-delimiter`
  NestedRules nested;

  bool CanRetract() const;
};

// `fields.a,b.sequence-group=x,y`: x and y change only with rows whose a and b are not below those of the row.
struct SequenceGroup {
  std::vector<std::string> order;  // a, b
  bool removes = false;            // `partial-update.remove-record-on-sequence-group`: its -D rows remove the whole row
};

struct MergeRules {
  MergeEngine engine = MergeEngine::kDeduplicate;
  bool ignore_delete = false;         // -D and -U rows are not there
  bool ignore_update_before = false;  // -U rows are not written: `ignore-update-before`, or they have no meaning
  bool remove_on_delete = false;      // `partial-update.` or `aggregation.remove-record-on-delete`
  std::vector<SequenceGroup> groups;
  std::map<std::string, size_t> group_of;       // by column: those that order a group, and those that it protects
  std::map<std::string, Aggregate> aggregates;  // by column; with kAggregation all

  // kInvalid, kUnsupported name the option or the column.
  static Result<MergeRules> Of(const Schema& schema);
  // Whether a writer can follow them: kInvalid for a function of another type's columns.
  Status CheckWritable(const Schema& schema) const;
  // kInvalid for a row of a kind that these rules cannot merge; the hint names the options that help.
  Status CheckTakes(RowKind kind) const;

  bool builds_rows() const { return engine == MergeEngine::kPartialUpdate || engine == MergeEngine::kAggregation; }
  // An update's old row counts, not only its key.
  bool needs_old_rows() const;
  // Columns that the merging of `wanted` ones needs too.
  std::vector<std::string> AlsoNeeded(const std::vector<std::string>& wanted) const;
};

// Whether rules of a table with these options can need old rows.
bool MayNeedOldRows(const Options& options);

// Whether one of the options has a meaning for the column of that name.
bool IsNamedByMerging(const Options& options, const std::string& column);

// kUnsupported for an engine or function that there is not or that sluice does not write: what can be known of one
// option alone.
Status CheckMergeOption(const std::string& key, const std::string& value);

}  // namespace sluice::paimon
