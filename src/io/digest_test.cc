// SPDX-License-Identifier: Apache-2.0
// Vectors of RFC 1321 (MD5), RFC 2202 (HMAC-SHA1) and RFC 4231 (HMAC-SHA256), and forms of Java's URLEncoder.
#include "io/digest.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "io/http.h"

namespace sluice {
namespace {

TEST(Digest, Vectors) {
  EXPECT_EQ(Hex(Md5("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(Hex(HmacSha1("Jefe", "what do ya want for nothing?")), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(Hex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(Hex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(FormEncode, AsJava) {
  EXPECT_EQ(FormEncode("a b*~/%+=.-_é"), "a+b*%7E%2F%25%2B%3D.-_%C3%A9");
  EXPECT_EQ(FormDecode("a+b*%7E%2f%25%2B=%C3%A9"), "a b*~/%+=é");
  EXPECT_EQ(FormDecode("%"), "%");
  EXPECT_EQ(FormDecode("%4"), "%4");
  EXPECT_EQ(FormDecode("%zz"), "%zz");
}

}  // namespace
}  // namespace sluice
