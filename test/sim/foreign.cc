// SPDX-License-Identifier: Apache-2.0
#include "sim/foreign.h"

#include <arrow/array/builder_base.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "base/text.h"
#include "lake/iceberg/data_writer.h"
#include "lake/iceberg/row_partitioner.h"
#include "lake/iceberg/scan.h"
#include "row/arrow_status.h"

namespace sluice::sim {

using iceberg::DataFile;
using iceberg::DataFileWriter;
using iceberg::LiveFile;
using iceberg::Table;
using iceberg::TableChange;

namespace {

// One row whose id is -`number`, and NULL where that may be.
Result<std::shared_ptr<arrow::RecordBatch>> ForeignRow(const iceberg::Schema& schema, int64_t number) {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const iceberg::Field& field : schema.fields) {
    auto type = field.type.ToArrow();
    std::shared_ptr<arrow::Array> column;
    if (field.name != "id" && !field.required) {
      ARROW_TRY_SET(column, arrow::MakeArrayOfNull(type, 1));
    } else if (type->id() == arrow::Type::STRING) {
      arrow::StringBuilder builder;
      ARROW_TRY(builder.Append(Str(-number)));
      ARROW_TRY(builder.Finish(&column));
    } else {
      arrow::Int32Builder builder;
      ARROW_TRY(builder.Append(static_cast<int32_t>(-number)));
      ARROW_TRY(builder.Finish(&column));
    }
    columns.push_back(column);
    fields.push_back(arrow::field(field.name, type));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), 1, std::move(columns));
}

struct NewFilePlace {
  std::string folder, path, uri;
};

Result<NewFilePlace> Place(Env& env, const Table& table) {
  NewFilePlace out;
  std::string location = table.metadata().property("write.data.path", table.metadata().location() + "/data");
  TRY_SET(out.folder, LocalPath(location));
  std::string name = Str("/foreign-", env.Uuid(), ".parquet");
  out.path = out.folder + name;
  out.uri = location + name;
  TRY(env.MakeFolders(out.folder));
  return out;
}

}  // namespace

ForeignWriter::ForeignWriter(World& world, const History& history, const std::string& warehouse, uint64_t seed)
    : world_(world), history_(history), rng_(seed), env_(world, seed, {}) {
  catalog_ = *HadoopCatalog::Make(env_, warehouse);
}

Status ForeignWriter::Act() {
  const TableId& id = history_.tables()[Pick(rng_, history_.tables().size())];
  auto exists = catalog_->Exists(id);
  if (!exists.ok() || !*exists) return Ok();
  TRY_SET(auto table, Table::Open(env_, *catalog_, id));
  switch (Pick(rng_, 5)) {
    case 0:
    case 1: return Append(*table);
    case 2: {
      TableChange change;
      change.set_properties["owner"] = Str("somebody ", ++rows_);
      world_.Trace("-- somebody sets a property");
      auto committed = table->Commit(change, {});
      return committed.ok() ? Ok() : Status(std::move(committed).error());
    }
    default: return Compact(*table);
  }
}

Status ForeignWriter::Append(Table& table) {
  TRY_SET(iceberg::Schema schema, table.metadata().current_schema());
  TRY_SET(auto row, ForeignRow(schema, ++rows_));
  TRY_SET(NewFilePlace place, Place(env_, table));
  TRY_SET(auto writer, DataFileWriter::Open(env_, place.path, schema, {}, place.uri));
  TRY(writer->Append(*row));
  TRY_SET(DataFile file, writer->Close());
  TRY(env_.SyncFolder(place.folder));
  file.spec_id = table.metadata().default_spec().spec_id;
  if (table.metadata().default_spec().partitioned()) {
    TRY_SET(auto partitioner, iceberg::RowPartitioner::Make(table.metadata().default_spec(), schema));
    const uint32_t first = 0;
    TRY_SET(auto parts, partitioner.Split(*row, {&first, 1}));
    file.partition = parts[0].partition;
  }
  TableChange change;
  change.added_data.push_back(std::move(file));
  world_.Trace(Str("-- somebody appends row ", -rows_, " to ", table.id().ToString()));
  auto committed = table.Commit(change, {});
  return committed.ok() ? Ok() : Status(std::move(committed).error());
}

Result<DataFile> ForeignWriter::Rewrite(Table& table, const std::vector<const LiveFile*>& files) {
  TRY_SET(iceberg::Schema schema, table.metadata().current_schema());
  TRY_SET(NewFilePlace place, Place(env_, table));
  TRY_SET(auto writer, DataFileWriter::Open(env_, place.path, schema, {}, place.uri));
  for (const LiveFile* file : files) {
    TRY_SET(DeleteSet deletes, iceberg::LoadDeletes(env_, *file));
    ReadOptions options;
    options.deletes = &deletes;
    TRY_SET(std::string path, LocalPath(file->data.path));
    TRY_SET(auto reader, DataFileReader::Open(env_, path, iceberg::FileColumns(schema), options));
    for (DataBatch batch;;) {
      TRY_SET(bool more, reader->Next(batch));
      if (!more) break;
      TRY(writer->Append(*batch.rows));
    }
  }
  TRY_SET(DataFile out, writer->Close());
  TRY(env_.SyncFolder(place.folder));
  out.spec_id = files[0]->data.spec_id;
  out.partition = files[0]->data.partition;
  return out;
}

Status ForeignWriter::Compact(Table& table) {
  TRY_SET(auto live, table.LiveFiles());
  if (live.empty()) return Ok();
  std::map<std::vector<iceberg::PartitionValue>, std::vector<const LiveFile*>> groups;
  TableChange change;
  change.replace = true;
  for (const LiveFile& file : live) {
    groups[file.data.partition].push_back(&file);
    change.removed_data.push_back(file.data.path);
    for (const DataFile& deletes : file.deletes) change.removed_deletes.push_back(deletes.path);
  }
  for (const auto& [partition, files] : groups) {
    TRY_SET(DataFile file, Rewrite(table, files));
    change.added_data.push_back(std::move(file));
  }
  world_.Trace(Str("-- somebody compacts ", table.id().ToString()));
  auto committed = table.Commit(change, {});
  return committed.ok() ? Ok() : Status(std::move(committed).error());
}

}  // namespace sluice::sim
