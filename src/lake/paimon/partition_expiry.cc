// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/partition_expiry.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/local_time.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {
namespace {

// The partitions of a snapshot and when the newest file of each was made (local_time.h).
Result<std::map<std::string, int64_t>> PartitionsOf(Table& table, const Snapshot& snapshot) {
  std::map<std::string, int64_t> out;
  TRY_SET(const auto live, table.LiveEntries(snapshot));
  for (const ManifestEntry& entry : live) {
    int64_t& newest = out[entry.partition];
    newest = std::max(newest, entry.file.creation_ms.value_or(0));
  }
  return out;
}

Status Drop(Env& env, Table& table, int64_t base, std::vector<std::string> partitions) {
  if (partitions.empty()) return Ok();
  TableChange change;
  change.dropped = std::move(partitions);
  const auto made = CommitChange(env, table, change, {env.Uuid(), INT64_MAX}, base);
  return made.ok() ? Ok() : Status(Error(made.error()));
}

// '$dt $hour:00:00' with the values in it; the longer of two names is meant.
std::string Fill(const std::string& pattern, const std::vector<std::string>& columns,
                 const std::vector<std::string>& values) {
  std::string out;
  for (size_t i = 0; i < pattern.size();) {
    const std::string* value = nullptr;
    size_t longest = 0;
    for (size_t c = 0; pattern[i] == '$' && c < columns.size(); ++c) {
      if (columns[c].size() <= longest || pattern.compare(i + 1, columns[c].size(), columns[c]) != 0) continue;
      longest = columns[c].size();
      value = &values[c];
    }
    out += value == nullptr ? std::string(1, pattern[i]) : *value;
    i += 1 + longest;
  }
  return out;
}

// When a partition was, by its values.
class ValuesTime {
 public:
  static Result<ValuesTime> Make(const Schema& schema, const PartitionExpiry& expiry) {
    TRY_SET(PartitionReader reader, PartitionReader::Of(schema));
    ValuesTime out(std::move(reader), expiry.pattern);
    if (expiry.formatter) {
      auto formatter = LocalPattern::Make(*expiry.formatter);
      if (!formatter.ok()) return std::move(formatter).error().With("partition.timestamp-formatter");
      out.formatter_ = *std::move(formatter);
    }
    return out;
  }
  // In local_time.h's milliseconds; nothing if the values are no time.
  Result<std::optional<int64_t>> Of(const std::string& partition) const {
    TRY_SET(const auto texts, reader_.Texts(partition));
    const std::string text = pattern_ ? Fill(*pattern_, reader_.columns(), texts) : texts[0];
    return formatter_ ? formatter_->Parse(text) : ParseLocal(text);
  }
  const PartitionReader& reader() const { return reader_; }

 private:
  ValuesTime(PartitionReader reader, std::optional<std::string> pattern)
      : reader_(std::move(reader)), pattern_(std::move(pattern)) {}

  PartitionReader reader_;
  std::optional<std::string> pattern_;
  std::optional<LocalPattern> formatter_;
};

}  // namespace

Result<DroppedPartitions> DropPartitions(Env& env, Table& table, const std::vector<PartitionSpec>& specs) {
  TRY_SET(const PartitionFilter filter, PartitionFilter::Make(table.newest_schema(), specs));
  TRY_SET(const PartitionReader reader, PartitionReader::Of(table.newest_schema()));
  DroppedPartitions names;
  TRY_SET(const auto snapshot, table.LatestSnapshot());
  if (!snapshot) return names;
  TRY_SET(const auto partitions, PartitionsOf(table, *snapshot));
  std::vector<std::string> dropped;
  for (const auto& [partition, newest_ms] : partitions) {
    TRY_SET(const bool meant, filter.Matches(partition));
    if (!meant) continue;
    TRY_SET(std::string name, reader.Name(partition));
    names.push_back(std::move(name));
    dropped.push_back(partition);
  }
  TRY(Drop(env, table, snapshot->id, std::move(dropped)));
  return names;
}

Result<PartitionExpiry> PartitionExpiry::Of(const Schema& schema) {
  PartitionExpiry out;
  const auto text = [&](const char* key) -> std::optional<std::string> {
    auto found = schema.options.find(key);
    return found == schema.options.end() ? std::nullopt : std::optional(found->second);
  };
  for (auto [key, ms] : {std::pair("partition.expiration-time", &out.keep_ms),
                         std::pair("partition.expiration-check-interval", &out.check_ms)}) {
    const auto value = text(key);
    if (!value) continue;
    TRY_SET(*ms, ParseOptionTime(key, *value));
  }
  if (const auto strategy = text("partition.expiration-strategy")) {
    const std::string name = Lower(Trim(*strategy));
    if (name != "values-time" && name != "update-time") {
      return Invalid(Str("table option partition.expiration-strategy='", *strategy,
                         "' must be values-time or update-time"));
    }
    out.by_update = name == "update-time";
  }
  out.formatter = text("partition.timestamp-formatter");
  out.pattern = text("partition.timestamp-pattern");
  const auto most = text("partition.expiration-max-num");
  if (most && (!ParseNumber(Trim(*most), out.most) || out.most < 1)) {
    return Invalid(Str("table option partition.expiration-max-num='", *most, "' must be a number from 1 on"));
  }
  if (out.formatter) {
    auto valid = LocalPattern::Make(*out.formatter);
    if (!valid.ok()) return std::move(valid).error().With("table option partition.timestamp-formatter");
  }
  return out;
}

Result<DroppedPartitions> ExpirePartitions(Env& env, Table& table, const PartitionExpiry& expiry) {
  TRY_SET(const ValuesTime times, ValuesTime::Make(table.newest_schema(), expiry));
  TRY_SET(const auto snapshot, table.LatestSnapshot());
  if (!snapshot || expiry.keep_ms <= 0) return DroppedPartitions();
  TRY_SET(const auto partitions, PartitionsOf(table, *snapshot));
  const int64_t now_ms = env.NowMs();
  std::vector<std::pair<std::string, std::string>> over;  // name, partition
  for (const auto& [partition, newest_ms] : partitions) {
    TRY_SET(std::string name, times.reader().Name(partition));
    std::optional<int64_t> time = newest_ms;
    if (!expiry.by_update) {
      TRY_SET(time, times.Of(partition));
    }
    if (!time) {
      LogWarn(Str(table.folder(), ": partition ", name, " cannot expire: its value is no time of "
                  "partition.timestamp-formatter; use partition.expiration-strategy=update-time, or drop it"));
    } else if (*time < LocalOfUtc(now_ms - expiry.keep_ms)) {
      over.emplace_back(std::move(name), partition);
    }
  }
  std::sort(over.begin(), over.end());
  if (static_cast<int64_t>(over.size()) > expiry.most) over.resize(static_cast<size_t>(expiry.most));
  DroppedPartitions names;
  std::vector<std::string> dropped;
  for (auto& [name, partition] : over) {
    names.push_back(std::move(name));
    dropped.push_back(std::move(partition));
  }
  TRY(Drop(env, table, snapshot->id, std::move(dropped)));
  return names;
}

}  // namespace sluice::paimon
