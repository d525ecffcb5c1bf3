// SPDX-License-Identifier: Apache-2.0
// `sluice run`: one job, its display, its signals and its summary.
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <thread>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress_display.h"
#include "cli/registry.h"
#include "cli/summary.h"
#include "io/routing_env.h"
#include "runtime/job.h"

namespace sluice {
namespace {

constexpr int kStopWithinSeconds = 5;

// Turns SIGINT and SIGTERM into the stop signal. A second one, or a stop that takes too long, ends the process at once:
// the last checkpoint stands.
class SignalThread {
 public:
  explicit SignalThread(StopSignal& stop) : stop_(stop) {
    ::signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    thread_ = std::thread([this] { Run(); });
  }
  ~SignalThread() {
    done_ = true;
    ::pthread_kill(thread_.native_handle(), SIGTERM);  // wakes it
    thread_.join();
  }
  int received() const { return received_; }

 private:
  void Run() {
    int waited_ms = 0;
    timespec tick{0, 50'000'000};
    while (!done_) {
      int signal = sigtimedwait(&set_, nullptr, &tick);
      if (done_) return;
      if (signal > 0) {
        if (received_ != 0) ::_exit(128 + signal);
        received_ = signal;
        LogInfo(Str(signal == SIGINT ? "SIGINT" : "SIGTERM", ": checkpoint and stop"));
        stop_.Stop();
      } else if (received_ != 0 && (waited_ms += 50) >= kStopWithinSeconds * 1000 - 500) {
        LogWarn("the stop takes too long: ending now; the next run goes on from the last checkpoint");
        ::_exit(128 + received_);
      }
    }
  }

  StopSignal& stop_;
  sigset_t set_{};
  std::atomic<int> received_{0};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

// Not an error: all the work is done and committed.
void PrintSummary(const JobSummary& summary) {
  std::fputs(SummaryLine(summary).c_str(), stdout);
  if (std::fflush(stdout) != 0) LogWarn("the summary could not be written to standard output");
}

// The exit code: `code`, or 1 if the file cannot be written.
int WriteSummary(const RunArguments& arguments, const JobSummary& summary, const Error* error, int code) {
  if (arguments.summary_file.empty()) return code;
  Status written = WriteSummaryFile(PosixEnv(), arguments.summary_file, SummaryJson(summary, error));
  if (written.ok()) return code;
  LogFailure(written.error());
  return code == 0 ? 1 : code;
}

int RunJob(const RunArguments& arguments, const PipelineSpec& spec) {
  StopSignal stop;
  SignalThread signals(stop);
  std::vector<std::string> ignored;  // told before
  JobFactories factories;
  factories.source = [&] { return MakeSource(spec, ignored); };
  factories.sink = [&](Env& env) { return MakeSink(env, spec, ignored); };
  JobOptions options;
  options.state_folder = StateFolder(arguments.state, arguments.file.file);
  options.until_caught_up = arguments.until_caught_up;
  if (options.until_caught_up) options.retry_total_ms = 60'000;
  Env& env = LakeEnv();
  const int64_t started_ms = env.MonotonicMs();
  Job job(env, spec, std::move(factories), options);
  ReleaseMemory();
  Result<JobSummary> result = [&] {
    ProgressDisplay display(job, env);
    return job.Run(stop);
  }();
  const int signal_code = signals.received() != 0 ? 128 + signals.received() : 0;
  if (result.ok()) {
    result->peak_memory_bytes = PeakResidentBytes();
    PrintSummary(*result);
    return WriteSummary(arguments, *result, nullptr, signal_code);
  }
  Error error = WithoutSecrets(result.error(), spec);
  LogFailure(error);
  JobSummary summary;
  summary.progress = job.progress();
  summary.elapsed_ms = env.MonotonicMs() - started_ms;
  summary.peak_memory_bytes = PeakResidentBytes();
  return WriteSummary(arguments, summary, &error, signal_code != 0 ? signal_code : 1);
}

}  // namespace

int RunLoaded(const RunArguments& arguments, const Result<PipelineSpec>& spec,
              const std::vector<std::string>& warnings) {
  if (!spec.ok()) {
    LogFailure(spec.error());
    return WriteSummary(arguments, JobSummary{}, &spec.error(), 2);
  }
  for (const std::string& warning : warnings) LogWarn(warning);
  return RunJob(arguments, *spec);
}

int RunCommand(const RunArguments& arguments) {
  if (!arguments.summary_file.empty()) {
    Status writable = CheckSummaryFile(PosixEnv(), arguments.summary_file);
    if (!writable.ok()) return PrintError(writable.error(), nullptr);
  }
  std::vector<std::string> warnings;
  const auto spec = Load(arguments.file, warnings);
  return RunLoaded(arguments, spec, warnings);
}

}  // namespace sluice
