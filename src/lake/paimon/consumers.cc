// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/consumers.h"

#include "base/text.h"
#include "lake/json.h"

namespace sluice::paimon {
namespace {

constexpr std::string_view kPrefix = "consumer-";

Result<std::string> PathOf(const Table& table, const std::string& id) {
  if (Trim(id).empty() || id.find('/') != std::string::npos) {
    return Invalid(Str("\"", JsonEscape(id), "\" cannot be the id of a consumer"));
  }
  return Str(table.history(), "/consumer/", kPrefix, id);
}

}  // namespace

Status ResetConsumer(Env& env, Table& table, const std::string& id, std::optional<int64_t> next_snapshot) {
  TRY_SET(const std::string path, PathOf(table, id));
  if (!next_snapshot) return env.Remove(path);
  TRY_SET(const Snapshot snapshot, table.SnapshotOf(*next_snapshot));
  return RecordConsumer(env, table, id, snapshot.id);
}

Status RecordConsumer(Env& env, const Table& table, const std::string& id, int64_t next_snapshot) {
  TRY_SET(const std::string path, PathOf(table, id));
  const std::string folder = FolderOf(path);
  TRY(env.MakeFolders(folder));
  Json json;
  json["nextSnapshot"] = next_snapshot;
  if (env.IsObjectStore(path)) return env.WriteFileDurably(path, json.dump(2));
  const std::string temporary = Str(folder, "/.", id, ".", env.Uuid(), ".tmp");  // no reader takes it for a consumer
  Status status = env.WriteFile(temporary, json.dump(2));
  if (status.ok()) status = env.Rename(temporary, path);
  if (!status.ok()) (void)env.Remove(temporary).ok();
  return status;
}

Result<std::vector<std::string>> ListConsumers(Env& env, const std::string& folder) {
  std::vector<std::string> out;
  auto names = env.List(folder + "/consumer");
  if (!names.ok() && names.error().code == ErrorCode::kNotFound) return out;
  if (!names.ok()) return std::move(names).error();
  for (const std::string& name : *names) {
    if (name.starts_with(kPrefix)) out.push_back(name.substr(kPrefix.size()));
  }
  return out;
}

Result<int64_t> ExpireConsumers(Env& env, const std::string& folder, int64_t before_ms) {
  int64_t gone = 0;
  TRY_SET(const auto ids, ListConsumers(env, folder));
  for (const std::string& id : ids) {
    const std::string path = Str(folder, "/consumer/", kPrefix, id);
    const auto recorded_ms = env.ModifiedMs(path);
    if (!recorded_ms.ok() && recorded_ms.error().code == ErrorCode::kNotFound) continue;
    if (!recorded_ms.ok()) return recorded_ms.error();
    if (*recorded_ms >= before_ms) continue;
    TRY(env.Remove(path));
    ++gone;
  }
  return gone;
}

Result<std::optional<int64_t>> ReadConsumer(Env& env, const Table& table, const std::string& id) {
  TRY_SET(const std::string path, PathOf(table, id));
  const auto text = env.ReadFile(path);
  if (!text.ok() && text.error().code == ErrorCode::kNotFound) return std::optional<int64_t>();
  if (!text.ok()) return text.error();
  auto read = [&]() -> Result<int64_t> {
    TRY_SET(const Json json, ParseJson(*text));
    return LongMember(json, "nextSnapshot");
  }();
  if (!read.ok()) return std::move(read).error().With(path);
  return std::optional<int64_t>(*read);
}

}  // namespace sluice::paimon
