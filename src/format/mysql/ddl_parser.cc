// SPDX-License-Identifier: Apache-2.0
// DdlParser: tokens and whole statements. ALTER TABLE is in ddl_alter_parser.cc, columns in ddl_column_parser.cc.
#include "format/mysql/ddl_parser.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::mysql {

const DdlToken& DdlParser::Peek(size_t ahead) {
  while (tokens_.size() <= next_ + ahead) {
    bool done =
        !tokens_.empty() && (tokens_.back().kind == DdlTokenKind::kEnd || tokens_.back().kind == DdlTokenKind::kError);
    tokens_.push_back(done ? tokens_.back() : lexer_.Next());
  }
  return tokens_[next_ + ahead];
}

DdlToken DdlParser::Take() {
  DdlToken token = Peek();
  if (token.kind != DdlTokenKind::kEnd && token.kind != DdlTokenKind::kError) ++next_;
  return token;
}

bool DdlParser::IsWord(std::string_view word, size_t ahead) {
  const DdlToken& token = Peek(ahead);
  return token.kind == DdlTokenKind::kWord && EqualsIgnoreCase(token.text, word);
}
bool DdlParser::IsAnyWord(std::initializer_list<std::string_view> words, size_t ahead) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return IsWord(word, ahead); });
}
bool DdlParser::IsSymbol(char symbol, size_t ahead) {
  const DdlToken& token = Peek(ahead);
  return token.kind == DdlTokenKind::kSymbol && token.text[0] == symbol;
}
bool DdlParser::IsName(size_t ahead) {
  return Peek(ahead).kind == DdlTokenKind::kWord || Peek(ahead).kind == DdlTokenKind::kName;
}
bool DdlParser::AtEnd() { return Peek().kind == DdlTokenKind::kEnd || IsSymbol(';'); }
bool DdlParser::TakeWord(std::string_view word) { return IsWord(word) && (Take(), true); }
bool DdlParser::TakeWords(std::string_view first, std::string_view second) {
  return IsWord(first) && IsWord(second, 1) && (Take(), Take(), true);
}
bool DdlParser::TakeSymbol(char symbol) { return IsSymbol(symbol) && (Take(), true); }
Status DdlParser::ExpectWord(std::string_view word) { return TakeWord(word) ? Ok() : Status(Fail(word)); }
Status DdlParser::ExpectSymbol(char symbol) { return TakeSymbol(symbol) ? Ok() : Status(Fail(Str("'", symbol, "'"))); }

// Shows the text around the place.
Error DdlParser::Fail(std::string_view expected) {
  const DdlToken& token = Peek();
  size_t from = token.offset > 40 ? token.offset - 40 : 0;
  auto utf8_start = [&](size_t i) {
    while (i < sql_.size() && (static_cast<unsigned char>(sql_[i]) & 0xC0) == 0x80) ++i;
    return i;
  };
  from = utf8_start(from);
  size_t to = utf8_start(std::min(sql_.size(), token.offset + 40));
  std::string before(sql_.substr(from, token.offset - from)), after(sql_.substr(token.offset, to - token.offset));
  std::string reason = token.kind == DdlTokenKind::kError ? token.text : Str("expected ", expected);
  return Unsupported(
      Str("cannot read the statement at character ", token.offset, " (", JsonEscape(Str(from > 0 ? "…" : "", before)),
          " >>> ", JsonEscape(Str(after, to < sql_.size() ? "…" : "")), "): ", reason),
      "report the statement; to go on, start the job anew with a fresh snapshot");
}

Result<std::string> DdlParser::Name(std::string_view what) {
  if (!IsName()) return Fail(what);
  return Take().text;
}

Result<std::string> DdlParser::ColumnName() {
  TakeSymbol('.');
  TRY_SET(std::string name, Name("a column's name"));
  while (TakeSymbol('.')) {
    TRY_SET(name, Name("a column's name"));
  }
  return name;
}

Result<TableName> DdlParser::Table() {
  TableName out;
  if (TakeSymbol('.')) {  // ".t" is t
    TRY_SET(out.table, Name("a table's name"));
  } else {
    TRY_SET(out.table, Name("a table's name"));
    if (TakeSymbol('.')) {
      out.database = std::move(out.table);
      TRY_SET(out.table, Name("a table's name"));
    }
  }
  statement_.tables.push_back(out);
  return out;
}

bool DdlParser::IfExists() { return TakeWords("if", "exists"); }
bool DdlParser::IfNotExists() {
  return IsWord("if") && IsWord("not", 1) && IsWord("exists", 2) && (Take(), Take(), Take(), true);
}

Status DdlParser::SkipParentheses() {
  TRY(ExpectSymbol('('));
  for (int depth = 1; depth > 0;) {
    if (Peek().kind == DdlTokenKind::kEnd || Peek().kind == DdlTokenKind::kError) return Fail("')'");
    if (IsSymbol('(')) ++depth;
    if (IsSymbol(')')) --depth;
    Take();
  }
  return Ok();
}

Status DdlParser::SkipToComma() {
  while (!AtEnd() && !IsSymbol(',') && !IsSymbol(')')) {
    if (Peek().kind == DdlTokenKind::kError) return Fail("");
    if (IsSymbol('('))
      TRY(SkipParentheses());
    else
      Take();
  }
  return Ok();
}

Status DdlParser::SkipToEnd() {
  while (!AtEnd()) {
    TRY(SkipToComma());
    if (!AtEnd()) Take();
  }
  return Ok();
}

StatementKind DdlParser::ClassifyOnly() {
  // SET STATEMENT a = b FOR <statement>
  if (TakeWords("set", "statement")) {
    while (!AtEnd() && Peek().kind != DdlTokenKind::kError && !IsWord("for")) Take();
    TakeWord("for");
  }
  if (IsAnyWord({"begin"}) || (IsWord("start") && IsWord("transaction", 1))) return StatementKind::kBegin;
  if (IsWord("commit")) return StatementKind::kCommit;
  if (IsWord("rollback")) {
    size_t to = IsWord("work", 1) ? 2 : 1;
    return IsWord("to", to) ? StatementKind::kSavepoint : StatementKind::kRollback;
  }
  if (IsWord("savepoint") || (IsWord("release") && IsWord("savepoint", 1))) return StatementKind::kSavepoint;
  if (IsWord("xa")) {
    if (IsWord("commit", 1)) return StatementKind::kCommit;
    return IsWord("rollback", 1) ? StatementKind::kRollback : StatementKind::kXa;
  }
  if (IsAnyWord({"insert", "update", "delete", "replace", "load", "call", "with", "do"}) ||
      (IsSymbol('(') && IsWord("select", 1))) {
    return StatementKind::kRows;
  }
  if (IsWord("truncate")) return StatementKind::kTable;
  if (IsWord("rename")) return IsAnyWord({"table", "tables"}, 1) ? StatementKind::kTable : StatementKind::kIrrelevant;
  if (IsWord("alter")) {
    if (IsAnyWord({"database", "schema"}, 1)) return StatementKind::kDatabase;
    for (size_t i = 1; i <= 3; ++i) {
      if (IsWord("table", i)) return StatementKind::kTable;
      if (!IsAnyWord({"online", "ignore", "offline"}, i)) break;
    }
    return StatementKind::kIrrelevant;
  }
  if (IsWord("create") || IsWord("drop")) {
    size_t i = IsWord("or", 1) && IsWord("replace", 2) ? 3 : 1;
    if (IsAnyWord({"table", "tables"}, i)) return StatementKind::kTable;
    if (IsAnyWord({"database", "schema"}, i)) return StatementKind::kDatabase;
    if (IsWord("drop") && IsWord("index", 1)) return StatementKind::kTable;  // may be the primary key
  }
  return StatementKind::kIrrelevant;  // temporary tables too: they are no one else's
}

Error DdlParser::Versioned() {
  return Unsupported("tables WITH SYSTEM VERSIONING are not followed: the log mixes rows of the past with today's",
                     "leave the table out of `tables`, or ALTER TABLE … DROP SYSTEM VERSIONING and start anew");
}

DdlStatement DdlParser::Parse() {
  statement_.kind = ClassifyOnly();
  if (statement_.kind == StatementKind::kTable || statement_.kind == StatementKind::kDatabase) {
    Status status = ParseStatement();
    if (status.ok() && !AtEnd()) status = Fail("the end of the statement");
    if (!status.ok()) statement_.problem = std::move(status).error();
  }
  return std::move(statement_);
}

Status DdlParser::ParseStatement() {
  if (TakeWord("create")) return ParseCreate();
  if (TakeWord("drop")) return ParseDrop();
  if (TakeWord("rename")) return ParseRename();
  if (IsWord("alter")) return IsAnyWord({"database", "schema"}, 1) ? ParseAlterDatabase() : ParseAlter();
  TRY(ExpectWord("truncate"));
  TakeWord("table");
  TRY_SET(TableName name, Table());
  statement_.operations.push_back(TruncateTable{std::move(name)});
  return SkipToEnd();  // WAIT n
}

Status DdlParser::ParseCreate() {
  bool or_replace = TakeWords("or", "replace");
  if (TakeWord("table")) return ParseCreateTable(or_replace);
  Take();  // DATABASE
  CreateDatabase out;
  out.or_replace = or_replace;
  out.if_not_exists = IfNotExists();
  TRY_SET(out.name, Name("a database's name"));
  while (!AtEnd()) {
    TRY_SET(bool known, ParseTableOption(out.options));
    if (!known) TRY(SkipOption());
  }
  statement_.operations.push_back(std::move(out));
  return Ok();
}

Status DdlParser::ParseCreateTable(bool or_replace) {
  CreateTable out;
  out.or_replace = or_replace;
  out.if_not_exists = IfNotExists();
  TRY_SET(out.name, Table());
  bool parenthesis = IsSymbol('(') && IsWord("like", 1);
  if (parenthesis) Take();
  if (TakeWord("like")) {
    TRY_SET(out.like, Table());
    if (parenthesis) TRY(ExpectSymbol(')'));
    statement_.operations.push_back(std::move(out));
    return Ok();
  }
  TRY(ExpectSymbol('('));
  do {
    TRY(ParseCreateElement(out));
  } while (TakeSymbol(','));
  TRY(ExpectSymbol(')'));
  TRY(ParseCreateTail(out));
  statement_.operations.push_back(std::move(out));
  return Ok();
}

Status DdlParser::ParseCreateElement(CreateTable& out) {
  if (AtIndexOrConstraint()) return ParseIndexOrConstraint(out.elements);
  if (IsWord("period") && IsWord("for", 1)) return ParsePeriod(out.elements);
  AddColumn add;
  TRY(ParseColumn(add.column));
  out.elements.push_back(std::move(add));
  return Ok();
}

// Table options, partitions; a query is written to the log as rows, never as text.
Status DdlParser::ParseCreateTail(CreateTable& out) {
  TableOptions options;
  while (!AtEnd()) {
    if (IsWord("partition") && IsWord("by", 1)) {
      TRY(SkipToEnd());
      break;
    }
    if (IsAnyWord({"select", "as", "values", "table"}) || IsSymbol('(')) {
      return Fail("table options (a CREATE TABLE with a query is not understood)");
    }
    if (IsWord("with") && IsWord("system", 1)) return Versioned();
    TRY_SET(bool known, ParseTableOption(options));
    if (!known) TRY(SkipOption());
  }
  out.elements.push_back(std::move(options));
  return Ok();
}

Status DdlParser::ParseDrop() {
  if (TakeWord("index")) return ParseDropIndex();
  bool tables = IsAnyWord({"table", "tables"});
  Take();
  IfExists();
  if (!tables) {
    TRY_SET(std::string name, Name("a database's name"));
    statement_.operations.push_back(DropDatabase{std::move(name)});
    return Ok();
  }
  DropTables out;
  do {
    TRY_SET(TableName name, Table());
    out.names.push_back(std::move(name));
  } while (TakeSymbol(','));
  statement_.operations.push_back(std::move(out));
  return SkipToEnd();  // RESTRICT, CASCADE, WAIT n
}

Status DdlParser::ParseDropIndex() {
  bool if_exists = IfExists();
  TRY_SET(std::string index, Name("an index's name"));
  TRY(ExpectWord("on"));
  TRY_SET(TableName name, Table());
  if (EqualsIgnoreCase(index, "primary")) {
    statement_.operations.push_back(AlterTable{.name = std::move(name), .operations = {DropPrimaryKey{if_exists}}});
  } else {
    statement_.kind = StatementKind::kIrrelevant;
  }
  return SkipToEnd();
}

Status DdlParser::ParseRename() {
  Take();  // TABLE
  RenameTables out;
  do {
    out.if_exists = IfExists() || out.if_exists;
    TRY_SET(TableName from, Table());
    if (IsAnyWord({"wait", "nowait"})) {
      if (TakeWord("wait"))
        Take();
      else
        Take();
    }
    TRY(ExpectWord("to"));
    TRY_SET(TableName to, Table());
    out.names.emplace_back(std::move(from), std::move(to));
  } while (TakeSymbol(','));
  statement_.operations.push_back(std::move(out));
  return Ok();
}

Status DdlParser::ParseAlterDatabase() {
  Take();
  Take();
  AlterDatabase out;
  bool option = IsAnyWord({"default", "character", "charset", "collate", "comment", "encryption", "read"}) &&
                Peek(1).kind != DdlTokenKind::kEnd;
  if (IsName() && !option) {
    TRY_SET(out.name, Name("a database's name"));
  }
  while (!AtEnd()) {
    TRY_SET(bool known, ParseTableOption(out.options));
    if (!known) TRY(SkipOption());
  }
  statement_.operations.push_back(std::move(out));
  return Ok();
}

StatementKind Classify(std::string_view sql, const SqlContext& context) {
  return DdlParser(sql, context).ClassifyOnly();
}

DdlStatement ParseDdl(std::string_view sql, const SqlContext& context) { return DdlParser(sql, context).Parse(); }

}  // namespace sluice::mysql
