// SPDX-License-Identifier: Apache-2.0
#include "lake/mirror/snapshots_to_show.h"

#include <map>
#include <optional>
#include <utility>

#include "base/text.h"
#include "lake/mirror/iceberg_form.h"
#include "lake/paimon/table_options.h"

namespace sluice::mirror {
namespace {

constexpr size_t kReplayedMax = 100;  // of a table that has no Iceberg metadata yet

// Leaves out what comes before columns that do not follow from those before.
Status CutAtBreak(paimon::Table& table, std::vector<paimon::Snapshot>& snapshots) {
  std::optional<iceberg::Schema> before;
  int64_t before_id = -1;
  size_t begin = 0;
  for (size_t i = 0; i < snapshots.size(); ++i) {
    const bool last = i + 1 == snapshots.size();
    if (snapshots[i].schema_id == before_id) continue;
    TRY_SET(const paimon::Schema* schema, table.SchemaOf(snapshots[i].schema_id));
    auto columns = IcebergSchemaOf(*schema);
    if (!columns.ok() && last) return std::move(columns).error();
    const bool follows = columns.ok() && (!before || CheckPromotions(*before, *columns).ok());
    if (!follows) begin = columns.ok() ? i : i + 1;
    before_id = columns.ok() ? snapshots[i].schema_id : -1;
    before = columns.ok() ? std::optional(*std::move(columns)) : std::nullopt;
  }
  snapshots.erase(snapshots.begin(), snapshots.begin() + static_cast<std::ptrdiff_t>(begin));
  return Ok();
}

}  // namespace

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

Status CheckBecomes(const paimon::Schema& from, const paimon::Schema& to) {
  TRY_SET(const auto options, paimon::TableOptions::Of(to));
  if (options.iceberg.storage == paimon::IcebergStorage::kNone) return Ok();
  TRY_SET(const iceberg::Schema before, IcebergSchemaOf(from));
  TRY_SET(const iceberg::Schema after, IcebergSchemaOf(to));
  return CheckPromotions(before, after);
}

Result<std::vector<paimon::Snapshot>> SnapshotsToShow(paimon::Table& table, const std::vector<paimon::Tag>& tags,
                                                      int64_t shown, const paimon::Snapshot& latest) {
  std::map<int64_t, paimon::Snapshot> found = {{latest.id, latest}};
  for (const paimon::Tag& tag : tags) {
    if (tag.snapshot.id > shown && tag.snapshot.id < latest.id) found.emplace(tag.snapshot.id, tag.snapshot);
  }
  TRY_SET(auto ids, table.SnapshotIds());
  if (shown == 0 && ids.size() > kReplayedMax) ids.erase(ids.begin(), ids.end() - kReplayedMax);
  for (const int64_t id : ids) {
    if (id <= shown || id >= latest.id) continue;
    TRY_SET(found[id], table.SnapshotOf(id));
  }
  std::vector<paimon::Snapshot> out;
  for (auto& [id, snapshot] : found) out.push_back(std::move(snapshot));
  if (shown == 0) TRY(CutAtBreak(table, out));
  return out;
}

}  // namespace sluice::mirror
