// SPDX-License-Identifier: Apache-2.0
// Avro container files, and manifests and manifest lists in them.
#include <cstdint>
#include <string_view>

#include "lake/iceberg/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::iceberg;
  static const auto* metadata = [] {
    NewTable table;
    table.location = "file:///t";
    table.schema.fields = {{1, "id", {}, false, "", 0, false, "long"},
                           {2, "d", {}, false, "", 0, false, "decimal(9, 2)"}};
    table.spec.fields = {{1, 1000, "id", "identity"}, {2, 1001, "d", "identity"}};
    return new TableMetadata(*TableMetadata::New(table, "u", 1));
  }();
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)DecodeManifestList(bytes, "fuzz").ok();
  ManifestFile file;
  file.path = "fuzz";
  (void)DecodeManifest(bytes, file, *metadata).ok();
  return 0;
}
