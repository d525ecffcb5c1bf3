// SPDX-License-Identifier: Apache-2.0
// For tests: what a PaimonSource gives, as lines, and a table to read. Include gtest before it.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "connector/paimon/source.h"
#include "lake/paimon/table_writer_test_util.h"

namespace sluice {

inline constexpr std::chrono::milliseconds kNow{0};
using Lines = std::vector<std::string>;

struct Given {
  std::vector<Lines> groups;         // what came up to each boundary
  std::vector<std::string> states;   // at it
  Lines all() const {
    Lines out;
    for (const Lines& group : groups) out.insert(out.end(), group.begin(), group.end());
    return out;
  }
};

inline void AddLines(const SourceItem& item, Lines& out) {
  if (const auto* change = std::get_if<SchemaChange>(&item.payload)) {
    if (change->kind != SchemaChangeKind::kCreateTable) out.push_back(Describe(*change));
  }
  const auto* batch = std::get_if<ChangeBatch>(&item.payload);
  for (int64_t row = 0; batch != nullptr && row < batch->row_count(); ++row) {
    std::string line = Str(batch->snapshot ? "copy " : "", RowKindName(batch->kind(row)));
    for (const auto& column : batch->rows->columns()) {
      line += '|';
      AppendJson(*column, row, line);
    }
    out.push_back(std::move(line));
  }
}

// Everything up to the newest snapshot, or to that many boundaries.
inline Result<Given> Read(const std::string& warehouse, const paimon::FeedOptions& feed, const std::string& state = "",
                   size_t boundaries_most = SIZE_MAX, BeforeImage before = BeforeImage::kFull) {
  PaimonSourceConfig config;
  config.warehouse = warehouse;
  config.wanted = [](const TableId&) { return true; };
  config.feed = feed;
  config.discovery_ms = 0;
  TRY_SET(const auto source, PaimonSource::Make(PosixEnv(), std::move(config)));
  TRY(source->Start(state, before));
  TRY(source->SetTarget());
  Given given;
  Lines group;
  bool announced = false;
  while (given.groups.size() < boundaries_most && !(announced && source->ReachedTarget())) {
    TRY_SET(const auto item, source->Next(kNow));
    if (!item && feed.bounded && !source->finished()) return Corrupt("a bounded source waits");
    if (!item) break;
    announced = true;
    AddLines(*item, group);
    const auto* change = std::get_if<SchemaChange>(&item->payload);
    if (!item->boundary || (change != nullptr && change->kind == SchemaChangeKind::kCreateTable)) continue;
    given.groups.push_back(std::exchange(group, {}));
    given.states.push_back(source->State());
  }
  source->Acknowledge(source->State());
  if (!group.empty()) return Corrupt("it ended inside of a snapshot");
  return given;
}

inline Lines Sorted(Lines lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

class PaimonSourceTest : public testing::Test {
 protected:
  std::string Warehouse() { return lake_.test_folder_.path().string(); }
  Given Must(const paimon::FeedOptions& feed, const std::string& state = "", size_t most = SIZE_MAX,
             BeforeImage before = BeforeImage::kFull) {
    auto given = Read(Warehouse(), feed, state, most, before);
    EXPECT_TRUE(given.ok()) << given.error().ToString();
    return given.ok() ? *std::move(given) : Given();
  }

  paimon::Lake lake_{{{"bucket", "3"}, {"changelog-producer", "lookup"}}};
};

}  // namespace sluice
