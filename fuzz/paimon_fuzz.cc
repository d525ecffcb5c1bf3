// SPDX-License-Identifier: Apache-2.0
// Paimon's metadata: the first byte says which. A schema that parses must survive being written.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lake/paimon/binary_row.h"
#include "lake/paimon/deletion_vector.h"
#include "lake/paimon/file_conditions.h"
#include "lake/paimon/hll_sketch.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/roaring_set.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/snapshot.h"
#include "lake/paimon/theta_sketch.h"
#include "row/variant.h"

namespace {

using namespace sluice;

void Rows(std::string_view bytes) {
  const DataType text{.kind = TypeKind::kString}, decimal{.kind = TypeKind::kDecimal, .precision = 30, .scale = 2};
  const DataType time{.kind = TypeKind::kTimestamp, .precision = 6};
  auto codec = paimon::BinaryRowCodec::Make({text, decimal, time});
  if (codec.ok()) (void)codec->Parse(bytes).ok();
}

// The first byte: rows of the file.
void Indexes(std::string_view bytes) {
  if (bytes.empty()) return;
  paimon::LiveFile file;
  file.meta.embedded_index = std::string(bytes.substr(1));
  file.meta.row_count = static_cast<unsigned char>(bytes[0]);
  paimon::Schema schema;
  schema.fields = {{.id = 0, .name = "n", .type = {.kind = TypeKind::kInt}}, {.id = 1, .name = "v"}};
  const std::vector<FileColumn> columns = {{0, "n", {.kind = TypeKind::kInt}}, {1, "v", {}}};
  using Op = ColumnCondition::Op;
  for (auto op : {Op::kEqual, Op::kNotEqual, Op::kIsNull, Op::kIsNotNull, Op::kAtLeast, Op::kAtMost}) {
    (void)paimon::FileConditions({{"n", op, int64_t{7}}}, columns).MayHold(PosixEnv(), file, schema).ok();
    (void)paimon::FileConditions({{"v", op, std::string("a")}}, columns).MayHold(PosixEnv(), file, schema).ok();
  }
}

// The first byte: how long the value is.
void Variants(std::string_view bytes) {
  if (bytes.empty()) return;
  const size_t count = std::min<size_t>(static_cast<unsigned char>(bytes[0]), bytes.size() - 1);
  std::string json;
  if (!AppendVariant(bytes.substr(1, count), bytes.substr(1 + count), json) && !json.empty()) abort();
}

void Schemas(std::string_view text) {
  auto schema = paimon::ParseSchema(text);
  if (!schema.ok()) return;
  (void)schema->TrimmedKey();
  auto again = paimon::ParseSchema(schema->ToJson());
  if (!again.ok() || again->fields.size() != schema->fields.size()) abort();
}

// What is read must survive being written.
void Bitmaps(std::string_view bytes) {
  for (const auto width : {paimon::RoaringWidth::k32, paimon::RoaringWidth::k64}) {
    paimon::RoaringSet set, again;
    if (!paimon::ParseRoaring(width, bytes, set)) continue;
    if (!paimon::ParseRoaring(width, paimon::SerializeRoaring(width, set), again) || again != set) abort();
  }
}

void Sketches(std::string_view bytes) {
  if (const auto hll = paimon::UnionOfHllSketches(bytes, bytes); hll.ok()) {
    if (!paimon::UnionOfHllSketches(*hll, bytes).ok()) abort();
  }
  const auto sketch = paimon::UnionOfThetaSketches(bytes, bytes);
  if (!sketch.ok()) return;
  const auto again = paimon::UnionOfThetaSketches(*sketch, bytes);
  if (!again.ok() || *again != *sketch) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 11) {
    case 0: (void)paimon::DecodeManifestList(bytes, "fuzz").ok(); break;
    case 1: (void)paimon::DecodeManifest(bytes, "fuzz").ok(); break;
    case 2: (void)paimon::DecodeIndexManifest(bytes, "fuzz").ok(); break;
    case 3: (void)paimon::ParseDeletionVector(bytes, 1 << 20).ok(); break;
    case 4: (void)paimon::ParseSnapshot(bytes).ok(); break;
    case 5: Rows(bytes); break;
    case 6: Schemas(bytes); break;
    case 7: Bitmaps(bytes); break;
    case 8: Sketches(bytes); break;
    case 9: Indexes(bytes); break;
    default: Variants(bytes); break;
  }
  return 0;
}
