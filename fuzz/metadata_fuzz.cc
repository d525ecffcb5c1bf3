// SPDX-License-Identifier: Apache-2.0
// Table metadata JSON: what parses must survive a commit and parse again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lake/iceberg/metadata.h"
#include "lake/iceberg/table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::iceberg;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ParseTableChange(text).ok();
  auto metadata = TableMetadata::Parse(text, "fuzz");
  if (!metadata.ok()) return 0;
  (void)metadata->current_schema().ok();
  MetadataBuilder builder(*metadata, "file:///old");
  builder.SetProperties({{"k", "v"}}, {"x"});
  auto next = builder.Build(metadata->last_updated_ms());
  if (next.ok() && !TableMetadata::Parse(next->ToJson(), "next").ok()) abort();
  return 0;
}
