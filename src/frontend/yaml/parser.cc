// SPDX-License-Identifier: Apache-2.0
// The blocks of a pipeline file: source, sink, route, transform, pipeline.
#include "frontend/yaml/parser.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "frontend/yaml/document.h"
#include "frontend/yaml/schema_change_tags.h"
#include "frontend/yaml/settings.h"
#include "frontend/yaml/values.h"
#include "pipeline/router.h"

namespace sluice {
namespace {

using Kind = YamlNode::Kind;

Error UnexpectedKey(const YamlNode::Entry& entry, std::string_view context, const std::vector<std::string>& allowed,
                    std::string_view note = {}) {
  std::string nearest = Nearest(entry.key, allowed);
  std::string hint = nearest.empty() ? std::string(note) : Str("did you mean `", nearest, "`?");
  return ErrorAt(entry.place,
                 Str("unexpected key `", JsonEscape(entry.key), "` in YAML ", context,
                     " block. Allowed keys in this context are: [", Join(allowed, ", "), "]"),
                 std::move(hint));
}

bool IsEmpty(const YamlNode& node) {
  return node.kind == Kind::kNull || (node.kind == Kind::kList && node.items.empty()) ||
         (node.kind == Kind::kMap && node.entries.empty());
}

class Parser {
 public:
  explicit Parser(PipelineSpec& spec) : spec_(spec) {}

  Status Parse(const YamlNode& root, const std::vector<std::pair<std::string, std::string>>& dynamic);

 private:
  Result<Options::Value> Value(const YamlNode::Entry& entry);
  Status Connector(const YamlNode::Entry& block, ConnectorSpec& out);
  Status SinkChanges(const YamlNode& sink);
  Result<std::vector<TagText>> TagList(const YamlNode::Entry& entry);
  Status Routes(const YamlNode::Entry& block);
  Result<RouteRule> Route(const YamlNode& item);
  Status Transform(const YamlNode::Entry& block);
  Status PipelineBlock(const YamlNode::Entry& block, std::map<std::string, Options::Value>& out);

  PipelineSpec& spec_;
};

Result<Options::Value> Parser::Value(const YamlNode::Entry& entry) {
  if (entry.value.kind == Kind::kNull) {
    return ErrorAt(entry.place, Str("\"", JsonEscape(entry.key), "\" has no value"),
                   "write '' for an empty text, or remove the key");
  }
  if (entry.value.kind == Kind::kList) {
    return ErrorAt(entry.place, Str("\"", JsonEscape(entry.key), "\" is a list, but each option is one text"),
                   Str("write ", entry.key, ": 'first,second', with the separator that the option has"));
  }
  if (entry.value.kind != Kind::kScalar) {
    return ErrorAt(entry.place, Str("\"", JsonEscape(entry.key), "\" has nested values, but options are flat"),
                   Str("write them with dots: ", entry.key, ".…: value"));
  }
  return ResolveValue(entry.key, entry.value.text, entry.place, spec_.secrets);
}

Status Parser::Connector(const YamlNode::Entry& block, ConnectorSpec& out) {
  out.place = block.place;
  if (block.value.kind != Kind::kMap) {
    return ErrorAt(block.place, Str("`", block.key, "` must be a map of options"), Str(block.key, ":\n  type: …"));
  }
  for (const YamlNode::Entry& entry : block.value.entries) {
    if (block.key == "sink" && (entry.key == "include.schema.changes" || entry.key == "exclude.schema.changes"))
      continue;
    TRY_SET(Options::Value value, Value(entry));
    if (entry.key == "type") {
      out.type = value.text;
      out.place = entry.place;
    } else if (entry.key == "name") {
      out.name = value.text;
    } else {
      out.options.emplace(entry.key, std::move(value));
    }
  }
  if (out.type.empty()) {
    return ErrorAt(block.place, Str("missing required field \"type\" in ", block.key, " configuration"),
                   block.key == "source" ? "e.g. type: mysql" : "e.g. type: iceberg");
  }
  return Ok();
}

Result<std::vector<TagText>> Parser::TagList(const YamlNode::Entry& entry) {
  std::vector<TagText> out;
  if (entry.value.kind == Kind::kNull) return out;
  if (entry.value.kind != Kind::kList) {
    return ErrorAt(entry.place, Str("`", entry.key, "` must be a list"), Str(entry.key, ": [add.column, drop]"));
  }
  for (const YamlNode& item : entry.value.items) {
    if (item.kind != Kind::kScalar) return ErrorAt(item.place, Str("`", entry.key, "` must be a list of plain texts"));
    out.push_back({item.text, item.place});
  }
  return out;
}

Status Parser::SinkChanges(const YamlNode& sink) {
  std::vector<TagText> include;
  std::optional<std::vector<TagText>> exclude;
  if (const auto* entry = sink.Find("include.schema.changes")) {
    TRY_SET(include, TagList(*entry));
  }
  if (const auto* entry = sink.Find("exclude.schema.changes")) {
    TRY_SET(exclude, TagList(*entry));
  }
  TRY_SET(spec_.sink_changes, ExpandSchemaChangeTags(include, exclude, spec_.behavior));
  return Ok();
}

Result<RouteRule> Parser::Route(const YamlNode& item) {
  static const std::vector<std::string> kAllowed = {"source-table", "sink-table", "replace-symbol", "description"};
  if (item.kind != Kind::kMap)
    return ErrorAt(item.place, "an entry of `route` must be a map with source-table and sink-table");
  RouteRule rule;
  rule.place = item.place;
  for (const YamlNode::Entry& entry : item.entries) {
    if (entry.key == "description" && entry.value.kind == Kind::kNull) continue;
    if (std::find(kAllowed.begin(), kAllowed.end(), entry.key) == kAllowed.end())
      return UnexpectedKey(entry, "route", kAllowed);
    TRY_SET(Options::Value value, Value(entry));
    if (entry.key == "source-table") rule.source_table = value.text;
    if (entry.key == "sink-table") rule.sink_table = value.text;
    if (entry.key == "replace-symbol") rule.replace_symbol = value.text;
    if (entry.key == "description") rule.description = value.text;
  }
  for (const char* key : {"source-table", "sink-table"}) {
    if (item.Find(key) == nullptr)
      return ErrorAt(item.place, Str("missing required field \"", key, "\" in route configuration"));
  }
  return rule;
}

Status Parser::Routes(const YamlNode::Entry& block) {
  if (block.value.kind == Kind::kNull) return Ok();
  if (block.value.kind != Kind::kList)
    return ErrorAt(block.place, "`route` must be a YAML array", "begin each rule with \"- \"");
  for (const YamlNode& item : block.value.items) {
    TRY_SET(RouteRule rule, Route(item));
    spec_.routes.push_back(std::move(rule));
  }
  return Ok();
}

Status Parser::Transform(const YamlNode::Entry& block) {
  static const std::vector<std::string> kAllowed = {"source-table",
                                                    "projection",
                                                    "filter",
                                                    "primary-keys",
                                                    "partition-keys",
                                                    "table-options",
                                                    "table-options.delimiter",
                                                    "description",
                                                    "converter-after-transform"};
  if (IsEmpty(block.value)) return Ok();
  if (block.value.kind != Kind::kList) return ErrorAt(block.place, "`transform` must be a YAML array");
  for (const YamlNode& item : block.value.items) {
    for (const YamlNode::Entry& entry : item.entries) {
      if (std::find(kAllowed.begin(), kAllowed.end(), entry.key) == kAllowed.end()) {
        return UnexpectedKey(entry, "transform", kAllowed);
      }
    }
  }
  Error error =
      ErrorAt(block.place, "transform is not supported yet", "remove the block, or run this file with Flink CDC");
  error.code = ErrorCode::kUnsupported;
  return error;
}

Status Parser::PipelineBlock(const YamlNode::Entry& block, std::map<std::string, Options::Value>& out) {
  if (block.value.kind == Kind::kNull) return Ok();
  if (block.value.kind != Kind::kMap) return ErrorAt(block.place, "`pipeline` must be a map of options");
  for (const YamlNode::Entry& entry : block.value.entries) {
    if (entry.key == "user-defined-function" || entry.key == "model") {
      bool functions = entry.key == "user-defined-function";
      if (functions && entry.value.kind != Kind::kNull && entry.value.kind != Kind::kList) {
        return ErrorAt(entry.place, "`user-defined-function` must be a YAML array");
      }
      if (IsEmpty(entry.value)) continue;
      Error error = ErrorAt(
          entry.place,
          functions ? "user-defined-function is not supported: functions are JVM classes, and sluice runs without a JVM"
                    : "model is not supported: AI model calls belong to transform, which is not supported yet",
          "remove it, or run this file with Flink CDC");
      error.code = ErrorCode::kUnsupported;
      return error;
    }
    TRY_SET(Options::Value value, Value(entry));
    out.emplace(entry.key, std::move(value));
  }
  return Ok();
}

Status Parser::Parse(const YamlNode& root, const std::vector<std::pair<std::string, std::string>>& dynamic) {
  static const std::vector<std::string> kAllowed = {"pipeline", "route", "sink", "source", "transform"};
  if (root.kind != Kind::kMap) {
    return ErrorAt(root.place, "this is not a pipeline file: it must be a map with source and sink");
  }
  for (const YamlNode::Entry& entry : root.entries) {
    if (std::find(kAllowed.begin(), kAllowed.end(), entry.key) == kAllowed.end()) {
      return UnexpectedKey(entry, "top-level", kAllowed, "give Flink configurations with -D key=value instead of here");
    }
  }
  for (const char* key : {"source", "sink"}) {
    if (root.Find(key) == nullptr) {
      return ErrorAt(root.place, Str("missing required field \"", key, "\" in top-level configuration"));
    }
  }
  TRY(Connector(*root.Find("source"), spec_.source));
  TRY(Connector(*root.Find("sink"), spec_.sink));
  std::map<std::string, Options::Value> block;
  FilePlace block_place = root.place;
  if (const auto* entry = root.Find("pipeline")) {
    block_place = entry->place;
    TRY(PipelineBlock(*entry, block));
  }
  TRY(ApplySettings(block, block_place, dynamic, spec_));
  TRY(SinkChanges(root.Find("sink")->value));
  if (const auto* entry = root.Find("route")) TRY(Routes(*entry));
  if (const auto* entry = root.Find("transform")) TRY(Transform(*entry));
  TRY_SET(Router router, Router::Make(spec_.routes, spec_.route_mode));
  return Ok();
}

constexpr size_t kShortestSecret = 3;  // shorter ones cannot be told from ordinary text

std::string Redact(std::string text, const std::vector<std::string>& secrets) {
  constexpr std::string_view kStars = "***";
  for (const std::string& secret : secrets) {
    if (secret.size() < kShortestSecret) continue;
    for (size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += kStars.size()) {
      text.replace(at, secret.size(), kStars);
    }
  }
  return text;
}

}  // namespace

Result<PipelineSpec> ParsePipelineYaml(const std::string& file_name, std::string_view text,
                                       const std::vector<std::pair<std::string, std::string>>& dynamic) {
  TRY_SET(YamlNode root, ParseYaml(file_name, text));
  PipelineSpec spec;
  spec.file = file_name;
  if (Status parsed = Parser(spec).Parse(root, dynamic); !parsed.ok()) {
    Error error = std::move(parsed).error();
    error.message = Redact(std::move(error.message), spec.secrets);
    error.hint = Redact(std::move(error.hint), spec.secrets);
    return error;
  }
  return spec;
}

}  // namespace sluice
