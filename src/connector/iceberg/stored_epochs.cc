// SPDX-License-Identifier: Apache-2.0
#include "connector/iceberg/stored_epochs.h"

#include "base/text.h"

namespace sluice {

std::string JobProperty(const std::string& job, std::string_view name) { return Str("sluice.", job, ".", name); }

int64_t EpochOf(const iceberg::TableMetadata& metadata, const std::string& job) {
  int64_t epoch = 0;
  return ParseNumber(metadata.property(JobProperty(job, "epoch")), epoch) ? epoch : 0;
}

Result<StoredEpochs> ReadStoredEpochs(Catalog& catalog, const std::string& job) {
  StoredEpochs out;
  const std::string prefix = JobProperty(job, "");
  TRY_SET(auto tables, catalog.List(""));
  for (const TableId& id : tables) {
    TRY_SET(MetadataVersion version, catalog.Load(id));
    TRY_SET(auto metadata, iceberg::TableMetadata::Parse(version.json, version.file));
    out.versions[id] = version.version;
    auto first = metadata.properties().lower_bound(prefix);
    out.known |= first != metadata.properties().end() && first->first.starts_with(prefix);
    const int64_t epoch = EpochOf(metadata, job);
    if (epoch <= 0) continue;
    out.epochs[id] = epoch;
    if (epoch < out.newest.epoch) continue;
    if (epoch > out.newest.epoch) {
      out.newest.epoch = epoch;
      out.newest.end = metadata.property(JobProperty(job, "end"));
      out.newest.position = metadata.property(JobProperty(job, "position"));
      out.newest.state_id = metadata.property(JobProperty(job, "state"));
      out.tables_with = 0;
      out.tables_of = metadata.NumberProperty(JobProperty(job, "tables"), 0);
      out.epoch_file = metadata.property(JobProperty(job, "epoch-file"));
    }
    ++out.tables_with;
  }
  return out;
}

}  // namespace sluice
