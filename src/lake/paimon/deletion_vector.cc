// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/deletion_vector.h"

#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/crc32.h"
#include "base/text.h"
#include "lake/paimon/roaring_reader.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {
namespace {

constexpr uint32_t kMagic = 1581511376;      // big-endian, before a bitmap of 32 bits
constexpr uint32_t kMagic64 = 1681511377;    // little-endian, before one of 64 bits

// The positions of one bitmap of 32 bits, each `base` higher. False if it is not well formed, or one is not below
// `rows`.
bool ReadBitmap(ByteReader& in, int64_t base, int64_t rows, DeleteSet& out) {
  return ReadRoaring(in, [&](uint16_t key, uint32_t first, uint32_t last) {
    for (uint32_t low = first; low <= last; ++low) {
      const int64_t position = base + (int64_t{key} << 16 | low);
      if (position < 0 || position >= rows) return false;
      out.Add(position);
    }
    return true;
  });
}

bool ReadVector(std::string_view bytes, int64_t rows, DeleteSet& out) {
  if (bytes.size() >= 4 && LoadBe(bytes.data(), 4) == kMagic) {
    ByteReader in(bytes.substr(4));
    return ReadBitmap(in, 0, rows, out);
  }
  ByteReader in(bytes);
  if (in.U32() != kMagic64) return false;
  const uint64_t bitmaps = in.U64();
  for (uint64_t i = 0; i < bitmaps && in.ok(); ++i) {
    const int64_t base = int64_t{in.U32()} << 32;
    if (!ReadBitmap(in, base, rows, out)) return false;
  }
  return in.ok();
}

}  // namespace

Result<DeleteSet> ParseDeletionVector(std::string_view vector, int64_t rows) {
  DeleteSet out;
  if (!ReadVector(vector, rows, out)) return Corrupt(Str("no Roaring bitmap of rows below ", rows));
  return out;
}

// file = version 1 | { length, big-endian | magic and bitmap | their CRC-32, big-endian }*. One file holds the vectors
// of many data files, so only the bytes of this one are read.
Result<DeleteSet> ReadDeletions(Env& env, const LiveFile& file) {
  if (!file.deletion) return DeleteSet();
  const auto damaged = [&](std::string_view what) {
    return Corrupt(Str("index file ", file.index_path, ": the deletion vector of ", file.meta.name, " ", what),
                   "restore the file from a copy, or read an older snapshot");
  };
  constexpr int64_t kWord = 4;
  TRY_SET(const auto index, env.OpenFile(file.index_path));
  const int64_t offset = file.deletion->offset;
  const int64_t left = index->size() - offset;
  char word[kWord];
  if (offset < 0 || left < kWord) return damaged("is outside of the file");
  TRY_SET(const int64_t word_read, index->ReadAt(offset, kWord, word));
  if (word_read < kWord) return damaged("is outside of the file");
  const auto length = static_cast<int64_t>(LoadBe(word, kWord));
  if (length < kWord || length > left - 2 * kWord) return damaged("ends behind the file");
  std::string bytes(static_cast<size_t>(length + kWord), '\0');
  TRY_SET(const int64_t bytes_read, index->ReadAt(offset + kWord, length + kWord, bytes.data()));
  if (bytes_read < length + kWord) return damaged("ends behind the file");
  const std::string_view vector = std::string_view(bytes).substr(0, static_cast<size_t>(length));
  if (Crc32(vector) != LoadBe(bytes.data() + length, kWord)) return damaged("has another checksum");
  auto deletions = ParseDeletionVector(vector, file.meta.row_count);
  if (!deletions.ok()) return damaged(Str("is ", deletions.error().message));
  return deletions;
}

}  // namespace sluice::paimon
