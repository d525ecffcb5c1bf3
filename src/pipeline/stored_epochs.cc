// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stored_epochs.h"

#include "base/text.h"

namespace sluice {
namespace {

std::string ValueOf(const std::map<std::string, std::string>& properties, const std::string& key) {
  auto found = properties.find(key);
  return found == properties.end() ? std::string() : found->second;
}

}  // namespace

std::string JobProperty(const std::string& job, std::string_view name) { return Str("sluice.", job, ".", name); }

int64_t EpochOf(const std::map<std::string, std::string>& properties, const std::string& job) {
  int64_t epoch = 0;
  return ParseNumber(ValueOf(properties, JobProperty(job, "epoch")), epoch) ? epoch : 0;
}

std::optional<EpochInfo> StoredEpochs::Newest() const {
  if (newest.epoch == 0) return std::nullopt;
  EpochInfo out = newest;
  out.position.clear();
  return out;
}

void StoredEpochs::Add(const TableId& id, const std::map<std::string, std::string>& properties,
                       const std::string& job) {
  const std::string prefix = JobProperty(job, "");
  auto first = properties.lower_bound(prefix);
  known |= first != properties.end() && first->first.starts_with(prefix);
  const int64_t epoch = EpochOf(properties, job);
  if (epoch <= 0) return;
  epochs[id] = epoch;
  if (epoch < newest.epoch) return;
  if (epoch > newest.epoch) {
    newest.epoch = epoch;
    newest.end = ValueOf(properties, JobProperty(job, "end"));
    newest.position = ValueOf(properties, JobProperty(job, "position"));
    newest.state_id = ValueOf(properties, JobProperty(job, "state"));
    tables_with = 0;
    tables_of = 0;
    (void)ParseNumber(ValueOf(properties, JobProperty(job, "tables")), tables_of);
    epoch_file = ValueOf(properties, JobProperty(job, "epoch-file"));
  }
  ++tables_with;
}

}  // namespace sluice
