// SPDX-License-Identifier: Apache-2.0
// Keys of Flink CDC 3.6's PaimonDataSinkOptions and their meaning here.
#include "connector/paimon/spec.h"

#include <algorithm>

#include "base/text.h"
#include "connector/paimon/table_keys.h"
#include "lake/paimon/catalog.h"

namespace sluice {
namespace {

constexpr std::string_view kCatalogProperties = "catalog.properties.";

std::vector<std::string> Metastores() {
  std::vector<std::string> out;
  for (const paimon::CatalogKind& kind : paimon::CatalogKinds()) out.push_back(kind.metastore);
  return out;
}

// Each key once, also if several kinds take it.
void AddCatalogKeys(std::vector<OptionSpec>& out) {
  for (const paimon::CatalogKind& kind : paimon::CatalogKinds()) {
    for (const paimon::CatalogKey& key : kind.keys) {
      const std::string name = Str(kCatalogProperties, key.key);
      const auto same = [&](const OptionSpec& spec) { return spec.key == name; };
      if (std::any_of(out.begin(), out.end(), same)) continue;
      out.push_back({.key = name, .description = key.description, .secret = key.secret});
    }
  }
}

}  // namespace

paimon::Options PaimonCatalogOf(const Options& options) {
  paimon::Options out;
  for (const auto& [key, value] : options.WithPrefix(kCatalogProperties)) out[key] = value.text;
  return out;
}

Status CheckCatalogKeys(const Options& options) {
  for (const std::string& key : paimon::ForeignCatalogKeys(PaimonCatalogOf(options))) {
    std::vector<std::string> takers;
    for (const paimon::CatalogKind& kind : paimon::CatalogKinds()) {
      if (paimon::IsCatalogKey(kind, key)) takers.push_back(kind.metastore);
    }
    if (takers.empty()) continue;  // the check of the options told it
    const std::string name = Str(kCatalogProperties, key);
    return Unsupported(Str(options.PlaceOf(name).ToString(), ": option \"", name, "\" is not for metastore ",
                           options.Text("catalog.properties.metastore")),
                       Str("set catalog.properties.metastore to ", Join(takers, " or "), ", or remove it"));
  }
  return Ok();
}

std::vector<OptionSpec> PaimonCatalogOptions() {
  std::vector<OptionSpec> out;
  out.push_back({.key = "catalog.properties.warehouse",
                 .description = "folder of the databases: a path, a file: URI or s3://bucket/path",
                 .required = true});
  // Free text, so that kinds that are not there are refused by name.
  out.push_back({.key = "catalog.properties.metastore",
                 .default_value = "filesystem",
                 .description = Str("kind of the catalog: ", Join(Metastores(), ", "))});
  AddCatalogKeys(out);
  for (const char* family : {"s3.*", "s3a.*", "fs.s3a.*"}) {  // checked by MakeS3Config
    out.push_back({.key = Str("catalog.properties.", family), .description = "S3: endpoint, region, keys, path style"});
  }
  out.push_back({.key = "catalog.properties.*",
                 .status = OptionStatus::kIgnored,
                 .reason = "no catalog of sluice has such a setting"});
  return out;
}

std::vector<OptionSpec> PaimonSinkOptions() {
  std::vector<OptionSpec> out = PaimonCatalogOptions();
  out.push_back({.key = Str(kTableDefaults, "*"),
                 .description = "Paimon table options of tables that are created, where table.properties has none"});
  AddPaimonTableKeys(out);
  out.push_back({.key = "partition.key",
                 .description = "partition columns by table: db.t1:k1,k2;db.t2:k3; they join the primary key"});
  out.push_back({.key = "commit.user-prefix",
                 .default_value = "admin",
                 .description = "begins the job's id, by which it finds its own commits",
                 .aliases = {"commit.user"}});
  out.push_back({.key = "add-column.backfill",
                 .type = OptionType::kBoolean,
                 .default_value = "true",
                 .description = "whether ADD COLUMN with a default rewrites the table, so that old rows show it"});
  return out;
}

}  // namespace sluice
