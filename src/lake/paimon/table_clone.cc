// SPDX-License-Identifier: Apache-2.0
// CloneTable of table_copy.h.
#include <arrow/record_batch.h>

#include <set>
#include <utility>

#include "base/text.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/once_writer.h"
#include "lake/paimon/scan.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_copy.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {
namespace {

constexpr const char* kBucket = "bucket";

// Rows of the one go into the other as they are.
Status CheckColumns(const Schema& from, const Schema& to, const TableId& id) {
  bool same = from.fields.size() == to.fields.size() && from.partition_keys == to.partition_keys;
  for (size_t i = 0; same && i < from.fields.size(); ++i) {
    same = from.fields[i].name == to.fields[i].name && from.fields[i].type_json == to.fields[i].type_json;
  }
  if (same) return Ok();
  return Invalid(Str("table ", id.ToString(), " is there, with other columns or partitions than the one to be cloned"),
                 "drop it, or name another target");
}

// The serialized rows of those whose rows come.
Result<std::set<std::string>> PartitionsMeant(Table& table, const Snapshot& snapshot, const CloneRequest& request) {
  TRY_SET(const auto types, table.PartitionTypes());
  TRY_SET(const BinaryRowCodec codec, BinaryRowCodec::Make(types));
  TRY_SET(const auto live, table.LiveEntries(snapshot));
  std::set<std::string> all, out;
  for (const ManifestEntry& entry : live) {
    if (!all.insert(entry.partition).second) continue;
    bool meant = true;
    if (request.wanted) {
      TRY_SET(const auto values, codec.Parse(entry.partition));
      TRY_SET(meant, request.wanted(values));
    }
    if (meant) out.insert(entry.partition);
  }
  return out;
}

// False: another writer came in between.
Result<bool> WriteRows(Env& env, Table& source, Catalog& target, const TableId& to, const CloneRequest& request,
                       TableCopy& out) {
  out.rows = 0;
  TRY_SET(const auto snapshot, source.LatestSnapshot());
  if (!snapshot) return true;
  TRY_SET(const auto meant, PartitionsMeant(source, *snapshot, request));
  if (meant.empty()) return true;
  TRY_SET(const auto table, target.Open(env, to));
  TRY_SET(const auto base, table->LatestSnapshot());
  ScanOptions scanned;
  scanned.schema = &source.newest_schema();
  scanned.wanted = [&](const LiveFile& file) { return meant.contains(file.partition); };
  TRY_SET(TableScan scan, TableScan::OfSnapshot(env, source, *snapshot, {}, scanned));
  TableWriterOptions writes;
  writes.overwritten.assign(meant.begin(), meant.end());
  TRY_SET(const auto writer, OnceWriter::Make(env, *table, base ? base->id : 0, std::move(writes)));
  for (DataBatch batch;;) {
    TRY_SET(const bool more, scan.Next(batch));
    if (!more) break;
    out.rows += batch.rows->num_rows();
    TRY(writer->Write(batch.rows, {}));
  }
  TRY_SET(const auto made, writer->Commit());
  if (made) out.snapshot = *made;
  return made.has_value();
}

}  // namespace

Schema SchemaOfClone(const Schema& from, const CloneRequest& request) {
  Schema out = from;
  out.id = 0;
  out.options.erase("path");
  const bool keeps_buckets = from.primary_keys.empty() && from.options.contains("bucket-key");
  if (!keeps_buckets) out.options.erase(kBucket);
  if (!from.primary_keys.empty()) out.options[kBucket] = "-2";
  if (!request.file_format.empty()) out.options["file.format"] = request.file_format;
  for (const auto& [key, value] : request.options) out.options[key] = value;
  return out;
}

Result<TableCopy> CloneTable(Env& env, const std::string& from_folder, Catalog& target, const TableId& to,
                             const CloneRequest& request) {
  TableCopy out;
  TRY_SET(const auto source, Table::Open(env, from_folder));
  TRY_SET(const bool there, target.Exists(to));
  if (there && !request.if_exists) return out;
  if (!there) {
    Schema schema = SchemaOfClone(source->newest_schema(), request);
    schema.time_ms = env.NowMs();
    const auto options = TableOptions::Of(schema);  // before anything is made
    if (!options.ok()) {
      Error error = Error(options.error()).With(Str("table ", to.ToString(), " cannot be made"));
      error.hint = "--target_table_conf gives it other options: bucket=4, changelog-producer=none";
      return error;
    }
    TRY(target.Create(to, schema));
    out.made = true;
  }
  TRY_SET(const auto table, target.Open(env, to));
  if (table->folder() == source->folder()) {
    return Invalid(Str("table ", to.ToString(), " would be cloned onto itself"), "name another table or warehouse");
  }
  TRY(CheckColumns(source->newest_schema(), table->newest_schema(), to));
  if (request.meta_only) return out;
  TRY(UntilAlone(table->folder(), [&] { return WriteRows(env, *source, target, to, request, out); }));
  return out;
}

}  // namespace sluice::paimon
