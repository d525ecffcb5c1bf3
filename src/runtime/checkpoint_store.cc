// SPDX-License-Identifier: Apache-2.0
#include "runtime/checkpoint_store.h"

#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/bytes.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"

namespace sluice {
namespace {

constexpr std::string_view kMagic = "sluice-checkpoint-2\n";
constexpr std::string_view kPrefix = "checkpoint-";

uint32_t Crc(std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

void AppendText(std::string& out, std::string_view text) {
  AppendLe<uint64_t>(out, text.size());
  out += text;
}

std::string ReadText(ByteReader& in) {
  uint64_t size = in.U64();
  return std::string(in.Bytes(static_cast<size_t>(size)));
}

std::string NameOf(int64_t epoch) {
  char name[40];
  std::snprintf(name, sizeof name, "checkpoint-%012lld", static_cast<long long>(epoch));
  return name;
}

Error Unusable(const std::string& folder, Error error) {
  error.message = Str("state directory ", folder, " (--state) cannot be used: ", error.message);
  constexpr std::string_view kHint = "give a directory that sluice can make and write to with --state DIR";
  error.hint = error.hint.empty() ? std::string(kHint) : Str(error.hint, ", or ", kHint);
  return error;
}

}  // namespace

std::string EncodeCheckpoint(const Checkpoint& checkpoint) {
  std::string body;
  AppendLe<int64_t>(body, checkpoint.epoch);
  AppendLe<int64_t>(body, checkpoint.committed_epoch);
  for (const std::string* text : {&checkpoint.job, &checkpoint.state_id, &checkpoint.source_state,
                                  &checkpoint.compact_state, &checkpoint.evolver_state, &checkpoint.prepared}) {
    AppendText(body, *text);
  }
  std::string out(kMagic);
  AppendLe<uint32_t>(out, Crc(body));
  AppendLe<uint64_t>(out, body.size());
  return out + body;
}

Result<Checkpoint> DecodeCheckpoint(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return Corrupt("not a checkpoint of this version");
  ByteReader head(bytes.substr(kMagic.size()));
  uint32_t crc = head.U32();
  uint64_t size = head.U64();
  if (!head.ok() || head.remaining() != size) return Corrupt(Str("truncated at byte ", bytes.size()));
  std::string_view body(reinterpret_cast<const char*>(head.at()), head.remaining());
  if (Crc(body) != crc) return Corrupt("checksum does not match");
  ByteReader in(body);
  Checkpoint checkpoint;
  checkpoint.epoch = static_cast<int64_t>(in.U64());
  checkpoint.committed_epoch = static_cast<int64_t>(in.U64());
  for (std::string* text : {&checkpoint.job, &checkpoint.state_id, &checkpoint.source_state, &checkpoint.compact_state,
                            &checkpoint.evolver_state, &checkpoint.prepared}) {
    *text = ReadText(in);
  }
  if (!in.ok() || in.remaining() != 0) return Corrupt("fields do not fill the file");
  return checkpoint;
}

CheckpointStore::CheckpointStore(Env& env, std::string folder, std::unique_ptr<FileLock> lock)
    : env_(env), folder_(std::move(folder)), lock_(std::move(lock)) {}

Result<std::unique_ptr<CheckpointStore>> CheckpointStore::Open(Env& env, const std::string& folder) {
  Status made = env.MakeFolders(folder);
  if (!made.ok()) return Unusable(folder, std::move(made).error());
  auto lock = env.Lock(folder + "/lock");
  if (!lock.ok()) {
    if (lock.error().code != ErrorCode::kConflict) return Unusable(folder, std::move(lock).error());
    return Invalid(Str("state directory ", folder, " is in use by another sluice process"),
                   "stop that process first, or give this job a directory of its own with --state");
  }
  return std::unique_ptr<CheckpointStore>(new CheckpointStore(env, folder, *std::move(lock)));
}

Result<CheckpointStore::Loaded> CheckpointStore::Load() {
  Loaded loaded;
  // What is read here is built upon, and the process that renamed it may have died before it was durable.
  TRY(env_.SyncFolder(folder_));
  TRY_SET(std::vector<std::string> names, env_.List(folder_));
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (!name->starts_with(kPrefix) || name->ends_with(".tmp")) continue;
    int64_t epoch = 0;
    if (ParseNumber(name->substr(kPrefix.size()), epoch)) loaded.newest_epoch = std::max(loaded.newest_epoch, epoch);
    std::string path = folder_ + "/" + *name;
    TRY_SET(std::string bytes, env_.ReadFile(path));
    auto checkpoint = DecodeCheckpoint(bytes);
    if (checkpoint.ok()) {
      loaded.checkpoint = *std::move(checkpoint);
      return loaded;
    }
    loaded.damaged.push_back(Str(path, ": ", checkpoint.error().message));
  }
  return loaded;
}

Status CheckpointStore::Save(const Checkpoint& checkpoint) {
  PassFailpoint("checkpoint.before_write");
  std::string path = folder_ + "/" + NameOf(checkpoint.epoch);
  std::string temporary = path + ".tmp";
  TRY(env_.WriteFile(temporary, EncodeCheckpoint(checkpoint)));
  PassFailpoint("checkpoint.after_write");
  TRY(env_.Rename(temporary, path));
  PassFailpoint("checkpoint.after_rename");
  TRY_SET(std::vector<std::string> names, env_.List(folder_));
  int kept = 0;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (!name->starts_with(kPrefix) || name->ends_with(".tmp")) continue;
    if (++kept > 2) TRY(env_.Remove(folder_ + "/" + *name));
  }
  return Ok();
}

}  // namespace sluice
