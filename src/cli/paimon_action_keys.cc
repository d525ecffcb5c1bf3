// SPDX-License-Identifier: Apache-2.0
#include "cli/paimon_action_keys.h"

#include <map>

namespace sluice {

std::string_view ActionKeyHelp(const std::string& key) {
  static const std::map<std::string, std::string_view> kHelp = {
      {"branch_name", "of the branch"},
      {"bucket_num", "how many buckets (default: the table's option bucket)"},
      {"buckets", "0-9,20: of a table with fixed ones (default: all)"},
      {"catalog_conf", "key=value of the catalog: metastore, uri, s3.endpoint, …"},
      {"clone_from", "paimon: is needed, as Java takes hive otherwise"},
      {"clone_if_exists", "false: a table that is there is left as it is (default: its partitions are overwritten)"},
      {"compact_strategy", "full: each bucket becomes one run; minor: as the sink does it"},
      {"consumer_id", "of the consumer"},
      {"database", "database in the warehouse"},
      {"delete_all", "true: none stays"},
      {"dry_run", "true: files are only named"},
      {"excluded_tables", "database.table,database.table that are left out"},
      {"excluding_consumers", "regular expression of ids that stay"},
      {"excluding_tables", "regular expression of names, database.table, that are left out"},
      {"expiration_time", "how long a partition stays: 7 d"},
      {"expire_strategy", "values-time: by the partition's values; update-time: by its newest file"},
      {"force_start_flink_job", "without effect"},
      {"identifier", "database.table; of repair also database, or several with commas (default: all)"},
      {"ignore_if_exists", "true: a branch that is there is no error"},
      {"included_tables", "database.table,database.table (default: all)"},
      {"including_consumers", "regular expression of ids (default: all)"},
      {"including_databases", "regular expression of names; | parts several"},
      {"including_tables", "regular expression of names, database.table; | parts several"},
      {"max_deletes", "at most so many at a time"},
      {"meta_only", "true: the tables alone, without rows"},
      {"mode", "divided or combined; without effect"},
      {"next_snapshot", "that it reads next (default: the consumer is deleted)"},
      {"older_than", "a time on this machine's clock: '2024-01-31 20:15:00'"},
      {"order_by", "a,b: columns that rows are sorted by"},
      {"order_strategy", "order, zorder or hilbert"},
      {"parallelism", "without effect"},
      {"partition", "dt=2024-01-31,hh=8"},
      {"partition_idle_time", "only partitions without a new file for so long: 1 d"},
      {"partitions", "dt=2024-01-31,hh=8;dt=2024-02-01 (default: all)"},
      {"prefer_file_format", "parquet, orc or avro: of the new tables (default: as before)"},
      {"retain_max", "at most so many stay"},
      {"retain_min", "at least so many stay"},
      {"scan_parallelism", "without effect"},
      {"sink_parallelism", "without effect"},
      {"snapshot", "number of the snapshot (default: the newest one)"},
      {"source_branch", "whose files are taken"},
      {"table", "table in the database"},
      {"table_conf", "key=value of the table's options, for this time only"},
      {"tag", "name of the tag"},
      {"tag_name", "of the tag"},
      {"target_branch", "that they come to (default: main, the table itself)"},
      {"target_catalog_conf", "key=value of the catalog that is copied to, as --catalog_conf"},
      {"target_database", "database there; needed with --database"},
      {"target_table", "table there; needed with --table"},
      {"target_table_conf", "key=value: options of the new tables, in place of their own"},
      {"target_tag_name", "what it is called then"},
      {"target_warehouse", "folder or s3:// of the warehouse that is copied to"},
      {"time_retained", "how long the tag stays: 30 d"},
      {"timestamp", "milliseconds since 1970 in UTC"},
      {"timestamp_formatter", "yyyy-MM-dd HH:mm: how the values tell the time"},
      {"timestamp_pattern", "$dt $hour: what of the values is read so"},
      {"version", "number of a snapshot, or name of a tag"},
      {"warehouse", "folder or s3:// of the warehouse, if --catalog_conf does not say"},
      {"watermark", "the first snapshot with it, or a later one"},
      {"where", "a condition: dt = '2024-01-31' AND (hh IN (1, 2) OR hh BETWEEN 5 AND 7), NOT, LIKE, IS NULL"},
  };
  const auto found = kHelp.find(key);
  return found == kHelp.end() ? std::string_view() : found->second;
}

}  // namespace sluice
