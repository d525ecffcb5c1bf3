// SPDX-License-Identifier: Apache-2.0
// Variants as JSON: each kind of value, and bytes that are none. Those of Paimon's Java code: test/e2e.
#include "row/variant.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "row/nested_type.h"

namespace sluice {
namespace {

std::string Bytes(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

// "none" if it is no variant. Without metadata: it has no names.
std::string Json(std::string_view value, std::string_view metadata = "010000") {
  std::string out = "x";
  return AppendVariant(Bytes(value), Bytes(metadata), out) ? out.substr(1) : out == "x" ? "none" : "changed";
}

TEST(Variant, OfOneValue) {
  EXPECT_EQ(Json("00"), "null");
  EXPECT_EQ(Json("04"), "true");
  EXPECT_EQ(Json("08"), "false");
  EXPECT_EQ(Json("0cff"), "-1");
  EXPECT_EQ(Json("100080"), "-32768");
  EXPECT_EQ(Json("14ffffff7f"), "2147483647");
  EXPECT_EQ(Json("180000000000000080"), "-9223372036854775808");
  EXPECT_EQ(Json("1c000000000000f83f"), "1.5");
  EXPECT_EQ(Json("1c000000000000f07f"), "\"Infinity\"");
  EXPECT_EQ(Json("380000c03f"), "1.5");
  EXPECT_EQ(Json("200285ffffff"), "-1.23");
  EXPECT_EQ(Json("20040f000000"), "0.0015");
  EXPECT_EQ(Json("24000a00000000000000"), "10");
  EXPECT_EQ(Json("2801ffffffffffffffffffffffffffffffff"), "-0.1");
  EXPECT_EQ(Json("2cffffffff"), "\"1969-12-31\"");
  EXPECT_EQ(Json("30ffffffffffffffff"), "\"1969-12-31 23:59:59.999999+00:00\"");
  EXPECT_EQ(Json("340000000000000000"), "\"1970-01-01 00:00:00\"");
  EXPECT_EQ(Json("4cffffffffffffffff"), "\"1969-12-31 23:59:59.999999999\"");
  EXPECT_EQ(Json("3c03000000616263"), "\"YWJj\"");
  EXPECT_EQ(Json("3c0100000061"), "\"YQ==\"");
  EXPECT_EQ(Json("400200000061" "22"), "\"a\\\"\"");
  EXPECT_EQ(Json("4440420f0000000000"), "\"00:00:01\"");
  EXPECT_EQ(Json("50000102030405060708090a0b0c0d0e0f"), "\"00010203-0405-0607-0809-0a0b0c0d0e0f\"");
  EXPECT_EQ(Json("05"  "61"), "\"a\"");
  EXPECT_EQ(Json("01"), "\"\"");
}

TEST(Variant, OfMany) {
  EXPECT_EQ(Json("0302" "000204" "0c01" "0c02"), "[1,2]");
  EXPECT_EQ(Json("030000"), "[]");
  EXPECT_EQ(Json("020000"), "{}");
  const char* names = "0102" "000103" "61" "6263";  // a, bc
  EXPECT_EQ(Json("0202" "0001" "000103" "00" "0c05", names), "{\"a\":null,\"bc\":5}");
  EXPECT_EQ(Json("0202" "0100" "000103" "00" "0c05", names), "{\"bc\":null,\"a\":5}");
  EXPECT_EQ(Json("0201" "02" "0001" "00", names), "none");  // no such name
}

TEST(Variant, OfDamagedBytesIsNone) {
  EXPECT_EQ(Json(""), "none");
  EXPECT_EQ(Json("00", ""), "none");
  EXPECT_EQ(Json("00", "020000"), "none");  // of another version
  EXPECT_EQ(Json("54"), "none");            // a primitive that there is not
  EXPECT_EQ(Json("14ffff"), "none");
  EXPECT_EQ(Json("40ffffffff61"), "none");
  std::string doubled;  // more values than bytes: each list has the next one twice
  for (int i = 0; i < 30; ++i) doubled += "0302" "000000";
  EXPECT_EQ(Json(doubled + "00"), "none");
  const std::string value = Bytes("0202" "0001" "000103" "00" "0c05"), names = Bytes("0102" "000103" "61" "6263");
  for (size_t at = 0; at < value.size() + names.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string a = value, b = names, out;
      char& byte = at < a.size() ? a[at] : b[at - a.size()];
      byte = static_cast<char>(byte ^ 1 << bit);
      const bool whole = AppendVariant(a, b, out);
      EXPECT_TRUE(whole || out.empty());
    }
  }
}

TEST(Variant, IsATypeOfItsOwn) {
  const DataType type = VariantType(true);
  EXPECT_EQ(type.ToString(), "VARIANT");
  EXPECT_EQ(VariantType(false).ToString(), "VARIANT NOT NULL");
  EXPECT_TRUE(IsVariant(type) && HasVariant(type) && IsVariant(*type.ToArrow()));
  const DataType bytes{.kind = TypeKind::kBytes, .nullable = false};
  const DataType row = MakeNested(NestedKind::kRow, {{"value", bytes, 1}, {"metadata", bytes, 2}}, true);
  EXPECT_FALSE(IsVariant(row) || HasVariant(row) || IsVariant(*row.ToArrow()));
  EXPECT_TRUE(HasVariant(MakeNested(NestedKind::kArray, {{"", type, -1}}, true)));
}

}  // namespace
}  // namespace sluice
