// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/rest_committer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/text.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/partition_path.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {
namespace {

// Nothing if it is not there.
Result<std::optional<std::string>> TextOf(Env& env, const std::string& path) {
  auto text = env.ReadFile(path);
  if (!text.ok() && text.error().code == ErrorCode::kNotFound) return std::optional<std::string>();
  if (!text.ok()) return std::move(text).error();
  return std::optional(*std::move(text));
}

// The names have a random part, so that no two writers' lists share one.
bool IsSame(const Snapshot& a, const Snapshot& b) {
  return a.base_manifest_list == b.base_manifest_list && a.delta_manifest_list == b.delta_manifest_list &&
         a.commit_user == b.commit_user && a.commit_identifier == b.commit_identifier;
}

// As Java names a branch to the server.
std::string NameOf(const std::string& table_name, const Table& table) {
  static constexpr std::string_view kFolder = "/branch-";
  const std::string& history = table.history();
  if (history == table.folder()) return table_name;
  return Str(table_name, "$branch_", history.substr(history.rfind(kFolder) + kFolder.size()));
}

// What the snapshot's own files add to each partition, as Java counts it.
Result<std::vector<PartitionDelta>> DeltasOf(Env& env, const std::string& folder, const Snapshot& next) {
  TRY_SET(const auto table, Table::Open(env, folder));
  const Schema& schema = table->newest_schema();
  TRY_SET(const auto types, table->PartitionTypes());
  TRY_SET(const BinaryRowCodec codec, BinaryRowCodec::Make(types));
  PartitionPathStyle style;
  style.legacy = schema.Option("partition.legacy-name", "true") != "false";
  style.default_name = schema.Option("partition.default-name", style.default_name);
  std::map<std::string, PartitionDelta> deltas;
  TRY_SET(const auto manifests, table->ReadManifestList(next.delta_manifest_list));
  for (const ManifestFile& manifest : manifests) {
    TRY_SET(const auto entries, table->ReadManifest(manifest.name));
    for (const ManifestEntry& entry : entries) {
      const int64_t sign = entry.kind == EntryKind::kAdd ? 1 : -1;
      PartitionDelta& delta = deltas[entry.partition];
      delta.rows += sign * entry.file.row_count;
      delta.bytes += sign * entry.file.size;
      delta.files += sign;
      delta.newest_ms = std::max(delta.newest_ms, entry.file.creation_ms.value_or(0));
      delta.buckets = entry.total_buckets;
    }
  }
  std::vector<PartitionDelta> out;
  for (auto& [partition, delta] : deltas) {
    TRY_SET(const auto values, codec.Parse(partition));
    const auto texts = PartitionTexts(types, values, style);
    for (size_t i = 0; i < texts.size(); ++i) delta.spec.emplace_back(schema.partition_keys[i], texts[i]);
    out.push_back(std::move(delta));
  }
  return out;
}

}  // namespace

Error RestCommitter::Gone(const RestReply& reply) const {
  Error error = Named(api_->Refused("commit", reply));
  error.code = ErrorCode::kInvalid;
  error.hint = "it was dropped or made anew in the catalog since this process has opened it: start again";
  return error;
}

// After a commit whose outcome the answer does not tell. kConflict: the number is another snapshot's.
Status RestCommitter::Look(Env& env, const Table& table, const Snapshot& sent, Error otherwise) {
  TRY_SET(const auto text, TextOf(env, table.SnapshotPath(sent.id)));
  if (!text) return otherwise;
  auto there = ParseSnapshot(*text);
  if (!there.ok()) return std::move(there).error().With(table.SnapshotPath(sent.id));
  if (!IsSame(*there, sent)) return Conflict(Str("snapshot ", sent.id, " is another writer's"));
  TRY_SET(const int64_t newest, NewestOf(NameOf(id_.table, table)));
  if (newest == kFilesSay || newest >= sent.id) return Ok();
  Error half = Named(Unavailable(Str("REST catalog ", api_->uri(), ": the file of snapshot ", sent.id, " is there but ",
                                     newest, " is called the newest one"), "the server's log may say why"));
  half.code = ErrorCode::kUnknownOutcome;
  return half;
}

Status RestCommitter::CommitSnapshot(Env& env, const Table& table, const Snapshot& next) {
  if (table_.external) return TableCommitter::CommitSnapshot(env, table, next);
  std::string base;
  if (next.id > 1) {
    TRY_SET(const auto text, TextOf(env, table.SnapshotPath(next.id - 1)));
    if (!text) return Conflict(Str("snapshot ", next.id - 1, " is gone"));
    TRY_SET(const Snapshot before, ParseSnapshot(*text));
    base = before.uuid;
  }
  Snapshot sent = next;
  sent.uuid = env.Uuid();
  TRY_SET(const auto deltas, DeltasOf(env, table.folder(), sent));
  auto reply = api_->Send("POST", RestTablePath(id_.schema, NameOf(id_.table, table), "/commit"),
                          CommitBody(table_.uuid, base, sent, deltas));
  if (!reply.ok()) {
    Error lost = Named(reply.error());
    if (lost.code == ErrorCode::kUnavailable) lost.code = ErrorCode::kUnknownOutcome;
    return Look(env, table, sent, std::move(lost));
  }
  if (reply->status == 404) return Gone(*reply);
  if (!reply->ok() && reply->status != 409) return Named(api_->Refused("commit", *reply));
  bool made = false;
  if (reply->ok()) {
    const auto success = ParseCommitReply(reply->body);
    if (!success.ok()) {
      Error garbage = Named(Error(success.error()).With(Str("REST catalog ", api_->uri(), ": commit")));
      garbage.code = ErrorCode::kUnknownOutcome;
      return Look(env, table, sent, std::move(garbage));
    }
    made = *success;
  }
  if (made) return Ok();
  // It may say so of a request that it had seen before, from a try whose answer came from something in between.
  return Look(env, table, sent, Conflict(Str("snapshot ", next.id, " was not made the newest one")));
}

// The server makes a schema of the difference. It may have done so for an earlier try.
Status RestCommitter::CommitSchema(Env& env, const Table& table, const Schema& schema, const std::string&) {
  const std::string path = table.SchemaPath(schema.id);
  const auto look = [&]() -> Result<bool> {
    TRY_SET(const auto text, TextOf(env, path));
    if (!text) return false;
    auto there = ParseSchema(*text);
    if (!there.ok()) return std::move(there).error().With(path);
    if (SameContent(*there, schema)) return true;
    return Conflict(Str(path, " is another schema"));
  };
  TRY_SET(const bool there, look());
  if (there) return Ok();
  Status altered = Alter(env, table, schema);
  TRY_SET(const bool made, look());
  if (made) return Ok();
  if (!altered.ok()) return Named(std::move(altered).error());
  return Named(Unavailable(Str("REST catalog ", api_->uri(), ": the schema is changed, but ", path, " is not there"),
                           "the server must write the files of schemas to the folder of the table"));
}

Status RestCommitter::Alter(Env& env, const Table& table, const Schema& schema) {
  const std::string path = table.SchemaPath(schema.id - 1);
  TRY_SET(const std::string text, env.ReadFile(path));
  auto before = ParseSchema(text);
  if (!before.ok()) return std::move(before).error().With(path);
  TRY_SET(const auto body, AlterTableBody(*before, schema));
  if (!body) return Invalid(Str("schema ", schema.id, " says nothing new"));
  TRY_SET(const RestReply reply, api_->Send("POST", RestTablePath(id_.schema, id_.table), *body));
  if (reply.ok()) return Ok();
  return api_->Refused("change of the schema", reply);
}

Result<int64_t> RestCommitter::NewestSnapshot() { return NewestOf(id_.table); }

Result<int64_t> RestCommitter::NewestOf(const std::string& name) {
  if (table_.external) return kFilesSay;
  TRY_SET(const RestReply reply, api_->Send("GET", RestTablePath(id_.schema, name, "/snapshot")));
  if (reply.status == 501) return kFilesSay;  // as Java does it
  if (reply.status == 404 && reply.resource == "SNAPSHOT") return int64_t{0};
  if (reply.status == 404) return Gone(reply);
  if (!reply.ok()) return Named(api_->Refused("newest snapshot", reply));
  auto newest = ParseNewestSnapshot(reply.body);
  if (newest.ok()) return newest;
  return Named(std::move(newest).error().With(Str("REST catalog ", api_->uri(), ": newest snapshot")));
}

Result<bool> RestCommitter::ChangeHistory(const HistoryChange& change) {
  if (table_.external && change.kind == HistoryChange::Kind::kRollBack) return false;
  const auto branch = [&](std::string_view more) {
    return RestTablePath(id_.schema, id_.table, Str("/branches/", PercentEncode(change.branch, false), more));
  };
  std::string method = "POST", path, body;
  switch (change.kind) {
    case HistoryChange::Kind::kRollBack:
      path = RestTablePath(id_.schema, id_.table, "/rollback");
      body = RollbackBody(change.snapshot, change.tag);
      break;
    case HistoryChange::Kind::kCreateBranch:
      path = RestTablePath(id_.schema, id_.table, "/branches");
      body = CreateBranchBody(change.branch, change.tag);
      break;
    case HistoryChange::Kind::kDeleteBranch:
      method = "DELETE";
      path = branch("");
      break;
    case HistoryChange::Kind::kFastForward:
      path = branch("/forward");
      body = "{}";
      break;
  }
  TRY_SET(const RestReply reply, api_->Send(method, path, body));
  if (reply.ok()) return true;
  return Named(api_->Refused(Str(method, " ", path), reply));
}

}  // namespace sluice::paimon
