// SPDX-License-Identifier: Apache-2.0
// For tests: whether a snapshot's data files without their hidden rows, and the rows that are made of several, are what
// a scan gives.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "lake/paimon/scan.h"
#include "lake/paimon/stored_types.h"
#include "lake/paimon/visible_rows.h"
#include "row/format_value.h"

namespace sluice::paimon {

inline void AddLines(const arrow::RecordBatch& rows, std::multiset<std::string>& out) {
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    std::string line;
    for (const auto& column : rows.columns()) {
      AppendJson(*column, row, line);
      line += '|';
    }
    out.insert(std::move(line));
  }
}

inline Status AddVisible(Env& env, Table& table, const MergeOrder* order, const std::vector<FileColumn>& columns,
                         const std::vector<LiveFile>& bucket, std::multiset<std::string>& out) {
  const auto files = VisibleFiles(bucket, order);
  TRY_SET(const auto hidden, HiddenRows(env, table, order, files, [&](const arrow::RecordBatch& rows) {
            AddLines(rows, out);
            return Ok();
          }));
  for (const LiveFile& file : files) {
    ReadOptions options;
    const auto rows = hidden.find(file.meta.name);
    if (rows != hidden.end()) options.deletes = &rows->second;
    TRY_SET(const Schema* written, table.SchemaOf(file.meta.schema_id));
    const auto stored = ColumnsOfFile(columns, *written, options);
    TRY_SET(const auto reader, DataFileReader::Open(env, file.path, stored, options));
    for (DataBatch batch;;) {
      TRY_SET(const bool more, reader->Next(batch));
      if (!more) break;
      AddLines(*batch.rows, out);
    }
  }
  return Ok();
}

// kCorrupt tells a row that only one of both has.
inline Status CheckVisible(Env& env, Table& table, const Snapshot& snapshot) {
  TRY_SET(const Schema* schema, table.SchemaOf(snapshot.schema_id));
  MergeOrder order;
  const bool keyed = !schema->primary_keys.empty();
  if (keyed) {
    TRY_SET(order, MergeOrder::Of(*schema));
  }
  std::multiset<std::string> scanned, visible;
  TRY_SET(auto scan, TableScan::OfSnapshot(env, table, snapshot, {}));
  for (DataBatch batch;;) {
    TRY_SET(const bool more, scan.Next(batch));
    if (!more) break;
    AddLines(*batch.rows, scanned);
  }
  TRY_SET(auto files, table.LiveFiles(snapshot));
  std::map<std::pair<std::string, int>, std::vector<LiveFile>> buckets;
  for (LiveFile& file : files) buckets[{file.partition, file.bucket}].push_back(std::move(file));
  for (const auto& [id, bucket] : buckets) {
    TRY(AddVisible(env, table, keyed ? &order : nullptr, scan.columns(), bucket, visible));
  }
  for (const auto* rows : {&scanned, &visible}) {
    for (const std::string& row : *rows) {
      if (scanned.count(row) == visible.count(row)) continue;
      return Corrupt(Str("snapshot ", snapshot.id, ": row ", row, " is scanned ", scanned.count(row), " times and ",
                         visible.count(row), " times in files"));
    }
  }
  return Ok();
}

}  // namespace sluice::paimon
