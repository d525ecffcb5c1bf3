// SPDX-License-Identifier: Apache-2.0
#include "io/xml.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice {
namespace {

std::vector<std::string> Walked(std::string_view text) {
  std::vector<std::string> out;
  const auto take = [&](const std::string& path, const std::string& own) { out.push_back(path + "=" + own); };
  Status status = WalkXml(text, take);
  if (!status.ok()) out.push_back("error");
  return out;
}

TEST(Xml, ElementsWithTheirPathsAndText) {
  EXPECT_EQ(Walked("<?xml version=\"1.0\"?><L xmlns=\"http://x\"><K>a&amp;b&#x20;</K><K/></L>"),
            (std::vector<std::string>{"L/K=a&b ", "L/K=", "L="}));
}

TEST(Xml, WhatIsNoDocumentIsAnError) {
  for (const char* text : {"", "<a>", "{\"a\":1}", "<a></b>", "<a>&unknown;</a>"}) {
    EXPECT_EQ(Walked(text).back(), "error") << text;
  }
}

TEST(Xml, DepthIsBounded) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "<a>";
  EXPECT_EQ(Walked(text).back(), "error");
}

}  // namespace
}  // namespace sluice
