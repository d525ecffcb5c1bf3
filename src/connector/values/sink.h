// SPDX-License-Identifier: Apache-2.0
// ValuesSink: `values` and `print`, prints each schema change and each row as one line on stdout:
//   create.table shop.t (id BIGINT NOT NULL, name STRING) key (id)
//   +I[1, Ada] shop.t
// NULL is "null"; values have the text of row/format_value.h. Keeps nothing: after a restart the rows since the last
// checkpoint are printed again. Owned and called by the job's one thread.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/pipeline_spec.h"
#include "pipeline/sink.h"

namespace sluice {

class ValuesSink : public Sink {
 public:
  struct Config {
    bool print = true;
    bool refuse_changes = false;  // error.on.schema.change
    std::FILE* out = stdout;
  };
  explicit ValuesSink(Config config) : config_(config) {}

  BeforeImage before_image() const override { return BeforeImage::kFull; }
  Status Open() override { return Ok(); }
  Result<std::optional<EpochInfo>> StoredEpoch() override { return std::optional<EpochInfo>(); }
  Status Apply(const SchemaChange& change) override;
  Status Write(const ChangeBatch& batch) override;
  Result<std::string> Prepare(const EpochInfo& epoch) override;
  Status Commit(const std::string& prepared) override;
  SinkStats stats() const override { return stats_; }

 private:
  Status Print(const std::string& text);
  Config config_;
  SinkStats stats_;
};

// Checks the options of spec.sink; `warnings` gets a sentence for each ignored one.
Result<std::unique_ptr<Sink>> MakeValuesSink(const PipelineSpec& spec, std::vector<std::string>& warnings);

}  // namespace sluice
