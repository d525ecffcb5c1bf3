// SPDX-License-Identifier: Apache-2.0
#include "cli/lake_places.h"

#include <cstdlib>

#include "base/text.h"
#include "cli/commands.h"
#include "io/routing_env.h"
#include "io/s3_env.h"
#include "lake/paimon/warehouse.h"

namespace sluice {
namespace {

constexpr std::string_view kProperties = "catalog.properties.";

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : std::string(Trim(value));
}

struct Place {
  std::string folder;    // empty: not in S3
  std::string endpoint;
};

Result<Place> Mount(const std::string& folder, const std::map<std::string, std::string>& options,
                    std::vector<std::string>& idle) {
  TRY_SET(S3Config config, MakeS3Config(options, Variable, idle));
  Place out{folder, config.endpoint};
  LakeEnv().Mount(folder, MakeS3Env(PosixEnv(), std::move(config), MakeCurlTransport(Variable("AWS_CA_BUNDLE"))));
  return out;
}

// The tables' places are not known yet.
Result<Place> MountAll(const std::map<std::string, std::string>& options, std::vector<std::string>& idle) {
  return Mount("s3:/", options, idle);
}

Result<Place> MountBlock(const ConnectorSpec& block, std::vector<std::string>& warnings) {
  const auto warehouse = block.options.find(std::string(kProperties) + "warehouse");
  if (block.type != "paimon" || warehouse == block.options.end()) return Place();
  std::map<std::string, std::string> options;
  for (const auto& [key, value] : block.options) {
    if (key.starts_with(kProperties)) options[key.substr(kProperties.size())] = value.text;
  }
  std::vector<std::string> idle;
  auto mounted = [&]() -> Result<Place> {
    if (paimon::HasNamedWarehouse(options)) return MountAll(options, idle);
    TRY_SET(const std::string folder, paimon::FolderOfLocation(warehouse->second.text));
    if (IsS3Path(folder)) return Mount(folder, options, idle);
    for (const auto& [key, value] : options) {
      if (IsS3Option(key)) idle.push_back(key);
    }
    return Place();
  }();
  if (!mounted.ok()) return std::move(mounted).error().With(warehouse->second.place.ToString());
  for (const std::string& key : idle) {
    warnings.push_back(Str(block.place.ToString(), ": option \"", kProperties, key, "\" has no effect here"));
  }
  return mounted;
}

bool Overlap(const std::string& a, const std::string& b) {
  return !a.empty() && !b.empty() && ((a + "/").starts_with(b + "/") || (b + "/").starts_with(a + "/"));
}

}  // namespace

Status MountLakes(const PipelineSpec& spec, std::vector<std::string>& warnings) {
  TRY_SET(const Place source, MountBlock(spec.source, warnings));
  TRY_SET(const Place sink, MountBlock(spec.sink, warnings));
  if (source.endpoint == sink.endpoint || !Overlap(source.folder, sink.folder)) return Ok();
  return Unsupported(Str("source and sink are both ", sink.folder, ", at ", source.endpoint, " and ", sink.endpoint),
                     "a bucket's path is looked for at one server: give one of them another path");
}

Result<std::string> MountLocation(const std::string& location, const std::map<std::string, std::string>& options) {
  if (!location.starts_with("s3://") && !location.starts_with("s3a://")) return AbsolutePath(location);
  TRY_SET(const std::string folder, paimon::FolderOfLocation(location));
  std::vector<std::string> idle;
  TRY_SET(const Place place, Mount(folder, options, idle));
  return place.folder;
}

Result<std::string> MountTable(const std::string& table, const std::vector<std::string>& catalog) {
  if (catalog.empty()) return MountLocation(table);
  paimon::Options options;
  for (const std::string& pair : catalog) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos) return Invalid("--catalog_conf is no pair of key and value", "write it key=value");
    options[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  const size_t dot = table.find('.');
  if (dot == std::string::npos) {
    return Invalid(Str("table \"", table, "\" of a catalog has no database"), "name it database.table");
  }
  TRY_SET(const auto opened, OpenActionCatalog(LakeEnv(), options));
  const TableId id{table.substr(0, dot), table.substr(dot + 1)};
  TRY_SET(const bool exists, opened->Exists(id));
  if (!exists) return NotFound(Str("the catalog has no table ", table), "its tables are named database.table");
  return opened->TableFolder(id);
}

Result<std::unique_ptr<paimon::Catalog>> OpenTargetCatalog(Env& env, paimon::Options options,
                                                           const paimon::Options& source) {
  if (!options.contains("warehouse")) {
    return Invalid("argument --target_warehouse is missing", "or give it as --target_catalog_conf warehouse=…");
  }
  const auto places = [](const paimon::Options& all) {
    std::map<std::string, std::string> out;
    for (const auto& [key, value] : all) {
      if (IsS3Option(key)) out[key] = value;
    }
    return out;
  };
  const auto folder = [](const paimon::Options& all) {
    const auto found = all.find("warehouse");
    const auto place = paimon::FolderOfLocation(found == all.end() ? "" : found->second);
    return place.ok() && IsS3Path(*place) ? *place : "";
  };
  if (Overlap(folder(options), folder(source)) && places(options) != places(source)) {
    return Unsupported(Str("both warehouses are ", folder(options), ", with other options of S3"),
                       "a bucket's path is looked for at one server: give both the same options s3.*");
  }
  return OpenActionCatalog(env, std::move(options));
}

Result<std::unique_ptr<paimon::Catalog>> OpenActionCatalog(Env& env, paimon::Options options) {
  const auto warehouse = options.find("warehouse");
  if (warehouse == options.end() || warehouse->second.empty()) {
    return Invalid("argument --warehouse is missing", "or give it as --catalog_conf warehouse=…");
  }
  for (const std::string& key : paimon::ForeignCatalogKeys(options)) {
    return Unsupported(Str("--catalog_conf ", key, " is not supported"), "this kind of catalog has no such option");
  }
  if (paimon::HasNamedWarehouse(options)) {
    std::vector<std::string> idle;
    TRY(MountAll(options, idle));
  } else {
    TRY_SET(warehouse->second, MountLocation(warehouse->second, options));
  }
  auto opened = paimon::OpenCatalog(env, options);
  if (opened.ok()) return opened;
  return std::move(opened).error().With("--catalog_conf");
}

}  // namespace sluice
