// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_source.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::sim {

// "full:7", "compact:7"; 0 for an empty state.
int64_t SimSource::PositionOf(const std::string& state) {
  int64_t position = 0;
  return ParseNumber(std::string_view(state).substr(state.find(':') + 1), position) ? position : 0;
}

Status SimSource::Start(const std::string& state, BeforeImage) {
  if (env_.dead()) return Unavailable("the process is dead");
  position_ = std::max(PositionOf(state), server_.acknowledged);
  env_.world().Trace(Str("source starts at ", position_, " (state \"", state, "\")"));
  const History& history = server_.history;
  for (size_t table = 0; table < history.tables().size(); ++table) {
    const TableState& now = history.State(table, position_);
    if (now.schema == nullptr || now.dropped) continue;
    SchemaChange create;
    create.table = history.tables()[table];
    create.schema = now.schema;
    announced_.push_back(std::move(create));
  }
  return Ok();
}

Result<std::optional<SourceItem>> SimSource::Next(std::chrono::milliseconds timeout) {
  if (env_.dead()) return Unavailable("the process is dead");
  if (!announced_.empty()) {
    SourceItem item{std::move(announced_.front()), true};
    announced_.pop_front();
    return std::optional(std::move(item));
  }
  if (breaks_1_in_ != 0 && OneIn(rng_, breaks_1_in_)) return Unavailable("the source's connection is lost");
  if (stops_1_in_ != 0 && OneIn(rng_, stops_1_in_)) {
    env_.world().Trace("a signal asks the job to stop");
    stop_.Stop();
  }
  if (position_ >= server_.written || OneIn(rng_, 6)) {
    env_.Advance(timeout.count() * static_cast<int64_t>(1 + Pick(rng_, 40)));
    return std::optional<SourceItem>();
  }
  env_.Advance(static_cast<int64_t>(Pick(rng_, 200)));
  const Transaction& transaction = server_.history.transaction(position_);
  SourceItem item;
  if (!transaction.events.empty()) {
    std::visit([&](const auto& payload) { item.payload = payload; }, transaction.events[given_].payload);
    ++given_;
  }
  item.boundary = given_ >= transaction.events.size();
  env_.world().Trace(Str("source gives ", position_, ".", given_, item.boundary ? "" : " …"));
  if (item.boundary) {
    ++position_;
    given_ = 0;
  }
  return std::optional(std::move(item));
}

void SimSource::Acknowledge(const std::string& state) {
  if (env_.dead()) return;
  server_.acknowledged = std::max(server_.acknowledged, PositionOf(state));
  env_.world().Trace(Str("source forgets what is before ", server_.acknowledged));
}

SourceProgress SimSource::progress() const {
  SourceProgress out;
  out.position = Str("tx:", position_);
  return out;
}

}  // namespace sluice::sim
