// SPDX-License-Identifier: Apache-2.0
// PaimonSource: the tables of a Paimon warehouse as a source: the rows of each, then the changes of its snapshots, one
// snapshot after the other; an epoch may end behind each. Owned by the job, its one thread; there is no other.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/stop.h"
#include "connector/paimon/source_state.h"
#include "connector/paimon/table_feed.h"
#include "io/env.h"
#include "lake/paimon/catalog.h"
#include "pipeline/pipeline_spec.h"
#include "pipeline/source.h"

namespace sluice {

struct PaimonSourceConfig {
  std::string warehouse;  // path, file: or s3: URI
  paimon::Options catalog;                     // the other options of its catalog
  std::string tables_text;                     // as in the file, for messages
  std::function<bool(const TableId&)> wanted;  // tables minus tables.exclude
  paimon::FeedOptions feed;
  paimon::Begun begun;
  int64_t discovery_ms = 1000;  // between two looks for new snapshots and tables
};

class PaimonSource final : public Source {
 public:
  static Result<std::unique_ptr<PaimonSource>> Make(Env& env, PaimonSourceConfig config);

  Status Start(const std::string& state, BeforeImage before) override;
  Result<std::optional<SourceItem>> Next(std::chrono::milliseconds timeout) override;
  bool finished() const override;
  std::string State() const override;
  std::string CompactState() const override { return State(); }
  Status SetTarget() override;
  bool ReachedTarget() const override;
  void Acknowledge(const std::string& state) override;
  SourceProgress progress() const override;
  void Stop() override { stop_.Stop(); }

 private:
  PaimonSource(Env& env, PaimonSourceConfig config, std::unique_ptr<paimon::Catalog> catalog)
      : env_(env), config_(std::move(config)), catalog_(std::move(catalog)) {}
  Status Add(const TableId& id, const paimon::FeedOptions& options, const std::optional<paimon::FeedState>& state);
  Status AddNewTables();
  Status Hold(const paimon::FeedStates& states);

  Env& env_;
  PaimonSourceConfig config_;
  const std::unique_ptr<paimon::Catalog> catalog_;
  StopSignal stop_;
  paimon::Begun begun_;  // that of the state, if there was one
  std::vector<std::unique_ptr<paimon::TableFeed>> feeds_;
  std::map<TableId, size_t> places_;       // in feeds_
  std::map<TableId, int64_t> targets_;     // newest snapshots at SetTarget
  std::map<TableId, std::pair<int64_t, int64_t>> held_;  // what consumers say: copy and next of the state
  std::deque<SourceItem> announced_;
  size_t turn_ = 0;             // the feed that is asked next
  int64_t look_due_ms_ = 0;     // monotonic
  bool found_all_ = false;      // at the last look no feed had anything
};

// From the source block of a pipeline file. Warnings get one sentence for each option without effect.
Result<std::unique_ptr<Source>> MakePaimonSource(Env& env, const PipelineSpec& spec,
                                                 std::vector<std::string>& warnings);

// The tables of a source, for those who read them beside it.
struct PaimonSourceTables {
  std::unique_ptr<paimon::Catalog> catalog;
  paimon::FeedOptions feed;
  Result<std::unique_ptr<paimon::Table>> Open(Env& env, const TableId& id, const std::string& branch = {}) const;
};
// `env` outlives it.
Result<PaimonSourceTables> OpenPaimonSourceTables(Env& env, const PipelineSpec& spec);

// The tables that the source would read, with their schemas of now.
Result<std::map<TableId, TableSchema>> InspectPaimonSource(Env& env, const PipelineSpec& spec);

}  // namespace sluice
