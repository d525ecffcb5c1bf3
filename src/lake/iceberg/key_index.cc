// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/key_index.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace sluice::iceberg {
namespace {

constexpr int kShardBits = 8;
constexpr size_t kShards = size_t{1} << kShardBits;
constexpr size_t kMapFromBytes = 256 << 10;  // larger shards are mapped: the kernel moves pages, nothing is copied
constexpr size_t kPrefetchAhead = 16;

// An empty slot has the largest key, so that a probe stops at it without a test of its own.
struct ExactEntry {
  uint64_t hash = UINT64_MAX;
  RowLocation at;
  ExactEntry() = default;
  ExactEntry(const KeyHash& key, RowLocation location) : hash(key.hi), at(location) {}
  uint64_t top() const { return hash; }
  bool Before(const KeyHash& key) const { return hash < key.hi; }
  bool Is(const KeyHash& key) const { return hash == key.hi && at.file != kNoFile; }
};

struct WideEntry {
  uint64_t hash = UINT64_MAX;
  uint64_t low = UINT64_MAX;
  RowLocation at;
  WideEntry() = default;
  WideEntry(const KeyHash& key, RowLocation location) : hash(key.hi), low(key.lo), at(location) {}
  uint64_t top() const { return hash; }
  bool Before(const KeyHash& key) const { return hash < key.hi || (hash == key.hi && low < key.lo); }
  bool Is(const KeyHash& key) const { return hash == key.hi && low == key.lo && at.file != kNoFile; }
};
static_assert(sizeof(ExactEntry) == 16 && sizeof(WideEntry) == 24);

// Memory that grows in place.
class Block {
 public:
  Block() = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { Release(); }

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }

  // What was there stays at the front.
  void Grow(size_t bytes) {
    CHECK(bytes >= bytes_);
    if (bytes < kMapFromBytes) {
      data_ = std::realloc(data_, bytes);
      CHECK(data_ != nullptr);
    } else if (mapped_) {
      data_ = ::mremap(data_, bytes_, bytes, MREMAP_MAYMOVE);
      CHECK(data_ != MAP_FAILED);
    } else {
      void* fresh = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      CHECK(fresh != MAP_FAILED);
      if (bytes_ > 0) std::memcpy(fresh, data_, bytes_);
      std::free(data_);
      data_ = fresh;
      mapped_ = true;
    }
    bytes_ = bytes;
  }
  void Release() {
    if (mapped_) {
      ::munmap(data_, bytes_);
    } else {
      std::free(data_);
    }
    data_ = nullptr;
    bytes_ = 0;
    mapped_ = false;
  }

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
  bool mapped_ = false;
};

// The rows whose hashes begin with the same 8 bits.
template <typename Entry>
class Shard {
 public:
  size_t size() const { return size_; }
  size_t bytes() const { return block_.bytes(); }

  // Always inline: GCC 12 takes a call of it for one without effect, and removes it.
  [[gnu::always_inline]] void Prefetch(const KeyHash& key) const {
    if (slots_ == nullptr) return;
    const Entry* at = slots_ + Home(key.hi);
    __builtin_prefetch(at, 1);
    __builtin_prefetch(reinterpret_cast<const char*>(at) + 64, 1);
  }
  RowLocation Find(const KeyHash& key) const {
    if (slots_ == nullptr) return {};
    const Entry* at = Probe(key);
    return at->Is(key) ? at->at : RowLocation{};
  }
  RowLocation Put(const KeyHash& key, RowLocation now) {
    if (slots_ == nullptr) Grow();
    Entry* at = Probe(key);
    if (at->Is(key)) return std::exchange(at->at, now);
    while (size_ >= size_limit_) {
      Grow();
      at = Probe(key);
    }
    Entry* gap = at;
    while (gap->at.file != kNoFile) ++gap;
    if (gap == slots_ + slot_count_ - 1) {  // the last slot stays empty: it ends every probe
      Grow();
      return Put(key, now);
    }
    std::memmove(static_cast<void*>(at + 1), at, static_cast<size_t>(gap - at) * sizeof(Entry));
    *at = Entry(key, now);
    ++size_;
    return {};
  }
  RowLocation Erase(const KeyHash& key) {
    if (slots_ == nullptr) return {};
    Entry* at = Probe(key);
    if (!at->Is(key)) return {};
    RowLocation before = at->at;
    Entry* end = at + 1;  // the rows after it that stand right of their home move one to the left
    while (end->at.file != kNoFile && slots_ + Home(end->top()) < end) ++end;
    std::memmove(static_cast<void*>(at), at + 1, static_cast<size_t>(end - at - 1) * sizeof(Entry));
    end[-1] = Entry();
    --size_;
    return before;
  }
  void Reserve(size_t keys) {
    if (keys > size_limit_) Grow(keys * 4 / 3);
  }
  void Clear() {
    block_.Release();
    slots_ = nullptr;
    size_ = size_limit_ = slot_count_ = 0;
    capacity_ = 0;
  }

 private:
  size_t Home(uint64_t hash) const {
    return static_cast<size_t>(static_cast<unsigned __int128>(hash << kShardBits) * capacity_ >> 64);
  }
  Entry* Probe(const KeyHash& key) const {
    Entry* at = slots_ + Home(key.hi);
    while (at->Before(key)) ++at;
    return at;
  }
  // 5/4 of the homes. Everything is first packed at the end of the longer array, then spread from the front: a row
  // never moves right of where it was packed, so nothing is overwritten before it is read.
  void Grow(uint64_t least = 16) {
    do {
      size_t used = slot_count_;
      capacity_ = std::max<uint64_t>(least, capacity_ + capacity_ / 4);
      slot_count_ = capacity_ + 32 + capacity_ / 256;
      block_.Grow(slot_count_ * sizeof(Entry));
      slots_ = static_cast<Entry*>(block_.data());
      size_limit_ = capacity_ * 4 / 5;
      size_t packed = slot_count_;
      while (used-- > 0) {
        if (slots_[used].at.file != kNoFile) slots_[--packed] = slots_[used];
      }
      std::fill(slots_, slots_ + packed, Entry());
    } while (!Spread());
  }
  bool Spread() {
    size_t next = 0;  // first free slot
    for (size_t from = slot_count_ - size_; from < slot_count_; ++from) {
      Entry entry = slots_[from];
      size_t to = std::max(next, Home(entry.top()));
      if (to > from || (to == from && from + 1 == slot_count_))
        return false;  // a very long run: still sorted, try larger
      slots_[from] = Entry();
      slots_[to] = entry;
      next = to + 1;
    }
    return true;
  }

  Entry* slots_ = nullptr;
  uint64_t capacity_ = 0;  // homes
  size_t size_ = 0;
  size_t size_limit_ = 0;
  size_t slot_count_ = 0;
  Block block_;
};

}  // namespace

class KeyIndex::Table {
 public:
  virtual ~Table() = default;
  virtual void Apply(const KeyHash* keys, const RowLocation* now, RowLocation* before, size_t count) = 0;
  virtual void Reserve(size_t keys) = 0;
  virtual RowLocation Find(const KeyHash& key) const = 0;
  virtual size_t size() const = 0;
  virtual size_t memory_bytes() const = 0;
  virtual void Clear() = 0;
};

template <typename Entry>
class KeyIndex::TableOf final : public KeyIndex::Table {
 public:
  void Apply(const KeyHash* keys, const RowLocation* now, RowLocation* before, size_t count) override {
    for (size_t i = 0; i < std::min(count, kPrefetchAhead); ++i) Of(keys[i]).Prefetch(keys[i]);
    for (size_t i = 0; i < count; ++i) {
      if (i + kPrefetchAhead < count) Of(keys[i + kPrefetchAhead]).Prefetch(keys[i + kPrefetchAhead]);
      auto& shard = Of(keys[i]);
      before[i] = now[i].file == kNoFile ? shard.Erase(keys[i]) : shard.Put(keys[i], now[i]);
    }
  }
  void Reserve(size_t keys) override {
    for (auto& shard : shards_) shard.Reserve(keys / kShards);
  }
  RowLocation Find(const KeyHash& key) const override { return shards_[key.hi >> (64 - kShardBits)].Find(key); }
  size_t size() const override {
    size_t sum = 0;
    for (auto& shard : shards_) sum += shard.size();
    return sum;
  }
  size_t memory_bytes() const override {
    size_t sum = sizeof *this;
    for (auto& shard : shards_) sum += shard.bytes();
    return sum;
  }
  void Clear() override {
    for (auto& shard : shards_) shard.Clear();
  }

 private:
  Shard<Entry>& Of(const KeyHash& key) { return shards_[key.hi >> (64 - kShardBits)]; }
  std::array<Shard<Entry>, kShards> shards_;
};

KeyIndex::KeyIndex(bool exact) {
  if (exact) {
    table_ = std::make_unique<TableOf<ExactEntry>>();
  } else {
    table_ = std::make_unique<TableOf<WideEntry>>();
  }
}
KeyIndex::~KeyIndex() = default;
KeyIndex::KeyIndex(KeyIndex&&) noexcept = default;
KeyIndex& KeyIndex::operator=(KeyIndex&&) noexcept = default;

void KeyIndex::Reserve(size_t keys) { table_->Reserve(keys); }
void KeyIndex::Apply(const KeyHash* keys, const RowLocation* now, RowLocation* before, size_t count) {
  table_->Apply(keys, now, before, count);
}
RowLocation KeyIndex::Find(const KeyHash& key) const { return table_->Find(key); }
size_t KeyIndex::size() const { return table_->size(); }
size_t KeyIndex::memory_bytes() const { return table_->memory_bytes(); }
void KeyIndex::Clear() { table_->Clear(); }

}  // namespace sluice::iceberg
