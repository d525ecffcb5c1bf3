// SPDX-License-Identifier: Apache-2.0
// DynamicBuckets: which bucket a key of one partition has, by the hash of its row (docs of Paimon: "Dynamic Bucket").
// An index file holds the hashes of a bucket: numbers of 4 bytes, big-endian. One thread. Memory: 8 to 16 bytes a key.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::paimon {

class DynamicBuckets {
 public:
  static constexpr int kMost = INT16_MAX;  // buckets, as in Java

  // `buckets_max`: `dynamic-bucket.max-buckets`, at most kMost; kMost: as many as keys need.
  explicit DynamicBuckets(int64_t target_rows, int buckets_max = kMost)
      : target_rows_(target_rows), buckets_max_(buckets_max) {}

  // The hashes of two index files of a bucket, which is number 0 here. kCorrupt as Load.
  static Result<DynamicBuckets> OfBoth(std::string_view first, std::string_view second);

  // The hashes of an index file. kCorrupt if its size is none.
  Status Load(int bucket, std::string_view bytes);
  // The bucket of a key; a new key comes to one that has room. Once there are as many as there may be they share the
  // new keys; -1 if these are kMost.
  int Assign(int32_t hash);

  const std::set<int>& changed() const { return changed_; }  // buckets with new keys since the last Saved
  std::string IndexFile(int bucket) const;                    // bytes
  int64_t keys(int bucket) const { return static_cast<int64_t>(hashes_[static_cast<size_t>(bucket)].size()); }
  void Saved() { changed_.clear(); }

 private:
  // Of the slot with the hash, or of the free one where it belongs.
  size_t SlotOf(int32_t hash) const;
  void Put(int32_t hash, int bucket);
  void Grow();

  int64_t target_rows_;
  int buckets_max_;
  std::vector<std::vector<int32_t>> hashes_;  // of each bucket
  std::vector<uint64_t> slots_;               // kUsed, bucket, hash
  size_t used_ = 0;
  size_t filling_ = 0;  // the bucket that new keys come to
  std::set<int> changed_;
};

}  // namespace sluice::paimon
