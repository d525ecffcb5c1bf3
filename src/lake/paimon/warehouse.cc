// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/warehouse.h"

#include <algorithm>

#include "base/text.h"
#include "io/s3_config.h"
#include "lake/catalog/catalog.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {
namespace {

constexpr std::string_view kDatabaseSuffix = ".db";
constexpr size_t kNameMax = 250;  // bytes; with the suffix, what Linux file systems take

Status CheckName(const char* what, const std::string& name) {
  const bool good = !name.empty() && name.size() <= kNameMax && name[0] != '.' &&
                    name.find('/') == std::string::npos && name.find('\0') == std::string::npos && IsUtf8(name);
  if (good) return Ok();
  return Unsupported(Str(what, " name \"", JsonEscape(name), "\" cannot be the name of a folder"),
                     "give it another name with a route");
}

Result<std::vector<std::string>> Folders(Env& env, const std::string& folder) {
  auto names = env.List(folder);
  // Absent, or a file.
  if (!names.ok() && names.error().code == ErrorCode::kNotFound) return std::vector<std::string>();
  return names;
}

Result<bool> HasSchema(Env& env, const std::string& folder) {
  TRY_SET(const auto names, Folders(env, folder + "/schema"));
  return std::any_of(names.begin(), names.end(), [](const auto& name) { return name.starts_with("schema-"); });
}

}  // namespace

Result<std::string> FolderOfLocation(const std::string& location) {
  if (location.starts_with("s3://") || location.starts_with("s3a://")) return NormalS3Path(location);
  auto local = LocalPath(location);
  if (!local.ok()) {
    Error error = std::move(local).error();
    error.message = Str("location ", location, " is neither on a local disk nor in S3");
    error.hint = "absolute paths, file: URIs and s3://bucket/path work so far";
    return error;
  }
  std::string folder = *std::move(local);
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return folder;
}

Result<Warehouse> Warehouse::Make(Env& env, const std::string& location) {
  TRY_SET(std::string folder, FolderOfLocation(location));
  return Warehouse(env, std::move(folder));
}

Result<std::string> Warehouse::TableFolder(const TableId& id) const {
  TRY(CheckName("database", id.schema));
  TRY(CheckName("table", id.table));
  return Str(folder_, "/", id.schema, kDatabaseSuffix, "/", id.table);
}

Result<bool> Warehouse::Exists(const TableId& id) const {
  TRY_SET(const std::string folder, TableFolder(id));
  return HasSchema(*env_, folder);
}

Result<std::vector<std::string>> Warehouse::TablesIn(Env& env, const std::string& folder) {
  std::vector<std::string> out;
  TRY_SET(const auto names, Folders(env, folder));
  for (const std::string& name : names) {
    if (name.starts_with('.')) continue;
    TRY_SET(const bool exists, HasSchema(env, Str(folder, "/", name)));
    if (exists) out.push_back(name);
  }
  return out;
}

Result<std::vector<std::string>> Warehouse::Databases() const {
  std::vector<std::string> out;
  TRY_SET(const auto names, Folders(*env_, folder_));
  for (const std::string& name : names) {
    if (!name.ends_with(kDatabaseSuffix) || name.size() == kDatabaseSuffix.size()) continue;
    out.push_back(name.substr(0, name.size() - kDatabaseSuffix.size()));
  }
  return out;
}

Result<std::vector<TableId>> Warehouse::List() const {
  std::vector<TableId> out;
  TRY_SET(const auto databases, Databases());
  for (const std::string& database : databases) {
    TRY_SET(const auto tables, TablesIn(*env_, Str(folder_, "/", database, kDatabaseSuffix)));
    for (const std::string& table : tables) out.push_back({database, table});
  }
  return out;
}

}  // namespace sluice::paimon
