// SPDX-License-Identifier: Apache-2.0
#include "pipeline/wanted_tables.h"

#include <memory>
#include <utility>

#include "pipeline/selector.h"

namespace sluice {

Result<WantedTables> WantedTables::Of(const Options& options) { return Of(options, options.Text("tables")); }

Result<WantedTables> WantedTables::Of(const Options& options, std::string tables) {
  WantedTables out;
  out.text = std::move(tables);
  auto include = TableSelector::Make(out.text);
  if (!include.ok()) return options.At("tables", include.error().message, include.error().hint);
  out.schemas = include->schemas();
  auto wanted = std::make_shared<TableSelector>(*std::move(include));
  std::shared_ptr<TableSelector> unwanted;
  if (options.Has("tables.exclude")) {
    auto exclude = TableSelector::Make(options.Text("tables.exclude"));
    if (!exclude.ok()) return options.At("tables.exclude", exclude.error().message, exclude.error().hint);
    unwanted = std::make_shared<TableSelector>(*std::move(exclude));
  }
  out.wanted = [wanted, unwanted](const TableId& id) {
    return wanted->Matches(id) && (unwanted == nullptr || !unwanted->Matches(id));
  };
  return out;
}

}  // namespace sluice
