// SPDX-License-Identifier: Apache-2.0
// TableOptions: what the options of a table's schema mean to its writer (docs of Paimon: "Core Options"). A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/paimon/file_index_options.h"
#include "lake/paimon/file_options.h"
#include "lake/paimon/merge_rules.h"
#include "lake/paimon/record_expiry.h"
#include "lake/paimon/schema.h"

namespace sluice::paimon {

enum class BucketMode : uint8_t {
  kFixed,    // `bucket` > 0: by the hash of the bucket key
  kDynamic,  // -1 with a primary key: a key stays in the bucket that it came to, which the index remembers
  kUnaware,  // -1 without a primary key: one folder
  kPostponed,  // -2: a compaction gives rows their bucket
};

enum class ChangelogProducer : uint8_t {
  kNone,
  kInput,           // the rows as they came
  kLookup,          // what a compaction changes of the rows above level 0: nothing stays in level 0
  kFullCompaction,  // what a compaction of all files changes of the highest level
};

enum class IcebergStorage : uint8_t {
  kNone,
  kTable,    // in the table's folder
  kCatalog,  // in a hadoop catalog, <warehouse>/iceberg
};

// Which other catalog is told of the Iceberg metadata (lake/mirror/catalog_publisher.h).
enum class IcebergCatalog : uint8_t { kNone, kRest, kHive };

// `metadata.iceberg.*`: Iceberg metadata beside the table (lake/mirror).
struct IcebergOptions {
  IcebergStorage storage = IcebergStorage::kNone;
  int format_version = 2;
  bool delete_old_metadata = true;    // `delete-after-commit.enabled`
  int64_t previous_versions = 0;      // `previous-versions-max`
  IcebergCatalog catalog = IcebergCatalog::kNone;
  std::vector<std::string> databases;  // `database`: those of the catalog that have the table; empty: its own
  std::string table;                   // `table`: its name there; empty: its own
  Options given;                       // all that were given, without `metadata.iceberg.`: a catalog has its own
};

struct TableOptions {
  BucketMode bucket_mode = BucketMode::kUnaware;
  int buckets = -1;                      // of kFixed; -2 of kPostponed, else -1
  std::vector<std::string> bucket_key;   // columns whose row is hashed
  int64_t bucket_target_rows = 2'000'000;  // `dynamic-bucket.target-row-num`
  int buckets_max = INT16_MAX;           // `dynamic-bucket.max-buckets`, of a partition
  int64_t postpone_buckets = 0;          // `postpone.default-bucket-num`; 0: by rows or bytes
  int64_t postpone_bucket_rows = 0;      // `postpone.target-row-num-per-bucket`; 0: by bytes
  int64_t postpone_bucket_bytes = 1 << 30;  // `postpone.target-size-per-bucket`
  ChangelogProducer changelog = ChangelogProducer::kNone;
  bool changelog_leaves_out_equal = false;  // `changelog-producer.row-deduplicate`
  std::vector<std::string> changelog_not_compared;  // `changelog-producer.row-deduplicate-ignore-fields`
  int full_compaction_epochs = 0;           // `full-compaction.delta-commits`; 0: never
  bool deletion_vectors = false;            // `deletion-vectors.enabled`
  bool wide_vectors = false;                // `deletion-vectors.bitmap64`
  std::vector<std::string> sequence;     // `sequence.field`
  bool sequence_descending = false;
  bool by_snapshot = false;              // `sequence.snapshot-ordering`: snapshot_order.h
  MergeRules merge;                      // of rows with the same key
  std::optional<RecordExpiry> expiry;    // of rows, when they are compacted
  bool write_only = false;               // another process compacts, and expires snapshots
  // Universal compaction.
  int compaction_trigger = 5;            // `num-sorted-run.compaction-trigger`
  int stop_trigger = 8;                  // `num-sorted-run.stop-trigger`
  int levels = 6;                        // `num-levels`
  int64_t size_amplification = 200;      // per cent
  int64_t size_ratio = 1;                // per cent
  int64_t offpeak_ratio = 0;             // `compaction.offpeak-ratio`: so much more in these hours of the zone's clock
  int offpeak_start = -1, offpeak_end = -1;  // `compaction.offpeak.start.hour`, `.end.hour`; -1: none
  bool force_up_level_0 = false;         // `compaction.force-up-level-0`: nothing stays in level 0
  bool rewrite_all = false;              // `compaction.force-rewrite-all-files`, with a full one
  // All of a bucket becomes one run, whatever the shape of its runs; 0: never.
  int64_t full_interval_ms = 0;          // `compaction.optimization-interval`: when the last time is longer ago
  int64_t full_below_bytes = 0;          // `compaction.total-size-threshold`: when all files are smaller
  int64_t full_above_bytes = 0;          // `compaction.incremental-size-threshold`: when those above it are larger
  // Compaction without a key.
  int64_t compaction_files_min = 5;      // `compaction.min.file-num`
  double small_file_ratio = 0.7;         // `compaction.small-file-ratio`: of the target size
  double delete_ratio_most = 0.2;        // `compaction.delete-ratio-threshold`: of a file's rows
  // Files.
  int64_t target_file_bytes = 128 << 20;
  int64_t write_buffer_bytes = 128 << 20;  // `write-buffer-size`: of rows that wait, in all buckets together
  int64_t page_rows = 0;                 // `parquet.page.row.count.limit`; few where rows are looked up
  int64_t lookup_cache_bytes = 256 << 20;  // `lookup.cache-max-memory-size`: of page indexes
  FileOptions files;                     // formats, compression, statistics
  FileIndexOptions index;
  int64_t manifest_merge_count = 30;
  int64_t manifest_target_bytes = 8 << 20;
  // Snapshots.
  int64_t snapshots_min = 10;
  int64_t snapshots_max = INT32_MAX;
  int64_t snapshot_time_ms = 3'600'000;
  int64_t snapshot_expire_limit = 50;
  IcebergOptions iceberg;
  // Changelogs, which can outlive their snapshots: `changelog.num-retained.*`, `changelog.time-retained`.
  int64_t changelogs_min = 10;
  int64_t changelogs_max = INT32_MAX;
  int64_t changelog_time_ms = 3'600'000;

  bool keyed = false;  // the table has a primary key

  // Files of a keyed table from this size on are left as they are when nothing overlaps them.
  int64_t large_file_bytes() const { return target_file_bytes / 100 * 70; }

  // Whether each commit must merge level 0 with what the higher levels hold of its keys; of a keyed table.
  bool looks_up() const {
    return changelog == ChangelogProducer::kLookup || deletion_vectors || merge.engine == MergeEngine::kFirstRow;
  }

  bool changelog_outlives() const {
    return changelogs_min > snapshots_min || changelogs_max > snapshots_max || changelog_time_ms > snapshot_time_ms;
  }

  // kInvalid, kUnsupported name the option.
  static Result<TableOptions> Of(const Schema& schema);
};

// Whether the value is one that the option can have, as far as that can be known without a table.
Status CheckOption(const std::string& key, const std::string& value);

// "1 h" in milliseconds, "16 kb" in bytes; kInvalid names the option `key`.
Result<int64_t> ParseOptionTime(const std::string& key, const std::string& value);
Result<int64_t> ParseOptionBytes(const std::string& key, const std::string& value);

}  // namespace sluice::paimon
