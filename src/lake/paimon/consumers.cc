// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/consumers.h"

#include "base/text.h"
#include "lake/json.h"

namespace sluice::paimon {

Status ResetConsumer(Env& env, Table& table, const std::string& id, std::optional<int64_t> next_snapshot) {
  if (Trim(id).empty() || id.find('/') != std::string::npos) {
    return Invalid(Str("\"", JsonEscape(id), "\" cannot be the id of a consumer"));
  }
  const std::string folder = table.folder() + "/consumer";
  const std::string path = Str(folder, "/consumer-", id);
  if (!next_snapshot) return env.Remove(path);
  TRY_SET(const Snapshot snapshot, table.SnapshotOf(*next_snapshot));
  TRY(env.MakeFolders(folder));
  Json json;
  json["nextSnapshot"] = snapshot.id;
  const std::string temporary = Str(folder, "/.", id, ".", env.Uuid(), ".tmp");  // no reader takes it for a consumer
  Status status = env.WriteFile(temporary, json.dump(2));
  if (status.ok()) status = env.Rename(temporary, path);
  if (!status.ok()) (void)env.Remove(temporary).ok();
  return status;
}

}  // namespace sluice::paimon
