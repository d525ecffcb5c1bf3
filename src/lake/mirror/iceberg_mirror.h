// SPDX-License-Identifier: Apache-2.0
// IcebergMirror: Iceberg metadata beside a Paimon table (`metadata.iceberg.*`). An Iceberg reader sees the rows that a
// Paimon reader sees of the same snapshot: the same data files, with position deletes of the rows that are not visible,
// and small data files of those that the merge engine makes of several. docs/formats/paimon.md, "Iceberg metadata".
// One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/catalog/hadoop.h"
#include "lake/iceberg/table.h"
#include "lake/mirror/catalog_publisher.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_options.h"
#include "lake/paimon/tags.h"

namespace sluice::mirror {

class IcebergMirror {
 public:
  // Nothing if the options of the table do not ask for one. `folder`: of the table; `env` outlives the mirror.
  static Result<std::unique_ptr<IcebergMirror>> Make(Env& env, const std::string& folder,
                                                     const paimon::TableOptions& options);

  // Shows the snapshots that are not shown yet, each under its number, the tags as Iceberg's, and no more what has
  // expired. Nothing to do if all is so already: also after a crash anywhere.
  Status Follow(paimon::Table& table);
  // Of files that a killed process left in folder(). Returns how many are removed.
  Result<int64_t> RemoveUnreachable(const std::vector<std::string>& paths);
  const std::string& folder() const { return folder_; }  // of the metadata

 private:
  IcebergMirror(Env& env, std::unique_ptr<HadoopCatalog> catalog, std::unique_ptr<CatalogPublisher> publisher,
                TableId id, std::string folder, const paimon::TableOptions& options)
      : env_(env),
        catalog_(std::move(catalog)),
        publisher_(std::move(publisher)),
        id_(std::move(id)),
        folder_(std::move(folder)),
        options_(options) {}
  Status ShowAll(paimon::Table& table);
  Status Open();
  Status Create(const paimon::Schema& schema);
  Result<std::optional<int64_t>> Shown(paimon::Table& table, const paimon::Snapshot& latest) const;
  Status Clear();
  Status Show(paimon::Table& table, const paimon::Snapshot& snapshot);
  Status ShowColumns(const paimon::Schema& schema);
  Status SetColumns(const paimon::Schema& schema, iceberg::TableChange& change) const;
  Result<iceberg::TableChange> Plan(paimon::Table& table, const paimon::Snapshot& snapshot,
                                    const paimon::Schema& schema);
  Status Tidy(paimon::Table& table, const std::vector<paimon::Tag>& tags);
  Status Publish();

  Env& env_;
  const std::unique_ptr<HadoopCatalog> catalog_;
  const std::unique_ptr<CatalogPublisher> publisher_;  // null: no other catalog is told
  const TableId id_;
  const std::string folder_;
  const paimon::TableOptions options_;
  std::unique_ptr<iceberg::Table> iceberg_;  // null: there is none yet
};

// Of a process that changes the table once: Make and Follow.
Status FollowOnce(Env& env, paimon::Table& table);

}  // namespace sluice::mirror
