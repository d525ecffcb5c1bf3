// SPDX-License-Identifier: Apache-2.0
// WantedTables: what the options `tables` and `tables.exclude` of a source select. A value; any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/option.h"
#include "row/table_id.h"

namespace sluice {

struct WantedTables {
  std::string text;                             // of `tables`
  std::vector<std::string> schemas;             // as TableSelector::schemas
  std::function<bool(const TableId&)> wanted;

  // kInvalid names the option's place.
  static Result<WantedTables> Of(const Options& options);
  // `tables` is this in place of the option's text.
  static Result<WantedTables> Of(const Options& options, std::string tables);
};

}  // namespace sluice
