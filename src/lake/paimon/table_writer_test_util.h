// SPDX-License-Identifier: Apache-2.0
// For tests: a Paimon table in a folder of its own, written by TableWriter, and a walk over its files that uses neither
// the expiry nor the search for orphans. Include gtest before it.
#pragma once

#include <arrow/api.h>
#include <arrow/json/from_string.h>

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "io/faulty_env.h"
#include "io/folder_test_util.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/evolve.h"
#include "lake/paimon/scan.h"
#include "lake/paimon/table_writer.h"
#include "row/format_value.h"

namespace sluice::paimon {

inline constexpr int64_t kFirstMs = 1'700'000'000'000;  // the clock of a table's first commit

// A table (id INT, name, grp) with the key `id`, and its writers by user. A second passes with each epoch.
class Lake {
 public:
  explicit Lake(Options options = {}, std::vector<std::string> partition_keys = {}) {
    schema_ = std::make_shared<TableSchema>();
    schema_->columns = {{"id", *ParseDataType("INT NOT NULL"), "", {}},
                        {"name", *ParseDataType("VARCHAR(20)"), "", {}},
                        {"grp", *ParseDataType("INT NOT NULL"), "", {}}};
    schema_->primary_key = {"id"};
    env_.SetNowMs(now_ms_);
    const Schema schema = *FromTableSchema(*schema_, partition_keys, options);
    EXPECT_TRUE(CreateTable(env_, folder_, schema).ok());
  }

  // Rows `from` to `to`, inserted or deleted, and a commit of them.
  Status Epoch(int from, int to, RowKind kind = RowKind::kInsert, const std::string& user = "job-1") {
    env_.SetNowMs(now_ms_ += 1000);
    TRY_SET(TableWriter * writer, WriterOf(user));
    ++epoch_;
    TRY(writer->Write(Rows(from, to, kind)));
    return Commit(*writer);
  }
  Status Truncate() {
    env_.SetNowMs(now_ms_ += 1000);
    TRY_SET(TableWriter * writer, WriterOf("job-1"));
    SchemaChange change;
    change.kind = SchemaChangeKind::kTruncateTable;
    change.schema = schema_;
    ++epoch_;
    TRY(writer->Change(change));
    return Commit(*writer);
  }
  // Of a writer that is not sluice: without properties.
  Status ForeignCommit() {
    env_.SetNowMs(now_ms_ += 1000);
    TRY_SET(const auto table, Table::Open(env_, folder_));
    return CommitChange(env_, *table, {}, {"foreign", ++epoch_}, 0).ok() ? Ok() : Status(Invalid("commit"));
  }
  Result<std::unique_ptr<Table>> Open() { return Table::Open(env_, folder_); }
  std::vector<int64_t> Ids() { return *(*Open())->SnapshotIds(); }

  // The rows of a snapshot; an error's text if they cannot be read.
  std::multiset<std::string> RowsOf(int64_t snapshot) {
    std::multiset<std::string> out;
    const auto read = [&]() -> Status {
      TRY_SET(const auto table, Table::Open(PosixEnv(), folder_));
      TRY_SET(auto scan, TableScan::Make(PosixEnv(), *table, snapshot, {}));
      for (DataBatch batch;;) {
        TRY_SET(const bool more, scan.Next(batch));
        if (!more) return Ok();
        for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
          std::string text;
          for (const auto& column : batch.rows->columns()) {
            AppendJson(*column, row, text);
            text += '|';
          }
          out.insert(std::move(text));
        }
      }
    };
    Status status = read();
    if (!status.ok()) out.insert("error: " + status.error().ToString());
    return out;
  }
  std::map<int64_t, std::multiset<std::string>> RowsOfAll() {
    std::map<int64_t, std::multiset<std::string>> out;
    for (int64_t id : Ids()) out[id] = RowsOf(id);
    return out;
  }

  // All files but schemas, snapshots and hints, as paths below the table's folder.
  std::set<std::string> Files() const {
    std::set<std::string> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      const std::string path = std::filesystem::relative(entry.path(), folder_);
      const std::string name = entry.path().filename();
      const bool root = name.starts_with("schema-") || name.starts_with("snapshot-") || name.starts_with("tag-") ||
                        name.starts_with("consumer-") || name == "LATEST" || name == "EARLIEST" ||
                        path.starts_with("changelog/");
      if (entry.is_regular_file() && !root) out.insert(path);
    }
    return out;
  }
  // What the snapshots name, each by itself, the tags, and the changelogs that have outlived their snapshots.
  Result<std::set<std::string>> Named() {
    std::set<std::string> out;
    TRY_SET(const auto table, Table::Open(PosixEnv(), folder_));
    TRY_SET(const auto ids, table->SnapshotIds());
    for (int64_t id : ids) {
      TRY_SET(const Snapshot snapshot, table->SnapshotOf(id));
      TRY(AddNamed(*table, snapshot, true, out));
    }
    for (const Snapshot& tag : tags_) TRY(AddNamed(*table, tag, false, out));
    TRY(AddChangelogs(*table, out));
    return out;
  }
  Status Tag(const std::string& name, int64_t id) {
    TRY_SET(const auto table, Open());
    TRY_SET(const Snapshot snapshot, table->SnapshotOf(id));
    tags_.push_back(snapshot);
    return Put("tag/tag-" + name, snapshot.ToJson());
  }
  Status Put(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    TRY(PosixEnv().MakeFolders(FolderOf(path)));
    return PosixEnv().WriteFile(path, text);
  }

  TestFolder test_folder_;
  const std::string folder_ = test_folder_.path() / "db.db" / "t";
  FaultyEnv env_{PosixEnv()};
  std::shared_ptr<TableSchema> schema_;
  std::map<std::string, std::unique_ptr<TableWriter>> writers_;
  std::vector<Snapshot> tags_;
  int64_t now_ms_ = kFirstMs, epoch_ = 0;
  bool clock_watermarks_ = false;

 private:
  Result<TableWriter*> WriterOf(const std::string& user) {
    std::unique_ptr<TableWriter>& writer = writers_[user];
    if (writer == nullptr) {
      TableWriterOptions options{.name = "db.t", .user = user, .sync = false};
      options.clock_watermarks = clock_watermarks_;
      TRY_SET(auto table, Table::Open(env_, folder_));
      TRY_SET(writer, TableWriter::Make(env_, std::move(table), options));
      TRY(writer->Adopt(*schema_));
    }
    return writer.get();
  }
  ChangeBatch Rows(int from, int to, RowKind kind) const {
    ChangeBatch batch;
    batch.table = {"db", "t"};
    batch.schema = schema_;
    std::string ids = "[", names = "[", groups = "[";
    for (int id = from; id <= to; ++id) {
      const char* comma = id == from ? "" : ",";
      batch.kinds.push_back(kind);
      ids += Str(comma, id);
      names += Str(comma, "\"", epoch_, "\"");
      groups += Str(comma, id % 2);
    }
    const auto schema = schema_->ToArrow();
    std::vector<std::shared_ptr<arrow::Array>> columns;
    int column = 0;
    for (const std::string& text : {ids, names, groups}) {
      columns.push_back(*arrow::json::ArrayFromJSONString(schema->field(column++)->type(), text + "]"));
    }
    batch.rows = arrow::RecordBatch::Make(schema, to - from + 1, std::move(columns));
    return batch;
  }
  Status Commit(TableWriter& writer) {
    TRY_SET(const TableChange change, writer.Finish({epoch_, Str("end-", epoch_)}));
    TRY_SET(const int64_t made, writer.Commit(change, epoch_));
    return made > 0 ? Ok() : Status(Invalid("no snapshot was made"));
  }
  static std::string Relative(const Table& table, const std::string& path) {
    return path.substr(table.folder().size() + 1);
  }
  static Status AddManifests(Table& table, const std::string& list, std::set<std::string>& out) {
    if (list.empty()) return Ok();
    out.insert("manifest/" + list);
    TRY_SET(const auto files, table.ReadManifestList(list));
    for (const ManifestFile& file : files) out.insert("manifest/" + file.name);
    return Ok();
  }
  // Without changelog files: what writers wrote until the changelog of its deletion goes, be it a snapshot's still.
  static Status AddChangelogs(Table& table, std::set<std::string>& out) {
    const bool told = table.newest_schema().Option("changelog-producer", "none") != "none";
    TRY_SET(const auto changelogs, table.ChangelogIds());
    for (int64_t id : changelogs) {
      TRY_SET(const Snapshot changelog, table.ChangelogOf(id));
      if (told) TRY(AddChanges(table, changelog.changelog_manifest_list, out));
      if (!told) TRY(AddManifests(table, changelog.base_manifest_list, out));
      if (!told) TRY(AddChanges(table, changelog.delta_manifest_list, out, true));
    }
    if (told || changelogs.empty()) return Ok();
    TRY_SET(const auto ids, table.SnapshotIds());
    TRY_SET(const Snapshot oldest, table.SnapshotOf(ids.front()));
    return AddChanges(table, oldest.delta_manifest_list, out, true);
  }
  // With the files that the list adds; `written`: that it adds or deletes, of those that no compaction has written.
  static Status AddChanges(Table& table, const std::string& list, std::set<std::string>& out, bool written = false) {
    if (list.empty()) return Ok();
    TRY(AddManifests(table, list, out));
    TRY_SET(const BucketFolders folders, BucketFolders::Of(table.folder(), table.newest_schema()));
    TRY_SET(const auto files, table.ReadManifestList(list));
    for (const ManifestFile& file : files) {
      TRY_SET(const auto entries, table.ReadManifest(file.name));
      for (const ManifestEntry& entry : entries) {
        if (written ? entry.file.source == FileSource::kCompact : entry.kind != EntryKind::kAdd) continue;
        TRY_SET(const std::string folder, folders.Folder(entry.partition, entry.bucket));
        for (const std::string& name : entry.file.Names()) out.insert(Relative(table, folder + "/" + name));
      }
    }
    return Ok();
  }
  static Status AddNamed(Table& table, const Snapshot& snapshot, bool changelog, std::set<std::string>& out) {
    TRY(AddManifests(table, snapshot.base_manifest_list, out));
    TRY(AddManifests(table, snapshot.delta_manifest_list, out));
    TRY_SET(const auto live, table.LiveFiles(snapshot));
    for (const LiveFile& file : live) {
      for (const std::string& name : file.meta.Names()) {
        out.insert(Relative(table, Str(FolderOf(file.path), "/", name)));
      }
    }
    if (changelog) TRY(AddChanges(table, snapshot.changelog_manifest_list, out));
    if (!snapshot.index_manifest.empty()) out.insert("manifest/" + snapshot.index_manifest);
    TRY_SET(const auto indexes, table.ReadIndexManifest(snapshot.index_manifest));
    for (const IndexEntry& index : indexes) out.insert("index/" + index.name);
    return Ok();
  }
};

inline Options With(Options options, Options more) {
  more.merge(options);
  return more;
}

}  // namespace sluice::paimon
