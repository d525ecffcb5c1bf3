// SPDX-License-Identifier: Apache-2.0
// Character sets: conversion, invalid bytes, and that every set of MariaDB is known and works on this system.
#include "format/mysql/charset.h"

#include <gtest/gtest.h>

namespace sluice::mysql {
namespace {

std::string Convert(const char* name, std::string_view bytes, bool clean = true) {
  const Charset* charset = FindCharset(name);
  EXPECT_NE(charset, nullptr) << name;
  std::string out;
  if (charset == nullptr) return {};
  EXPECT_EQ(ToUtf8(*charset, bytes, out), clean) << name;
  return out;
}

TEST(Charset, Converts) {
  EXPECT_EQ(Convert("latin1", "\xe9\x80"), "é€");
  EXPECT_EQ(Convert("koi8r", "\xd0\xd2\xc9\xd7\xc5\xd4"), "привет");
  EXPECT_EQ(Convert("swe7", "}{|"), "åäö");
  EXPECT_EQ(Convert("ucs2", std::string_view("\x65\xe5\0a", 4)), "日a");
  EXPECT_EQ(Convert("utf16", std::string_view("\xd8\x3d\xde\0", 4)), "😀");
  EXPECT_EQ(Convert("gbk", "\xba\xba\xd7\xd6"), "汉字");
  EXPECT_EQ(Convert("sjis", "\x93\xfa\x96\x7b"), "日本");
  EXPECT_EQ(Convert("cp932", "\x87\x40"), "①");
  EXPECT_EQ(Convert("euckr", "\xc7\xd1"), "한");
  EXPECT_EQ(Convert("big5", "\xa4\xa4"), "中");
  EXPECT_EQ(Convert("eucjpms", "\xc6\xfc"), "日");
}

TEST(Charset, InvalidBytesAreReplaced) {
  EXPECT_EQ(Convert("utf8mb4", "a\xff" "b\xe6\x97", false), "a\uFFFD" "b\uFFFD\uFFFD");
  EXPECT_EQ(Convert("utf8mb4", "\xed\xa0\x80", false), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(Convert("ascii", "a\x80", false), "a\uFFFD");
  EXPECT_EQ(Convert("gbk", "\xba\xba\xff", false), "汉\uFFFD");
  EXPECT_EQ(Convert("utf16", "\xd8\x3d", false), "\uFFFD");
  EXPECT_EQ(Convert("tis620", "\xdb", false), "\uFFFD");
}

TEST(Charset, ValidityAtEveryLength) {
  for (size_t size = 0; size < 80; ++size) {
    std::string text(size, 'a');
    auto valid = [&] { return IsPlainUtf8(*FindCharset("utf8mb4"), text); };
    auto ascii = [&] { return IsPlainUtf8(*FindCharset("ascii"), text); };
    EXPECT_TRUE(valid() && ascii());
    for (size_t i = 0; i < size; ++i) {
      text[i] = '\xc3';
      EXPECT_FALSE(valid() || ascii()) << size << " " << i;
      if (i + 1 < size) {
        text[i + 1] = '\xa9';
        EXPECT_TRUE(valid()) << size << " " << i;
        EXPECT_FALSE(ascii());
        text[i + 1] = 'a';
      }
      text[i] = 'a';
    }
  }
}

TEST(Charset, CopiesAsciiAtEveryLength) {
  for (size_t size = 0; size <= 80; ++size) {
    for (size_t odd = 0; odd <= 80; ++odd) {  // the only byte that is not ASCII; those behind `size` do not count
      std::string from(81, 'a');
      for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<char>('0' + i);
      from[odd] = '\x80';
      const auto check = [&](auto copy, const char* what) {
        std::string to(81, 'z');
        EXPECT_EQ(copy(reinterpret_cast<uint8_t*>(to.data()), reinterpret_cast<const uint8_t*>(from.data()), size),
                  odd >= size)
            << what << " " << size << " " << odd;
        EXPECT_EQ(to.substr(0, size), from.substr(0, size)) << what << " " << size;
        return to;
      };
      EXPECT_EQ(check(CopyIfAscii, "exact").substr(size), std::string(81 - size, 'z'));
      if (size <= kShortText) check(CopyShortIfAscii, "short");
    }
  }
}

TEST(Charset, EverySetOfTheServerIsKnown) {
  for (const char* name : {"big5", "dec8", "cp850", "hp8", "koi8r", "latin1", "latin2", "swe7", "ascii", "ujis", "sjis",
                           "hebrew", "tis620", "euckr", "koi8u", "gb2312", "greek", "cp1250", "gbk", "latin5",
                           "armscii8", "utf8", "utf8mb3", "ucs2", "cp866", "keybcs2", "macce", "macroman", "cp852",
                           "latin7", "utf8mb4", "cp1251", "utf16", "utf16le", "cp1256", "cp1257", "utf32", "geostd8",
                           "cp932", "eucjpms"}) {
    const Charset* charset = FindCharset(name);
    ASSERT_NE(charset, nullptr) << name;
    std::string text(charset->unit, '\0');
    (std::string_view(name) == "utf16le" ? text.front() : text.back()) = 'A';
    EXPECT_EQ(Convert(name, text), "A") << name;
  }
  EXPECT_EQ(FindCharset("klingon"), nullptr);
}

}  // namespace
}  // namespace sluice::mysql
