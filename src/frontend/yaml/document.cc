// SPDX-License-Identifier: Apache-2.0
// From yaml-cpp's nodes to ours.
#include "frontend/yaml/document.h"

#include <algorithm>
#include <exception>
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "base/text.h"

namespace sluice {
namespace {

constexpr size_t kBytesMax = 16 << 20;
constexpr int kNodesMax = 100'000;
constexpr int kDepthMax = 100;

FilePlace PlaceOf(const std::string& file, const YAML::Mark& mark, const FilePlace& otherwise) {
  if (mark.is_null()) return otherwise;
  return {file, mark.line + 1, mark.column + 1};
}

// What yaml-cpp would read differently from what the eye sees.
Status CheckText(const std::string& file, std::string_view text) {
  if (text.size() > kBytesMax)
    return ErrorAt({file, 1, 1}, Str("the file has ", text.size(), " bytes, which is too long"));
  int line_number = 0;
  for (const std::string& line : Split(text, '\n')) {
    ++line_number;
    if (!IsUtf8(line)) {
      size_t good = 0;
      for (size_t end = 1; end <= line.size(); ++end) {
        if (IsUtf8(std::string_view(line).substr(0, end))) good = end;
        if (end > good + 4) break;
      }
      return ErrorAt({file, line_number, static_cast<int>(good) + 1}, "the text is not UTF-8",
                     "save the file as UTF-8, e.g. iconv -f latin1 -t utf-8");
    }
    size_t at = line.find('\0');
    if (at != std::string::npos) return ErrorAt({file, line_number, static_cast<int>(at) + 1}, "there is a NUL byte");
    size_t indent = line.find_first_not_of(" \t\r");
    size_t tab = line.find('\t');
    if (indent != std::string::npos && line[indent] != '#' && tab < indent) {
      return ErrorAt({file, line_number, static_cast<int>(tab) + 1}, "a tab is used as indentation",
                     "YAML wants spaces there");
    }
  }
  return Ok();
}

// Where a document begins; all else is passed over.
class DocumentStart : public YAML::EventHandler {
 public:
  YAML::Mark mark;
  void OnDocumentStart(const YAML::Mark& at) override { mark = at; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// YAML::Load reads the first document only and is silent about the rest of the text; YAML::LoadAll does not end on some
// wrong texts (a stray bracket), which the fuzzer found. So: whether anything follows the first document.
Status CheckOneDocument(const std::string& file, const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStart first;
  DocumentStart second;
  if (!parser.HandleNextDocument(first) || !parser.HandleNextDocument(second)) return Ok();
  return ErrorAt(PlaceOf(file, second.mark, {file, 1, 1}), "there is more text after the end of the YAML document",
                 "a stray bracket, or a second document after ---? A pipeline file is one document");
}

// True if the scalar that begins at `at` is quoted and its quote is never closed: yaml-cpp closes it where the text
// ends, and the lines in between would be part of the value.
bool IsOpenQuote(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == '!' || text[at] == '&')) {  // a tag or an anchor stands before the value
    at = text.find_first_of(" \t\r\n", at);
    at = std::min(text.size(), text.find_first_not_of(" \t\r\n", std::min(at, text.size())));
  }
  if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) return false;
  const char quote = text[at];
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return false;
      ++i;  // '' is one quote of the text
    }
  }
  return true;
}

class Converter {
 public:
  Converter(const std::string& file, std::string_view text) : file_(file), text_(text) {}

  Result<YamlNode> Convert(const YAML::Node& from, const FilePlace& parent, int depth) {
    YamlNode to;
    to.place = PlaceOf(file_, from.Mark(), parent);
    if (++nodes_ > kNodesMax) return ErrorAt(to.place, "the file has too many values (aliases count each time)");
    if (depth > kDepthMax) return ErrorAt(to.place, "the values are nested too deeply");
    switch (from.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null: return to;
      case YAML::NodeType::Scalar:
        TRY(CheckClosed(from, to.place));
        to.kind = YamlNode::Kind::kScalar;
        to.text = from.Scalar();
        return to;
      case YAML::NodeType::Sequence:
        to.kind = YamlNode::Kind::kList;
        for (const YAML::Node& item : from) {
          TRY_SET(YamlNode child, Convert(item, to.place, depth + 1));
          to.items.push_back(std::move(child));
        }
        return to;
      case YAML::NodeType::Map: break;
    }
    to.kind = YamlNode::Kind::kMap;
    for (const auto& pair : from) {
      FilePlace place = PlaceOf(file_, pair.first.Mark(), to.place);
      if (!pair.first.IsScalar()) return ErrorAt(place, "a key must be plain text");
      TRY(CheckClosed(pair.first, place));
      std::string key = pair.first.Scalar();
      if (const YamlNode::Entry* first = to.Find(key); first != nullptr) {
        return ErrorAt(place, Str("duplicate key \"", JsonEscape(key), "\""),
                       Str("it is given first at ", first->place.ToString(), "; keep one of them"));
      }
      TRY_SET(YamlNode child, Convert(pair.second, place, depth + 1));
      to.entries.push_back({std::move(key), std::move(place), std::move(child)});
    }
    return to;
  }

 private:
  Status CheckClosed(const YAML::Node& scalar, const FilePlace& place) const {
    const YAML::Mark mark = scalar.Mark();
    if (mark.is_null() || !IsOpenQuote(text_, static_cast<size_t>(mark.pos))) return Ok();
    return ErrorAt(place, "the quote that is opened here is never closed",
                   "close it; all text behind it would be part of this value");
  }

  const std::string& file_;
  std::string_view text_;
  int nodes_ = 0;
};

}  // namespace

const YamlNode::Entry* YamlNode::Find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

Error ErrorAt(const FilePlace& place, std::string message, std::string hint) {
  return Invalid(Str(place.ToString(), ": ", message), std::move(hint));
}

Result<YamlNode> ParseYaml(const std::string& file_name, std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  TRY(CheckText(file_name, text));
  FilePlace top{file_name, 1, 1};
  try {
    std::string copy = Str(text, "\n");  // with a last line like the others, whose open quote CheckClosed names
    TRY(CheckOneDocument(file_name, copy));
    YAML::Node document = YAML::Load(copy);
    return Converter(file_name, copy).Convert(document, top, 0);
  } catch (const YAML::Exception& error) {
    return ErrorAt(PlaceOf(file_name, error.mark, top), Str("not valid YAML: ", error.msg));
  } catch (const std::exception& error) {
    return ErrorAt(top, Str("not valid YAML: ", error.what()));
  }
}

}  // namespace sluice
