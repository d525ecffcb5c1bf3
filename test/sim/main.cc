// SPDX-License-Identifier: Apache-2.0
// sluice_sim [--seed S] [-n N] [-j PROCESSES] [--trace]: simulates seeds S … S+N-1, each in a world of its own, shared
// out to as many processes as there are cores, and ends with "N passed, N failed". A failing seed prints the command
// that repeats it, the end of its trace and what differs.
// sluice_sim --suite FILE [-n N]: the seeds of that file, N (2,000) others, and whether the same seeds give the same
// traces, in this process and in others.
// test/sim/README.md says what is simulated.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "sim/simulation.h"

namespace sluice::sim {
namespace {

constexpr uint64_t kSuiteSeed = 1;
constexpr uint64_t kSuiteCount = 2000;
constexpr uint64_t kSameTraceCount = 40;     // compared between processes
constexpr uint64_t kSameInProcessCount = 5;  // within this one
constexpr char kTraceLine[] = "trace of seeds";

World* logged = nullptr;  // the world that log lines are of

// Log lines stand in the trace, without their time, for the reader: they are not part of its hash.
void TraceLog(const std::string& line) {
  if (logged == nullptr || logged->quiet) return;
  const size_t level = std::min(line.find(" WARN"), std::min(line.find(" INFO"), line.find(" ERROR")));
  logged->Note(Str("   log:", level == std::string::npos ? line : line.substr(level)));
}

struct Options {
  uint64_t seed = 1;
  uint64_t count = 0;  // 0 = not given
  uint64_t processes = std::max(1u, std::thread::hardware_concurrency());
  bool trace = false;
  std::string suite;
};

// What is wrong with the arguments; empty if nothing is.
std::string Parse(int argc, char** argv, Options& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--trace") {
      out.trace = true;
    } else if (i + 1 < argc && word == "--suite") {
      out.suite = argv[++i];
    } else if (uint64_t* number = word == "--seed" ? &out.seed
                                  : word == "-n"   ? &out.count
                                  : word == "-j"   ? &out.processes
                                                   : nullptr;
               i + 1 < argc && number != nullptr) {
      const std::string_view value = argv[++i];
      if (!ParseNumber(value, *number)) return Str(word, " ", value, " is no whole number");
      if (*number == 0 && number != &out.seed) return Str(word, " 0: nothing would be simulated");
    } else {
      return Str("what is ", word, "? sluice_sim [--seed S] [-n N] [-j PROCESSES] [--trace] | --suite FILE [-n N]");
    }
  }
  if (out.count == 0) out.count = out.suite.empty() ? 1 : kSuiteCount;
  return "";
}

std::string Hex(uint64_t value) {
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

Outcome RunSeed(uint64_t seed, const Options& options) {
  Simulation simulation(seed);
  simulation.world().print = options.trace;
  logged = &simulation.world();
  Outcome outcome = simulation.Run();
  logged = nullptr;
  if (outcome.problem.empty() && !options.trace) return outcome;
  if (!options.trace) {
    for (const std::string& line : simulation.world().tail) std::printf("  %s\n", line.c_str());
  }
  std::printf("seed %llu: trace %s of %lld steps, %lld lives\n", static_cast<unsigned long long>(seed),
              Hex(outcome.trace_hash).c_str(), static_cast<long long>(outcome.steps),
              static_cast<long long>(outcome.lives));
  if (!outcome.problem.empty()) {
    std::printf(
        "FAIL seed %llu: %s\n  repeat: make sim SEED=%llu, with all steps: build/sluice_sim --seed %llu --trace\n",
        static_cast<unsigned long long>(seed), outcome.problem.c_str(), static_cast<unsigned long long>(seed),
        static_cast<unsigned long long>(seed));
  }
  return outcome;
}

// What a process tells of one seed.
struct Record {
  Counts counts;
  uint64_t trace_hash = 0;
  bool passed = false;
};

Record RecordOf(uint64_t seed, const Options& options) {
  Outcome outcome = RunSeed(seed, options);
  std::fflush(stdout);
  return {outcome, outcome.trace_hash, outcome.problem.empty()};
}

// A process that runs every `stride`-th seed from `first` on. Its records are read from `pipe` in that order; the end
// of file comes early if it dies.
struct Worker {
  pid_t process = -1;
  FILE* pipe = nullptr;

  Worker(uint64_t first, uint64_t stride, uint64_t end, const Options& options) {
    int ends[2];
    if (::pipe(ends) != 0) return;
    process = fork();
    if (process == 0) {
      ::close(ends[0]);
      for (uint64_t seed = first; seed < end; seed += stride) {
        Record record = RecordOf(seed, options);
        if (::write(ends[1], &record, sizeof record) != sizeof record) _exit(1);
      }
      _exit(0);
    }
    ::close(ends[1]);
    pipe = fdopen(ends[0], "rb");
  }
  ~Worker() {
    if (pipe != nullptr) std::fclose(pipe);
    if (process > 0) waitpid(process, nullptr, 0);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool Read(Record& out) { return pipe != nullptr && std::fread(&out, sizeof out, 1, pipe) == 1; }
};

// The line "trace of seeds …" of a process started anew.
std::string TracesOf(uint64_t seed, uint64_t count, uint64_t processes) {
  std::error_code error;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe", error).string();
  FILE* out = popen(Str("'", self, "' --seed ", seed, " -n ", count, " -j ", processes).c_str(), "re");
  if (out == nullptr) return "";
  std::string found;
  for (char line[256]; std::fgets(line, sizeof line, out) != nullptr;) {
    if (std::string_view(line).starts_with(kTraceLine)) found = line;
  }
  return pclose(out) == 0 ? found : "";
}

// Runs seeds and keeps count.
class Runner {
 public:
  explicit Runner(const Options& options) : options_(options) {}

  uint64_t Run(uint64_t seed) {
    Record record = RecordOf(seed, options_);
    Count(record);
    return record.trace_hash;
  }

  void Range(uint64_t seed, uint64_t count) {
    std::vector<std::unique_ptr<Worker>> workers;
    const uint64_t stride = std::min(options_.processes, count);
    for (uint64_t i = 0; i < stride; ++i) {
      workers.push_back(std::make_unique<Worker>(seed + i, stride, seed + count, options_));
    }
    for (uint64_t i = 0; i < count; ++i) {
      Record record;
      if (!workers[i % stride]->Read(record)) {
        std::printf("FAIL seed %s: the process that simulated it, or a seed before, died\n", Str(seed + i).c_str());
      }
      Count(record);
    }
    std::printf("%s %s to %s: %s\n", kTraceLine, Str(seed).c_str(), Str(seed + count - 1).c_str(),
                Hex(hash_).c_str());
  }

  void SameTrace(uint64_t seed) {
    const bool same = Run(seed) == Run(seed);
    if (!same) std::printf("FAIL seed %s: two runs have different traces\n", Str(seed).c_str());
    ++(same ? passed_ : failed_);
  }

  // Two processes started anew, whose addresses differ, have the same traces as each other.
  void SameTraces(uint64_t seed, uint64_t count) {
    const std::string one = TracesOf(seed, count, 1), other = TracesOf(seed, count, 2);
    const bool same = !one.empty() && one == other;
    if (!same) {
      std::printf("FAIL seeds %s to %s: two processes tell of different traces\n  %s  %s", Str(seed).c_str(),
                  Str(seed + count - 1).c_str(), one.c_str(), other.c_str());
    }
    ++(same ? passed_ : failed_);
  }

  // Lines of `seed what it found`.
  void Regressions(const std::string& file) {
    std::ifstream in(file);
    if (!in) {
      std::printf("FAIL %s cannot be read\n", file.c_str());
      ++failed_;
    }
    for (std::string line; std::getline(in, line);) {
      uint64_t seed = 0;
      if (ParseNumber(std::string_view(line).substr(0, line.find(' ')), seed)) Run(seed);
    }
  }

  int End(double seconds) const {
    std::printf("%s steps, %s lives, %s crashes (%s with loss of power), %s snapshots compared, %.1f s\n",
                Str(sum_.steps).c_str(), Str(sum_.lives).c_str(), Str(sum_.crashes).c_str(),
                Str(sum_.power_losses).c_str(), Str(sum_.snapshots).c_str(), seconds);
    std::printf("%s passed, %s failed\n", Str(passed_).c_str(), Str(failed_).c_str());
    return failed_ == 0 && passed_ > 0 ? 0 : 1;
  }

 private:
  void Count(const Record& record) {
    ++(record.passed ? passed_ : failed_);
    hash_ = (hash_ ^ record.trace_hash) * 0x100000001B3ull;
    sum_.steps += record.counts.steps;
    sum_.lives += record.counts.lives;
    sum_.crashes += record.counts.crashes;
    sum_.power_losses += record.counts.power_losses;
    sum_.snapshots += record.counts.snapshots;
  }

  const Options& options_;
  uint64_t passed_ = 0, failed_ = 0, hash_ = 0;
  Counts sum_;
};

int Main(const Options& options) {
  SetLogLevel(LogLevel::kInfo);
  SetLogWriter(TraceLog);
  std::setvbuf(stdout, nullptr, _IOFBF, 1 << 20);  // so that the lines of one seed stay together
  const auto started = std::chrono::steady_clock::now();
  Runner runner(options);
  if (options.suite.empty()) {
    runner.Range(options.seed, options.count);
  } else {
    runner.Range(kSuiteSeed, options.count);  // first: it forks, and a run may leave threads behind
    runner.Regressions(options.suite);
    runner.SameTraces(kSuiteSeed, kSameTraceCount);
    for (uint64_t seed = kSuiteSeed; seed < kSuiteSeed + kSameInProcessCount; ++seed) runner.SameTrace(seed);
  }
  return runner.End(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
}

}  // namespace
}  // namespace sluice::sim

int main(int argc, char** argv) {
  sluice::sim::Options options;
  if (std::string wrong = sluice::sim::Parse(argc, argv, options); !wrong.empty()) {
    std::fprintf(stderr, "error: %s\n", wrong.c_str());
    return 2;
  }
  return sluice::sim::Main(options);
}
