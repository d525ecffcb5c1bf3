// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/roaring_set.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "lake/paimon/roaring_reader.h"

namespace sluice::paimon {
namespace {

// What a container is written as, and the number that Roaring64Bitmap has for it.
enum class Form : uint8_t { kRuns = 0, kBitset = 1, kArray = 2 };
// Nodes of Roaring64Bitmap's tree, by the numbers that they have there.
enum class Node : uint8_t { kOf4 = 0, kOf16 = 1, kOf48 = 2, kOf256 = 3, kLeaf = 4 };

constexpr size_t kKeyBytes = 6;  // of a leaf, big-endian
constexpr size_t kBitsetBytes = kRoaringBitsetWords * 8;
constexpr char kPresent = 1;          // tree, container
constexpr char kNotTrimmed = -2;      // list of containers

void AddRun(std::vector<RoaringRun>& runs, uint16_t first, uint16_t last) {
  if (runs.empty() || first > uint32_t{runs.back().last} + 1) {
    runs.push_back({first, last});
  } else {
    runs.back().last = std::max(runs.back().last, last);
  }
}

uint32_t MembersOf(const std::vector<RoaringRun>& runs) {
  uint32_t members = 0;
  for (const RoaringRun& run : runs) members += uint32_t{run.last} - run.first + 1;
  return members;
}

// The smallest; of equal ones what Java's runOptimize leaves as it is.
Form FormOf(const std::vector<RoaringRun>& runs, uint32_t members) {
  const Form other = members <= kRoaringArrayMost ? Form::kArray : Form::kBitset;
  const size_t other_bytes = other == Form::kArray ? members * size_t{2} : kBitsetBytes;
  return 2 + runs.size() * 4 < other_bytes ? Form::kRuns : other;
}

void AppendContainer(Form form, const std::vector<RoaringRun>& runs, std::string& out) {
  if (form == Form::kRuns) AppendLe(out, static_cast<uint16_t>(runs.size()));
  std::array<uint64_t, kRoaringBitsetWords> bits{};
  for (const RoaringRun& run : runs) {
    if (form == Form::kRuns) {
      AppendLe(out, run.first);
      AppendLe(out, static_cast<uint16_t>(run.last - run.first));
      continue;
    }
    for (uint32_t low = run.first; low <= run.last; ++low) {
      if (form == Form::kArray) AppendLe(out, static_cast<uint16_t>(low));
      else bits[low / 64] |= uint64_t{1} << low % 64;
    }
  }
  if (form == Form::kBitset) out.append(reinterpret_cast<const char*>(bits.data()), kBitsetBytes);
}

bool Parse32(ByteReader& in, RoaringSet& out) {
  return ReadRoaring(in, [&](uint16_t key, uint16_t first, uint16_t last) {
    if (out.empty() || out.back().key != key) out.push_back({key, {}});
    AddRun(out.back().runs, first, last);
    return true;
  });
}

// RoaringFormatSpec: cookie, count and marks of runs or count, (key, members - 1)*, offset*, containers.
std::string Serialize32(const RoaringSet& set) {
  std::string marks((set.size() + 7) / 8, '\0'), headers, offsets, containers;
  bool runs = false;
  for (size_t i = 0; i < set.size(); ++i) {
    const uint32_t members = MembersOf(set[i].runs);
    if (FormOf(set[i].runs, members) == Form::kRuns) {
      marks[i / 8] = static_cast<char>(marks[i / 8] | 1 << i % 8);
      runs = true;
    }
    AppendLe(headers, static_cast<uint16_t>(set[i].key));
    AppendLe(headers, static_cast<uint16_t>(members - 1));
  }
  const bool has_offsets = !runs || set.size() >= kRoaringNoOffsetsBelow;
  const size_t begin =
      4 + (runs ? marks.size() : 4) + headers.size() + (has_offsets ? set.size() * sizeof(uint32_t) : 0);
  for (const RoaringContainer& container : set) {
    if (has_offsets) AppendLe(offsets, static_cast<uint32_t>(begin + containers.size()));
    AppendContainer(FormOf(container.runs, MembersOf(container.runs)), container.runs, containers);
  }
  std::string out;
  if (runs) {
    AppendLe(out, kRoaringWithRuns);
    AppendLe(out, static_cast<uint16_t>(set.size() - 1));
    out += marks;
  } else {
    AppendLe(out, kRoaringNoRuns);
    AppendLe(out, static_cast<uint32_t>(set.size()));
  }
  return out + headers + offsets + containers;
}

// Byte `depth` of a key.
uint8_t ByteAt(uint64_t key, size_t depth) { return static_cast<uint8_t>(key >> 8 * (kKeyBytes - 1 - depth)); }

struct Leaf {
  uint64_t key = 0;
  uint64_t container = 0;
};

// A node and all below it. Their order and the keys of inner nodes do not count: a leaf has its whole key.
bool ReadNode(ByteReader& in, size_t depth, std::vector<Leaf>& leaves) {
  const auto kind = static_cast<Node>(in.U8());
  const uint16_t children = in.U16();
  const uint8_t prefix = in.U8();
  if (!in.ok() || kind > Node::kLeaf || prefix > kKeyBytes) return false;
  in.Skip(prefix);
  if (kind == Node::kLeaf) {
    const std::string_view key = in.Bytes(kKeyBytes);
    const uint64_t container = in.U64();
    if (in.ok()) leaves.push_back({LoadBe(key.data(), kKeyBytes), container});
    return in.ok();
  }
  constexpr size_t kBodies[] = {4, 16, 256, 32};
  in.Skip(kBodies[static_cast<size_t>(kind)]);
  depth += prefix + size_t{1};
  if (depth > kKeyBytes || children > 256) return false;
  for (uint16_t i = 0; i < children; ++i) {
    if (!in.ok() || !ReadNode(in, depth, leaves)) return false;
  }
  return in.ok();
}

bool ReadContainers(ByteReader& in, std::vector<std::optional<std::vector<RoaringRun>>>& out) {
  for (uint32_t lists = in.U32(); lists > 0 && in.ok(); --lists) {
    in.Skip(1);
    for (uint32_t left = in.U32(); left > 0 && in.ok(); --left) {
      auto& container = out.emplace_back();
      if (in.U8() != kPresent) continue;
      const auto form = static_cast<Form>(in.U8());
      const uint32_t members = in.U32();
      if (!in.ok() || (form == Form::kArray && members > 1 << 16)) return false;
      std::vector<RoaringRun>& runs = container.emplace();
      const auto add = [&](uint16_t first, uint16_t last) {
        AddRun(runs, first, last);
        return true;
      };
      const bool good = form == Form::kRuns     ? ReadRoaringRuns(in, add)
                        : form == Form::kBitset ? ReadRoaringBitset(in, add)
                                                : form == Form::kArray && ReadRoaringArray(in, members, add);
      if (!good) return false;
    }
  }
  return in.ok();
}

bool Parse64(ByteReader& in, RoaringSet& out) {
  if (in.U8() == 0) return in.ok();
  in.Skip(8);  // leaves
  std::vector<Leaf> leaves;
  if (!ReadNode(in, 0, leaves)) return false;
  std::vector<std::optional<std::vector<RoaringRun>>> containers;
  if (!ReadContainers(in, containers)) return false;
  std::sort(leaves.begin(), leaves.end(), [](const Leaf& a, const Leaf& b) { return a.key < b.key; });
  for (const Leaf& leaf : leaves) {
    if (leaf.container >= containers.size() || !containers[leaf.container]) return false;
    if (!out.empty() && out.back().key == leaf.key) return false;
    auto runs = std::exchange(containers[leaf.container], std::nullopt);
    if (!runs->empty()) out.push_back({leaf.key, std::move(*runs)});
  }
  return true;
}

// An inner node's body: how the next byte of a key leads to a child.
void AppendBody(Node kind, const std::vector<uint8_t>& bytes, std::string& out) {
  if (kind == Node::kOf256) {
    std::array<uint64_t, 4> bits{};
    for (uint8_t byte : bytes) bits[byte / 64] |= uint64_t{1} << byte % 64;
    for (uint64_t word : bits) AppendLe(out, word);
    return;
  }
  // A byte each, in words whose first byte is the highest: of 48 the child by key, else the key by child.
  const size_t word = kind == Node::kOf4 ? 4 : 8;
  std::string body(kind == Node::kOf4 ? 4 : kind == Node::kOf16 ? 16 : 256, kind == Node::kOf48 ? '\xFF' : '\0');
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t at = kind == Node::kOf48 ? bytes[i] : i;
    body[at / word * word + (word - 1 - at % word)] = static_cast<char>(kind == Node::kOf48 ? i : bytes[i]);
  }
  out += body;
}

void AppendHead(Node kind, size_t children, std::string_view prefix, std::string& out) {
  out.push_back(static_cast<char>(kind));
  AppendLe(out, static_cast<uint16_t>(children));
  out.push_back(static_cast<char>(prefix.size()));
  out += prefix;
}

// The tree of the containers, whose keys are the same before `depth`; `first` is the index of the first.
void AppendNode(std::span<const RoaringContainer> containers, size_t first, size_t depth, std::string& out) {
  const uint64_t low = containers.front().key, high = containers.back().key;
  if (containers.size() == 1) {
    AppendHead(Node::kLeaf, 0, "", out);
    for (size_t i = 0; i < kKeyBytes; ++i) out.push_back(static_cast<char>(ByteAt(low, i)));
    AppendLe(out, static_cast<uint64_t>(first));
    return;
  }
  std::string prefix;
  for (; ByteAt(low, depth) == ByteAt(high, depth); ++depth) prefix.push_back(static_cast<char>(ByteAt(low, depth)));
  std::vector<uint8_t> bytes;
  std::vector<size_t> begins;
  for (size_t i = 0; i < containers.size(); ++i) {
    const uint8_t byte = ByteAt(containers[i].key, depth);
    if (!bytes.empty() && bytes.back() == byte) continue;
    bytes.push_back(byte);
    begins.push_back(i);
  }
  begins.push_back(containers.size());
  const size_t children = bytes.size();
  const Node kind = children <= 4 ? Node::kOf4 : children <= 16 ? Node::kOf16
                    : children <= 48 ? Node::kOf48 : Node::kOf256;
  AppendHead(kind, children, prefix, out);
  AppendBody(kind, bytes, out);
  for (size_t i = 0; i < children; ++i) {
    AppendNode(containers.subspan(begins[i], begins[i + 1] - begins[i]), first + begins[i], depth + 1, out);
  }
}

// Present, number of leaves, tree; lists of containers, here one; their number, and the place of the last.
std::string Serialize64(const RoaringSet& set) {
  if (set.empty()) return std::string(1, '\0');
  std::string out(1, kPresent);
  AppendLe(out, static_cast<uint64_t>(set.size()));
  AppendNode(set, 0, 0, out);
  AppendLe(out, uint32_t{1});
  out.push_back(kNotTrimmed);
  AppendLe(out, static_cast<uint32_t>(set.size()));
  for (const RoaringContainer& container : set) {
    const uint32_t members = MembersOf(container.runs);
    const Form form = FormOf(container.runs, members);
    out.push_back(kPresent);
    out.push_back(static_cast<char>(form));
    AppendLe(out, members);
    AppendContainer(form, container.runs, out);
  }
  AppendLe(out, static_cast<uint64_t>(set.size()));
  AppendLe(out, uint32_t{0});
  AppendLe(out, static_cast<uint32_t>(set.size() - 1));
  return out;
}

std::vector<RoaringRun> UnionOfRuns(const std::vector<RoaringRun>& a, const std::vector<RoaringRun>& b) {
  std::vector<RoaringRun> out;
  for (size_t i = 0, k = 0; i < a.size() || k < b.size();) {
    const bool left = k == b.size() || (i < a.size() && a[i].first <= b[k].first);
    const RoaringRun& run = left ? a[i++] : b[k++];
    AddRun(out, run.first, run.last);
  }
  return out;
}

}  // namespace

bool ParseRoaring(RoaringWidth width, std::string_view bytes, RoaringSet& out) {
  out.clear();
  ByteReader in(bytes);
  return width == RoaringWidth::k32 ? Parse32(in, out) : Parse64(in, out);
}

std::string SerializeRoaring(RoaringWidth width, const RoaringSet& set) {
  return width == RoaringWidth::k32 ? Serialize32(set) : Serialize64(set);
}

RoaringSet RoaringOf(std::span<const uint32_t> members) {
  RoaringSet out;
  for (uint32_t member : members) {
    const auto key = static_cast<uint16_t>(member >> 16);
    const auto low = static_cast<uint16_t>(member);
    if (out.empty() || out.back().key != key) out.push_back({key, {}});
    AddRun(out.back().runs, low, low);
  }
  return out;
}

RoaringSet UnionOf(RoaringSet a, RoaringSet b) {
  RoaringSet out;
  for (size_t i = 0, k = 0; i < a.size() || k < b.size();) {
    if (k == b.size() || (i < a.size() && a[i].key < b[k].key)) {
      out.push_back(std::move(a[i++]));
    } else if (i == a.size() || b[k].key < a[i].key) {
      out.push_back(std::move(b[k++]));
    } else {
      out.push_back({a[i].key, UnionOfRuns(a[i].runs, b[k].runs)});
      ++i, ++k;
    }
  }
  return out;
}

}  // namespace sluice::paimon
