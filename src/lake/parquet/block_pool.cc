// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/block_pool.h"

#include <arrow/status.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"

namespace sluice {
namespace {

constexpr int64_t kPieceAlignment = 64;  // Arrow's

bool IsBlock(int64_t size) { return size >= BlockPool::kLeastBlock; }
bool IsPiece(int64_t size, int64_t alignment) {
  return size >= BlockPool::kLeastPiece && !IsBlock(size) && alignment == kPieceAlignment;
}
int64_t PieceBytes(int64_t size) { return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(size))); }
size_t PieceClass(int64_t size) { return static_cast<size_t>(std::bit_width(static_cast<uint64_t>(size) - 1)); }

// Memory comes with the first touch. Null when it is out.
uint8_t* Map(int64_t size) {
  void* at = ::mmap(nullptr, static_cast<size_t>(size), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : static_cast<uint8_t*>(at);
}

}  // namespace

BlockPool& BlockPool::Instance() {
  static BlockPool& pool = *new BlockPool;
  return pool;
}

// A free range, the one with the most memory first, else a new one. Null when memory is out.
uint8_t* BlockPool::Take(int64_t size) {
  std::lock_guard lock(mutex_);
  auto best = free_.end();
  for (auto it = free_.begin(); it != free_.end(); ++it) {
    if (it->second.size >= size && (best == free_.end() || it->second.used > best->second.used)) best = it;
  }
  if (best != free_.end()) {
    uint8_t* at = best->first;
    kept_ -= best->second.used;
    taken_.insert(free_.extract(best));
    taken_[at].used = std::max(taken_[at].used, size);
    return at;
  }
  Range range{std::max(size, kRange), size};
  uint8_t* at = Map(range.size);
  if (at == nullptr && range.size > size) at = Map(range.size = size);  // addresses may be few (RLIMIT_AS)
  if (at != nullptr) taken_[at] = range;
  return at;
}

// False if the range is too small.
bool BlockPool::Grow(uint8_t* block, int64_t size) {
  std::lock_guard lock(mutex_);
  Range& range = taken_.at(block);
  if (range.size < size) return false;
  range.used = std::max(range.used, size);
  return true;
}

void BlockPool::GiveBack(uint8_t* block) {
  std::lock_guard lock(mutex_);
  auto range = taken_.find(block);
  CHECK(range != taken_.end());
  const auto [size, used] = range->second;
  if (size == kRange && kept_ + used <= kKeptMost) {
    kept_ += used;
    free_.insert(taken_.extract(range));
    return;
  }
  taken_.erase(range);
  ::munmap(block, static_cast<size_t>(size));
}

arrow::Status BlockPool::TakePiece(int64_t size, uint8_t** out) {
  {
    std::lock_guard lock(mutex_);
    std::vector<uint8_t*>& kept = pieces_[PieceClass(size)];
    if (!kept.empty()) {
      *out = kept.back();
      kept.pop_back();
      kept_pieces_ -= PieceBytes(size);
      return arrow::Status::OK();
    }
  }
  return small_.Allocate(PieceBytes(size), kPieceAlignment, out);
}

void BlockPool::GiveBackPiece(uint8_t* piece, int64_t size) {
  {
    std::lock_guard lock(mutex_);
    if (kept_pieces_ + PieceBytes(size) <= kKeptPiecesMost) {
      kept_pieces_ += PieceBytes(size);
      pieces_[PieceClass(size)].push_back(piece);
      return;
    }
  }
  small_.Free(piece, PieceBytes(size), kPieceAlignment);
}

arrow::Status BlockPool::Allocate(int64_t size, int64_t alignment, uint8_t** out) {
  CHECK(alignment <= 4096);
  if (IsPiece(size, alignment)) {
    ARROW_RETURN_NOT_OK(TakePiece(size, out));
  } else if (!IsBlock(size)) {
    ARROW_RETURN_NOT_OK(small_.Allocate(size, alignment, out));
  } else if (uint8_t* block = Take(size)) {
    *out = block;
  } else {
    return arrow::Status::OutOfMemory("no memory for ", size, " bytes");
  }
  Count(0, size);
  return arrow::Status::OK();
}

arrow::Status BlockPool::Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** ptr) {
  const bool was = IsBlock(old_size), is = IsBlock(new_size);
  const bool was_piece = IsPiece(old_size, alignment), is_piece = IsPiece(new_size, alignment);
  const bool stays = was_piece && is_piece ? PieceClass(old_size) == PieceClass(new_size)
                                           : was && is && Grow(*ptr, new_size);
  if (!was && !is && !was_piece && !is_piece) {
    ARROW_RETURN_NOT_OK(small_.Reallocate(old_size, new_size, alignment, ptr));
  } else if (!stays) {
    uint8_t* other = nullptr;
    ARROW_RETURN_NOT_OK(Allocate(new_size, alignment, &other));
    std::memcpy(other, *ptr, static_cast<size_t>(std::min(old_size, new_size)));
    Free(*ptr, old_size, alignment);
    *ptr = other;
    return arrow::Status::OK();
  }
  Count(old_size, new_size);
  return arrow::Status::OK();
}

void BlockPool::Free(uint8_t* buffer, int64_t size, int64_t alignment) {
  if (IsBlock(size)) {
    GiveBack(buffer);
  } else if (IsPiece(size, alignment)) {
    GiveBackPiece(buffer, size);
  } else {
    small_.Free(buffer, size, alignment);
  }
  bytes_ -= size;
}

void BlockPool::ReleaseUnused() {
  std::lock_guard lock(mutex_);
  for (const auto& [at, range] : free_) ::munmap(at, static_cast<size_t>(range.size));
  free_.clear();
  for (size_t i = 0; i < pieces_.size(); ++i) {
    for (uint8_t* piece : pieces_[i]) small_.Free(piece, int64_t{1} << i, kPieceAlignment);
    pieces_[i].clear();
  }
  kept_ = kept_pieces_ = 0;
}

int64_t BlockPool::kept_bytes() const {
  std::lock_guard lock(mutex_);
  return kept_ + kept_pieces_;
}

void BlockPool::Count(int64_t old_size, int64_t new_size) {
  bytes_ += new_size - old_size;
  total_bytes_ += std::max<int64_t>(0, new_size - old_size);
  ++count_;
}

}  // namespace sluice
