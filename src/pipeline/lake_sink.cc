// SPDX-License-Identifier: Apache-2.0
#include "pipeline/lake_sink.h"

#include "base/log.h"
#include "base/text.h"

namespace sluice {

Status CheckWarehouse(Env& env, const std::string& folder, const std::string& warehouse) {
  Status status = env.MakeFolders(folder);
  if (status.ok()) status = env.CheckWritable(Str(folder, "/.sluice-probe"));
  if (status.ok()) return status;
  Error error = std::move(status).error().With(Str("warehouse ", warehouse, " cannot be written"));
  const bool full = error.code == ErrorCode::kUnavailable && error.hint.find("space") != std::string::npos;
  if (!full && !env.IsObjectStore(folder)) error.code = ErrorCode::kInvalid;
  if (error.hint.empty()) error.hint = "catalog.properties.warehouse must be a folder that sluice may write to";
  return error;
}

Result<std::string> CommitsToComplete(Env& env, const StoredEpochs& stored) {
  if (stored.whole()) return std::string();
  const std::string what =
      Str("epoch ", stored.newest.epoch, " is in ", stored.tables_with, " of ", stored.tables_of, " tables");
  auto text = env.ReadFile(stored.epoch_file);
  if (!text.ok()) {
    return Corrupt(Str(what, ", and the file with its commits is gone: ", text.error().message),
                   "a table of this job was removed, or files of one: remove all tables of this job to copy anew");
  }
  LogWarn(Str(what, ": its commits are completed from ", stored.epoch_file));
  return text;
}

std::vector<std::string> IdlePartitions(const std::vector<std::string>& named, const std::set<std::string>& tables) {
  std::vector<std::string> out;
  for (const std::string& table : named) {
    if (tables.contains(table)) continue;
    out.push_back(Str("partition.key names ", table, ", which is no table of this sink until now"));
  }
  return out;
}

}  // namespace sluice
