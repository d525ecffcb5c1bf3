// SPDX-License-Identifier: Apache-2.0
// Measures the primary-key index: CPU ns per operation and memory, for exact (BIGINT) and wide (text) keys.
//   index_bench [keys in millions ...]      default: 2 20
#include <arrow/api.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "lake/iceberg/key_index.h"

namespace {

using sluice::iceberg::KeyHash;
using sluice::iceberg::KeyHasher;
using sluice::iceberg::KeyIndex;
using sluice::iceberg::kNoFile;
using sluice::iceberg::RowLocation;

constexpr int64_t kBatch = 8192;

double CpuNs() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double RssMb() {
  long pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

double PeakMb() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

std::shared_ptr<arrow::Array> Keys(bool exact, const std::vector<int64_t>& ids) {
  if (exact) {
    arrow::Int64Builder builder;
    if (!builder.AppendValues(ids).ok()) std::abort();
    return *builder.Finish();
  }
  arrow::StringBuilder builder;
  char text[40];
  for (auto id : ids) {
    int size = std::snprintf(text, sizeof text, "customer-%012lld", static_cast<long long>(id));
    if (!builder.Append(text, size).ok()) std::abort();
  }
  return *builder.Finish();
}

struct Cost {
  double hash_ns = 0;
  double apply_ns = 0;
};

// `count` operations on ids given by next(); erase or upsert.
template <typename Next>
Cost Drive(KeyIndex& index, const KeyHasher& hasher, int64_t count, bool erase, Next next) {
  Cost cost;
  std::vector<int64_t> ids(kBatch);
  std::vector<KeyHash> hashes;
  std::vector<RowLocation> now(kBatch), before(kBatch);
  uint32_t position = 0;
  for (int64_t done = 0; done < count; done += kBatch) {
    for (auto& id : ids) id = next();
    auto column = Keys(hasher.exact(), ids);
    double start = CpuNs();
    if (!hasher.Hash({column}, hashes).ok()) std::abort();
    double hashed = CpuNs();
    for (auto& location : now) location = {erase ? kNoFile : 1, position++};
    index.Apply(hashes.data(), now.data(), before.data(), hashes.size());
    cost.hash_ns += hashed - start;
    cost.apply_ns += CpuNs() - hashed;
  }
  cost.hash_ns /= static_cast<double>(count);
  cost.apply_ns /= static_cast<double>(count);
  return cost;
}

void Measure(bool exact, int64_t millions) {
  const int64_t rows = millions * 1'000'000;
  double rss_before = RssMb();
  KeyIndex index(exact);
  auto hasher = KeyHasher::Make({exact ? arrow::int64() : arrow::utf8()}, 7);
  int64_t id = 0;
  Cost build = Drive(index, *hasher, rows, false, [&] { return ++id; });
  double rss = RssMb() - rss_before;
  std::mt19937_64 random(1);
  auto any = [&] { return static_cast<int64_t>(random() % static_cast<uint64_t>(rows)) + 1; };
  Cost update = Drive(index, *hasher, 2'000'000, false, any);
  Cost insert = Drive(index, *hasher, 200'000, false, [&] { return ++id; });
  Cost erase = Drive(index, *hasher, 200'000, true, any);
  Cost miss = Drive(index, *hasher, 1'000'000, true, [&] { return any() + (int64_t{1} << 40); });
  std::printf(
      "%-6s %4lld M  build %5.1f+%-5.1f update %5.1f+%-5.1f insert %5.1f+%-5.1f erase %5.1f+%-5.1f "
      "unknown %5.1f+%-5.1f  index %7.1f MB  rss %+7.1f MB  peak %7.1f MB\n",
      exact ? "exact" : "wide", static_cast<long long>(millions), build.hash_ns, build.apply_ns, update.hash_ns,
      update.apply_ns, insert.hash_ns, insert.apply_ns, erase.hash_ns, erase.apply_ns, miss.hash_ns, miss.apply_ns,
      static_cast<double>(index.memory_bytes()) / 1e6, rss, PeakMb());
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<int64_t> sizes;
  for (int i = 1; i < argc; ++i) sizes.push_back(std::atoll(argv[i]));
  if (sizes.empty()) sizes = {2, 20};
  std::printf("CPU ns per row, hashing + index; batches of %lld rows\n", static_cast<long long>(kBatch));
  for (auto size : sizes) {
    Measure(true, size);
    Measure(false, size);
  }
  return 0;
}
