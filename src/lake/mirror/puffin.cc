// SPDX-License-Identifier: Apache-2.0
#include "lake/mirror/puffin.h"

#include <utility>

#include "base/bytes.h"
#include "lake/json.h"
#include "lake/paimon/deletion_index.h"

namespace sluice::mirror {
namespace {

constexpr std::string_view kMagic = "PFA1";
constexpr int kRowPositionId = 2147483645;  // of the reserved column _pos

}  // namespace

Result<iceberg::DataFile> WriteDeletionVector(Env& env, const std::string& path, const std::string& uri,
                                              const iceberg::DataFile& data_file, const DeleteSet& deletes) {
  const std::string vector = paimon::FrameDeletionVector(paimon::EncodeDeletionVector(deletes, /*wide=*/true));
  std::string bytes(kMagic);
  bytes += vector;
  const Json blob = {{"type", "deletion-vector-v1"},
                     {"fields", {kRowPositionId}},
                     {"snapshot-id", -1},
                     {"sequence-number", -1},
                     {"offset", kMagic.size()},
                     {"length", vector.size()},
                     {"properties",
                      {{"referenced-data-file", data_file.path}, {"cardinality", std::to_string(deletes.count())}}}};
  const std::string payload =
      DumpJson(Json{{"blobs", Json::array({blob})}, {"properties", {{"created-by", "sluice " SLUICE_VERSION}}}});
  bytes += kMagic;
  bytes += payload;
  AppendLe(bytes, static_cast<uint32_t>(payload.size()));
  AppendLe(bytes, uint32_t{0});  // flags: the payload is not compressed
  bytes += kMagic;
  TRY(env.WriteFile(path, bytes));
  iceberg::DataFile out;
  out.content = iceberg::FileContent::kPositionDeletes;
  out.path = uri;
  out.format = "PUFFIN";
  out.spec_id = data_file.spec_id;
  out.partition = data_file.partition;
  out.record_count = deletes.count();
  out.size = static_cast<int64_t>(bytes.size());
  out.referenced_data_file = data_file.path;
  out.content_offset = static_cast<int64_t>(kMagic.size());
  out.content_size = static_cast<int64_t>(vector.size());
  return out;
}

}  // namespace sluice::mirror
