// SPDX-License-Identifier: Apache-2.0
// Deletion vectors as Java writes them (its own golden bytes, and the portable form of each kind of container).
#include "lake/paimon/deletion_vector.h"

#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"

namespace sluice::paimon {
namespace {

constexpr uint32_t kNoRuns = 12346, kWithRuns = 12347;

std::string Magic() { return {'\x5e', '\x43', '\xf2', '\xd0'}; }

template <typename... Numbers>
std::string Words(Numbers... numbers) {
  std::string out;
  (AppendLe(out, numbers), ...);
  return out;
}

// The positions joined by blanks, or "wrong".
std::string Positions(const std::string& vector, int64_t rows = 1 << 20) {
  auto deletes = ParseDeletionVector(vector, rows);
  if (!deletes.ok()) return deletes.error().code == ErrorCode::kCorrupt ? "wrong" : "another error";
  std::string out;
  deletes->ForEach([&](int64_t position) { out += (out.empty() ? "" : " ") + std::to_string(position); });
  return out;
}

std::string Span(uint16_t first, uint16_t more) { return Words(first, more); }

// One container of runs, key 0.
std::string Runs(uint16_t count, const std::string& runs) {
  return Magic() + Words(kWithRuns, uint8_t{1}, uint16_t{0}, uint16_t{9}, count) + runs;
}

TEST(DeletionVector, OfBothWidthsIsReadAsJavaWroteIt) {
  const std::string bitmap =
      Words(kNoRuns, uint32_t{1}, uint16_t{0}, uint16_t{1}, uint32_t{16}, uint16_t{2}, uint16_t{3});
  EXPECT_EQ(Positions(Magic() + bitmap), "2 3");
  EXPECT_EQ(Positions(Words(uint32_t{1681511377}, uint64_t{1}, uint32_t{0}) + bitmap), "2 3");
}

TEST(DeletionVector, HasArraysRunsAndBitsets) {
  EXPECT_EQ(Positions(Runs(2, Span(3, 2) + Span(7, 0))), "3 4 5 7");
  const std::string second = Words(kNoRuns, uint32_t{1}, uint16_t{1}, uint16_t{0}, uint32_t{16}, uint16_t{5});
  EXPECT_EQ(Positions(Magic() + second), "65541");
  std::string bits = Magic() + Words(kNoRuns, uint32_t{1}, uint16_t{0}, uint16_t{4096}, uint32_t{16});
  for (int word = 0; word < 1024; ++word) bits += Words(uint64_t{word == 1023 ? uint64_t{1} << 63 : 0});
  EXPECT_EQ(Positions(bits), "65535");
}

TEST(DeletionVector, ThatIsDamagedIsAnErrorAndEndsSoon) {
  const std::string good = Runs(2, Span(3, 2) + Span(7, 0));
  EXPECT_EQ(Positions(good, 7), "wrong") << "row 7 of 7";
  for (size_t size = 0; size < good.size(); ++size) EXPECT_EQ(Positions(good.substr(0, size)), "wrong") << size;
  EXPECT_EQ(Positions("abcd" + good.substr(4)), "wrong");
  EXPECT_EQ(Positions(Runs(2, Span(3, 2) + Span(5, 0))), "wrong") << "runs overlap";
  EXPECT_EQ(Positions(Runs(1, Span(65535, 1))), "wrong") << "beyond the container";
  const std::string keys = Words(uint16_t{0}, uint16_t{0}, uint16_t{0}, uint16_t{0});
  const std::string twice =
      Words(kNoRuns, uint32_t{2}) + keys + Words(uint32_t{24}, uint32_t{26}, uint16_t{1}, uint16_t{1});
  EXPECT_EQ(Positions(Magic() + twice), "wrong") << "two containers of one key";
}

}  // namespace
}  // namespace sluice::paimon
