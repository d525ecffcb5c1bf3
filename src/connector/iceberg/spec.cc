// SPDX-License-Identifier: Apache-2.0
// Keys of Flink CDC 3.6's IcebergDataSinkOptions and their meaning here.
#include "connector/iceberg/spec.h"

namespace sluice {
namespace {

OptionSpec Ignored(std::string key, std::string reason, OptionType type = OptionType::kString) {
  return {.key = std::move(key), .type = type, .status = OptionStatus::kIgnored, .reason = std::move(reason)};
}

void AddCatalog(std::vector<OptionSpec>& out) {
  // Free text, so that the sink can refuse hive, glue and rest by name.
  out.push_back({.key = "catalog.properties.type",
                 .default_value = "hadoop",
                 .description = "kind of the catalog; hadoop is supported, hive, glue and rest are not yet"});
  out.push_back({.key = "catalog.properties.warehouse",
                 .description = "folder of the tables, a path or a file: URI",
                 .required = true});
  out.push_back(
      Refused("catalog.properties.catalog-impl", "it names a Java class; use catalog.properties.type: hadoop"));
  out.push_back(
      Refused("catalog.properties.io-impl", "it names a Java class; files are written to the local file system"));
  for (const char* key : {"glue.id", "glue.skip-archive", "glue.skip-name-validation", "client.region"}) {
    out.push_back(Refused(std::string("catalog.properties.") + key, "there is no Glue catalog yet"));
  }
  out.push_back(
      Refused("catalog.properties.uri", "there is no Hive or REST catalog yet; use catalog.properties.type: hadoop"));
  out.push_back(Ignored("catalog.properties.clients", "there is no Hive metastore client", OptionType::kInteger));
  out.push_back(
      Ignored("catalog.properties.cache-enabled", "tables are not cached between commits", OptionType::kBoolean));
  out.push_back(Ignored("catalog.properties.cache.*", "tables are not cached between commits"));
  out.push_back(Refused("catalog.properties.lock-impl", "it names a Java class; a commit here needs no lock"));
  out.push_back(Refused("catalog.properties.s3.*", "S3 is not supported yet; use a local folder"));
  out.push_back(Ignored("catalog.properties.*", "the hadoop catalog on local files has no such setting"));
  out.push_back(Ignored("hadoop.conf.*", "Hadoop is not used; files are written to the local file system"));
}

}  // namespace

std::vector<OptionSpec> IcebergSinkOptions() {
  std::vector<OptionSpec> out;
  AddCatalog(out);
  out.push_back({.key = "table.properties.*", .description = "Iceberg table properties of tables that are created"});
  out.push_back(
      {.key = "partition.key", .description = "partitions by table: db.t1:year(ts),bucket[16](id);db.t2:region"});
  out.push_back({.key = "job.id.prefix",
                 .default_value = "cdc",
                 .description = "begins the job's id, by which it finds its own commits"});
  out.push_back({.key = "add-column.backfill",
                 .type = OptionType::kBoolean,
                 .default_value = "true",
                 .description = "whether ADD COLUMN with a default rewrites the table, so that old rows show it"});
  out.push_back({.key = "sink.compaction.enabled",
                 .type = OptionType::kBoolean,
                 .default_value = "false",
                 .description = "whether small files are merged",
                 .status = OptionStatus::kIgnored,
                 .reason = "merging of data files is not supported yet; manifests are merged always"});
  out.push_back(
      Ignored("sink.compaction.commit.interval", "merging of data files is not supported yet", OptionType::kInteger));
  out.push_back(Ignored("sink.compaction.commit.parallelism", "merging of data files is not supported yet",
                        OptionType::kInteger));
  return out;
}

}  // namespace sluice
