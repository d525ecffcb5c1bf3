// SPDX-License-Identifier: Apache-2.0
#include "case_script.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "base/text.h"

namespace sluice {
namespace {

TableId ParseId(const std::string& text) {
  size_t dot = text.find('.');
  return {text.substr(0, dot), text.substr(dot + 1)};
}

std::vector<std::string> Words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> out;
  std::string word;
  while (in >> word) out.push_back(word);
  return out;
}

DataType TypeOf(const std::string& text) {
  auto type = ParseDataType(text);
  EXPECT_TRUE(type.ok()) << text;
  return type.ok() ? *type : DataType{};
}

// "id BIGINT NOT NULL KEY, item STRING DEFAULT tea"
Column ParseColumn(const std::string& text, bool& key) {
  auto words = Words(text);
  Column column;
  column.name = words.at(0);
  std::string type = words.at(1);
  key = false;
  for (size_t i = 2; i < words.size(); ++i) {
    if (words[i] == "KEY") key = true;
    else if (words[i] == "DEFAULT") column.default_value = words.at(++i);
    else type += " " + words[i];
  }
  column.type = TypeOf(key ? type + " NOT NULL" : type);
  return column;
}

// The schemas while a script is read, so that each row knows its columns.
class ScriptReader {
 public:
  explicit ScriptReader(Case& out) : out_(out) {}

  void Line(const std::string& line) {
    auto words = Words(line);
    if (words[0] == "checkpoint") {
      out_.steps.push_back({Step::Kind::kCheckpoint, RowKind::kInsert, false, {}, {}, {}});
    } else if (words[0] == "table") {
      Table(ParseId(words.at(1)), line.substr(line.find('(') + 1, line.rfind(')') - line.find('(') - 1));
    } else if (words[0] == "alter") {
      Alter(ParseId(words.at(1)), words, line);
    } else {
      Row(words);
    }
  }

 private:
  void Table(const TableId& id, const std::string& columns) {
    TableSchema schema;
    for (const std::string& part : Split(columns, ';')) {
      bool key = false;
      schema.columns.push_back(ParseColumn(part, key));
      if (key) schema.primary_key.push_back(schema.columns.back().name);
    }
    SchemaChange change;
    change.table = id;
    Push(change, std::move(schema));
  }

  // alter db.t add NAME TYPE… [first|after X] · drop NAME · rename A B · type NAME TYPE… · truncate · droptable
  void Alter(const TableId& id, const std::vector<std::string>& words, const std::string& line) {
    SchemaChange change;
    change.table = id;
    const std::string& verb = words.at(2);
    std::string rest = line.substr(line.find(verb) + verb.size());
    if (verb == "add") {
      change.kind = SchemaChangeKind::kAddColumn;
      change.place = ColumnPlace::kLast;
      size_t after = rest.find(" after ");
      if (after != std::string::npos) {
        change.place = ColumnPlace::kAfter;
        change.after = Words(rest.substr(after)).at(1);
        rest = rest.substr(0, after);
      } else if (rest.ends_with(" first")) {
        change.place = ColumnPlace::kFirst;
        rest = rest.substr(0, rest.size() - 6);
      }
      bool key = false;
      change.column = ParseColumn(rest, key);
    } else if (verb == "drop") {
      change.kind = SchemaChangeKind::kDropColumn;
      change.name = words.at(3);
    } else if (verb == "rename") {
      change.kind = SchemaChangeKind::kRenameColumn;
      change.name = words.at(3);
      change.column = schemas_.at(id).columns[static_cast<size_t>(schemas_.at(id).Find(change.name))];
      change.column.name = words.at(4);
    } else if (verb == "type") {
      change.kind = SchemaChangeKind::kAlterColumn;
      bool key = false;
      change.column = ParseColumn(rest, key);
      change.name = change.column.name;
    } else {
      change.kind = verb == "truncate" ? SchemaChangeKind::kTruncateTable : SchemaChangeKind::kDropTable;
      Push(change, schemas_.at(id));
      return;
    }
    auto after = ApplySchemaChange(schemas_.at(id), change);
    ASSERT_TRUE(after.ok()) << after.error().ToString();
    Push(change, *after);
  }

  void Push(SchemaChange change, TableSchema schema) {
    schemas_[change.table] = schema;
    if (change.kind != SchemaChangeKind::kDropTable)
      change.schema = std::make_shared<const TableSchema>(std::move(schema));
    current_[change.table] = change.schema;
    out_.steps.push_back({Step::Kind::kChange, RowKind::kInsert, false, change.table, {}, std::move(change)});
  }

  void Row(const std::vector<std::string>& words) {
    static const std::map<std::string, RowKind> kKinds = {{"+I", RowKind::kInsert}, {"+S", RowKind::kInsert},
        {"-U", RowKind::kUpdateBefore}, {"+U", RowKind::kUpdateAfter}, {"-D", RowKind::kDelete}};
    ASSERT_TRUE(kKinds.contains(words[0])) << out_.name << ": " << words[0];
    Step step{Step::Kind::kRow, kKinds.at(words[0]), words[0] == "+S", ParseId(words.at(1)), {}, {}};
    step.cells.assign(words.begin() + 2, words.end());
    for (std::string& cell : step.cells) std::replace(cell.begin(), cell.end(), '_', ' ');
    step.change.schema = current_.at(step.table);
    out_.steps.push_back(std::move(step));
  }

  Case& out_;
  std::map<TableId, TableSchema> schemas_;
  std::map<TableId, std::shared_ptr<const TableSchema>> current_;
};

}  // namespace

Case ReadCase(const std::filesystem::path& path) {
  Case out;
  out.name = path.filename().string();
  ScriptReader script(out);
  std::ifstream in(path);
  std::string line;
  enum class In { kNone, kPipeline, kEvents, kExpect } in_block = In::kNone;
  while (std::getline(in, line)) {
    if (in_block == In::kExpect) {
      if (line == "----") continue;
      if (line.empty()) in_block = In::kNone;
      else if (out.expected.empty() || out.expected.back().verb == "error") out.error += line;
      else out.expected.back().text += line + "\n";
      continue;
    }
    if (line.starts_with("#")) continue;
    if (line.empty()) {
      if (in_block != In::kPipeline) in_block = In::kNone;
      else out.pipeline += "\n", in_block = In::kNone;
      continue;
    }
    if (in_block == In::kPipeline) {
      out.pipeline += line + "\n";
    } else if (in_block == In::kEvents) {
      script.Line(line);
    } else if (line == "pipeline") {
      in_block = In::kPipeline;
    } else if (line == "events") {
      in_block = In::kEvents;
    } else {
      auto words = Words(line);
      out.expected.push_back({words[0], words.size() > 1 ? ParseId(words[1]) : TableId{}, ""});
      in_block = In::kExpect;
    }
  }
  return out;
}

}  // namespace sluice
