// SPDX-License-Identifier: Apache-2.0
// SinkTables: the tables that a lake's sink writes, with a writer each: rows to their writer, a bound on the memory of
// all of them, and the commits of an epoch as they are prepared. Opening tables and committing is the sink's, as each
// table format has it. Owned by the sink; its one thread.
//
// A Writer is what lake/ calls TableWriter: Write, buffered_bytes, Flush (gives that memory back), dirty, Finish,
// base_snapshot, finished, stats; and most_buffered_bytes if one of them may have more alone than the bound is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "pipeline/prepared_epoch.h"
#include "pipeline/sink.h"
#include "pipeline/stored_epochs.h"
#include "row/change_batch.h"
#include "row/table_id.h"

namespace sluice {

template <class Writer>
class SinkTables {
 public:
  // The bound holds for all tables together.
  explicit SinkTables(int64_t buffered_bytes_max) : buffered_bytes_max_(buffered_bytes_max) {}

  void Add(const TableId& id, std::unique_ptr<Writer> writer) { writers_[id] = std::move(writer); }
  Writer* Find(const TableId& id) const;        // null: not added
  Result<Writer*> Of(const TableId& id) const;  // kInvalid: not added
  // Null if the writer is not between its Finish and its Commit, or there is none: after a restart, or when an earlier
  // try has committed.
  Writer* Finished(const TableId& id) const;
  std::set<TableId> ids() const;
  std::set<std::string> names() const;  // schema.table

  // Sink::Write.
  Status Write(const ChangeBatch& batch);
  // Sink::Prepare for `job`. `file_of(first table)` gives the path of the epoch's file (docs/formats/epoch.md), needed
  // if several tables change; `hold(change, property, value)` sets a property of the job in a change, without a value:
  // it must not stay from an earlier epoch.
  template <class FileOf, class Hold>
  Result<std::string> Prepare(const std::string& job, const EpochInfo& epoch, FileOf&& file_of, Hold&& hold);
  // Without `commits`.
  SinkStats stats() const;

 private:
  Status BoundMemory();

  const int64_t buffered_bytes_max_;
  std::map<TableId, std::unique_ptr<Writer>> writers_;
};

template <class Writer>
Writer* SinkTables<Writer>::Find(const TableId& id) const {
  const auto found = writers_.find(id);
  return found == writers_.end() ? nullptr : found->second.get();
}

template <class Writer>
Result<Writer*> SinkTables<Writer>::Of(const TableId& id) const {
  if (Writer* writer = Find(id)) return writer;
  return Invalid(Str("table ", id.ToString(), " was not created before its first row"),
                 "this is a bug in the source");
}

template <class Writer>
Writer* SinkTables<Writer>::Finished(const TableId& id) const {
  Writer* writer = Find(id);
  return writer != nullptr && writer->finished() ? writer : nullptr;
}

template <class Writer>
std::set<TableId> SinkTables<Writer>::ids() const {
  std::set<TableId> out;
  for (const auto& [id, writer] : writers_) out.insert(id);
  return out;
}

template <class Writer>
std::set<std::string> SinkTables<Writer>::names() const {
  std::set<std::string> out;
  for (const auto& [id, writer] : writers_) out.insert(id.ToString());
  return out;
}

template <class Writer>
Status SinkTables<Writer>::Write(const ChangeBatch& batch) {
  TRY_SET(Writer * writer, Of(batch.table));
  TRY(writer->Write(batch));
  return BoundMemory();
}

template <class Writer>
Status SinkTables<Writer>::BoundMemory() {
  while (true) {
    int64_t sum = 0, most = 0, bound = buffered_bytes_max_;
    Writer* largest = nullptr;
    for (const auto& [id, writer] : writers_) {
      const int64_t bytes = writer->buffered_bytes();
      sum += bytes;
      if constexpr (requires(Writer& any) { any.most_buffered_bytes(); }) {
        bound = std::max(bound, writer->most_buffered_bytes());
      }
      if (bytes <= most) continue;
      most = bytes;
      largest = writer.get();
    }
    if (sum <= bound || largest == nullptr) return Ok();
    TRY(largest->Flush());
  }
}

template <class Writer>
template <class FileOf, class Hold>
Result<std::string> SinkTables<Writer>::Prepare(const std::string& job, const EpochInfo& epoch, FileOf&& file_of,
                                                Hold&& hold) {
  using Change = std::decay_t<decltype(*std::declval<Writer&>().Finish({}))>;
  struct Finished {
    TableId id;
    std::optional<int64_t> base;
    Change change;
  };
  std::vector<Finished> finished;
  for (const auto& [id, writer] : writers_) {
    if (!writer->dirty()) continue;
    TRY_SET(Change change, writer->Finish({epoch.epoch, epoch.end, epoch.position, epoch.state_id}));
    finished.push_back({id, writer->base_snapshot(), std::move(change)});
  }
  if (finished.empty()) return std::string();
  std::optional<std::string> file;
  if (finished.size() > 1) {
    TRY_SET(file, file_of(finished[0].id));
  }
  PreparedEpoch prepared{job, epoch.epoch, {}};
  for (auto& [id, base, change] : finished) {
    hold(change, JobProperty(job, "tables"), std::optional<std::string>(Str(finished.size())));
    hold(change, JobProperty(job, "epoch-file"), file);
    prepared.tables.push_back({id, base, change.ToJson()});
  }
  return prepared.ToJson();
}

template <class Writer>
SinkStats SinkTables<Writer>::stats() const {
  SinkStats sum;
  for (const auto& [id, writer] : writers_) {
    const auto& stats = writer->stats();
    sum.inserted += stats.inserted;
    sum.updated += stats.updated;
    sum.deleted += stats.deleted;
    sum.bytes_written += stats.bytes_written;
  }
  return sum;
}

}  // namespace sluice
