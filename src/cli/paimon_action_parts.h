// SPDX-License-Identifier: Apache-2.0
// What the actions share. Private to paimon_*actions.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "cli/action_arguments.h"
#include "io/env.h"
#include "lake/paimon/catalog.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/table.h"
#include "row/table_id.h"

namespace sluice {

struct ActionContext {
  Env& env;
  const ActionArguments& arguments;
  paimon::Catalog& warehouse;

  TableId table() const { return {arguments.Get("database"), arguments.Get("table")}; }
  Result<std::string> Folder() const { return warehouse.TableFolder(table()); }
  Result<std::unique_ptr<paimon::Table>> Open() const;
  Result<paimon::Options> CatalogOptions() const;  // of `warehouse`
};

// After a change of the table: Iceberg metadata beside it shows that too.
Status FollowWithIceberg(const ActionContext& context, const TableId& id);
// After a change of its tags.
Status ShowTagsInIceberg(const ActionContext& context);
// printf to stdout, as a line.
void Say(const std::string& line);
// An argument such as "1 d", in milliseconds.
Result<int64_t> ActionTimeMs(const ActionArguments& arguments, const std::string& key);
// An argument such as "2024-01-31 20:15:00", of the process' zone.
Result<int64_t> ActionLocalMs(const ActionArguments& arguments, const std::string& key);

Status CompactAction(const ActionContext& context);
Status CompactDatabaseAction(const ActionContext& context);

// paimon_row_actions.cc
Status DeleteAction(const ActionContext& context);
Status RescaleAction(const ActionContext& context);
Status RewriteFileIndexAction(const ActionContext& context);
Status RemoveUnexistingFilesAction(const ActionContext& context);
Status RemoveUnexistingManifestsAction(const ActionContext& context);

// paimon_catalog_actions.cc
Status CopyFilesAction(const ActionContext& context);
Status CloneAction(const ActionContext& context);
Status RepairAction(const ActionContext& context);

// paimon_version_actions.cc
Status CreateTagAction(const ActionContext& context);
Status CreateTagFromTimestampAction(const ActionContext& context);
Status CreateTagFromWatermarkAction(const ActionContext& context);
Status ReplaceTagAction(const ActionContext& context);
Status RenameTagAction(const ActionContext& context);
Status DeleteTagAction(const ActionContext& context);
Status ExpireTagsAction(const ActionContext& context);
Status CreateBranchAction(const ActionContext& context);
Status DeleteBranchAction(const ActionContext& context);
Status FastForwardAction(const ActionContext& context);
Status MergeBranchAction(const ActionContext& context);
Status RollBackToAction(const ActionContext& context);
Status RollBackToTimestampAction(const ActionContext& context);

}  // namespace sluice
