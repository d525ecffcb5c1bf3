// SPDX-License-Identifier: Apache-2.0
// BlackholeSink: counts rows and forgets them; measures a source. Owned and called by the job's one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/pipeline_spec.h"
#include "pipeline/sink.h"

namespace sluice {

class BlackholeSink : public Sink {
 public:
  // Both images are decoded, as for the most demanding sink.
  BeforeImage before_image() const override { return BeforeImage::kFull; }
  Status Open() override { return Ok(); }
  Result<std::optional<EpochInfo>> StoredEpoch() override { return std::optional<EpochInfo>(); }
  Status Apply(const SchemaChange&) override { return Ok(); }
  Status Write(const ChangeBatch& batch) override;
  Result<std::string> Prepare(const EpochInfo&) override;
  Status Commit(const std::string&) override { return Ok(); }
  SinkStats stats() const override { return stats_; }

 private:
  SinkStats stats_;
};

// There are no options; any is an error.
Result<std::unique_ptr<Sink>> MakeBlackholeSink(const PipelineSpec& spec, std::vector<std::string>& warnings);

}  // namespace sluice
