// SPDX-License-Identifier: Apache-2.0
#include "lake/avro/field_ids.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "format/avro/blocks.h"

namespace sluice {
namespace {

// A reader makes something of each column, also of those that it passes over, and refuses the file at others.
constexpr std::array<std::string_view, 8> kLogicalTypes = {"",           "date", "time-micros", "timestamp-micros",
                                                           "timestamp-nanos", "decimal", "uuid", "map"};

bool IsKnown(const AvroType& type) {
  if (std::find(kLogicalTypes.begin(), kLogicalTypes.end(), type.logical_type) == kLogicalTypes.end()) return false;
  return std::all_of(type.parts.begin(), type.parts.end(), [](const auto& part) { return IsKnown(*part); }) &&
         std::all_of(type.fields.begin(), type.fields.end(), [](const auto& field) { return IsKnown(*field.type); });
}

bool IsZoned(const AvroType& type) {
  return type.adjust_to_utc ||
         std::any_of(type.parts.begin(), type.parts.end(), [](const auto& part) { return part->adjust_to_utc; });
}

Result<std::vector<FoundColumn>> ReadColumns(ReadableFile& file) {
  const auto read = [&](int64_t offset, int64_t count) -> Result<std::string> {
    std::string out(static_cast<size_t>(count), '\0');
    TRY_SET(const int64_t got, file.ReadAt(offset, count, out.data()));
    out.resize(static_cast<size_t>(got));
    return out;
  };
  TRY_SET(const auto blocks, AvroBlockReader::Open(read, file.size()));
  if (blocks.schema()->kind != AvroKind::kRecord) return Unsupported("avro: the file is of no records");
  std::vector<FoundColumn> out;
  for (const AvroField& field : blocks.schema()->fields) {
    out.push_back({field.name, field.field_id >= 0, IsZoned(*field.type), IsKnown(*field.type)});
  }
  return out;
}

}  // namespace

Result<std::vector<FoundColumn>> ColumnsOfAvro(Env& env, const std::string& path) {
  TRY_SET(const auto file, env.OpenFile(path));
  auto out = ReadColumns(*file);
  if (!out.ok()) return std::move(out).error().With(Str("data file ", path));
  return out;
}

}  // namespace sluice
