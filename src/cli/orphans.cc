// SPDX-License-Identifier: Apache-2.0
// `sluice tables orphans`: files in a table's folder that nothing names.
#include <cstdio>
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

Status Orphans(const OrphansArguments& arguments) {
  auto age_ms = ParseDurationMs(arguments.older_than);
  if (!age_ms.ok()) return std::move(age_ms).error().With("--older-than");
  if (arguments.remove && *age_ms < kYoungestMs) {
    return Invalid(Str("--older-than ", arguments.older_than, ": --delete takes no files younger than 1h"),
                   "a writer at work may be about to commit them");
  }
  Env& env = LakeEnv();
  TRY_SET(const std::string table, MountTable(arguments.table, arguments.catalog));
  TRY_SET(auto files, Find(env, table, env.NowMs() - *age_ms));
  int64_t bytes = 0;
  for (const OrphanFile& file : files) {
    if (arguments.remove) TRY(env.Remove(file.path));
    bytes += file.bytes;
    std::printf("%12lld  %s\n", static_cast<long long>(file.bytes), file.path.c_str());
  }
  std::printf("%zu files, %lld bytes older than %s %s\n", files.size(), static_cast<long long>(bytes),
              arguments.older_than.c_str(),
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
