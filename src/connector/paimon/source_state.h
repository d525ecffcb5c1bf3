// SPDX-License-Identifier: Apache-2.0
// The state of a PaimonSource: how far each table is, and with which options that began, as JSON. A value; any
// thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "connector/paimon/table_feed.h"
#include "row/table_id.h"

namespace sluice::paimon {

using FeedStates = std::map<TableId, FeedState>;

// The options that count when a table is read for the first time only, as texts for messages.
struct Begun {
  std::string where;  // `scan.mode` and the moment; empty: not known, the state is of an older version
  std::string what;   // branch, partitions, bucket; empty: none is given
};

std::string ToJson(const FeedStates& states, const Begun& begun = {});
// kCorrupt; kInvalid for the state of another source.
Result<FeedStates> ParseFeedStates(std::string_view text);
Result<Begun> ParseBegun(std::string_view text);
// kInvalid if what is read is not what the state is of; nor, of a bounded source, where that began: it would take
// other rows for read. Else the latter has no effect, which is told.
Status CheckBegun(const Begun& state, const Begun& now, bool bounded);

}  // namespace sluice::paimon
