// SPDX-License-Identifier: Apache-2.0
// Result and TRY: values move through, errors stop the function and keep code, message and hint.
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>

#include "base/text.h"

namespace sluice {
namespace {

Result<int> Half(int value) {
  if (value % 2 != 0) return Invalid(Str("odd value ", value), "pass an even one");
  return value / 2;
}

Result<int> Quarter(int value) {
  TRY_SET(int half, Half(value));
  TRY_SET(half, Half(half));
  return half;
}

Status Check(int value, bool* reached_end) {
  TRY(Half(value));
  *reached_end = true;
  return Ok();
}

TEST(Result, CarriesAValue) {
  Result<int> result = Half(8);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, 4);
}

TEST(Result, CarriesCodeMessageAndHint) {
  Result<int> result = Half(7);
  ASSERT_FALSE(result.ok());
  EXPECT_FALSE(static_cast<bool>(result));
  EXPECT_EQ(result.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(result.error().message, "odd value 7");
  EXPECT_EQ(result.error().ToString(), "odd value 7\nhint: pass an even one");
}

TEST(Result, ErrorWithoutHintIsOneLine) { EXPECT_EQ(Corrupt("bad checksum").ToString(), "bad checksum"); }

TEST(Result, WithPutsTheContextInFrontAndKeepsTheCode) {
  Error error = Unavailable("connection refused", "start the server").With("connect to db1:3306").With("source shop");
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_EQ(error.message, "source shop: connect to db1:3306: connection refused");
  EXPECT_EQ(error.hint, "start the server");
}

TEST(Result, TrySetStopsAtTheFirstError) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_EQ(Quarter(6).error().message, "odd value 3");
  EXPECT_EQ(Quarter(5).error().message, "odd value 5");
}

TEST(Result, TryReturnsTheErrorOfAStatus) {
  bool reached_end = false;
  EXPECT_FALSE(Check(3, &reached_end).ok());
  EXPECT_FALSE(reached_end);
  EXPECT_TRUE(Check(4, &reached_end).ok());
  EXPECT_TRUE(reached_end);
}

TEST(Result, MovesWhatCannotBeCopied) {
  auto make = [](bool fail) -> Result<std::unique_ptr<std::string>> {
    if (fail) return NotFound("no such thing");
    return std::make_unique<std::string>("thing");
  };
  auto pass_on = [&](bool fail) -> Result<std::unique_ptr<std::string>> {
    TRY_SET(auto thing, make(fail));
    *thing += "!";
    return thing;
  };
  EXPECT_EQ(**pass_on(false), "thing!");
  EXPECT_EQ(pass_on(true).error().code, ErrorCode::kNotFound);
}

TEST(Result, EveryCodeHasItsOwnName) {
  EXPECT_EQ(ErrorCodeName(ErrorCode::kInvalid), "invalid");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kUnknownOutcome), "unknown-outcome");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kCancelled), "cancelled");
}

}  // namespace
}  // namespace sluice
