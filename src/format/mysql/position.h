// SPDX-License-Identifier: Apache-2.0
// Places in a server's log: file:offset, and MariaDB's GTIDs by domain. Values; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::mysql {

// Ordered by the number at the end of the file's name, then by the offset. Files of two base names do not compare in
// any useful way.
struct BinlogPosition {
  std::string file;     // "binlog.000042"; empty = before everything
  uint64_t offset = 0;  // of the next event's first byte

  bool operator==(const BinlogPosition&) const = default;
  std::strong_ordering operator<=>(const BinlogPosition& other) const;
  std::string ToString() const;  // "binlog.000042:19837"
};

// The inverse of ToString.
Result<BinlogPosition> ParseBinlogPosition(std::string_view text);
// The number at the end of a log file's name; 0 if there is none.
uint64_t BinlogFileNumber(std::string_view file);
// The 64-bit offset after an event, from the offset before it and the 32-bit end position of its header, which wraps at
// 4 GiB. An end position of 0 (made up by the server, not in the file) changes nothing.
uint64_t AdvanceOffset(uint64_t offset, uint32_t end_position);

struct MariadbGtid {
  uint32_t domain = 0;
  uint32_t server = 0;
  uint64_t sequence = 0;

  bool operator==(const MariadbGtid&) const = default;
  std::string ToString() const;  // "0-1-100"
};

// The newest transaction of each domain: all before it in its domain belong to the set.
class GtidSet {
 public:
  static Result<GtidSet> Parse(std::string_view text);  // "0-1-2,1-1-5", blanks allowed; empty text = empty set

  void Update(const MariadbGtid& gtid) { last_[gtid.domain] = gtid; }
  bool Contains(const MariadbGtid& gtid) const;   // its domain has come to this sequence number or beyond
  bool Contains(const GtidSet& other) const;      // every domain of `other`
  bool empty() const { return last_.empty(); }
  const std::map<uint32_t, MariadbGtid>& domains() const { return last_; }
  std::string ToString() const;  // ordered by domain

  bool operator==(const GtidSet&) const = default;

 private:
  std::map<uint32_t, MariadbGtid> last_;
};

}  // namespace sluice::mysql
