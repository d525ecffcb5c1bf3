// SPDX-License-Identifier: Apache-2.0
#include "connector/paimon/table_keys.h"

#include <string>
#include <string_view>

#include "base/text.h"

namespace sluice {
namespace {

constexpr const char* kPrefix = "table.properties.";

struct Idle {
  const char* reason;
  std::string_view keys;  // with blanks between them
};
constexpr Idle kIdle[] = {
    {"a commit waits for its compaction",
     "commit.force-compact lookup-compact lookup-compact.max-interval lookup-wait num-sorted-run.stop-trigger"},
    {"old rows are looked up in the data files themselves",
     "force-lookup local-kv-db.block-size lookup.cache-file-retention lookup.cache-max-disk-size "
     "lookup.cache-spill-compression lookup.cache.bloom.filter.enabled lookup.cache.bloom.filter.fpp "
     "lookup.cache.high-priority-pool-ratio lookup.hash-load-factor lookup.merge-buffer-size "
     "lookup.merge-records-threshold lookup.remote-file.enabled lookup.remote-file.level-threshold"},
    {"rows wait in memory, up to write-buffer-size, and nothing is spilled",
     "async-file-write cache-page-size file-operation.thread-num local-merge-buffer-size "
     "local-sort.max-num-file-handles page-size sort-engine sort-spill-buffer-size sort-spill-threshold "
     "spill-compression spill-compression.zstd-level write-buffer-for-append write-buffer-spill.max-disk-size "
     "write-buffer-spillable write-max-writers-to-spill write.batch-memory write.batch-size"},
    {"there is no Flink job: one process reads, writes and commits",
     "changelog.precommit-compact.thread-num compaction.bucket-distribution-strategy "
     "cross-partition-upsert.bootstrap-parallelism dynamic-bucket.assigner-parallelism "
     "dynamic-bucket.initial-buckets end-input.check-partition-expire end-input.watermark "
     "filesystem.job-level-settings.enabled partition.sink-strategy postpone.batch-write-fixed-bucket "
     "postpone.batch-write-fixed-bucket.max-parallelism postpone.batch-write-fixed-bucket.rescale-load-factor "
     "precommit-compact sink.clustering.sample-factor sink.clustering.sort-in-cluster sink.committer-cpu "
     "sink.committer-memory sink.committer-operator-chaining sink.coordinator-commit.enabled "
     "sink.cross-partition.managed-memory sink.key-only-deletes.enabled sink.managed.writer-buffer-memory "
     "sink.operator-uid.suffix sink.parallelism sink.savepoint.auto-tag sink.use-managed-memory-allocator "
     "sink.writer-coordinator.cache-expire-after-access sink.writer-coordinator.cache-memory "
     "sink.writer-coordinator.cache-soft-values sink.writer-coordinator.enabled "
     "sink.writer-coordinator.page-size sink.writer-coordinator.prefetch-manifests sink.writer-cpu "
     "sink.writer-memory sink.writer-refresh-detectors unaware-bucket.compaction.parallelism "
     "unaware-bucket.no-shuffle"},
    {"commits have no watermark of their own",
     "sink.watermark-time-zone snapshot.watermark-idle-timeout"},
    {"it is a key of the sink here: commit.user-prefix",
     "commit.user-prefix"},
    {"no class of Java is loaded, and nothing is called",
     "commit.callback.* commit.callbacks commit.custom-listeners partition.mark-done-action.custom.class "
     "tag.callback.* tag.callbacks"},
    {"a commit is there when its snapshot is, and waits for no other job",
     "visibility-callback.check-interval visibility-callback.enabled visibility-callback.timeout"},
    {"partitions are marked by the action mark_partition_done",
     "partition.end-input-to-done partition.idle-time-to-done partition.idle-time-to-report-statistic "
     "partition.mark-done-action.http.params partition.mark-done-action.http.url partition.mark-done-action.mode "
     "partition.mark-done.recover-from-state partition.time-interval"},
    {"a commit is tried again until it is made, or it is known that it cannot be",
     "commit.discard-duplicate-files commit.max-retries commit.max-retry-wait commit.min-retry-wait "
     "commit.strict-mode.last-safe-snapshot commit.timeout"},
    {"an epoch without changes makes no snapshot",
     "commit.force-create-snapshot snapshot.ignore-empty-commit"},
    {"files have Paimon's own names",
     "changelog-file.prefix data-file.prefix file.suffix.include.compression"},
    {"files grow to target-file-size, with row groups and stripes of sluice's size",
     "file.block-size target-file-row-num"},
    {"manifests are written in one way, which every reader takes",
     "manifest-sort.enabled manifest-sort.max-rewrite-size manifest-sort.partition-field manifest.compression "
     "manifest.delete-file-drop-stats manifest.full-compaction-threshold-size manifest.merge-optimize.enabled "
     "metadata.stats-dense-store"},
    {"Iceberg metadata is written in one way, which every reader takes",
     "metadata.iceberg.compaction.max.file-num metadata.iceberg.compaction.min.file-num "
     "metadata.iceberg.glue.skip-archive metadata.iceberg.manifest-compression "
     "metadata.iceberg.manifest-legacy-version"},
    {"index files never grow",
     "deletion-vector.index-file.target-size"},
    {"the list of files is in memory",
     "compaction.file-num-limit"},
    {"such partitions are compacted, too",
     "compaction.skip-expired-partitions"},
    {"files in the order of the rows are joined in that order",
     "bucket-append-ordered"},
    {"a new column comes where the source has it, or last",
     "add-column-before-partition"},
    {"the index forgets no key",
     "cross-partition-upsert.index-ttl"},
    {"numbers go on from the highest of the table",
     "write.sequence-number-init-mode"},
    {"snapshots expire in the job, between its commits",
     "snapshot.expire.execution-mode"},
    {"folders that become empty stay",
     "snapshot.clean-empty-directories"},
    {"all partitions that are due go at once, up to partition.expiration-max-num",
     "partition.expiration-batch-size"},
    {"pipelines have no such columns",
     "blob-as-descriptor blob-compaction.enabled blob-descriptor.source-table blob-view.resolve.enabled "
     "blob-write-null-on-fetch-failure blob-write-null-on-missing-file blob.* variant.inferShreddingSchema "
     "variant.shredding.* variant.shreddingSchema vector.file.format vector.target-file-size"},
    {"tables are compacted by their keys alone; there is the action compact with --order_strategy",
     "clustering.columns clustering.history-partition.idle-to-full-sort clustering.history-partition.limit "
     "clustering.incremental.mode clustering.incremental.optimize-write clustering.strategy"},
    {"a partition whose value is no time stays",
     "partition.timestamp-format.strict"},
    {"who may read is for the catalog's server and the engines that ask it",
     "query-auth.enabled"},
    {"of the options of formats only parquet.page.row.count.limit has one",
     "avro.* orc.* parquet.*"},
};

// Those that have an effect, are refused by lake/paimon, or are for who reads the tables. A key that is none of
// Paimon's, and nearly one of these, is misspelt.
constexpr const char* kKeys[] = {
    "aggregation.remove-record-on-delete", "alter-column-null-to-not-null.disabled", "auto-create",
    "blob-descriptor-field", "blob-field", "blob-view-field", "bucket", "bucket-function.type", "bucket-key",
    "chain-table.chain-partition-keys", "chain-table.enabled", "chain-table.split.key-range-enabled",
    "chain-table.streaming.merge-snapshot", "changelog-file.compression", "changelog-file.format",
    "changelog-file.stats-mode", "changelog-producer", "changelog-producer.row-deduplicate",
    "changelog-producer.row-deduplicate-ignore-fields", "changelog.num-retained.max", "changelog.num-retained.min",
    "changelog.time-retained", "clustering.incremental", "compaction.delete-ratio-threshold",
    "compaction.force-rewrite-all-files", "compaction.force-up-level-0", "compaction.incremental-size-threshold",
    "compaction.max-size-amplification-percent", "compaction.min.file-num", "compaction.offpeak-ratio",
    "compaction.offpeak.end.hour", "compaction.offpeak.start.hour", "compaction.optimization-interval",
    "compaction.size-ratio", "compaction.small-file-ratio", "compaction.total-size-threshold", "consumer-id",
    "consumer.changelog-only", "consumer.expiration-time", "consumer.ignore-progress", "consumer.mode",
    "continuous.discovery-interval", "data-evolution.enabled", "data-file.external-paths",
    "data-file.external-paths.specific-fs", "data-file.external-paths.strategy", "data-file.external-paths.weights",
    "data-file.path-directory", "data-file.thin-mode", "deduplicate.ignore-delete", "delete.force-produce-changelog",
    "deletion-vectors.bitmap64", "deletion-vectors.enabled", "deletion-vectors.merge-on-read",
    "deletion-vectors.modifiable", "disable-explicit-type-casting", "dynamic-bucket.max-buckets",
    "dynamic-bucket.target-row-num", "dynamic-partition-overwrite", "fields.default-aggregate-function",
    "file-index.in-manifest-threshold", "file-index.read.enabled", "file-reader-async-threshold", "file.compression",
    "file.compression.per.level", "file.compression.zstd-level", "file.format", "file.format.per.level",
    "first-row.ignore-delete", "format-table.commit-hive-sync-url", "format-table.file.compression",
    "format-table.implementation", "format-table.partition-path-only-value", "format-table.scan.list-parallelism",
    "full-compaction.delta-commits", "full-text-index.search-mode", "global-index.build.max-parallelism",
    "global-index.build.max-shard", "global-index.column-update-action", "global-index.enabled",
    "global-index.external-path", "global-index.row-count-per-shard", "global-index.search-mode",
    "global-index.thread-num", "ignore-delete", "ignore-update-before", "incremental-between",
    "incremental-between-scan-mode", "incremental-between-tag-to-snapshot", "incremental-between-timestamp",
    "incremental-to-auto-tag", "index-file-in-data-file-dir", "lookup.async", "lookup.async-thread-number",
    "lookup.blob-as-descriptor", "lookup.bootstrap-parallelism", "lookup.cache", "lookup.cache-max-memory-size",
    "lookup.cache-rows", "lookup.continuous.discovery-interval", "lookup.dynamic-partition.refresh-interval",
    "lookup.dynamic-partition.refresh.async", "lookup.refresh.async", "lookup.refresh.async.pending-snapshot-count",
    "lookup.refresh.full-load-threshold", "lookup.refresh.time-periods-blacklist", "manifest.merge-min-count",
    "manifest.target-file-size", "merge-engine", "metadata.iceberg.database",
    "metadata.iceberg.delete-after-commit.enabled", "metadata.iceberg.format-version",
    "metadata.iceberg.hadoop-conf-dir", "metadata.iceberg.hive-client-class", "metadata.iceberg.hive-conf-dir",
    "metadata.iceberg.hive-skip-update-stats", "metadata.iceberg.previous-versions-max", "metadata.iceberg.storage",
    "metadata.iceberg.storage-location", "metadata.iceberg.table", "metadata.iceberg.uri",
    "metadata.stats-keep-first-n-columns", "metadata.stats-mode", "metadata.stats-mode.per.level",
    "metastore.partitioned-table", "metastore.tag-to-partition", "metastore.tag-to-partition.preview", "num-levels",
    "num-sorted-run.compaction-trigger", "orc.timestamp-ltz.legacy.type", "overwrite-upgrade",
    "parquet.page.row.count.limit", "partial-update.ignore-delete", "partial-update.remove-record-on-delete",
    "partial-update.remove-record-on-sequence-group", "partition", "partition.default-name",
    "partition.expiration-check-interval", "partition.expiration-max-num", "partition.expiration-strategy",
    "partition.expiration-time", "partition.legacy-name", "partition.mark-done-action", "partition.timestamp-formatter",
    "partition.timestamp-pattern", "path", "pk-bitmap.index.columns", "pk-btree.index.columns",
    "pk-clustering-override", "pk-full-text.index.columns", "pk-multivalue.index.columns", "pk-vector.index.columns",
    "postpone.default-bucket-num", "postpone.merge-on-read", "postpone.target-row-num-per-bucket",
    "postpone.target-size-per-bucket", "primary-key", "primary-key.nullable", "read.batch-size",
    "read.shuffle-bucket-with-partition", "record-level.expire-time", "record-level.time-field", "row-tracking.enabled",
    "row-tracking.partition-group-on-commit", "rowkind.field", "scalar-index.search-mode", "scan.bounded",
    "scan.bounded.watermark", "scan.bucket", "scan.creation-time-millis", "scan.dedicated-split-generation",
    "scan.fallback-branch", "scan.fallback-branch.read-fail-fast", "scan.fallback-delta-branch",
    "scan.fallback-snapshot-branch", "scan.file-creation-time-millis", "scan.ignore-corrupt-files",
    "scan.ignore-lost-files", "scan.infer-parallelism", "scan.infer-parallelism.max", "scan.manifest.parallelism",
    "scan.max-snapshot.count", "scan.max-splits-per-task", "scan.mode", "scan.parallelism", "scan.partitions",
    "scan.plan-auto-tag-for-read.time-retained", "scan.plan-sort-partition", "scan.primary-branch",
    "scan.remove-normalize", "scan.snapshot-id", "scan.split-enumerator.batch-size", "scan.split-enumerator.mode",
    "scan.tag-name", "scan.timestamp", "scan.timestamp-millis", "scan.version", "scan.watermark",
    "scan.watermark.alignment.group", "scan.watermark.alignment.max-drift", "scan.watermark.alignment.update-interval",
    "scan.watermark.emit.strategy", "scan.watermark.idle-timeout", "sequence.field", "sequence.field.sort-order",
    "sequence.snapshot-ordering", "sink.process-time-zone", "snapshot.expire.limit", "snapshot.num-retained.max",
    "snapshot.num-retained.min", "snapshot.time-retained", "sort-compaction.local-sample.magnification",
    "sort-compaction.range-strategy", "source.checkpoint-align.enabled", "source.checkpoint-align.timeout",
    "source.operator-uid.suffix", "source.split.open-file-cost", "source.split.target-size",
    "streaming-read-append-overwrite", "streaming-read-overwrite", "streaming.read.snapshot.delay",
    "table-read.sequence-number.enabled", "tag.automatic-completion", "tag.automatic-creation",
    "tag.batch.customized-name", "tag.create-success-file", "tag.creation-delay", "tag.creation-period",
    "tag.creation-period-duration", "tag.default-time-retained", "tag.num-retained-max", "tag.period-formatter",
    "tag.time-expire-enabled", "target-file-size", "type", "vector-field", "vector-index.search-mode",
    "vector-search.distribute.enabled", "vector-search.lateral-join.batch-size", "write-buffer-size", "write-only",
    "zorder.var-length-contribution",
};
constexpr const char* kFamilies[] = {
    "fields.*", "file-index.*", "file.compression.per.level.*", "file.format.per.level.*", "hive.*", "lookup.*",
    "metadata.iceberg.rest.*", "metadata.stats-mode.per.level.*", "scan.*", "source.*",
};

}  // namespace

void AddPaimonTableKeys(std::vector<OptionSpec>& out) {
  for (const auto& [reason, keys] : kIdle) {
    for (const std::string& key : Split(keys, ' ')) {
      out.push_back({.key = Str(kPrefix, key), .status = OptionStatus::kIgnored, .reason = reason});
    }
  }
  for (const char* key : kKeys) out.push_back({.key = Str(kPrefix, key), .description = "Paimon table option"});
  for (const char* key : kFamilies) out.push_back({.key = Str(kPrefix, key), .description = "Paimon table options"});
  out.push_back({.key = Str(kPrefix, "*"),
                 .description = "Paimon table options of tables that are created",
                 .status = OptionStatus::kIgnored,
                 .reason = "Paimon has no such option; it is kept in the table"});
}

}  // namespace sluice
