// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/theta_sketch.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"

namespace sluice::paimon {
namespace {

// Words of the preamble (6 bits) | serial version | family | lg k | lg slots | flags | hash of the seed, 2 bytes; then,
// if it has 2 words, number of hashes, 4 bytes | sampling probability, float; if it has 3, theta. Then the hashes; of
// an update sketch a table of them, with 0 in the empty slots.
constexpr size_t kBytesLeast = 16;  // of a sketch that has a hash; what is shorter counts as empty, as in Java
constexpr uint8_t kWordsMask = 0x3f;
constexpr uint8_t kSerialVersion = 3;
enum Family : uint8_t { kAlpha = 1, kQuickSelect = 2, kCompact = 3 };
enum Flags : uint8_t { kBigEndian = 1, kReadOnly = 2, kEmpty = 4, kCompacted = 8, kOrdered = 16, kSingle = 32 };
constexpr uint16_t kSeedHash = 0x93cc;  // of the default seed, 9001
constexpr uint64_t kNoTheta = INT64_MAX;
constexpr size_t kHashesMost = 4096;
constexpr int kSlotsLgMost = 26;

struct Sketch {
  uint64_t theta = kNoTheta;
  std::vector<uint64_t> hashes;  // below theta; in no order, if not those of a union
};

Error Wrong(const std::string& why) {
  return Invalid(Str("a value is no theta sketch: ", why),
                 "write such values with Apache DataSketches and its default seed, or use another aggregate function");
}

// Writers other than the newer ones of Java do not say it.
bool IsSingle(uint8_t flags) {
  return (flags & kSingle) != 0 || (flags & (kSingle - 1)) == (kReadOnly | kCompacted | kOrdered);
}

Status ReadHashes(ByteReader& in, uint64_t slots, Sketch& out) {
  if (slots > in.remaining() / 8) return Wrong("it ends before its hashes do");
  for (; slots > 0; --slots) {
    const uint64_t hash = in.U64();
    if (hash != 0 && hash < out.theta) out.hashes.push_back(hash);
  }
  return Ok();
}

Result<Sketch> Parse(std::string_view bytes) {
  Sketch out;
  if (bytes.size() < kBytesLeast) return out;
  ByteReader in(bytes);
  const uint8_t words = in.U8() & kWordsMask, version = in.U8(), family = in.U8();
  in.Skip(1);
  const uint8_t lg_slots = in.U8(), flags = in.U8();
  const uint16_t seed = in.U16();
  if (version != kSerialVersion) return Wrong(Str("serial version ", int{version}, " is not read"));
  if (family < kAlpha || family > kCompact || words == 0 || words > 3 || (flags & kBigEndian) != 0) {
    return Wrong("its first bytes are of none");
  }
  if (words == 1 && !(family == kCompact && IsSingle(flags))) return out;  // empty
  // Java lets a single hash of another seed in.
  if (seed != kSeedHash) return Wrong("its hashes have another seed");
  uint64_t slots = 1;
  if (words >= 2) {
    slots = in.U32();
    in.Skip(4);
  }
  if (words == 3) out.theta = in.U64();
  if (!in.ok()) return Wrong("it ends before its theta does");
  if (out.theta > kNoTheta) return Wrong("its theta is negative");
  if (words > 1 && (flags & (kCompacted | kOrdered)) == 0) {
    if (words != 3 || lg_slots > kSlotsLgMost) return Wrong("its first bytes are of none");
    slots = uint64_t{1} << lg_slots;
  }
  TRY(ReadHashes(in, slots, out));
  return out;
}

std::string Serialize(const Sketch& sketch) {
  const size_t count = sketch.hashes.size();
  const bool whole = sketch.theta == kNoTheta;
  const bool empty = whole && count == 0;
  const bool single = whole && count == 1;
  const uint8_t words = !whole ? 3 : empty || single ? 1 : 2;
  std::string out;
  AppendLe(out, words);
  AppendLe(out, kSerialVersion);
  AppendLe(out, static_cast<uint8_t>(kCompact));
  AppendLe(out, uint16_t{0});
  AppendLe(out, static_cast<uint8_t>(kReadOnly | kCompacted | kOrdered | (empty ? kEmpty : 0) |
                                     (single ? kSingle : 0)));
  AppendLe(out, empty ? uint16_t{0} : kSeedHash);
  if (words >= 2) {
    AppendLe(out, static_cast<uint32_t>(count));
    AppendLe(out, 1.0F);
  }
  if (words == 3) AppendLe(out, sketch.theta);
  for (uint64_t hash : sketch.hashes) AppendLe(out, hash);
  return out;
}

}  // namespace

// Of the hashes below the lower theta the lowest ones stay, and the next one is the new theta. Java makes room earlier
// than at the end, with the same result.
Result<std::string> UnionOfThetaSketches(std::string_view a, std::string_view b) {
  TRY_SET(Sketch out, Parse(a));
  TRY_SET(const Sketch other, Parse(b));
  out.theta = std::min(out.theta, other.theta);
  out.hashes.insert(out.hashes.end(), other.hashes.begin(), other.hashes.end());
  std::sort(out.hashes.begin(), out.hashes.end());
  out.hashes.erase(std::unique(out.hashes.begin(), out.hashes.end()), out.hashes.end());
  out.hashes.erase(std::lower_bound(out.hashes.begin(), out.hashes.end(), out.theta), out.hashes.end());
  if (out.hashes.size() > kHashesMost) {
    out.theta = out.hashes[kHashesMost];
    out.hashes.resize(kHashesMost);
  }
  return Serialize(out);
}

}  // namespace sluice::paimon
