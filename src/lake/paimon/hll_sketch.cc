// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/hll_sketch.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"
#include "lake/paimon/hll_state.h"

namespace sluice::paimon {
namespace {

// Words of the preamble | serial version | family | lg k | lg slots | flags | number of coupons of a list, or the
// lowest register | mode and type. A list: its coupons. A set: their number, 4 bytes, then the coupons (compact) or the
// table with its empty slots. Registers: hip, kxq0, kxq1, doubles | number of lowest registers | number of exceptions |
// registers by 4, 6 or 8 bits; of 4 bits they are what is above the lowest one, and 15 stands for an exception: a
// coupon behind them, in a table that is compact or not.
constexpr size_t kHeadBytes = 8;
constexpr uint8_t kWords[] = {2, 3, 10};  // of list, set, registers
constexpr uint8_t kSerialVersion = 1, kFamily = 7;
constexpr uint8_t kModeMask = 3;
constexpr int kTypeShift = 2;
enum Type : uint8_t { kHll4 = 0, kHll6 = 1, kHll8 = 2, kTypes = 3 };
enum Flags : uint8_t { kEmpty = 4, kCompacted = 8, kOutOfOrder = 16 };
constexpr uint8_t kException = 15;
constexpr int kLgExceptionsMost = 26;

// Of the table of exceptions, by lg k.
constexpr uint8_t kLgExceptions[kHllLgKMost + 1] = {0, 2, 2, 2, 2, 2,  2,  3,  3,  3,  4,
                                                    4, 5, 5, 6, 7, 8,  9,  10, 11, 12, 13};

struct Head {
  HllMode mode;
  Type type;
  int lg_k;
  int lg_slots;
  bool compact;
  bool out_of_order;
  uint8_t count;  // or the lowest register
};

Error Wrong(const std::string& why) {
  return Invalid(Str("a value is no HLL sketch: ", why),
                 "write such values with Apache DataSketches, or use another aggregate function");
}

Result<Head> ReadHead(ByteReader& in) {
  if (in.remaining() < kHeadBytes) return Wrong(Str("it has ", in.remaining(), " bytes"));
  Head head;
  const uint8_t words = in.U8(), version = in.U8(), family = in.U8();
  head.lg_k = in.U8();
  head.lg_slots = in.U8();
  const uint8_t flags = in.U8();
  head.count = in.U8();
  const uint8_t mode = in.U8(), type = mode >> kTypeShift & 3;
  if (family != kFamily) return Wrong("its first bytes are of none");
  if (version != kSerialVersion) return Wrong(Str("serial version ", int{version}, " is not read"));
  if ((mode & kModeMask) == kModeMask || type >= kTypes || (words & 0x3f) != kWords[mode & kModeMask]) {
    return Wrong("its first bytes are of none");
  }
  if (head.lg_k < kHllLgKLeast || head.lg_k > kHllLgKMost) return Wrong(Str("its lg k is ", head.lg_k));
  head.mode = static_cast<HllMode>(mode & kModeMask);
  head.type = static_cast<Type>(type);
  head.compact = (flags & kCompacted) != 0;
  head.out_of_order = (flags & kOutOfOrder) != 0;
  return head;
}

Error TooShort() { return Wrong("it ends too early"); }

Status ReadList(const Head& head, ByteReader& in, HllState& out) {
  if (head.count > out.coupons.slots().size()) return Wrong(Str("it lists ", int{head.count}, " coupons"));
  for (int i = 0; i < head.count; ++i) out.coupons.Append(in.U32());
  return in.ok() ? Ok() : Status(TooShort());
}

Status ReadSet(const Head& head, ByteReader& in, HllState& out) {
  out.mode = HllMode::kSet;
  const int lg_most = head.lg_k - 3;
  if (lg_most < kHllSetLgSlots) return Wrong(Str("its lg k is ", head.lg_k));
  const uint32_t count = in.U32();
  if (!in.ok()) return TooShort();
  if (!head.compact) {
    if (head.lg_slots < kHllSetLgSlots || head.lg_slots > lg_most) return Wrong("its table has a wrong size");
    if (in.remaining() / sizeof(uint32_t) < size_t{1} << head.lg_slots) return TooShort();
    std::vector<uint32_t> slots(size_t{1} << head.lg_slots);
    for (uint32_t& slot : slots) slot = in.U32();
    out.coupons = HllSlots(head.lg_slots, std::move(slots));
    if (out.coupons.count() != count || out.coupons.IsCrowded()) return Wrong("it has a wrong number of coupons");
    return Ok();
  }
  out.coupons = HllSlots(kHllSetLgSlots);
  if (in.remaining() / sizeof(uint32_t) < count) return TooShort();
  for (uint32_t i = 0; i < count; ++i) {
    out.Add(in.U32());
    if (out.mode != HllMode::kSet) return Wrong("it has a wrong number of coupons");
  }
  return Ok();
}

uint8_t SixBits(std::string_view bytes, size_t slot) {
  const size_t bit = slot * 6;
  return static_cast<uint8_t>(LoadLe<uint16_t>(bytes.data() + bit / 8) >> bit % 8 & kHllValueMost);
}

// The registers that stand behind the others.
Status ReadExceptions(const Head& head, uint32_t count, ByteReader& in, std::vector<uint8_t>& registers) {
  uint64_t slots = count;
  if (!head.compact && count > 0) {
    if (head.lg_slots > kLgExceptionsMost) return Wrong("its table has a wrong size");
    slots = uint64_t{1} << head.lg_slots;
  }
  if (in.remaining() / sizeof(uint32_t) < slots) return TooShort();
  std::vector<bool> known(registers.size());
  for (; slots > 0; --slots) {
    const uint32_t entry = in.U32();
    if (entry == 0) continue;
    const size_t slot = entry & (registers.size() - 1);
    if (registers[slot] != kHllValueMost + 1 || known[slot]) return Wrong("it has an exception too many");
    known[slot] = true;
    registers[slot] = static_cast<uint8_t>(entry >> kHllValueShift);
  }
  const bool missing = std::find(registers.begin(), registers.end(), kHllValueMost + 1) != registers.end();
  return missing ? Status(Wrong("it lacks an exception")) : Ok();
}

Status ReadRegisters(const Head& head, ByteReader& in, HllState& out) {
  out.mode = HllMode::kRegisters;
  out.out_of_order = head.out_of_order;
  out.hip = std::bit_cast<double>(in.U64());
  in.Skip(2 * sizeof(double) + sizeof(uint32_t));
  const uint32_t exceptions = in.U32();
  const size_t slots = size_t{1} << head.lg_k;
  const std::string_view bytes =
      in.Bytes(head.type == kHll4 ? slots / 2 : head.type == kHll6 ? slots / 4 * 3 + 1 : slots);
  if (!in.ok()) return TooShort();
  out.registers.resize(slots);
  for (size_t i = 0; i < slots; ++i) {
    uint8_t& value = out.registers[i];
    if (head.type == kHll6) value = SixBits(bytes, i);
    if (head.type == kHll8) value = static_cast<uint8_t>(bytes[i]) & kHllValueMost;
    if (head.type != kHll4) continue;
    const int above = static_cast<uint8_t>(bytes[i / 2]) >> (i % 2 == 0 ? 0 : 4) & kException;
    if (above != kException && above + head.count > kHllValueMost) return Wrong("a register is above 63");
    value = static_cast<uint8_t>(above == kException ? kHllValueMost + 1 : above + head.count);
  }
  if (head.type == kHll4) TRY(ReadExceptions(head, exceptions, in, out.registers));
  out.CountRegisters();
  return Ok();
}

Result<HllState> Parse(std::string_view bytes) {
  ByteReader in(bytes);
  TRY_SET(const Head head, ReadHead(in));
  HllState out(head.lg_k);
  switch (head.mode) {
    case HllMode::kList: TRY(ReadList(head, in, out)); break;
    case HllMode::kSet: TRY(ReadSet(head, in, out)); break;
    case HllMode::kRegisters: TRY(ReadRegisters(head, in, out)); break;
  }
  return out;
}

std::string HeadOf(const HllState& state, int lg_slots, uint8_t count, uint8_t flags) {
  std::string out;
  const auto mode = static_cast<uint8_t>(state.mode);
  for (int byte : {int{kWords[mode]}, int{kSerialVersion}, int{kFamily}, state.lg_k, lg_slots, kCompacted | flags,
                   int{count}, int{mode}}) {
    AppendLe(out, static_cast<uint8_t>(byte));
  }
  return out;
}

void AppendSlots(const HllSlots& slots, std::string& out) {
  for (const uint32_t entry : slots.slots()) {
    if (entry != 0) AppendLe(out, entry);
  }
}

std::string SerializeRegisters(const HllState& state) {
  const auto& registers = state.registers;
  const uint8_t lowest = *std::min_element(registers.begin(), registers.end());
  const auto at_lowest = static_cast<uint32_t>(std::count(registers.begin(), registers.end(), lowest));
  const auto mask = static_cast<uint32_t>(registers.size() - 1);
  HllSlots exceptions(kLgExceptions[state.lg_k]);
  std::string nibbles(registers.size() / 2, '\0');
  for (size_t i = 0; i < registers.size(); ++i) {
    const int above = std::min(registers[i] - lowest, int{kException});
    nibbles[i / 2] = static_cast<char>(nibbles[i / 2] | above << (i % 2 == 0 ? 0 : 4));
    if (above < kException) continue;
    exceptions.Insert(uint32_t{registers[i]} << kHllValueShift | static_cast<uint32_t>(i), mask);
    if (exceptions.IsCrowded()) exceptions.Grow(mask);
  }
  const bool some = exceptions.count() > 0;
  std::string out = HeadOf(state, some ? exceptions.lg_slots() : 0, lowest, state.out_of_order ? kOutOfOrder : 0);
  for (double number : {state.hip, state.kxq0, state.kxq1}) AppendLe(out, number);
  AppendLe(out, at_lowest);
  AppendLe(out, static_cast<uint32_t>(exceptions.count()));
  out += nibbles;
  AppendSlots(exceptions, out);
  return out;
}

std::string Serialize(const HllState& state) {
  if (state.mode == HllMode::kRegisters) return SerializeRegisters(state);
  const bool list = state.mode == HllMode::kList;
  const auto count = static_cast<uint32_t>(state.coupons.count());
  std::string out =
      HeadOf(state, state.coupons.lg_slots(), list ? static_cast<uint8_t>(count) : 0, count == 0 ? kEmpty : 0);
  if (!list) AppendLe(out, count);
  AppendSlots(state.coupons, out);
  return out;
}

// As Java's union takes a sketch in, which may have at most `lg_most` in the end.
void TakeIn(HllState sketch, int lg_most, HllState& out) {
  if (sketch.IsEmpty()) return;
  if (sketch.mode != HllMode::kRegisters) {
    const bool whole = sketch.mode == HllMode::kSet && out.IsEmpty() && sketch.lg_k == out.lg_k;
    if (whole) {
      out = std::move(sketch);
    } else {
      out.AddAllOf(sketch.coupons);
    }
    return;
  }
  if (out.mode != HllMode::kRegisters) {
    if (sketch.lg_k > lg_most) sketch = sketch.Smaller(lg_most);
    sketch.AddAllOf(out.coupons);
    out = std::move(sketch);
    return;
  }
  if (sketch.lg_k < out.lg_k) out = out.Smaller(sketch.lg_k);
  out.Unite(sketch);
}

}  // namespace

Result<std::string> UnionOfHllSketches(std::string_view older, std::string_view newer) {
  TRY_SET(HllState first, Parse(older));
  TRY_SET(HllState last, Parse(newer));
  const int lg_most = last.lg_k;
  HllState out(lg_most);
  TakeIn(std::move(last), lg_most, out);
  TakeIn(std::move(first), lg_most, out);
  return Serialize(out);
}

}  // namespace sluice::paimon
