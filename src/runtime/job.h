// SPDX-License-Identifier: Apache-2.0
// Job: runs one pipeline: source -> route and evolve -> sink, in epochs (docs/ARCHITECTURE.md, "Exactly once").
// Run() owns the job's one thread; sources have threads of their own behind Source::Next. Restarts itself from the last
// checkpoint after errors that time can heal.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "base/stop.h"
#include "io/env.h"
#include "pipeline/pipeline_spec.h"
#include "pipeline/sink.h"
#include "pipeline/source.h"

namespace sluice {

// Makes fresh ones: called once for each try. Nothing is shared between two tries but the outside world.
struct JobFactories {
  std::function<Result<std::unique_ptr<Source>>()> source;
  // All files that the sink makes are made through the Env, which outlives it.
  std::function<Result<std::unique_ptr<Sink>>(Env&)> sink;
};

struct JobOptions {
  std::string state_folder;
  bool until_caught_up = false;
  int64_t retry_first_ms = 500;   // doubles to retry_last_ms
  int64_t retry_last_ms = 15'000;
  // An error that time can heal ends the job when nothing moved for so long; 0 = the first one ends it.
  int64_t retry_total_ms = 24LL * 3600 * 1000;
};

struct JobProgress {
  SourceProgress source;
  SinkStats sink;
  int64_t rows_read = 0;       // row images given by the source
  int64_t epoch = 0;           // last committed
  int64_t last_commit_ms = 0;  // wall clock; 0 = none yet
  int64_t restarts = 0;
  bool finished = false;       // a bounded source has given everything: what is left is to commit it
};

struct JobSummary {
  JobProgress progress;
  int64_t elapsed_ms = 0;
  int64_t peak_memory_bytes = 0;  // of the process; the caller's to set
  bool caught_up = false;
  bool stopped = false;  // by the signal
};

class Job {
 public:
  Job(Env& env, PipelineSpec spec, JobFactories factories, JobOptions options);
  ~Job();

  // Until the signal, the end of a bounded source, catching up, or an error that a restart does not heal.
  Result<JobSummary> Run(StopSignal& stop);

  JobProgress progress() const;  // any thread

 private:
  struct Attempt;
  Status RunAttempt(StopSignal& stop, JobSummary& summary);
  void Publish(const Attempt& attempt);

  Env& env_;
  PipelineSpec spec_;
  JobFactories factories_;
  JobOptions options_;
  mutable std::mutex mutex_;
  JobProgress progress_;   // guarded by mutex_
  SinkStats sink_before_;  // of earlier attempts
  int64_t epochs_done_ = 0;
  bool started_ = false;   // the source could be reached once: from then on its absence is waited out
};

// Tells apart the jobs that could share a state directory: type and place of source and sink, and the job's name.
std::string JobFingerprint(const PipelineSpec& spec);

}  // namespace sluice
