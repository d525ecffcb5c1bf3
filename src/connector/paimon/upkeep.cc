// SPDX-License-Identifier: Apache-2.0
#include "connector/paimon/upkeep.h"

#include "base/log.h"
#include "base/text.h"
#include "lake/paimon/expiry.h"
#include "lake/paimon/partition_expiry.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_options.h"
#include "lake/paimon/tag_creation.h"
#include "lake/paimon/tags.h"

namespace sluice {

PaimonUpkeep::PaimonUpkeep(Env& env, std::string job) : env_(env), job_(std::move(job)) {}
PaimonUpkeep::~PaimonUpkeep() = default;

Status PaimonUpkeep::Check(const paimon::Schema& schema) {
  const auto tags = paimon::TagOptions::Of(schema);
  if (!tags.ok()) return Error(tags.error());
  const auto partitions = paimon::PartitionExpiry::Of(schema);
  return partitions.ok() ? Ok() : Status(Error(partitions.error()));
}

Result<bool> PaimonUpkeep::AfterCommits(const TableId& id, paimon::Table& table) {
  TRY_SET(const auto options, paimon::TableOptions::Of(table.newest_schema()));
  if (options.write_only) return false;
  TRY_SET(const auto tag_options, paimon::TagOptions::Of(table.newest_schema()));
  std::unique_ptr<paimon::TagCreation>& creation = tags_[id];
  if (creation == nullptr) creation = std::make_unique<paimon::TagCreation>(env_);
  TRY_SET(const auto made, creation->Run(table, tag_options));  // before the snapshots that they are of expire
  for (const std::string& name : made) LogInfo(Str("table ", id.ToString(), ": tag ", name, " is made"));
  TRY_SET(const bool more, ExpireSnapshots(id, table));
  if (tag_options.expire) {
    TRY_SET(const auto gone, paimon::ExpireTags(env_, table));
    for (const std::string& name : gone) LogInfo(Str("table ", id.ToString(), ": tag ", name, " has expired"));
  }
  return more;
}

Result<bool> PaimonUpkeep::ExpireSnapshots(const TableId& id, paimon::Table& table) {
  TRY_SET(const paimon::Expired expired, paimon::ExpireSnapshots(env_, table));
  if (!expired.held_by.empty() && expired.held_by != job_ && held_.insert({id, expired.held_by}).second) {
    LogInfo(Str("table ", id.ToString(), ": no snapshot expires from the newest one of ", expired.held_by,
                " on: it has the position of that job"));
  }
  return expired.more;
}

bool PaimonUpkeep::PartitionsDue(const TableId& id) const {
  auto next = next_partitions_ms_.find(id);
  return next == next_partitions_ms_.end() || env_.MonotonicMs() >= next->second;
}

Status PaimonUpkeep::ExpirePartitions(const TableId& id, paimon::Table& table) {
  next_partitions_ms_[id] = env_.MonotonicMs() + paimon::PartitionExpiry().check_ms;  // also after an error
  const paimon::Schema& schema = table.newest_schema();
  TRY_SET(const auto options, paimon::TableOptions::Of(schema));
  TRY_SET(const auto expiry, paimon::PartitionExpiry::Of(schema));
  next_partitions_ms_[id] = env_.MonotonicMs() + expiry.check_ms;
  if (options.write_only || expiry.keep_ms <= 0 || schema.partition_keys.empty()) return Ok();
  TRY_SET(const auto gone, paimon::ExpirePartitions(env_, table, expiry));
  for (const std::string& name : gone) LogInfo(Str("table ", id.ToString(), ": partition ", name, " has expired"));
  return Ok();
}

}  // namespace sluice
