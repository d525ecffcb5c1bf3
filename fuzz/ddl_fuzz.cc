// SPDX-License-Identifier: Apache-2.0
// DDL of the log: any text must be read or refused, and a checkpoint of the tracker must survive.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "format/mysql/table_tracker.h"

namespace {

using namespace sluice::mysql;

// A tracker that knows one table, and its checkpoint: made once, not for each input.
struct Base {
  TableTracker tracker{{}};
  std::string saved;

  Base() {
    const SqlContext context;
    auto create = ParseDdl("CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9) DEFAULT 'x', c TIME)", context);
    if (!tracker.Apply(create, "d", context).ok()) std::abort();
    saved = tracker.ToJson();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Base base;
  if (size < 1 || !sluice::IsUtf8({reinterpret_cast<const char*>(data + 1), size - 1}))
    return 0;  // the caller converts
  SqlContext context;
  if (data[0] & 1) context.sql_mode |= SqlContext::kAnsiQuotes;
  if (data[0] & 2) context.sql_mode |= SqlContext::kNoBackslashEscapes;
  if (data[0] & 4) context.sql_mode |= SqlContext::kOracle;
  context.mariadb = !(data[0] & 8);
  TableTracker tracker = base.tracker;
  // Statements are separated by a zero byte.
  std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  while (!text.empty()) {
    size_t end = std::min(text.find('\0'), text.size());
    auto changes = tracker.Apply(ParseDdl(text.substr(0, end), context), "d", context);
    (void)changes.ok();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const std::string saved = tracker.ToJson();
  if (saved == base.saved) return 0;
  TableTracker other({});
  if (!other.LoadJson(saved).ok() || other.ToJson() != saved) std::abort();
  return 0;
}
