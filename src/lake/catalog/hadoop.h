// SPDX-License-Identifier: Apache-2.0
// HadoopCatalog: a warehouse folder, in Iceberg's Hadoop layout:
//   <warehouse>/<namespace level>/…/<table>/metadata/v<N>.metadata.json, version-hint.text
// The pointer moves by a link that fails if v<N+1> is there. One object per process and warehouse; thread safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/env.h"
#include "lake/catalog/catalog.h"

namespace sluice {

class HadoopCatalog final : public Catalog {
 public:
  // `warehouse`: absolute path or file: URI. The folder need not exist.
  static Result<std::unique_ptr<HadoopCatalog>> Make(Env& env, const std::string& warehouse);
  // `folder`: a path of `env`, also in an object store: there a version is made by PutNew, which fails if it is taken.
  static std::unique_ptr<HadoopCatalog> At(Env& env, std::string folder);

  Result<std::string> Location(const TableId& table) override;
  Result<bool> Exists(const TableId& table) override;
  Result<MetadataVersion> Load(const TableId& table) override;
  Result<MetadataVersion> Commit(const TableId& table, const MetadataVersion& base, const std::string& json) override;
  Status Sync(const TableId& table) override;
  Result<std::vector<TableId>> List(const std::string& name_space) override;
  Status Drop(const TableId& table) override;

  const std::string& warehouse() const { return warehouse_; }  // plain path, no trailing slash

 private:
  HadoopCatalog(Env& env, std::string warehouse) : env_(env), warehouse_(std::move(warehouse)) {}
  Result<std::string> Folder(const TableId& table) const;
  Result<MetadataVersion> LoadFolder(const std::string& folder, const std::string& name);
  Status CheckNesting(const TableId& table);
  Status CollectTables(const std::string& folder, const std::string& name_space, int depth, std::vector<TableId>& out);
  Status RemoveTree(const std::string& folder, int depth);

  Env& env_;
  const std::string warehouse_;
};

// N of "v<N>.metadata.json" or "v<N>.gz.metadata.json", with or without its folder; 0 for any other name.
int64_t MetadataVersionOf(std::string_view file);

// Opens a table that is given by its folder or metadata file instead of by catalog and name.
Result<MetadataVersion> LoadMetadataAt(Env& env, const std::string& folder_or_file);

// One name as one folder name, and back. Letters, digits, "_-.~$@+,=!()" and valid UTF-8 stay; all else, and a leading
// dot, is %XX; an empty name is "%".
std::string EncodeSegment(std::string_view name);
std::string DecodeSegment(std::string_view segment);

}  // namespace sluice
