// SPDX-License-Identifier: Apache-2.0
// `sluice tables orphans`: files in a table's folder that nothing names, and uploads into it that nobody finished.
#include <cstdio>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/lake_places.h"
#include "io/routing_env.h"
#include "lake/iceberg/orphans.h"
#include "lake/paimon/orphans.h"
#include "lake/paimon/table.h"
#include "pipeline/option.h"

namespace sluice {
namespace {

constexpr int64_t kYoungestMs = 3'600'000;

Result<std::vector<OrphanFile>> Find(Env& env, const std::string& table, int64_t before_ms) {
  if (env.IsObjectStore(table) || paimon::Table::IsTable(env, table)) return paimon::FindOrphans(env, table, before_ms);
  auto files = iceberg::FindOrphans(env, table, before_ms);
  if (files.ok() || files.error().code != ErrorCode::kNotFound) return files;
  Error error = std::move(files).error();
  error.hint = "give the folder of an Iceberg table (with metadata/v<N>.metadata.json), or of a Paimon table (with "
               "schema/schema-0)";
  return error;
}

// Of a folder in S3. What a killed writer uploaded in parts is no file yet, but takes space.
Result<size_t> ShowUploads(const std::string& table, int64_t before_ms, bool abort) {
  size_t count = 0;
  UploadStore* store = LakeEnv().UploadsAt(table);
  if (store == nullptr) return count;
  TRY_SET(const auto uploads, store->Uploads(table));
  for (const UnfinishedUpload& upload : uploads) {
    if (upload.begun_ms >= before_ms) continue;
    if (abort) TRY(store->Abort(upload));
    ++count;
    std::printf("%12s  %s\n", "unfinished", upload.path.c_str());
  }
  return count;
}

Status Orphans(const OrphansArguments& arguments) {
  auto age_ms = ParseDurationMs(arguments.older_than);
  if (!age_ms.ok()) return std::move(age_ms).error().With("--older-than");
  if (arguments.remove && *age_ms < kYoungestMs) {
    return Invalid(Str("--older-than ", arguments.older_than, ": --delete takes no files younger than 1h"),
                   "a writer at work may be about to commit them");
  }
  Env& env = LakeEnv();
  TRY_SET(const std::string table, MountTable(arguments.table, arguments.catalog));
  const int64_t before_ms = env.NowMs() - *age_ms;
  TRY_SET(auto files, Find(env, table, before_ms));
  int64_t bytes = 0;
  for (const OrphanFile& file : files) {
    if (arguments.remove) TRY(env.Remove(file.path));
    bytes += file.bytes;
    std::printf("%12lld  %s\n", static_cast<long long>(file.bytes), file.path.c_str());
  }
  TRY_SET(const size_t uploads, ShowUploads(table, before_ms, arguments.remove));
  const std::string unfinished = uploads == 0 ? "" : Str(", ", uploads, " unfinished uploads");
  std::printf("%zu files, %lld bytes%s older than %s %s\n", files.size(), static_cast<long long>(bytes),
              unfinished.c_str(), arguments.older_than.c_str(),
              arguments.remove ? "removed" : "belong to no snapshot; --delete removes them");
  return Ok();
}

}  // namespace

int OrphansCommand(const OrphansArguments& arguments) {
  Status status = Orphans(arguments);
  if (status.ok()) return FinishOutput(0);
  std::fflush(stdout);
  int code = PrintError(status.error(), nullptr);
  return status.error().code == ErrorCode::kInvalid ? code : 1;
}

}  // namespace sluice
