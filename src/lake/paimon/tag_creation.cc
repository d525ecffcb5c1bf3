// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/tag_creation.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "lake/paimon/local_time.h"
#include "lake/paimon/table_options.h"
#include "lake/paimon/tags.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kHourMs = 3'600'000;

std::string Value(const Schema& schema, const char* key, std::string_view otherwise) {
  return Lower(Trim(schema.Option(key, otherwise)));
}

Error Bad(const char* key, const std::string& value, std::string_view wanted) {
  return Invalid(Str("table option ", key, "='", value, "' must be ", wanted));
}

// The time of a tag's name; nothing if it is none of ours.
std::optional<int64_t> TimeOf(const std::string& name, const TagOptions& options) {
  const auto pattern = LocalPattern::Make(options.pattern);
  return pattern.ok() ? pattern->Parse(name) : std::nullopt;
}

std::string NameOf(int64_t local_ms, const TagOptions& options) {
  const std::string text = LocalText(local_ms);  // yyyy-MM-dd HH:mm:ss.SSS
  std::string out;
  for (size_t i = 0; i < options.pattern.size(); ++i) {
    switch (options.pattern[i]) {
      case 'y': out += text[i - options.pattern.find('y')]; break;
      case 'M': out += text[5 + i - options.pattern.find('M')]; break;
      case 'd': out += text[8 + i - options.pattern.find('d')]; break;
      case 'H': out += text[11 + i - options.pattern.find('H')]; break;
      case 'm': out += text[14 + i - options.pattern.find('m')]; break;
      default: out += options.pattern[i];
    }
  }
  return out;
}

Status ReadPeriod(const Schema& schema, TagOptions& out) {
  const std::string formatter = Value(schema, "tag.period-formatter", "with_dashes");
  const bool dashes = formatter == "with_dashes", spaces = formatter == "without_dashes";
  if (!dashes && !spaces && formatter != "without_dashes_and_spaces") {
    return Bad("tag.period-formatter", formatter, "with_dashes, without_dashes or without_dashes_and_spaces");
  }
  const std::string period = Value(schema, "tag.creation-period", "daily");
  const std::string duration = schema.Option("tag.creation-period-duration", "");
  const char* hours = dashes ? "yyyy-MM-dd HH" : spaces ? "yyyyMMdd HH" : "yyyyMMddHH";
  if (!duration.empty()) {
    TRY_SET(out.period_ms, ParseOptionTime("tag.creation-period-duration", duration));
    if (out.period_ms < 60'000) return Bad("tag.creation-period-duration", duration, "a minute or longer");
    out.pattern = "yyyyMMddHHmm";
  } else if (period == "daily") {
    out.pattern = dashes ? "yyyy-MM-dd" : "yyyyMMdd";
  } else if (period == "hourly") {
    out.period_ms = kHourMs;
    out.pattern = hours;
  } else if (period == "two-hours") {
    out.period_ms = 2 * kHourMs;
    out.pattern = "yyyy-MM-dd HH";
  } else {
    return Bad("tag.creation-period", period, "daily, hourly or two-hours");
  }
  const std::string delay = schema.Option("tag.creation-delay", "0");
  TRY_SET(out.delay_ms, ParseOptionTime("tag.creation-delay", delay));
  if (!out.automatic || out.delay_ms < out.period_ms) return Ok();
  return Bad("tag.creation-delay", delay, "shorter than tag.creation-period");
}

}  // namespace

Result<TagOptions> TagOptions::Of(const Schema& schema) {
  TagOptions out;
  const std::string mode = Value(schema, "tag.automatic-creation", "none");
  if (mode == "watermark") {
    auto zone = TimeZone::Find(schema.Option("sink.watermark-time-zone", "UTC"));
    if (!zone.ok()) return std::move(zone).error().With("table option sink.watermark-time-zone");
    out.watermark_zone = *zone;
  } else if (mode != "none" && mode != "process-time" && mode != "batch") {
    return Bad("tag.automatic-creation", mode, "none, process-time, watermark or batch");
  }
  out.automatic = mode == "process-time" || out.watermark_zone;
  if (mode == "process-time" && schema.options.contains("sink.process-time-zone")) {
    return Unsupported("table option sink.process-time-zone is not supported yet",
                       "leave it out: tags have the time of the process, TZ");
  }
  if (out.automatic && Value(schema, "tag.create-success-file", "false") == "true") {
    return Unsupported("table option tag.create-success-file is not supported yet", "leave it out");
  }
  TRY(ReadPeriod(schema, out));
  for (auto [key, flag] : {std::pair("tag.automatic-completion", &out.complete),
                           std::pair("tag.time-expire-enabled", &out.expire)}) {
    const std::string value = Value(schema, key, *flag ? "true" : "false");
    if (value != "true" && value != "false") return Bad(key, value, "true or false");
    *flag = value == "true";
  }
  const std::string most = schema.Option("tag.num-retained-max", "");
  int64_t number = 0;
  if (!most.empty()) {
    if (!ParseNumber(Trim(most), number) || number < 1) return Bad("tag.num-retained-max", most, "a number from 1 on");
    out.most = number;
  }
  const std::string retained = schema.Option("tag.default-time-retained", "");
  if (!retained.empty()) {
    const auto valid = ParseOptionTime("tag.default-time-retained", retained);
    if (!valid.ok()) return Error(valid.error());
  }
  return out;
}

// By which tags are made; nothing if the snapshot has none.
std::optional<int64_t> ClockOf(const Snapshot& snapshot, const TagOptions& options) {
  if (!options.watermark_zone) return LocalOfUtc(snapshot.time_ms);
  constexpr int64_t kEnd = 253'402'128'000'000;  // of the years with four digits, in each zone
  const int64_t watermark = snapshot.watermark.value_or(-1);
  if (watermark < 0 || watermark >= kEnd) return {};
  return options.watermark_zone->ToLocal(watermark * 1000) / 1000;
}

// After the newest tag of a period.
Status TagCreation::Begin(Table& table, const TagOptions& options) {
  TRY_SET(const auto tags, ListTags(env_, table.folder()));
  std::optional<int64_t> newest;
  next_snapshot_ = 0;
  for (const Tag& tag : tags) {
    const auto time = TimeOf(tag.name, options);
    if (!time || (newest && *newest >= *time)) continue;
    newest = time;
    next_snapshot_ = tag.snapshot.id + 1;
  }
  if (newest) next_tag_ = *newest + options.period_ms;
  begun_ = true;
  return Ok();
}

Result<std::vector<std::string>> TagCreation::Run(Table& table, const TagOptions& options) {
  std::vector<std::string> made;
  if (!options.automatic) return made;
  if (!begun_) TRY(Begin(table, options));
  TRY_SET(const auto ids, table.SnapshotIds());
  for (const int64_t id : ids) {
    if (id < next_snapshot_) continue;
    auto snapshot = table.SnapshotOf(id);
    if (!snapshot.ok() && snapshot.error().code == ErrorCode::kNotFound) continue;  // expired meanwhile
    if (!snapshot.ok()) return std::move(snapshot).error();
    const auto time = ClockOf(*snapshot, options);
    const bool due = time && (!next_tag_ || *time - options.delay_ms >= *next_tag_ + options.period_ms);
    if (due) {
      int64_t period = *time / options.period_ms * options.period_ms - options.period_ms;  // the last one that is over
      if (options.complete && next_tag_) period = *next_tag_;
      const std::string name = NameOf(period, options);
      const auto created = CreateTag(env_, table, {name, id, {}});
      if (!created.ok() && created.error().code != ErrorCode::kConflict) return Error(created.error());
      if (created.ok()) made.push_back(name);
      next_tag_ = period + options.period_ms;
      TRY(TakeOldest(table, options));
    }
    next_snapshot_ = id + 1;
  }
  return made;
}

Status TagCreation::TakeOldest(Table& table, const TagOptions& options) {
  if (!options.most) return Ok();
  TRY_SET(auto tags, ListTags(env_, table.folder()));
  std::erase_if(tags, [&](const Tag& tag) { return !TimeOf(tag.name, options); });
  for (size_t i = 0; i + static_cast<size_t>(*options.most) < tags.size(); ++i) {
    TRY(DeleteTag(env_, table, tags[i].name));
  }
  return Ok();
}

}  // namespace sluice::paimon
