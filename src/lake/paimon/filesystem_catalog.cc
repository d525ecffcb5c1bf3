// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/filesystem_catalog.h"

#include <utility>

#include "lake/paimon/commit.h"
#include "lake/paimon/warehouse.h"

namespace sluice::paimon {
namespace {

class FilesystemCatalog final : public Catalog {
 public:
  FilesystemCatalog(Env& env, Warehouse warehouse) : env_(env), warehouse_(std::move(warehouse)) {}

  const std::string& folder() const override { return warehouse_.folder(); }
  Result<std::vector<TableId>> List() override { return warehouse_.List(); }
  Result<bool> Exists(const TableId& id) override { return warehouse_.Exists(id); }
  Status Create(const TableId& id, const Schema& schema) override {
    TRY_SET(const std::string folder, warehouse_.TableFolder(id));
    return CreateTable(env_, folder, schema);
  }

 protected:
  Result<std::string> FolderOfTable(const TableId& id) override { return warehouse_.TableFolder(id); }

 private:
  Env& env_;
  const Warehouse warehouse_;
};

}  // namespace

CatalogKind FilesystemCatalogKind() {
  CatalogKind kind{.metastore = "filesystem", .keys = {}, .make = {}};
  kind.make = [](Env& env, const Options& options) -> Result<std::unique_ptr<Catalog>> {
    const auto found = options.find("warehouse");
    TRY_SET(auto warehouse, Warehouse::Make(env, found == options.end() ? "" : found->second));
    return std::unique_ptr<Catalog>(new FilesystemCatalog(env, std::move(warehouse)));
  };
  return kind;
}

}  // namespace sluice::paimon
