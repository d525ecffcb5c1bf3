// SPDX-License-Identifier: Apache-2.0
#include "connector/paimon/source.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace sluice {

using paimon::FeedOptions;
using paimon::FeedState;
using paimon::FeedStates;
using paimon::TableFeed;

Result<std::unique_ptr<PaimonSource>> PaimonSource::Make(Env& env, PaimonSourceConfig config) {
  paimon::Options catalog_options = config.catalog;
  catalog_options["warehouse"] = config.warehouse;
  TRY_SET(auto catalog, paimon::OpenCatalog(env, catalog_options));
  return std::unique_ptr<PaimonSource>(new PaimonSource(env, std::move(config), std::move(catalog)));
}

Status PaimonSource::Start(const std::string& state, BeforeImage before) {
  config_.feed.before = before;
  FeedStates states;
  begun_ = config_.begun;
  if (!state.empty()) {
    TRY_SET(states, paimon::ParseFeedStates(state));
    TRY_SET(begun_, paimon::ParseBegun(state));
    TRY(paimon::CheckBegun(begun_, config_.begun, config_.feed.bounded));
  }
  for (const auto& [id, at] : states) {
    if (!config_.wanted(id)) continue;  // no longer
    TRY(Add(id, config_.feed, at));
  }
  TRY_SET(const auto tables, catalog_->List());
  for (const TableId& id : tables) {
    if (!config_.wanted(id) || places_.contains(id)) continue;
    FeedOptions options = config_.feed;
    if (!state.empty() && options.bounded && options.start != paimon::FeedStart::kLatestFull) continue;
    if (!state.empty()) options.start = paimon::FeedStart::kLatestFull;  // it came since
    TRY(Add(id, options, {}));
  }
  if (feeds_.empty()) {
    return NotFound(Str("no table in warehouse ", config_.warehouse, " matches tables: ", config_.tables_text),
                    "tables are named database.table; their folders are WAREHOUSE/DATABASE.db/TABLE");
  }
  FeedStates now;
  for (const auto& feed : feeds_) now[feed->id()] = feed->state();
  return Hold(now);
}

Status PaimonSource::Add(const TableId& id, const FeedOptions& options, const std::optional<FeedState>& state) {
  TRY_SET(const std::string folder, catalog_->TableFolder(id));
  auto feed = TableFeed::Open(env_, id, folder, options, state);
  if (!feed.ok()) return std::move(feed).error();
  SourceItem announcement;
  announcement.payload = (*feed)->Announcement();
  announced_.push_back(std::move(announcement));
  places_[id] = feeds_.size();
  feeds_.push_back(*std::move(feed));
  return Ok();
}

Status PaimonSource::AddNewTables() {
  TRY_SET(const auto tables, catalog_->List());
  for (const TableId& id : tables) {
    if (!config_.wanted(id) || places_.contains(id)) continue;
    FeedOptions options = config_.feed;
    options.start = paimon::FeedStart::kLatestFull;
    Status added = Add(id, options, {});
    const bool missing = !added.ok() && added.error().code == ErrorCode::kNotFound;
    if (missing && !options.branch.empty()) continue;  // its branch is not there yet
    TRY(std::move(added));
    LogInfo(Str("table ", id.ToString(), " is new"));
    TRY(Hold({{id, feeds_.back()->state()}}));
  }
  return Ok();
}

Result<std::optional<SourceItem>> PaimonSource::Next(std::chrono::milliseconds timeout) {
  if (stop_.stopped()) return Cancelled("the source was stopped");
  if (finished()) return std::optional<SourceItem>();
  const int64_t now = env_.MonotonicMs();
  if (announced_.empty() && found_all_) {
    const int64_t left = look_due_ms_ - now;
    if (left > 0) (void)env_.Wait(std::min<int64_t>(left, timeout.count()), &stop_);
    if (left > timeout.count()) return std::optional<SourceItem>();
  }
  for (size_t asked = 0; announced_.empty() && asked < feeds_.size(); ++asked) {
    TRY_SET(auto item, feeds_[turn_]->Next());
    // A table's snapshot is given as a whole: an epoch may end behind it.
    if (!item || item->boundary) turn_ = (turn_ + 1) % feeds_.size();
    if (!item) continue;
    found_all_ = false;
    return item;
  }
  if (announced_.empty() && !config_.feed.bounded) TRY(AddNewTables());
  found_all_ = announced_.empty();
  look_due_ms_ = now + config_.discovery_ms;
  if (announced_.empty()) return std::optional<SourceItem>();
  SourceItem item = std::move(announced_.front());
  announced_.pop_front();
  return std::optional<SourceItem>(std::move(item));
}

bool PaimonSource::finished() const {
  const bool ends = config_.feed.bounded || config_.feed.end_watermark;
  return ends && announced_.empty() &&
         std::all_of(feeds_.begin(), feeds_.end(), [](const auto& feed) { return feed->done(); });
}

std::string PaimonSource::State() const {
  FeedStates states;
  for (const auto& feed : feeds_) states[feed->id()] = feed->state();
  return paimon::ToJson(states, begun_);
}

Status PaimonSource::SetTarget() {
  for (const auto& feed : feeds_) {
    TRY_SET(targets_[feed->id()], feed->Newest());
  }
  return Ok();
}

bool PaimonSource::ReachedTarget() const {
  return announced_.empty() && std::all_of(feeds_.begin(), feeds_.end(), [&](const auto& feed) {
    auto target = targets_.find(feed->id());
    const FeedState& state = feed->state();
    return feed->done() || (state.copy == 0 && (target == targets_.end() || state.next > target->second));
  });
}

Status PaimonSource::Hold(const FeedStates& states) {
  if (config_.feed.consumer.empty() && !config_.feed.read_tag_ms) return Ok();
  for (const auto& [id, state] : states) {
    auto place = places_.find(id);
    if (place == places_.end()) continue;
    const std::pair needs(state.copy, state.next);
    if (held_.contains(id) && held_[id] == needs) continue;
    TRY(feeds_[place->second]->Hold(state));
    held_[id] = needs;
  }
  return Ok();
}

void PaimonSource::Acknowledge(const std::string& state) {
  const auto states = paimon::ParseFeedStates(state);
  Status held = states.ok() ? Hold(*states) : Ok();
  if (held.ok()) return;
  const std::string& consumer = config_.feed.consumer;
  const std::string what = consumer.empty() ? "the tag of what was read" : Str("consumer ", consumer);
  LogWarn(Str(what, " could not be ", consumer.empty() ? "deleted: " : "moved: ", held.error().message));
}

SourceProgress PaimonSource::progress() const {
  SourceProgress out;
  int64_t newest_ms = 0;
  for (const auto& feed : feeds_) {
    const FeedState& state = feed->state();
    out.snapshotting |= state.copy > 0;
    if (feed->rows_expected() > 0) {
      out.tables.push_back({feed->id(), state.rows, feed->rows_expected(), state.copy == 0});
    }
    newest_ms = std::max(newest_ms, feed->time_ms());
  }
  if (!feeds_.empty()) {
    const auto& feed = feeds_[feeds_.size() == 1 ? 0 : turn_];
    out.position = Str(feed->id().ToString(), " snapshot ", feed->state().needs() - (feed->state().copy > 0 ? 0 : 1));
  }
  if (!found_all_ && newest_ms > 0) out.lag_ms = std::max<int64_t>(0, env_.NowMs() - newest_ms);
  return out;
}

}  // namespace sluice
