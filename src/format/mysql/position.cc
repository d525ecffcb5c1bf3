// SPDX-License-Identifier: Apache-2.0
#include "format/mysql/position.h"

#include "base/text.h"

namespace sluice::mysql {

uint64_t BinlogFileNumber(std::string_view file) {
  size_t at = file.size();
  while (at > 0 && file[at - 1] >= '0' && file[at - 1] <= '9') --at;
  uint64_t number = 0;
  return ParseNumber(file.substr(at), number) ? number : 0;
}

std::strong_ordering BinlogPosition::operator<=>(const BinlogPosition& other) const {
  if (file == other.file) return offset <=> other.offset;
  if (file.empty()) return std::strong_ordering::less;
  if (other.file.empty()) return std::strong_ordering::greater;
  if (auto order = BinlogFileNumber(file) <=> BinlogFileNumber(other.file); order != 0) return order;
  return file <=> other.file;
}

std::string BinlogPosition::ToString() const { return Str(file, ":", offset); }

Result<BinlogPosition> ParseBinlogPosition(std::string_view text) {
  const size_t colon = text.rfind(':');
  BinlogPosition out;
  if (colon == std::string_view::npos || !ParseNumber(text.substr(colon + 1), out.offset)) {
    return Invalid(Str("\"", text, "\" is no log position"), "write FILE:OFFSET, such as binlog.000042:19837");
  }
  out.file = std::string(text.substr(0, colon));
  return out;
}

uint64_t AdvanceOffset(uint64_t offset, uint32_t end_position) {
  if (end_position == 0) return offset;
  uint64_t next = (offset & ~uint64_t{0xFFFFFFFF}) | end_position;
  // Events are smaller than 4 GiB, so that an end before the start means one wrap.
  return next < offset ? next + (uint64_t{1} << 32) : next;
}

std::string MariadbGtid::ToString() const { return Str(domain, "-", server, "-", sequence); }

Result<GtidSet> GtidSet::Parse(std::string_view text) {
  GtidSet out;
  if (Trim(text).empty()) return out;
  for (const std::string& item : Split(text, ',')) {
    const auto parts = Split(Trim(item), '-');
    MariadbGtid gtid;
    if (parts.size() != 3 || !ParseNumber(parts[0], gtid.domain) || !ParseNumber(parts[1], gtid.server) ||
        !ParseNumber(parts[2], gtid.sequence)) {
      return Invalid(Str("\"", Trim(item), "\" is no MariaDB GTID"), "write DOMAIN-SERVER-SEQUENCE, such as 0-1-100");
    }
    if (!out.last_.emplace(gtid.domain, gtid).second) {
      return Invalid(Str("the GTID set \"", text, "\" has domain ", gtid.domain, " twice"),
                     "give one GTID a domain, the newest");
    }
  }
  return out;
}

bool GtidSet::Contains(const MariadbGtid& gtid) const {
  const auto found = last_.find(gtid.domain);
  return found != last_.end() && found->second.sequence >= gtid.sequence;
}

bool GtidSet::Contains(const GtidSet& other) const {
  for (const auto& [domain, gtid] : other.last_) {
    if (!Contains(gtid)) return false;
  }
  return true;
}

std::string GtidSet::ToString() const {
  std::string out;
  for (const auto& [domain, gtid] : last_) {
    if (!out.empty()) out += ',';
    out += gtid.ToString();
  }
  return out;
}

}  // namespace sluice::mysql
