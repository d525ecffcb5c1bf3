// SPDX-License-Identifier: Apache-2.0
// RestCommitter: what commits to a table of a REST catalog go through. The server writes the files of snapshots and
// schemas. An answer that was lost is looked up: by the file of that number, whose manifest lists nobody else has.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "lake/paimon/catalog.h"
#include "lake/paimon/rest_api.h"
#include "lake/paimon/rest_messages.h"

namespace sluice::paimon {

class RestCommitter final : public TableCommitter {
 public:
  RestCommitter(std::shared_ptr<RestApi> api, TableId id, RestTable table)
      : api_(std::move(api)), id_(std::move(id)), table_(std::move(table)) {}

  Status CommitSnapshot(Env& env, const Table& table, const Snapshot& next) override;
  Status CommitSchema(Env& env, const Table& table, const Schema& schema, const std::string& text) override;
  Result<int64_t> NewestSnapshot() override;
  Result<bool> ChangeHistory(const HistoryChange& change) override;

 private:
  Error Named(Error error) const { return std::move(error).With("table " + id_.ToString()); }
  Error Gone(const RestReply& reply) const;
  Result<int64_t> NewestOf(const std::string& name);  // of the table, or of a branch
  Status Look(Env& env, const Table& table, const Snapshot& sent, Error otherwise);
  Status Alter(Env& env, const Table& table, const Schema& schema);

  const std::shared_ptr<RestApi> api_;
  const TableId id_;
  const RestTable table_;
};

}  // namespace sluice::paimon
