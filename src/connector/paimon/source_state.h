// SPDX-License-Identifier: Apache-2.0
// The state of a PaimonSource: how far each table is, as JSON. A value; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "connector/paimon/table_feed.h"
#include "row/table_id.h"

namespace sluice::paimon {

using FeedStates = std::map<TableId, FeedState>;

std::string ToJson(const FeedStates& states);
// kCorrupt; kInvalid for the state of another source.
Result<FeedStates> ParseFeedStates(std::string_view text);

}  // namespace sluice::paimon
