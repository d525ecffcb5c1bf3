// SPDX-License-Identifier: Apache-2.0
// DdlParser: recursive descent from the text of one statement to a DdlStatement. What it does not need (indexes,
// partitions, foreign keys, engine options) is skipped by balanced parentheses; what it does not understand is an error
// that shows the text. Used through ParseDdl (ddl_statement.h); one object per statement.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/mysql/ddl_statement.h"

namespace sluice::mysql {

class DdlParser {
 public:
  DdlParser(std::string_view sql, const SqlContext& context) : sql_(sql), context_(context), lexer_(sql, context) {}
  DdlStatement Parse();
  StatementKind ClassifyOnly();

 private:
  // Tokens (ddl_parser.cc).
  const DdlToken& Peek(size_t ahead = 0);
  DdlToken Take();
  bool IsWord(std::string_view word, size_t ahead = 0);
  bool IsAnyWord(std::initializer_list<std::string_view> words, size_t ahead = 0);
  bool IsSymbol(char symbol, size_t ahead = 0);
  bool IsName(size_t ahead = 0);  // quoted or not
  bool IsText(size_t ahead = 0);  // a string literal, N'…' and _charset'…' included
  bool AtEnd();
  bool TakeWord(std::string_view word);
  bool TakeWords(std::string_view first, std::string_view second);
  bool TakeSymbol(char symbol);
  Status ExpectWord(std::string_view word);
  Status ExpectSymbol(char symbol);
  Error Fail(std::string_view expected);
  Error Versioned();
  Result<std::string> Name(std::string_view what);
  Result<std::string> ColumnName();  // [[db.]table.]column
  Result<TableName> Table();         // noted in statement_.tables
  bool IfExists();
  bool IfNotExists();
  Status SkipParentheses();
  Status SkipToComma();  // up to ',' or ')' or the end on this level
  Status SkipToEnd();

  // Statements (ddl_parser.cc).
  Status ParseStatement();
  Status ParseCreate();
  Status ParseCreateTable(bool or_replace);
  Status ParseCreateElement(CreateTable& out);
  Status ParseCreateTail(CreateTable& out);
  Status ParseDrop();
  Status ParseDropIndex();
  Status ParseRename();
  Status ParseAlterDatabase();

  // ALTER TABLE (ddl_alter_parser.cc).
  Status ParseAlter();
  Status ParseAlterOperation(AlterTable& out);
  Status ParsePartitions(AlterTable& out);
  Status ParseAdd(AlterTable& out);
  Status ParseDropPart(AlterTable& out);
  Status ParseChange(AlterTable& out, bool modify);
  Status ParseAlterColumn(AlterTable& out);
  Status ParseRenamePart(AlterTable& out);
  Status ParseConvert(AlterTable& out);
  Status ParseOrderBy();
  bool AtIndexOrConstraint();
  Status ParseIndexOrConstraint(std::vector<AlterOperation>& out);
  Status ParsePeriod(std::vector<AlterOperation>& out);
  Status ParsePlace(DdlPlace& place, std::string& after);
  // One option; false if the next words are no charset, collation or comment.
  Result<bool> ParseTableOption(TableOptions& out);
  Status SkipOption();

  // Columns (ddl_column_parser.cc).
  Status ParseColumn(ColumnDefinition& out);
  Status ParseType(ColumnDefinition& out);
  Status ParseLongType(ColumnDefinition& out);
  bool ParseNationalType(ColumnDefinition& out);
  Status ParseLengths(ColumnDefinition& out);
  Status ParseLabels(ColumnDefinition& out);
  Status ParseTypeAttributes(ColumnDefinition& out);
  Status ParseAttributes(ColumnDefinition& out);
  Result<bool> ParseAttribute(ColumnDefinition& out);
  Result<bool> ParseKeyAttribute(ColumnDefinition& out);
  Result<bool> ParseStorageAttribute(ColumnDefinition& out);
  Status ParseReferences();
  Status ParseGenerated(ColumnDefinition& out);
  Result<DefaultValue> ParseDefault();
  bool ParseLiteral(DefaultValue& out);
  Status SkipExpression();
  Result<std::string> CharsetName();
  Result<std::string> Text();

  std::string_view sql_;
  SqlContext context_;
  DdlLexer lexer_;
  std::vector<DdlToken> tokens_;
  size_t next_ = 0;
  DdlStatement statement_;
};

}  // namespace sluice::mysql
