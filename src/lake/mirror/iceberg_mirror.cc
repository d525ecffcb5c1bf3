// SPDX-License-Identifier: Apache-2.0
#include "lake/mirror/iceberg_mirror.h"

#include <algorithm>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "lake/iceberg/orphans.h"
#include "lake/mirror/bucket_plan.h"
#include "lake/mirror/iceberg_form.h"

namespace sluice::mirror {
namespace {

constexpr int kTriesMax = 5;
// Which snapshot of which history an Iceberg table shows.
constexpr const char* kShown = "paimon.snapshot";

std::string MarkOf(const paimon::Snapshot& snapshot) {
  return Str(snapshot.id, " ", snapshot.time_ms, " ", snapshot.commit_identifier, " ", snapshot.commit_user);
}

// Of changes that another writer has made to the Paimon table.
Status CheckPromotions(const iceberg::Schema& from, const iceberg::Schema& to) {
  for (const iceberg::Field& field : to.fields) {
    const iceberg::Field* before = from.FindId(field.id);
    if (before == nullptr || iceberg::CanPromote(before->iceberg_type, field.iceberg_type)) continue;
    return Unsupported(Str("column ", field.name, " became ", field.type.ToString(), ": Iceberg has no promotion from ",
                           before->iceberg_type, " to ", field.iceberg_type),
                       "set metadata.iceberg.storage to disabled, or remove the folder of the Iceberg metadata after a "
                       "full compaction");
  }
  return Ok();
}

struct Place {
  std::string warehouse;
  TableId id;
  TableId own;  // in the Paimon catalog
};

std::string ParentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Result<Place> PlaceOf(const std::string& folder, paimon::IcebergStorage storage) {
  const std::string database_folder = ParentOf(folder);
  std::string database = NameOf(database_folder);
  const bool named = database.ends_with(".db");
  if (named) database.resize(database.size() - 3);
  const TableId own{database, NameOf(folder)};
  if (storage == paimon::IcebergStorage::kTable) return Place{database_folder, {"", own.table}, own};
  if (!named) {
    return Invalid(Str("table ", folder, " is in no database of a warehouse, which metadata.iceberg.storage needs"),
                   "set metadata.iceberg.storage to table-location");
  }
  return Place{ParentOf(database_folder) + "/iceberg", own, own};
}

}  // namespace

Result<std::unique_ptr<IcebergMirror>> IcebergMirror::Make(Env& env, const std::string& folder,
                                                           const paimon::TableOptions& options) {
  if (options.iceberg.storage == paimon::IcebergStorage::kNone) return std::unique_ptr<IcebergMirror>();
  if (env.IsObjectStore(folder)) {
    return Unsupported(Str("table ", folder, ": Iceberg metadata beside a table in S3 is not there yet"),
                       "set metadata.iceberg.storage to disabled");
  }
  TRY_SET(Place place, PlaceOf(folder, options.iceberg.storage));
  if (options.iceberg.storage == paimon::IcebergStorage::kTable && EncodeSegment(place.id.table) != place.id.table) {
    return Unsupported(Str("table ", folder, ": its name cannot be one of an Iceberg table"),
                       "set metadata.iceberg.storage to hadoop-catalog");
  }
  TRY_SET(auto catalog, HadoopCatalog::Make(env, place.warehouse));
  TRY_SET(const std::string location, catalog->Location(place.id));
  TRY_SET(const std::string path, LocalPath(location));
  TRY_SET(auto publisher, MakeCatalogPublisher(place.own, options.iceberg));
  return std::unique_ptr<IcebergMirror>(new IcebergMirror(env, std::move(catalog), std::move(publisher),
                                                          std::move(place.id), path + "/metadata", options));
}

Status IcebergMirror::Follow(paimon::Table& table) {
  for (int tries = 1;; ++tries) {
    TRY(table.Refresh());
    TRY_SET(const auto latest, table.LatestSnapshot());
    if (!latest) return Ok();
    Status shown = Show(table, *latest);
    if (shown.ok()) return Expire(table);
    const ErrorCode code = shown.error().code;
    // Another process shows a snapshot too, or the one that was the newest has expired: look again.
    if ((code != ErrorCode::kConflict && code != ErrorCode::kNotFound) || tries == kTriesMax) return shown;
    iceberg_.reset();
  }
}

Status IcebergMirror::Show(paimon::Table& table, const paimon::Snapshot& latest) {
  TRY(Open(table.newest_schema()));
  TRY(Publish());  // what a killed process has not told
  if (iceberg_->metadata().property(kShown) == MarkOf(latest)) return Ok();
  TRY_SET(const bool continues, Continues(table, latest));
  if (!continues) TRY(Begin(table.newest_schema()));
  TRY_SET(const iceberg::TableChange change, Plan(table, latest));
  PassFailpoint("paimon.before_mirror");
  TRY_SET(const int64_t shown, iceberg_->Commit(change, {}));
  (void)shown;
  return Publish();
}

Status IcebergMirror::Publish() {
  PassFailpoint("paimon.before_publish");
  return publisher_ == nullptr ? Ok() : publisher_->Publish(iceberg_->metadata(), iceberg_->version().file);
}

Status IcebergMirror::Open(const paimon::Schema& schema) {
  if (iceberg_ != nullptr) return iceberg_->Refresh();
  TRY_SET(const bool exists, catalog_->Exists(id_));
  if (!exists) return Create(schema);
  TRY_SET(iceberg_, iceberg::Table::Open(env_, *catalog_, id_));
  return Ok();
}

Status IcebergMirror::Create(const paimon::Schema& schema) {
  iceberg::NewTable table;
  TRY_SET(table.schema, IcebergSchemaOf(schema));
  table.spec = IcebergSpecOf(schema);
  table.format_version = options_.iceberg.format_version;
  table.properties = {
      {"gc.enabled", "false"},  // the data files are Paimon's
      {"commit.retry.num-retries", "0"},  // what is planned holds for one state only
      {"write.metadata.delete-after-commit.enabled", options_.iceberg.delete_old_metadata ? "true" : "false"},
      {"write.metadata.previous-versions-max", Str(std::max<int64_t>(1, options_.iceberg.previous_versions))},
  };
  auto made = iceberg::Table::Create(env_, *catalog_, id_, std::move(table));
  if (made.ok()) {
    iceberg_ = *std::move(made);
    return Ok();
  }
  if (made.error().code != ErrorCode::kConflict) return std::move(made).error();
  TRY_SET(iceberg_, iceberg::Table::Open(env_, *catalog_, id_));  // another process was faster
  return Ok();
}

// Whether `latest` comes after what is shown. Not after a rollback, nor if another writer of Iceberg metadata was here.
Result<bool> IcebergMirror::Continues(paimon::Table& table, const paimon::Snapshot& latest) const {
  const iceberg::TableMetadata& metadata = iceberg_->metadata();
  if (metadata.snapshots().empty()) return true;
  const std::string mark = metadata.property(kShown);
  int64_t id = 0;
  if (!ParseNumber(Split(mark, ' ')[0], id) || id >= latest.id || metadata.snapshot(latest.id) != nullptr) return false;
  auto shown = table.SnapshotOf(id);
  if (!shown.ok() && shown.error().code == ErrorCode::kNotFound) return true;  // expired
  if (!shown.ok()) return std::move(shown).error();
  return MarkOf(*shown) == mark;
}

// Anew: what is there shows a history that is no more.
Status IcebergMirror::Begin(const paimon::Schema& schema) {
  LogWarn(Str(folder_, ": the Iceberg metadata does not belong to the table's history; it is made anew"));
  if (publisher_ != nullptr) TRY(publisher_->Withdraw());
  iceberg_.reset();
  TRY_SET(const auto names, env_.List(folder_));
  for (const std::string& name : names) TRY(env_.Remove(Str(folder_, "/", name)));
  return Create(schema);
}

Result<iceberg::TableChange> IcebergMirror::Plan(paimon::Table& table, const paimon::Snapshot& latest) {
  const paimon::Schema& schema = table.newest_schema();
  iceberg::TableChange change;
  change.snapshot_id = latest.id;
  change.vectors = iceberg_->metadata().format_version() > 2;
  change.set_properties[kShown] = MarkOf(latest);
  change.summary["paimon.snapshot-id"] = Str(latest.id);
  TRY_SET(iceberg::Schema wanted, IcebergSchemaOf(schema));
  TRY_SET(const iceberg::Schema current, iceberg_->metadata().current_schema());
  if (!wanted.SameFields(current)) {
    TRY(CheckPromotions(current, wanted));
    change.schema = std::move(wanted);
    change.last_column_id = schema.highest_field_id;
  }
  TRY_SET(const DataFileForm form, DataFileForm::Of(table, schema));
  TRY_SET(auto live, table.LiveFiles(latest));
  TRY_SET(const auto shown, iceberg_->LiveFiles());
  TRY(BucketPlans(env_, table, schema, options_, form, folder_).Run(std::move(live), shown, change));
  return change;
}

Status IcebergMirror::Expire(paimon::Table& table) {
  TRY_SET(const auto ids, table.SnapshotIds());
  std::vector<int64_t> gone;
  for (const iceberg::Snapshot& snapshot : iceberg_->metadata().snapshots()) {
    if (!std::binary_search(ids.begin(), ids.end(), snapshot.id)) gone.push_back(snapshot.id);
  }
  if (gone.empty()) return Ok();
  TRY(iceberg_->Expire(gone, folder_));
  return Publish();
}

Result<int64_t> IcebergMirror::RemoveUnreachable(const std::vector<std::string>& paths) {
  TRY_SET(const bool exists, catalog_->Exists(id_));
  if (!exists) return 0;
  TRY_SET(const auto table, iceberg::Table::Open(env_, *catalog_, id_));
  return iceberg::RemoveUnreachable(env_, *table, paths);
}

Status FollowOnce(Env& env, paimon::Table& table) {
  TRY(table.Refresh());
  TRY_SET(const auto options, paimon::TableOptions::Of(table.newest_schema()));
  TRY_SET(const auto mirror, IcebergMirror::Make(env, table.folder(), options));
  return mirror == nullptr ? Ok() : mirror->Follow(table);
}

}  // namespace sluice::mirror
