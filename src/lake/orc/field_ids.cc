// SPDX-License-Identifier: Apache-2.0
#include "lake/orc/field_ids.h"

#include <arrow/adapters/orc/adapter.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <exception>
#include <memory>

#include "base/text.h"
#include "lake/parquet/file_streams.h"
#include "row/arrow_status.h"

namespace sluice {
namespace {

Result<std::vector<FoundColumn>> ReadColumns(const std::shared_ptr<EnvInputFile>& source) {
  ARROW_TRY_SET(const auto reader, arrow::adapters::orc::ORCFileReader::Open(source, arrow::default_memory_pool()));
  ARROW_TRY_SET(const auto schema, reader->ReadSchema());
  std::vector<FoundColumn> out;
  for (const auto& field : schema->fields()) {
    const auto& type = *field->type();
    const bool zoned = type.id() == arrow::Type::TIMESTAMP &&
                       !static_cast<const arrow::TimestampType&>(type).timezone().empty();
    const bool has_id = field->metadata() != nullptr && field->metadata()->Contains(kIcebergFieldId);
    out.push_back({field->name(), has_id, zoned, /*known=*/true});
  }
  return out;
}

}  // namespace

Result<std::vector<FoundColumn>> ColumnsOfOrc(Env& env, const std::string& path) {
  TRY_SET(auto file, env.OpenFile(path));
  const auto source = std::make_shared<EnvInputFile>(std::move(file));
  Result<std::vector<FoundColumn>> out = std::vector<FoundColumn>();
  try {
    out = ReadColumns(source);
  } catch (const std::exception& error) {  // Arrow's ORC code throws at damaged files
    out = Corrupt(error.what());
  }
  if (source->error()) return *source->error();
  if (!out.ok()) return std::move(out).error().With(Str("data file ", path));
  return out;
}

}  // namespace sluice
