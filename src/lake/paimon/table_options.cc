// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/table_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace sluice::paimon {
namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};

constexpr Unit kByteUnits[] = {
    {"", 1}, {"b", 1}, {"bytes", 1}, {"k", 1 << 10}, {"kb", 1 << 10}, {"m", 1 << 20}, {"mb", 1 << 20},
    {"g", 1 << 30}, {"gb", 1 << 30}, {"t", int64_t{1} << 40}, {"tb", int64_t{1} << 40},
};
constexpr Unit kTimeUnits[] = {
    {"", 1}, {"ms", 1}, {"s", 1000}, {"sec", 1000}, {"min", 60'000}, {"m", 60'000}, {"h", 3'600'000},
    {"hour", 3'600'000}, {"d", 86'400'000}, {"day", 86'400'000}, {"millis", 1}, {"millisecond", 1},
    {"milliseconds", 1}, {"second", 1000}, {"seconds", 1000}, {"minute", 60'000}, {"minutes", 60'000},
    {"hours", 3'600'000}, {"days", 86'400'000},
};

constexpr int64_t kWriteBufferMost = 1 << 30;  // an array cannot hold 2 GiB of texts
constexpr int64_t kPageRows = 20'000;  // as in Java
constexpr int64_t kLookupPageRows = 1024;  // a page is what one look-up decodes

constexpr std::pair<std::string_view, ChangelogProducer> kProducers[] = {
    {"none", ChangelogProducer::kNone},
    {"input", ChangelogProducer::kInput},
    {"lookup", ChangelogProducer::kLookup},
    {"full-compaction", ChangelogProducer::kFullCompaction},
};

// What a writer that does not do it would make wrong: options with the one value that is supported, and those that must
// not be there. Among them what other engines would look for and not find: rows by a primary-key index that has none of
// them, deletion vectors beside the data files, files sorted by other columns than the key.
constexpr std::pair<const char*, const char*> kOnly[] = {
    {"bucket-function.type", "default"},
    {"chain-table.enabled", "false"},
    {"clustering.incremental", "false"},
    {"data-evolution.enabled", "false"},
    {"data-file.thin-mode", "false"},
    {"deletion-vectors.merge-on-read", "false"},
    {"index-file-in-data-file-dir", "false"},
    {"manifest.format", "avro"},
    {"orc.timestamp-ltz.legacy.type", "true"},
    {"pk-clustering-override", "false"},
    {"primary-key.nullable", "false"},
    {"row-tracking.enabled", "false"},
    {"type", "table"},
};
constexpr const char* kNone[] = {
    "blob-descriptor-field", "blob-field", "blob-view-field", "branch", "data-file.external-paths", "partition",
    "pk-bitmap.index.columns", "pk-btree.index.columns", "pk-full-text.index.columns", "pk-multivalue.index.columns",
    "pk-vector.index.columns", "primary-key", "vector-field",
};

template <size_t kCount>
bool ParseWithUnit(std::string_view text, const Unit (&units)[kCount], int64_t& out) {
  const std::string lower = Lower(Trim(text));
  size_t digits = 0;
  while (digits < lower.size() && lower[digits] >= '0' && lower[digits] <= '9') ++digits;
  const std::string_view unit = Trim(std::string_view(lower).substr(digits));
  int64_t number = 0;
  if (!ParseNumber(std::string_view(lower).substr(0, digits), number)) return false;
  for (const Unit& known : units) {
    if (known.name == unit) return !__builtin_mul_overflow(number, known.factor, &out);
  }
  return false;
}

Error Bad(const std::string& key, const std::string& value, std::string_view wanted) {
  return Invalid(Str("table option ", key, "='", value, "' must be ", wanted));
}

class Reader {
 public:
  explicit Reader(const Options& options) : options_(options) {}

  const std::string* Find(const char* key) const {
    auto found = options_.find(key);
    return found == options_.end() ? nullptr : &found->second;
  }
  // `most`: of most options in Java, which could not read the table.
  template <typename Number>
  Status Count(const char* key, int64_t least, Number& out, int64_t most = INT32_MAX) const {
    const std::string* text = Find(key);
    if (text == nullptr) return Ok();
    int64_t number = 0;
    if (!ParseNumber(Trim(*text), number) || number < least || number > most) {
      return Bad(key, *text, Str("a number from ", least, " to ", most));
    }
    out = static_cast<Number>(number);
    return Ok();
  }
  Status Bytes(const char* key, int64_t& out) const {
    const std::string* text = Find(key);
    if (text == nullptr || (ParseWithUnit(*text, kByteUnits, out) && out > 0)) return Ok();
    return Bad(key, *text, "a size, as in 128 mb");
  }
  Status Share(const char* key, double& out, bool zero = false) const {
    const std::string* text = Find(key);
    if (text == nullptr) return Ok();
    const std::string_view number = Trim(*text);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), out);
    const bool whole = error == std::errc() && end == number.data() + number.size();
    if (whole && out <= 1 && (out > 0 || (zero && out == 0))) return Ok();
    return Bad(key, *text, zero ? "a number from 0 to 1" : "a number above 0, at most 1");
  }
  Status Time(const char* key, int64_t& out) const {
    const std::string* text = Find(key);
    if (text == nullptr || ParseWithUnit(*text, kTimeUnits, out)) return Ok();
    return Bad(key, *text, "a time, as in 1 h");
  }
  Status Flag(const char* key, bool& out) const {
    const std::string* text = Find(key);
    if (text == nullptr) return Ok();
    const std::string value = Lower(Trim(*text));
    if (value != "true" && value != "false") return Bad(key, *text, "true or false");
    out = value == "true";
    return Ok();
  }
  // The value must be the only one that is supported, if it is there.
  Status Only(const char* key, std::string_view supported) const {
    const std::string* text = Find(key);
    if (text == nullptr || EqualsIgnoreCase(Trim(*text), supported)) return Ok();
    return Unsupported(Str("table option ", key, "='", *text, "' is not supported yet"),
                       Str("leave it out or set ", supported));
  }

 private:
  const Options& options_;
};

std::vector<std::string> Names(const std::string* text) {
  std::vector<std::string> out;
  if (text == nullptr) return out;
  for (const std::string& name : Split(*text, ',')) {
    if (!Trim(name).empty()) out.emplace_back(Trim(name));
  }
  return out;
}

Status CheckSupported(const Reader& options) {
  for (const auto& [key, only] : kOnly) TRY(options.Only(key, only));
  for (const char* key : kNone) {
    if (options.Find(key) != nullptr) return Unsupported(Str("table option ", key, " is not supported yet"),
                                                          "leave it out");
  }
  const std::string* directory = options.Find("data-file.path-directory");
  if (directory != nullptr && (directory->starts_with('/') || directory->find(':') != std::string::npos)) {
    return Unsupported(Str("table option data-file.path-directory='", *directory,
                           "': data files outside of the table's folder are not supported yet"),
                       "name a folder below that of the table");
  }
  return Ok();
}

Status ReadFiles(const Reader& options, TableOptions& out) {
  out.target_file_bytes = out.keyed ? 128 << 20 : 256 << 20;
  TRY(options.Bytes("target-file-size", out.target_file_bytes));
  TRY(options.Bytes("write-buffer-size", out.write_buffer_bytes));
  out.write_buffer_bytes = std::min(out.write_buffer_bytes, kWriteBufferMost);
  TRY(options.Count("parquet.page.row.count.limit", 1, out.page_rows, INT64_MAX));
  TRY(options.Bytes("lookup.cache-max-memory-size", out.lookup_cache_bytes));
  TRY(options.Count("manifest.merge-min-count", 2, out.manifest_merge_count));
  return options.Bytes("manifest.target-file-size", out.manifest_target_bytes);
}

Status ReadCompaction(const Reader& options, TableOptions& out) {
  TRY(options.Flag("write-only", out.write_only));
  TRY(options.Count("num-sorted-run.compaction-trigger", 1, out.compaction_trigger));
  out.stop_trigger = out.compaction_trigger + 3;
  TRY(options.Count("num-sorted-run.stop-trigger", 1, out.stop_trigger));
  out.stop_trigger = std::max(out.stop_trigger, out.compaction_trigger);
  out.levels = out.compaction_trigger + 1;
  TRY(options.Count("num-levels", 2, out.levels));
  TRY(options.Count("compaction.max-size-amplification-percent", 0, out.size_amplification));
  TRY(options.Count("compaction.offpeak-ratio", 0, out.offpeak_ratio));
  TRY(options.Count("compaction.offpeak.start.hour", -1, out.offpeak_start, 23));
  TRY(options.Count("compaction.offpeak.end.hour", -1, out.offpeak_end, 23));
  TRY(options.Flag("compaction.force-up-level-0", out.force_up_level_0));
  TRY(options.Flag("compaction.force-rewrite-all-files", out.rewrite_all));
  TRY(options.Time("compaction.optimization-interval", out.full_interval_ms));
  TRY(options.Bytes("compaction.total-size-threshold", out.full_below_bytes));
  TRY(options.Bytes("compaction.incremental-size-threshold", out.full_above_bytes));
  TRY(options.Count("compaction.min.file-num", 2, out.compaction_files_min));
  TRY(options.Share("compaction.small-file-ratio", out.small_file_ratio));
  TRY(options.Share("compaction.delete-ratio-threshold", out.delete_ratio_most, /*zero=*/true));
  return options.Count("compaction.size-ratio", 0, out.size_ratio);
}

// How a catalog names the table, and what only that catalog knows.
void ReadIcebergCatalog(const Options& given, IcebergOptions& out) {
  constexpr std::string_view kPrefix = "metadata.iceberg.";
  for (const auto& [key, value] : given) {
    if (key.starts_with(kPrefix)) out.given[key.substr(kPrefix.size())] = value;
  }
  if (const auto found = out.given.find("database"); found != out.given.end()) {
    for (const std::string& name : Split(found->second, ';')) {
      if (!Trim(name).empty()) out.databases.emplace_back(Trim(name));
    }
  }
  if (const auto found = out.given.find("table"); found != out.given.end()) out.table = Trim(found->second);
}

Status ReadIceberg(const Reader& options, const Options& given, IcebergOptions& out) {
  const auto place_of = [&](const char* key, std::string_view name, std::string_view catalog) -> Status {
    if (name != "disabled" && name != "table-location" && name != catalog) {
      return Bad(key, std::string(name), Str("table-location or ", catalog));
    }
    out.storage = name == "disabled"         ? IcebergStorage::kNone
                  : name == "table-location" ? IcebergStorage::kTable
                                             : IcebergStorage::kCatalog;
    return Ok();
  };
  if (const std::string* text = options.Find("metadata.iceberg.storage")) {
    const std::string name = Lower(Trim(*text));
    if (name == "hive-catalog") out.catalog = IcebergCatalog::kHive;
    if (name == "rest-catalog") out.catalog = IcebergCatalog::kRest;
    TRY(place_of("metadata.iceberg.storage", out.catalog == IcebergCatalog::kNone ? name : "hadoop-catalog",
                 "hadoop-catalog"));
  }
  const std::string* place = options.Find("metadata.iceberg.storage-location");
  if (place != nullptr && out.storage != IcebergStorage::kNone) {
    TRY(place_of("metadata.iceberg.storage-location", Lower(Trim(*place)), "catalog-location"));
  }
  ReadIcebergCatalog(given, out);
  TRY(options.Count("metadata.iceberg.format-version", 2, out.format_version, 3));
  TRY(options.Flag("metadata.iceberg.delete-after-commit.enabled", out.delete_old_metadata));
  return options.Count("metadata.iceberg.previous-versions-max", 0, out.previous_versions);
}

// What MergeRules reads once there is a table.
Status CheckMerging(const Reader& options, const Options& given) {
  bool flag = false;
  for (const char* key : {"ignore-delete", "deduplicate.ignore-delete", "partial-update.ignore-delete",
                          "first-row.ignore-delete", "ignore-update-before", "partial-update.remove-record-on-delete",
                          "aggregation.remove-record-on-delete"}) {
    TRY(options.Flag(key, flag));
  }
  for (const auto& [key, value] : given) TRY(CheckMergeOption(key, value));
  return Ok();
}

Status ReadBuckets(const Reader& options, const std::vector<std::string>& key, TableOptions& out) {
  int64_t buckets = -1;
  TRY(options.Count("bucket", -2, buckets));
  if (buckets == 0) return Bad("bucket", "0", "-2, -1 or a number above 0");
  if (buckets == -2 && !out.keyed) {
    return Invalid("table option bucket='-2' is for tables with a primary key", "use -1, or leave it out");
  }
  TRY(options.Count("postpone.default-bucket-num", 1, out.postpone_buckets));
  TRY(options.Count("postpone.target-row-num-per-bucket", 1, out.postpone_bucket_rows, INT64_MAX));
  TRY(options.Bytes("postpone.target-size-per-bucket", out.postpone_bucket_bytes));
  out.buckets = buckets > 0 ? static_cast<int>(buckets) : -1;
  out.bucket_mode = buckets > 0 ? BucketMode::kFixed : out.keyed ? BucketMode::kDynamic : BucketMode::kUnaware;
  if (buckets == -2) {
    out.bucket_mode = BucketMode::kPostponed;
    out.buckets = -2;
  }
  out.bucket_key = Names(options.Find("bucket-key"));
  if (out.bucket_key.empty()) out.bucket_key = key;
  int buckets_max = -1;
  TRY(options.Count("dynamic-bucket.max-buckets", -1, buckets_max));
  if (buckets_max == 0) return Bad("dynamic-bucket.max-buckets", "0", "-1 or a number above 0");
  if (buckets_max > 0) out.buckets_max = std::min(out.buckets_max, buckets_max);
  return options.Count("dynamic-bucket.target-row-num", 1, out.bucket_target_rows, INT64_MAX);
}

Status ReadChangelog(const Reader& options, TableOptions& out) {
  if (const std::string* producer = options.Find("changelog-producer")) {
    const std::string name = Lower(Trim(*producer));
    const auto found = std::find_if(std::begin(kProducers), std::end(kProducers),
                                    [&](const auto& known) { return known.first == name; });
    if (found == std::end(kProducers)) {
      return Bad("changelog-producer", *producer, "none, input, lookup or full-compaction");
    }
    out.changelog = found->second;
  }
  TRY(options.Flag("changelog-producer.row-deduplicate", out.changelog_leaves_out_equal));
  if (const std::string* names = options.Find("changelog-producer.row-deduplicate-ignore-fields")) {
    out.changelog_not_compared = Split(*names, ',');  // with their blanks, as in Java
  }
  if (out.changelog == ChangelogProducer::kFullCompaction) out.full_compaction_epochs = 1;
  TRY(options.Count("full-compaction.delta-commits", 1, out.full_compaction_epochs));
  TRY(options.Flag("deletion-vectors.enabled", out.deletion_vectors));
  return options.Flag("deletion-vectors.bitmap64", out.wide_vectors);
}

// Java's rules.
Status CheckVectors(const TableOptions& options) {
  if (!options.deletion_vectors) return Ok();
  if (options.changelog == ChangelogProducer::kFullCompaction) {
    return Invalid("deletion-vectors.enabled cannot go with changelog-producer full-compaction",
                   "use none, input or lookup");
  }
  if (options.merge.engine == MergeEngine::kFirstRow) {
    return Invalid("deletion-vectors.enabled cannot go with merge-engine first-row",
                   "leave deletion-vectors.enabled out");
  }
  return Ok();
}

Result<TableOptions> Read(const Options& given, const std::vector<std::string>& key) {
  const Reader options(given);
  TableOptions out;
  out.keyed = !key.empty();
  TRY(CheckSupported(options));
  TRY(ReadFiles(options, out));
  TRY_SET(out.files, FileOptions::Of(given, out.keyed));
  TRY_SET(out.index, FileIndexOptions::Of(given));
  TRY(ReadCompaction(options, out));
  TRY(ReadBuckets(options, key, out));
  TRY(CheckMerging(options, given));
  TRY(ReadChangelog(options, out));
  TRY(ReadIceberg(options, given, out.iceberg));
  if (out.bucket_mode == BucketMode::kPostponed && out.changelog != ChangelogProducer::kNone) {
    return Unsupported("table option changelog-producer of a table with bucket='-2' is not supported yet",
                       "leave it out, or use a number of buckets");
  }
  int64_t expire_ms = 0;
  TRY(options.Time("record-level.expire-time", expire_ms));
  TRY(options.Flag("sequence.snapshot-ordering", out.by_snapshot));
  out.sequence = Names(options.Find("sequence.field"));
  if (const std::string* order = options.Find("sequence.field.sort-order")) {
    out.sequence_descending = EqualsIgnoreCase(Trim(*order), "descending");
    if (!out.sequence_descending && !EqualsIgnoreCase(Trim(*order), "ascending")) {
      return Bad("sequence.field.sort-order", *order, "ascending or descending");
    }
  }
  TRY(options.Count("snapshot.num-retained.min", 1, out.snapshots_min));
  TRY(options.Count("snapshot.num-retained.max", 1, out.snapshots_max));
  TRY(options.Time("snapshot.time-retained", out.snapshot_time_ms));
  TRY(options.Count("snapshot.expire.limit", 1, out.snapshot_expire_limit));
  out.changelogs_min = out.snapshots_min;
  out.changelogs_max = out.snapshots_max;
  out.changelog_time_ms = out.snapshot_time_ms;
  TRY(options.Count("changelog.num-retained.min", 1, out.changelogs_min));
  TRY(options.Count("changelog.num-retained.max", 1, out.changelogs_max));
  TRY(options.Time("changelog.time-retained", out.changelog_time_ms));
  return out;
}

// Java's rules, but for postponed buckets, whose rows it gives their bucket without a number.
Status CheckSnapshotOrder(const TableOptions& options) {
  if (!options.by_snapshot) return Ok();
  if (!options.sequence.empty()) {
    return Invalid("table options sequence.snapshot-ordering and sequence.field contradict each other",
                   "set only one of them");
  }
  if (options.bucket_mode != BucketMode::kPostponed) return Ok();
  return Unsupported("table option sequence.snapshot-ordering of a table with bucket='-2' is not supported yet",
                     "use a number of buckets, or -1");
}

Status CheckRowKind(const Schema& schema) {
  const std::string name = schema.Option("rowkind.field", "");
  if (name.empty()) return Ok();
  const Field* field = schema.Find(name);
  if (field == nullptr) return Invalid(Str("table option rowkind.field names ", name, ", which is no column"));
  if (schema.primary_keys.empty()) {
    return Unsupported("table option rowkind.field of a table without a primary key", "leave it out");
  }
  if (MayNeedOldRows(schema.options)) {  // the old row of an update would be added once more
    return Unsupported("table option rowkind.field with aggregate functions is not supported yet", "leave it out");
  }
  const bool text = field->supported && field->type.kind >= TypeKind::kChar && field->type.kind <= TypeKind::kString;
  if (text) return Ok();
  return Invalid(Str("table option rowkind.field names ", name, ", which is ", field->type.ToString()),
                 "it must be a text with +I, -U, +U or -D");
}

// As in Java, which opens no other table. Versions of a row whose buckets another column chooses would not meet.
Status CheckBucketKey(const Schema& schema, const TableOptions& options) {
  const auto refused = [&](const std::string& name, std::string_view why) {
    return Invalid(Str("table option bucket-key names ", name, ", which ", why),
                   options.keyed ? Str("name columns of the primary key (", Join(schema.TrimmedKey(), ", "),
                                       "), or leave bucket-key out")
                                 : "name columns of the table by which it is not partitioned");
  };
  const std::vector<std::string> key = schema.TrimmedKey();
  for (const std::string& name : options.bucket_key) {
    if (schema.Find(name) == nullptr) return refused(name, "is no column");
    if (std::count(schema.partition_keys.begin(), schema.partition_keys.end(), name) > 0) {
      return refused(name, "the table is partitioned by");
    }
    if (options.keyed && std::count(key.begin(), key.end(), name) == 0) {
      return refused(name, "is not part of the primary key: versions of a row would be in different buckets");
    }
  }
  if (options.bucket_mode != BucketMode::kFixed || !options.bucket_key.empty()) return Ok();
  return Invalid("a table without a primary key needs the option bucket-key with a fixed number of buckets",
                 "set table.properties.bucket-key, or leave table.properties.bucket out");
}

}  // namespace

Result<TableOptions> TableOptions::Of(const Schema& schema) {
  TRY_SET(TableOptions out, Read(schema.options, schema.TrimmedKey()));
  out.keyed = !schema.primary_keys.empty();
  out.by_snapshot &= out.keyed;
  TRY_SET(out.merge, MergeRules::Of(schema));
  const bool looks_up = out.keyed && out.looks_up();
  if (out.page_rows == 0) out.page_rows = looks_up ? kLookupPageRows : kPageRows;
  TRY(out.merge.CheckWritable(schema));
  TRY_SET(out.expiry, RecordExpiry::Of(schema));
  TRY(out.files.CheckCodecs());
  TRY(out.index.Check(schema));
  TRY(CheckVectors(out));
  TRY(CheckSnapshotOrder(out));
  TRY(CheckRowKind(schema));
  TRY(CheckBucketKey(schema, out));
  for (const std::string& name : out.sequence) {
    if (schema.Find(name) == nullptr) {
      return Invalid(Str("table option sequence.field names ", name, ", which is no column"));
    }
  }
  return out;
}

Status CheckOption(const std::string& key, const std::string& value) {
  auto read = Read({{key, value}}, {"any"});
  return read.ok() ? Ok() : Status(std::move(read).error());
}

Result<int64_t> ParseOptionTime(const std::string& key, const std::string& value) {
  int64_t ms = 0;
  if (!ParseWithUnit(value, kTimeUnits, ms)) return Bad(key, value, "a time, as in 1 h");
  return ms;
}

Result<int64_t> ParseOptionBytes(const std::string& key, const std::string& value) {
  int64_t bytes = 0;
  if (!ParseWithUnit(value, kByteUnits, bytes) || bytes < 0) return Bad(key, value, "a size, as in 16 kb");
  return bytes;
}

}  // namespace sluice::paimon
