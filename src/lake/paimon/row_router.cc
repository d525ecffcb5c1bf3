// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/row_router.h"

#include <arrow/array.h>

#include <utility>

#include "base/text.h"
#include "lake/paimon/postponed.h"

namespace sluice::paimon {
namespace {

// Of columns that are there and that rows hold.
Result<BinaryRowCodec> CodecOf(const Schema& schema, const std::vector<std::string>& names, std::vector<int>& places) {
  std::vector<DataType> types;
  TRY_SET(const auto fields, SupportedFields(schema, names));
  for (const Field* field : fields) {
    types.push_back(field->type);
    places.push_back(static_cast<int>(field - schema.fields.data()));
  }
  return BinaryRowCodec::Make(std::move(types));
}

Columns Chosen(const Columns& columns, const std::vector<int>& places) {
  Columns out;
  for (int place : places) out.push_back(columns[static_cast<size_t>(place)]);
  return out;
}

}  // namespace

Result<std::unique_ptr<RowRouter>> RowRouter::Make(Env& env, const Schema& schema, const TableOptions& options) {
  std::unique_ptr<RowRouter> router(new RowRouter(env));
  TRY(router->Bind(schema, options));
  return router;
}

Status RowRouter::Bind(const Schema& schema, const TableOptions& options) {
  options_ = options;
  partition_columns_.clear();
  bucket_columns_.clear();
  TRY_SET(partition_codec_, CodecOf(schema, schema.partition_keys, partition_columns_));
  TRY_SET(bucket_codec_, CodecOf(schema, options.bucket_key, bucket_columns_));
  return Ok();
}

Result<RowRouter::Partition*> RowRouter::PartitionOf(Table& table, const std::string& row) {
  auto found = partitions_.find(row);
  if (found != partitions_.end()) return found->second.get();
  auto partition = std::make_unique<Partition>();
  partition->row = row;
  if (options_.bucket_mode == BucketMode::kDynamic) {
    partition->keys = std::make_unique<DynamicBuckets>(options_.bucket_target_rows, options_.buckets_max);
    if (!truncated_) TRY(LoadKeys(table, *partition));
  }
  return partitions_.emplace(row, std::move(partition)).first->second.get();
}

Status RowRouter::LoadKeys(Table& table, Partition& partition) {
  TRY_SET(const auto snapshot, table.LatestSnapshot());
  if (!snapshot) return Ok();
  TRY_SET(const auto entries, table.ReadIndexManifest(snapshot->index_manifest));
  for (const IndexEntry& entry : entries) {
    if (entry.type != kHashIndex || entry.partition != partition.row) continue;
    const std::string path = table.IndexPath(entry.name);
    TRY_SET(const std::string bytes, env_.ReadFile(path));
    Status loaded = partition.keys->Load(entry.bucket, bytes);
    if (!loaded.ok()) return std::move(loaded).error().With(path);
  }
  return Ok();
}

Status RowRouter::Route(Table& table, const Columns& columns, int64_t rows, std::vector<uint32_t>& out) {
  const Columns partition_cells = Chosen(columns, partition_columns_);
  const Columns bucket_cells = Chosen(columns, bucket_columns_);
  const bool hashed = options_.bucket_mode == BucketMode::kDynamic || options_.buckets > 1;
  out.resize(static_cast<size_t>(rows));
  std::string partition_row, last_partition, key;
  Partition* partition = nullptr;
  for (int64_t row = 0; row < rows; ++row) {
    if (partition == nullptr || !partition_cells.empty()) {
      partition_row = partition_codec_->Serialize(partition_cells, row);
      if (partition == nullptr || partition_row != last_partition) {
        TRY_SET(partition, PartitionOf(table, partition_row));
        last_partition = partition_row;
      }
    }
    int bucket = options_.bucket_mode == BucketMode::kPostponed ? kPostponedBucket : 0;
    if (hashed) {
      bucket_codec_->Encode(bucket_cells, row, key);
      const bool dynamic = partition->keys != nullptr;
      bucket = dynamic ? partition->keys->Assign(HashBinaryRow(key)) : BucketOf(key, options_.buckets);
      if (bucket < 0) {
        return Invalid(Str("a partition has ", DynamicBuckets::kMost, " buckets of ", options_.bucket_target_rows,
                           " keys, and no reader of Paimon takes more"),
                       "set a larger dynamic-bucket.target-row-num");
      }
    }
    auto [place, added] = partition->buckets.try_emplace(bucket, static_cast<uint32_t>(buckets_.size()));
    if (added) buckets_.push_back({partition->row, bucket});
    out[static_cast<size_t>(row)] = place->second;
  }
  return Ok();
}

Result<std::vector<IndexEntry>> RowRouter::WriteIndexes(const Table& table) {
  std::vector<IndexEntry> out;
  for (auto& [row, partition] : partitions_) {
    if (partition->keys == nullptr) continue;
    for (int bucket : partition->keys->changed()) {
      const std::string bytes = partition->keys->IndexFile(bucket);
      IndexEntry entry;
      entry.partition = row;
      entry.bucket = bucket;
      entry.type = kHashIndex;
      entry.name = Str("index-", env_.Uuid(), "-0");
      entry.size = static_cast<int64_t>(bytes.size());
      entry.row_count = partition->keys->keys(bucket);
      if (out.empty()) TRY(env_.MakeFolders(table.folder() + "/index"));
      TRY(env_.WriteFile(table.IndexPath(entry.name), bytes));
      out.push_back(std::move(entry));
    }
    partition->keys->Saved();
  }
  if (!out.empty()) TRY(env_.SyncFolder(table.folder() + "/index"));
  return out;
}

void RowRouter::Truncate() {
  partitions_.clear();
  truncated_ = true;
}

}  // namespace sluice::paimon
