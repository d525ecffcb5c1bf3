// SPDX-License-Identifier: Apache-2.0
// The Avro schemas of manifests (v2 and v3) and manifest lists, as text. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lake/iceberg/metadata.h"

namespace sluice::iceberg {

// The Iceberg type of each field of a spec's partition tuple.
Result<std::vector<std::string>> PartitionTypes(const PartitionSpec& spec, const TableMetadata& metadata);

std::string ManifestAvroSchema(const PartitionSpec& spec, const std::vector<std::string>& types, int format_version);
std::string ManifestListAvroSchema(int format_version);

// A column's name as an Avro name: characters that Avro does not allow become _x<HEX>, a leading digit _<digit>.
std::string SanitizeAvroName(std::string_view name);

}  // namespace sluice::iceberg
