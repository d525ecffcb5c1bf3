// SPDX-License-Identifier: Apache-2.0
// The memory in which Parquet keeps the columns of an open row group, which grows to tens of megabytes by doubling, and
// pages and batches that come and go thousands of times a file.
#pragma once

#include <arrow/memory_pool.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace sluice {

// Blocks of at least kLeastBlock bytes lie in ranges of addresses that are wide enough to grow in without a copy. A
// range that is freed is kept for the next block, so that its pages need not be made and cleared again. Pieces of at
// least kLeastPiece bytes have a power of two of memory, and are kept likewise: Arrow's default pool gives such memory
// back to the system after some milliseconds. Smaller ones are those of that pool. Any thread.
class BlockPool final : public arrow::MemoryPool {
 public:
  static constexpr int64_t kLeastBlock = int64_t{4} << 20;
  static constexpr int64_t kLeastPiece = int64_t{32} << 10;
  static constexpr int64_t kRange = int64_t{128} << 20;    // of addresses; a larger block has a range of its own
  static constexpr int64_t kKeptMost = int64_t{64} << 20;  // bytes of memory in free ranges
  static constexpr int64_t kKeptPiecesMost = int64_t{32} << 20;

  static BlockPool& Instance();  // never destroyed: buffers may outlive everything

  using MemoryPool::Allocate;
  using MemoryPool::Free;
  using MemoryPool::Reallocate;
  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override;
  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** ptr) override;
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override;
  void ReleaseUnused() override;  // what is kept; after the files of an epoch are closed

  int64_t kept_bytes() const;
  int64_t bytes_allocated() const override { return bytes_; }
  int64_t total_bytes_allocated() const override { return total_bytes_; }
  int64_t num_allocations() const override { return count_; }
  std::string backend_name() const override { return "blocks"; }

 private:
  struct Range {
    int64_t size = 0;  // of addresses
    int64_t used = 0;  // the most that a block in it had: that much memory it may have
  };

  uint8_t* Take(int64_t size);
  arrow::Status TakePiece(int64_t size, uint8_t** out);
  void GiveBackPiece(uint8_t* piece, int64_t size);
  bool Grow(uint8_t* block, int64_t size);
  void GiveBack(uint8_t* block);
  void Count(int64_t old_size, int64_t new_size);

  arrow::MemoryPool& small_ = *arrow::default_memory_pool();
  std::atomic<int64_t> bytes_{0}, total_bytes_{0}, count_{0};
  mutable std::mutex mutex_;
  std::map<uint8_t*, Range> taken_, free_;
  int64_t kept_ = 0;  // `used` of the free ones
  std::array<std::vector<uint8_t*>, 64> pieces_;  // free ones by the logarithm of their bytes
  int64_t kept_pieces_ = 0;                       // bytes of them
};

}  // namespace sluice
