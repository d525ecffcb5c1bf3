// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/copy_overlap.h"

#include <algorithm>

#include "format/mysql/key.h"

namespace sluice::mysql {
namespace {

// The bounds of chunks and segments mean the same under both definitions.
bool SameKeyOrder(const MysqlTable& before, const MysqlTable& after) {
  auto old_parts = KeyParts(before), parts = KeyParts(after);
  return std::equal(parts.begin(), parts.end(), old_parts.begin(), old_parts.end(),
                    [](const KeyPart& a, const KeyPart& b) {
                      return a.kind == b.kind && a.charset == b.charset && a.fixed_length == b.fixed_length;
                    });
}

bool Empties(const TableChange& change) {
  bool emptied = change.kind != TableChange::Kind::kAltered;
  return emptied || (change.replaced && !change.renamed_from);  // CREATE OR REPLACE
}

}  // namespace

RowsFit FitRows(const TableState* copy, const BinlogPosition& end) {
  if (copy == nullptr || copy->recopied) return RowsFit::kAll;
  if (copy->exact && !copy->chunks.empty()) return RowsFit::kByKey;
  if (!copy->done) return RowsFit::kNone;
  return end > copy->whole_at ? RowsFit::kAll : RowsFit::kNone;
}

bool OverlapFilter::Keep(std::string_view key) {
  auto before = [](const KeyBound& bound, std::string_view k) { return !bound.infinite && bound.encoded < k; };
  for (const ChunkState& chunk : table_.chunks) {
    if (before(chunk.to, key)) continue;
    for (const Segment& segment : chunk.segments) {
      if (!before(segment.to, key)) return end_ > segment.at;
    }
    return false;  // the chunk's view will be later than this
  }
  return true;
}

bool HasCopiedRows(const TableState& copy) {
  if (copy.recopied || (copy.done && !copy.exact)) return true;
  return std::any_of(copy.chunks.begin(), copy.chunks.end(), [](const ChunkState& c) { return !c.segments.empty(); });
}

DdlFit FitDdl(const TableChange& change, const BinlogPosition& at, std::map<TableId, TableState>& copies) {
  auto found = copies.find(change.table);
  if (found == copies.end()) return DdlFit::kPass;
  TableState& copy = found->second;
  BinlogPosition end = copy.End();
  if (!copy.exact && copy.done && !copy.recopied && at <= end) return DdlFit::kHeld;
  if (Empties(change)) {  // whatever is in the table from here on comes with the log
    copies.erase(found);
    return DdlFit::kPass;
  }
  if (!HasCopiedRows(copy)) {
    copy.chunks.clear();
    return DdlFit::kPass;
  }
  bool same = change.before->columns == change.after->columns && !change.replaced;
  bool unlike = !copy.done && !SameKeyOrder(*change.before, *change.after);
  if (same || (at > end && !unlike)) return DdlFit::kPass;
  // Segments from before and from after the change do not become one table by it, so it is copied anew, over what the
  // sink has. From here on all of the log applies: rows that are rewritten by it come to their newest state.
  copy.chunks.clear();
  copy.done = false;
  copy.recopied = true;
  copy.rows = 0;
  copy.whole_at = {};
  copy.waits_for = std::max(copy.waits_for, end);
  return DdlFit::kPass;
}

}  // namespace sluice::mysql
