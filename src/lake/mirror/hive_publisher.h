// SPDX-License-Identifier: Apache-2.0
// HivePublisher: the Iceberg metadata beside a table in a Hive metastore (`metadata.iceberg.storage` = hive-catalog),
// as Iceberg's Hive catalog keeps it: an external table whose parameter metadata_location is moved at each commit,
// under the metastore's lock, and only if nobody else has moved it. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/env.h"
#include "io/thrift.h"
#include "lake/catalog/hive_client.h"
#include "lake/mirror/catalog_publisher.h"

namespace sluice::mirror {

class HivePublisher final : public CatalogPublisher {
 public:
  // kUnsupported names an option that has no meaning here.
  static Result<std::unique_ptr<CatalogPublisher>> Make(Env& env, const TableId& own,
                                                        const paimon::IcebergOptions& options);
  HivePublisher(Env& env, std::unique_ptr<hive::Client> client, std::vector<TableId> names, bool skip_stats)
      : env_(env), client_(std::move(client)), names_(std::move(names)), skip_stats_(skip_stats) {}

  Status Publish(const iceberg::TableMetadata& metadata, const std::string& file) override;
  Status Withdraw() override;

 private:
  Status PublishTo(const TableId& name, const iceberg::TableMetadata& metadata, const std::string& file);
  Status Register(const TableId& name, const iceberg::TableMetadata& metadata, const std::string& file);
  Status MakeDatabase(const std::string& name, const std::string& location);
  Status Move(const TableId& name, ThriftValue table, const iceberg::TableMetadata& metadata, const std::string& file);

  Env& env_;
  const std::unique_ptr<hive::Client> client_;
  const std::vector<TableId> names_;
  const bool skip_stats_;
  std::string published_;  // the newest file that all have
};

}  // namespace sluice::mirror
