// SPDX-License-Identifier: Apache-2.0
// Counting only.
#include "connector/blackhole/sink.h"

#include "base/text.h"

namespace sluice {

Status BlackholeSink::Write(const ChangeBatch& batch) {
  if (batch.kinds.empty()) {
    stats_.inserted += batch.row_count();
    return Ok();
  }
  int64_t counts[4] = {};
  for (RowKind kind : batch.kinds) ++counts[static_cast<size_t>(kind)];
  stats_.inserted += counts[static_cast<size_t>(RowKind::kInsert)];
  stats_.updated += counts[static_cast<size_t>(RowKind::kUpdateAfter)];
  stats_.deleted += counts[static_cast<size_t>(RowKind::kDelete)];
  return Ok();
}

Result<std::string> BlackholeSink::Prepare(const EpochInfo&) {
  ++stats_.commits;
  return std::string();
}

Result<std::unique_ptr<Sink>> MakeBlackholeSink(const PipelineSpec& spec, std::vector<std::string>& warnings) {
  TRY_SET(Options options,
          Options::Check(Str("sink \"", spec.sink.type, "\""), {}, spec.sink.options, spec.sink.place, warnings));
  return std::unique_ptr<Sink>(std::make_unique<BlackholeSink>());
}

}  // namespace sluice
