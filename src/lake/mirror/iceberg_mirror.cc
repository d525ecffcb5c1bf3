// SPDX-License-Identifier: Apache-2.0
#include "lake/mirror/iceberg_mirror.h"

#include <algorithm>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "lake/catalog/uri.h"
#include "lake/iceberg/orphans.h"
#include "lake/mirror/bucket_plan.h"
#include "lake/mirror/iceberg_form.h"
#include "lake/mirror/name_mapping.h"
#include "lake/mirror/snapshots_to_show.h"

namespace sluice::mirror {
namespace {

constexpr int kTriesMax = 5;
// Which snapshot of which history an Iceberg table shows.
constexpr const char* kShown = "paimon.snapshot";

std::string MarkOf(const paimon::Snapshot& snapshot) {
  return Str(snapshot.id, " ", snapshot.time_ms, " ", snapshot.commit_identifier, " ", snapshot.commit_user);
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
  TRY_SET(Place place, PlaceOf(folder, options.iceberg.storage));
  if (options.iceberg.storage == paimon::IcebergStorage::kTable && EncodeSegment(place.id.table) != place.id.table) {
    return Unsupported(Str("table ", folder, ": its name cannot be one of an Iceberg table"),
                       "set metadata.iceberg.storage to hadoop-catalog");
  }
  auto catalog = HadoopCatalog::At(env, place.warehouse);
  TRY_SET(const std::string location, catalog->Location(place.id));
  TRY_SET(const std::string path, PathOfUri(location));
  TRY_SET(auto publisher, MakeCatalogPublisher(place.own, options.iceberg));
  return std::unique_ptr<IcebergMirror>(new IcebergMirror(env, std::move(catalog), std::move(publisher),
                                                          std::move(place.id), path + "/metadata", options));
}

Status IcebergMirror::Follow(paimon::Table& table) {
  for (int tries = 1;; ++tries) {
    Status shown = ShowAll(table);
    if (shown.ok()) return shown;
    const ErrorCode code = shown.error().code;
    // Another process shows a snapshot too, or the one that was the newest has expired: look again.
    if ((code != ErrorCode::kConflict && code != ErrorCode::kNotFound) || tries == kTriesMax) return shown;
    iceberg_.reset();
  }
}

Status IcebergMirror::ShowAll(paimon::Table& table) {
  TRY(table.Refresh());
  TRY_SET(const auto latest, table.LatestSnapshot());
  if (!latest) return Ok();
  TRY(Open());
  if (iceberg_ != nullptr) TRY(Publish());  // what a killed process has not told
  TRY_SET(const auto tags, paimon::ListTags(env_, table.folder()));
  if (iceberg_ == nullptr || iceberg_->metadata().property(kShown) != MarkOf(*latest)) {
    TRY_SET(const auto shown, Shown(table, *latest));
    if (!shown) TRY(Clear());
    TRY_SET(const auto missing, SnapshotsToShow(table, tags, shown.value_or(0), *latest));
    if (iceberg_ == nullptr) {
      TRY_SET(const paimon::Schema* first, table.SchemaOf(missing.front().schema_id));
      TRY(Create(*first));
    }
    for (const paimon::Snapshot& snapshot : missing) {
      Status done = Show(table, snapshot);
      const bool left_out = !done.ok() && done.error().code == ErrorCode::kUnsupported && &snapshot != &missing.back();
      if (left_out) LogWarn(Str(folder_, ": snapshot ", snapshot.id, " is left out: ", done.error().message));
      if (!left_out) TRY(std::move(done));
    }
  }
  TRY(ShowColumns(table.newest_schema()));
  return Tidy(table, tags);
}

Status IcebergMirror::Show(paimon::Table& table, const paimon::Snapshot& snapshot) {
  TRY_SET(const paimon::Schema* schema, table.SchemaOf(snapshot.schema_id));
  TRY_SET(const iceberg::TableChange change, Plan(table, snapshot, *schema));
  PassFailpoint("paimon.before_mirror");
  TRY_SET(const int64_t shown, iceberg_->Commit(change, {}));
  (void)shown;
  return Publish();
}

// Who reads the newest snapshot sees the newest columns, who asks for it by its number those that it was made with.
Status IcebergMirror::ShowColumns(const paimon::Schema& schema) {
  iceberg::TableChange change;
  change.vectors = iceberg_->metadata().format_version() > 2;
  TRY(SetColumns(schema, change));
  if (!change.schema) return Ok();
  TRY_SET(const int64_t shown, iceberg_->Commit(change, {}));
  (void)shown;
  return Publish();
}

Status IcebergMirror::SetColumns(const paimon::Schema& schema, iceberg::TableChange& change) const {
  const iceberg::TableMetadata& metadata = iceberg_->metadata();
  TRY_SET(iceberg::Schema wanted, IcebergSchemaOf(schema));
  TRY_SET(const iceberg::Schema current, metadata.current_schema());
  if (wanted.SameFields(current)) return Ok();
  bool known = false;  // back to older columns, or from them to the newest
  for (const int id : metadata.schema_ids()) {
    const auto other = metadata.schema(id);
    known |= other.ok() && other->SameFields(wanted);
  }
  if (!known) TRY(CheckPromotions(current, wanted));
  change.schema = std::move(wanted);
  change.last_column_id = schema.highest_field_id;
  return Ok();
}

Status IcebergMirror::Publish() {
  PassFailpoint("paimon.before_publish");
  return publisher_ == nullptr ? Ok() : publisher_->Publish(iceberg_->metadata(), iceberg_->version().file);
}

Status IcebergMirror::Open() {
  if (iceberg_ != nullptr) return iceberg_->Refresh();
  TRY_SET(const bool exists, catalog_->Exists(id_));
  if (!exists) return Ok();
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

// The number of the snapshot that is shown, 0 for none. Nothing: `latest` does not come after it, as after a rollback,
// or another writer of Iceberg metadata was here.
Result<std::optional<int64_t>> IcebergMirror::Shown(paimon::Table& table, const paimon::Snapshot& latest) const {
  const std::optional<int64_t> none;
  if (iceberg_ == nullptr) return std::optional<int64_t>(0);
  const iceberg::TableMetadata& metadata = iceberg_->metadata();
  if (metadata.snapshots().empty()) return std::optional<int64_t>(0);
  const std::string mark = metadata.property(kShown);
  int64_t id = 0;
  if (!ParseNumber(Split(mark, ' ')[0], id) || id >= latest.id) return none;
  for (const iceberg::Snapshot& snapshot : metadata.snapshots()) {
    if (snapshot.id > id) return none;
  }
  auto shown = table.SnapshotOf(id);
  if (!shown.ok() && shown.error().code == ErrorCode::kNotFound) return std::optional(id);  // expired
  if (!shown.ok()) return std::move(shown).error();
  return MarkOf(*shown) == mark ? std::optional(id) : none;
}

// What is there shows a history that is no more.
Status IcebergMirror::Clear() {
  LogWarn(Str(folder_, ": the Iceberg metadata does not belong to the table's history; it is made anew"));
  if (publisher_ != nullptr) TRY(publisher_->Withdraw());
  iceberg_.reset();
  TRY_SET(const auto names, env_.List(folder_));
  for (const std::string& name : names) TRY(env_.Remove(Str(folder_, "/", name)));
  return Ok();
}

Result<iceberg::TableChange> IcebergMirror::Plan(paimon::Table& table, const paimon::Snapshot& snapshot,
                                                 const paimon::Schema& schema) {
  iceberg::TableChange change;
  change.snapshot_id = snapshot.id;
  change.vectors = iceberg_->metadata().format_version() > 2;
  change.set_properties[kShown] = MarkOf(snapshot);
  change.summary["paimon.snapshot-id"] = Str(snapshot.id);
  TRY(SetColumns(schema, change));
  TRY_SET(const DataFileForm form, DataFileForm::Of(table, schema));
  TRY_SET(auto live, table.LiveFiles(snapshot));
  TRY_SET(const auto shown, iceberg_->LiveFiles());
  const std::string mapped = iceberg_->metadata().property(NameMapping::kProperty);
  TRY_SET(NameMapping names, NameMapping::Parse(mapped));
  TRY(BucketPlans(env_, table, schema, options_, form, folder_, names).Run(std::move(live), shown, change));
  if (names.ToJson() != mapped) change.set_properties[NameMapping::kProperty] = names.ToJson();
  return change;
}

// Tags, and no more what has expired. A tag keeps its snapshot.
Status IcebergMirror::Tidy(paimon::Table& table, const std::vector<paimon::Tag>& tags) {
  TRY_SET(const auto ids, table.SnapshotIds());
  std::map<std::string, int64_t> shown_tags;
  std::set<int64_t> kept(ids.begin(), ids.end());
  for (const paimon::Tag& tag : tags) {
    shown_tags[tag.name] = tag.snapshot.id;
    kept.insert(tag.snapshot.id);
  }
  std::vector<int64_t> gone;
  for (const iceberg::Snapshot& snapshot : iceberg_->metadata().snapshots()) {
    if (!kept.contains(snapshot.id)) gone.push_back(snapshot.id);
  }
  TRY_SET(const bool changed, iceberg_->Expire(gone, shown_tags, folder_));
  return changed ? Publish() : Ok();
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
