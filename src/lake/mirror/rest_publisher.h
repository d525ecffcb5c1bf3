// SPDX-License-Identifier: Apache-2.0
// RestPublisher: the Iceberg metadata beside a table in an Iceberg REST catalog (`metadata.iceberg.storage` =
// rest-catalog). A table that is not there is registered; from then on each commit is a request with the differences,
// and the catalog writes a metadata file of its own. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lake/catalog/rest_client.h"
#include "lake/mirror/catalog_publisher.h"

namespace sluice::mirror {

class RestPublisher final : public CatalogPublisher {
 public:
  RestPublisher(std::unique_ptr<RestClient> client, const std::vector<TableId>& names);
  Status Publish(const iceberg::TableMetadata& metadata, const std::string& file) override;
  Status Withdraw() override;

 private:
  struct Target {
    TableId name;
    std::string path;   // of the table, below the catalog's prefix
    std::string there;  // the metadata that the catalog has; empty: not known
  };
  Status PublishTo(Target& target, const std::string& wanted, const std::string& file);
  Status CheckOurs(const Target& target, const std::string& wanted) const;
  Status Load(Target& target, bool& found);
  Status Register(Target& target, const std::string& file);
  Status MakeNamespace(const std::string& name);
  Status Drop(Target& target);
  Status Adopt(Target& target, const std::string& answer) const;

  const std::unique_ptr<RestClient> client_;
  std::vector<Target> targets_;
  std::string published_;  // the newest file that all have
};

}  // namespace sluice::mirror
