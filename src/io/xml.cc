// SPDX-License-Identifier: Apache-2.0
#include "io/xml.h"

#include <expat.h>

#include <memory>
#include <type_traits>
#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace sluice {
namespace {

constexpr size_t kDepthMax = 32;

struct Walk {
  const std::function<void(const std::string&, const std::string&)>& take;
  XML_Parser parser;
  std::string path;
  std::vector<std::string> texts;  // of the open elements
};

void Begin(void* to, const XML_Char* name, const XML_Char**) {
  auto& walk = *static_cast<Walk*>(to);
  if (!walk.texts.empty()) walk.path += '/';
  walk.path += name;
  walk.texts.emplace_back();
  if (walk.texts.size() > kDepthMax) XML_StopParser(walk.parser, XML_FALSE);
}

void End(void* to, const XML_Char*) {
  auto& walk = *static_cast<Walk*>(to);
  walk.take(walk.path, walk.texts.back());
  walk.texts.pop_back();
  const size_t slash = walk.path.rfind('/');
  walk.path.resize(slash == std::string::npos ? 0 : slash);
}

void Text(void* to, const XML_Char* text, int count) {
  auto& walk = *static_cast<Walk*>(to);
  if (!walk.texts.empty()) walk.texts.back().append(text, static_cast<size_t>(count));
}

struct ParserEnd {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

}  // namespace

Status WalkXml(std::string_view text,
               const std::function<void(const std::string& path, const std::string& text)>& take) {
  const std::unique_ptr<std::remove_pointer_t<XML_Parser>, ParserEnd> parser(XML_ParserCreate(nullptr));
  CHECK(parser != nullptr);
  Walk walk{take, parser.get(), {}, {}};
  XML_SetUserData(parser.get(), &walk);
  XML_SetElementHandler(parser.get(), Begin, End);
  XML_SetCharacterDataHandler(parser.get(), Text);
  if (XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), XML_TRUE) == XML_STATUS_OK) return Ok();
  return Corrupt(Str("not XML: ", XML_ErrorString(XML_GetErrorCode(parser.get()))));
}

}  // namespace sluice
