// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/index_rewrite.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/file_index.h"
#include "lake/paimon/file_index_writer.h"
#include "lake/paimon/manifest_files.h"
#include "lake/paimon/once_writer.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_options.h"
#include "lake/parquet/data_reader.h"

namespace sluice::paimon {
namespace {

bool IsIndex(const std::string& name) { return name.ends_with(kIndexSuffix); }

class Run {
 public:
  Run(Env& env, IndexRewriteReport& report) : env_(env), report_(report) {}
  ~Run() {
    if (kept_) return;
    for (const std::string& path : written_) (void)env_.Remove(path).ok();
  }

  // False: other writers were faster.
  Result<bool> Make(const std::string& folder, const std::vector<PartitionSpec>& partitions) {
    report_ = {};
    TRY_SET(table_, Table::Open(env_, folder));
    TRY_SET(options_, TableOptions::Of(table_->newest_schema()));
    TRY_SET(const auto snapshot, table_->LatestSnapshot());
    if (!snapshot) return true;
    std::optional<PartitionFilter> filter;
    if (!partitions.empty()) {
      TRY_SET(filter, PartitionFilter::Make(table_->newest_schema(), partitions));
    }
    TRY_SET(auto live, table_->LiveEntries(*snapshot));
    for (ManifestEntry& entry : live) {
      if (entry.bucket < 0) continue;  // no reader looks for rows there
      if (filter) {
        TRY_SET(const bool meant, filter->Matches(entry.partition));
        if (!meant) continue;
      }
      ++report_.files;
      TRY(Rewrite(std::move(entry)));
    }
    return entries_.empty() ? true : Commit(snapshot->id);
  }

 private:
  Status Rewrite(ManifestEntry entry) {
    TRY_SET(const auto located, table_->Locate(Snapshot(), {entry}));
    const LiveFile& file = located.front();
    TRY_SET(const std::string wanted, IndexOf(file));
    TRY_SET(const std::string found, IndexThere(file));
    const bool beside = static_cast<int64_t>(wanted.size()) > options_.index.in_manifest_bytes;
    if (wanted == found && (wanted.empty() || beside != file.meta.embedded_index.has_value())) return Ok();
    DataFileMeta meta = entry.file;
    std::erase_if(meta.extra_files, IsIndex);
    meta.embedded_index.reset();
    if (beside) {
      TRY_SET(std::string name, WriteIndex(file, wanted));
      meta.extra_files.push_back(std::move(name));
    } else if (!wanted.empty()) {
      meta.embedded_index = wanted;
    }
    entry.kind = EntryKind::kDelete;
    entries_.push_back(entry);
    entry.kind = EntryKind::kAdd;
    entry.file = std::move(meta);
    entries_.push_back(std::move(entry));
    ++report_.rewritten;
    return Ok();
  }

  // A name of its own: two processes may write an index of the same file.
  Result<std::string> WriteIndex(const LiveFile& file, const std::string& bytes) {
    const std::string name = Str(file.meta.name, "-", env_.Uuid(), kIndexSuffix);
    const std::string folder = FolderOf(file.path);
    written_.push_back(Str(folder, "/", name));
    TRY(env_.WriteFile(written_.back(), bytes));
    folders_.insert(folder);
    return name;
  }

  // The bytes; none if there is nothing to index.
  Result<std::string> IndexOf(const LiveFile& file) {
    TRY_SET(const Schema* written, table_->SchemaOf(file.meta.schema_id));
    FileIndexOptions options = options_.index;
    options.columns.clear();
    std::vector<WriteColumn> columns;
    std::vector<FileColumn> read;
    for (IndexedColumn indexed : options_.index.columns) {
      const Field* now = table_->newest_schema().Find(indexed.column);
      const Field* field = now == nullptr ? nullptr : written->FindId(now->id);
      if (field == nullptr || !field->supported || !CanIndex(indexed.type, field->type)) continue;
      indexed.column = field->name;  // as readers of the file look for it
      options.columns.push_back(std::move(indexed));
      const bool there = std::any_of(read.begin(), read.end(), [&](const auto& one) { return one.id == field->id; });
      if (there) continue;  // it has two indexes
      WriteColumn column;
      column.id = field->id;
      column.name = field->name;
      column.type = field->type;
      columns.push_back(std::move(column));
      read.push_back({field->id, field->name, field->type, false});
    }
    const auto writer = FileIndexWriter::Make(options, columns, 0);
    if (writer == nullptr) return std::string();
    ReadOptions reading;  // also rows that deletion vectors name: an index counts rows of the file
    reading.rows = file.meta.row_count;
    TRY_SET(const auto reader, DataFileReader::Open(env_, file.path, AsWritten(read, *written), reading));
    DataBatch batch;
    while (true) {
      TRY_SET(const bool more, reader->Next(batch));
      if (!more) return writer->Finish();
      writer->Add(*batch.rows);
    }
  }

  Result<std::string> IndexThere(const LiveFile& file) {
    if (file.meta.embedded_index) return *file.meta.embedded_index;
    for (const std::string& name : file.meta.extra_files) {
      if (!IsIndex(name)) continue;
      auto bytes = env_.ReadFile(Str(FolderOf(file.path), "/", name));
      if (!bytes.ok() && bytes.error().code == ErrorCode::kNotFound) return Str("lost ", name);  // equals none
      return bytes;
    }
    return std::string();
  }

  Result<bool> Commit(int64_t base) {
    for (const std::string& folder : folders_) TRY(env_.SyncFolder(folder));
    TableChange change;
    TRY_SET(change.compacted, WriteChangedFiles(env_, *table_, entries_));
    for (const ManifestFile& file : change.compacted.manifests) written_.push_back(table_->ManifestPath(file.name));
    TRY(env_.SyncFolder(table_->folder() + "/manifest"));
    kept_ = true;  // whether an error comes before or after the commit is not known
    TRY_SET(const CommitOutcome outcome, CommitCompaction(env_, *table_, change, {env_.Uuid(), INT64_MAX}, base));
    kept_ = outcome.compacted;
    report_.snapshot = outcome.snapshot;
    return outcome.compacted;
  }

  Env& env_;
  IndexRewriteReport& report_;
  std::unique_ptr<Table> table_;
  TableOptions options_;
  std::vector<ManifestEntry> entries_;  // of each file what goes, then what comes
  std::vector<std::string> written_;    // paths
  std::set<std::string> folders_;
  bool kept_ = false;  // the new files may be a snapshot's
};

}  // namespace

Result<IndexRewriteReport> RewriteFileIndexes(Env& env, const std::string& folder,
                                              const std::vector<PartitionSpec>& partitions) {
  IndexRewriteReport report;
  TRY(UntilAlone(folder, [&] { return Run(env, report).Make(folder, partitions); }));
  return report;
}

}  // namespace sluice::paimon
