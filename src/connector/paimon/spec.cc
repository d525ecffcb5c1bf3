// SPDX-License-Identifier: Apache-2.0
// Keys of Flink CDC 3.6's PaimonDataSinkOptions and their meaning here.
#include "connector/paimon/spec.h"

#include "base/text.h"

namespace sluice {

std::vector<OptionSpec> PaimonCatalogOptions() {
  std::vector<OptionSpec> out;
  out.push_back({.key = "catalog.properties.warehouse",
                 .description = "folder of the databases: a path, a file: URI or s3://bucket/path",
                 .required = true});
  // Free text, so that hive, jdbc and rest can be refused by name.
  out.push_back({.key = "catalog.properties.metastore",
                 .default_value = "filesystem",
                 .description = "kind of the catalog; filesystem is supported, hive, jdbc and rest are not yet"});
  out.push_back(Refused("catalog.properties.uri",
                        "there is no Hive, JDBC or REST catalog yet; use catalog.properties.metastore: filesystem"));
  for (const char* family : {"s3.*", "s3a.*", "fs.s3a.*"}) {  // checked by MakeS3Config
    out.push_back({.key = Str("catalog.properties.", family), .description = "S3: endpoint, region, keys, path style"});
  }
  out.push_back({.key = "catalog.properties.*",
                 .status = OptionStatus::kIgnored,
                 .reason = "the filesystem catalog has no such setting"});
  return out;
}

std::vector<OptionSpec> PaimonSinkOptions() {
  std::vector<OptionSpec> out = PaimonCatalogOptions();
  out.push_back({.key = "table.properties.*", .description = "Paimon table options of tables that are created"});
  out.push_back({.key = "partition.key",
                 .description = "partition columns by table: db.t1:k1,k2;db.t2:k3; they join the primary key"});
  out.push_back({.key = "commit.user-prefix",
                 .default_value = "admin",
                 .description = "begins the job's id, by which it finds its own commits",
                 .aliases = {"commit.user"}});
  out.push_back({.key = "add-column.backfill",
                 .type = OptionType::kBoolean,
                 .default_value = "true",
                 .description = "whether ADD COLUMN with a default rewrites the table, so that old rows show it"});
  return out;
}

}  // namespace sluice
