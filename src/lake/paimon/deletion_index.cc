// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/deletion_index.h"

#include <utility>

#include "base/bytes.h"
#include "base/crc32.h"
#include "base/text.h"
#include "lake/paimon/roaring_reader.h"

namespace sluice::paimon {
namespace {

constexpr uint32_t kMagic = 1581511376;    // big-endian, before a bitmap of 32 bits
constexpr uint32_t kMagic64 = 1681511377;  // little-endian, before one of 64 bits
constexpr size_t kBitsetBytes = kRoaringBitsetWords * 8;
constexpr char kVersion = 1;

void AppendBe32(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

struct Container {
  uint16_t key = 0;  // the upper half of its members
  std::vector<uint16_t> low;

  size_t bytes() const { return low.size() <= kRoaringArrayMost ? low.size() * 2 : kBitsetBytes; }
};

// RoaringFormatSpec: cookie, count, (key, members - 1)*, offset*, containers.
std::string EncodeBitmap(const std::vector<Container>& containers) {
  std::string out;
  AppendLe(out, kRoaringNoRuns);
  AppendLe(out, static_cast<uint32_t>(containers.size()));
  for (const Container& container : containers) {
    AppendLe(out, container.key);
    AppendLe(out, static_cast<uint16_t>(container.low.size() - 1));
  }
  size_t offset = out.size() + containers.size() * sizeof(uint32_t);
  for (const Container& container : containers) {
    AppendLe(out, static_cast<uint32_t>(offset));
    offset += container.bytes();
  }
  for (const Container& container : containers) {
    if (container.low.size() <= kRoaringArrayMost) {
      for (uint16_t low : container.low) AppendLe(out, low);
      continue;
    }
    const size_t begin = out.size();
    out.resize(begin + kBitsetBytes, '\0');
    for (uint16_t low : container.low) {
      out[begin + low / 8] = static_cast<char>(static_cast<uint8_t>(out[begin + low / 8]) | 1 << low % 8);
    }
  }
  return out;
}

}  // namespace

std::string EncodeDeletionVector(const DeleteSet& deletions, bool wide) {
  std::map<uint32_t, std::vector<Container>> bitmaps;  // by the upper word of their positions
  deletions.ForEach([&](int64_t position) {
    auto& containers = bitmaps[static_cast<uint32_t>(position >> 32)];
    const auto key = static_cast<uint16_t>(position >> 16);
    if (containers.empty() || containers.back().key != key) containers.push_back({key, {}});
    containers.back().low.push_back(static_cast<uint16_t>(position));
  });
  std::string out;
  if (!wide) {
    AppendBe32(out, kMagic);
    return out + EncodeBitmap(bitmaps[0]);
  }
  AppendLe(out, kMagic64);
  AppendLe(out, static_cast<uint64_t>(bitmaps.size()));
  for (const auto& [upper, containers] : bitmaps) {
    AppendLe(out, upper);
    out += EncodeBitmap(containers);
  }
  return out;
}

std::string FrameDeletionVector(const std::string& vector) {
  std::string out;
  AppendBe32(out, static_cast<uint32_t>(vector.size()));
  out += vector;
  AppendBe32(out, Crc32(vector));
  return out;
}

std::string EncodeDeletionIndex(const DeletionsByFile& deletions, bool wide, std::vector<DeletionRange>& ranges) {
  std::string out(1, kVersion);
  for (const auto& [name, rows] : deletions) {
    const std::string vector = EncodeDeletionVector(rows, wide);
    const size_t begin = out.size();
    out += FrameDeletionVector(vector);
    // Of the wide form Java counts the length word and the checksum too.
    const size_t length = wide ? out.size() - begin : vector.size();
    ranges.push_back({name, static_cast<int32_t>(begin), static_cast<int32_t>(length), rows.count()});
  }
  return out;
}

Status BucketDeletions::Load(Env& env, const LiveFile& file, bool several) {
  if (!file.deletion) return Ok();
  TRY_SET(files_[file.meta.name], ReadDeletions(env, file));
  std::string name = file.index_path.substr(file.index_path.rfind('/') + 1);
  (several ? index_of_[file.meta.name] : name_) = std::move(name);
  return Ok();
}

const std::string& BucketDeletions::IndexOf(const std::string& file) const {
  const auto found = index_of_.find(file);
  return found == index_of_.end() ? name_ : found->second;
}

int64_t BucketDeletions::Count(const std::string& file) const {
  const auto found = files_.find(file);
  return found == files_.end() ? 0 : found->second.count();
}

void BucketDeletions::Remove(const std::string& file) {
  if (files_.erase(file) == 0) return;
  touched_.insert(IndexOf(file));
  index_of_.erase(file);
}

void BucketDeletions::Add(const std::string& file, const DeleteSet& rows) {
  files_[file].Merge(rows);
  touched_.insert(IndexOf(file));
}

Result<IndexEntry> BucketDeletions::WriteFile(Env& env, const Table& table, const BucketId& bucket, bool wide,
                                              const DeletionsByFile& files) const {
  IndexEntry entry;
  entry.partition = bucket.partition;
  entry.bucket = bucket.bucket;
  entry.type = kDeletionVectors;
  if (files.empty()) return entry;
  entry.name = Str("index-", env.Uuid(), "-0");
  const std::string bytes = EncodeDeletionIndex(files, wide, entry.deletions);
  entry.size = static_cast<int64_t>(bytes.size());
  entry.row_count = static_cast<int64_t>(files.size());
  TRY(env.MakeFolders(table.folder() + "/index"));
  TRY(env.WriteFile(table.IndexPath(entry.name), bytes));
  TRY(env.SyncFolder(table.folder() + "/index"));
  return entry;
}

Result<std::vector<NewVectors>> BucketDeletions::Write(Env& env, const Table& table, const BucketId& bucket,
                                                       bool wide) {
  std::vector<NewVectors> out;
  for (const std::string& before : std::exchange(touched_, {})) {
    DeletionsByFile files;
    for (const auto& [name, rows] : files_) {
      if (IndexOf(name) == before) files.emplace(name, rows);
    }
    TRY_SET(IndexEntry entry, WriteFile(env, table, bucket, wide, files));
    for (auto& [name, index] : index_of_) {
      if (index == before) index = entry.name;
    }
    if (name_ == before) name_ = entry.name;
    out.push_back({std::move(entry), before});
  }
  return out;
}

}  // namespace sluice::paimon
