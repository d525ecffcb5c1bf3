// SPDX-License-Identifier: Apache-2.0
// DdlParser: the parts of ALTER TABLE, and table options.
#include "base/text.h"
#include "format/mysql/ddl_parser.h"

namespace sluice::mysql {

Status DdlParser::ParseAlter() {
  AlterTable out;
  bool ignore = false;
  while (!TakeWord("table")) ignore |= EqualsIgnoreCase(Take().text, "ignore");  // Classify saw TABLE
  out.if_exists = IfExists();
  TRY_SET(out.name, Table());
  if (TakeWord("wait")) Take();
  TakeWord("nowait");
  while (!AtEnd()) {
    if (ignore && IsWord("add") && IsAnyWord({"unique", "constraint"}, 1)) out.unlogged = "IGNORE with ADD UNIQUE";
    TRY(ParseAlterOperation(out));
    if (AtEnd()) break;
    if (IsWord("partition") || IsWord("remove")) continue;
    TRY(ExpectSymbol(','));
  }
  statement_.operations.push_back(std::move(out));
  return Ok();
}

Status DdlParser::ParseAlterOperation(AlterTable& out) {
  if (TakeWord("add")) return ParseAdd(out);
  if (TakeWord("drop")) return ParseDropPart(out);
  if (TakeWord("modify")) return ParseChange(out, true);
  if (TakeWord("change")) return ParseChange(out, false);
  if (TakeWord("alter")) return ParseAlterColumn(out);
  if (TakeWord("rename")) return ParseRenamePart(out);
  if (IsWord("convert") && IsWord("to", 1)) return ParseConvert(out);
  if (TakeWords("order", "by")) return ParseOrderBy();
  // Partitions end the statement, or stand alone; their names and values are of no interest.
  bool partitions = (IsWord("partition") && IsWord("by", 1)) ||
                    (IsAnyWord({"analyze", "check", "coalesce", "discard", "exchange", "import", "optimize", "rebuild",
                                "remove", "reorganize", "repair", "truncate", "convert"}) &&
                     IsAnyWord({"partition", "partitioning", "tablespace", "table"}, 1));
  if (partitions) return ParsePartitions(out);
  if (!IsName() || IsWord("partition") || IsWord("remove")) return Fail("a part of ALTER TABLE");
  TableOptions options;
  while (!AtEnd() && !IsSymbol(',')) {
    if (IsWord("partition") || IsWord("remove")) break;
    TRY_SET(bool known, ParseTableOption(options));
    if (!known) TRY(SkipOption());
  }
  out.operations.push_back(std::move(options));
  return Ok();
}

// EXCHANGE PARTITION p WITH TABLE t, CONVERT PARTITION p TO TABLE t and CONVERT TABLE t TO PARTITION p name another
// table.
Status DdlParser::ParsePartitions(AlterTable& out) {
  const bool converts = IsWord("convert"), exchanges = IsWord("exchange");
  if (converts || exchanges || IsAnyWord({"truncate", "discard", "import"})) {
    out.unlogged = Str(Peek().text, " ", Peek(1).text);
  }
  while (!AtEnd()) {
    if (Peek().kind == DdlTokenKind::kError) return Fail("the end of the statement");
    if ((converts || exchanges) && TakeWord("table")) {
      TRY_SET(out.exchanged, Table());
    } else if (IsSymbol('(')) {
      TRY(SkipParentheses());
    } else {
      Take();
    }
  }
  return Ok();
}

Status DdlParser::ParseAdd(AlterTable& out) {
  bool explicit_column = TakeWord("column");
  if (!explicit_column) {
    if (AtIndexOrConstraint()) return ParseIndexOrConstraint(out.operations);
    if (IsWord("partition")) return SkipToEnd();
    if (TakeWords("system", "versioning")) return Versioned();
    if (IsWord("period") && IsWord("for", 1)) return ParsePeriod(out.operations);
  }
  bool if_not_exists = IfNotExists();
  if (TakeSymbol('(')) {
    do {
      if (AtIndexOrConstraint()) {
        TRY(ParseIndexOrConstraint(out.operations));
        continue;
      }
      AddColumn add;
      add.if_not_exists = if_not_exists;
      TRY(ParseColumn(add.column));
      out.operations.push_back(std::move(add));
    } while (TakeSymbol(','));
    return ExpectSymbol(')');
  }
  AddColumn add;
  add.if_not_exists = if_not_exists;
  TRY(ParseColumn(add.column));
  TRY(ParsePlace(add.place, add.after));
  out.operations.push_back(std::move(add));
  return Ok();
}

Status DdlParser::ParseDropPart(AlterTable& out) {
  if (TakeWords("primary", "key")) {
    out.operations.push_back(DropPrimaryKey{});
    return Ok();
  }
  if (TakeWords("system", "versioning")) return Ok();
  if (IsWord("period") && IsWord("for", 1)) return SkipToComma();
  if (IsWord("partition")) {
    out.unlogged = "DROP PARTITION";
    return SkipToEnd();
  }
  if (IsAnyWord({"index", "key", "constraint", "foreign", "check"})) {
    bool index = !IsAnyWord({"foreign", "check"});
    Take();
    TakeWord("key");
    bool if_exists = IfExists();
    TRY_SET(std::string name, Name("a name"));
    if (index && EqualsIgnoreCase(name, "primary")) out.operations.push_back(DropPrimaryKey{if_exists});
    return Ok();
  }
  TakeWord("column");
  DropColumn drop;
  drop.if_exists = IfExists();
  TRY_SET(drop.name, ColumnName());
  if (!TakeWord("restrict")) TakeWord("cascade");
  out.operations.push_back(std::move(drop));
  return Ok();
}

Status DdlParser::ParseChange(AlterTable& out, bool modify) {
  TakeWord("column");
  ChangeColumn change;
  change.if_exists = IfExists();
  if (!modify) {
    TRY_SET(change.old_name, ColumnName());
  }
  TRY(ParseColumn(change.column));
  if (modify) change.old_name = change.column.name;
  TRY(ParsePlace(change.place, change.after));
  out.operations.push_back(std::move(change));
  return Ok();
}

Status DdlParser::ParseAlterColumn(AlterTable& out) {
  if (IsAnyWord({"index", "key", "check", "constraint"})) return SkipToComma();  // [NOT] IGNORED, INVISIBLE, ENFORCED
  TakeWord("column");
  SetColumnDefault change;
  change.if_exists = IfExists();
  TRY_SET(change.name, ColumnName());
  if (TakeWord("drop")) {
    TRY(ExpectWord("default"));
  } else {
    TRY(ExpectWord("set"));
    if (IsAnyWord({"visible", "invisible"})) {
      out.operations.push_back(SetColumnVisible{change.name, EqualsIgnoreCase(Take().text, "visible")});
      return Ok();
    }
    TRY(ExpectWord("default"));
    TRY_SET(change.value, ParseDefault());
  }
  out.operations.push_back(std::move(change));
  return Ok();
}

Status DdlParser::ParseRenamePart(AlterTable& out) {
  if (IsAnyWord({"index", "key"}) && IsName(1)) return SkipToComma();
  if (TakeWord("column")) {
    RenameColumn rename;
    rename.if_exists = IfExists();
    TRY_SET(rename.from, ColumnName());
    TRY(ExpectWord("to"));
    TRY_SET(rename.to, ColumnName());
    out.operations.push_back(std::move(rename));
    return Ok();
  }
  if (!TakeWord("to") && !TakeWord("as")) TakeSymbol('=');
  TRY_SET(TableName to, Table());
  out.operations.push_back(RenameTo{std::move(to)});
  return Ok();
}

Status DdlParser::ParseConvert(AlterTable& out) {
  Take();
  Take();
  if (!TakeWord("charset")) {
    if (!TakeWord("character") && !TakeWord("char")) return Fail("CHARACTER SET");
    TRY(ExpectWord("set"));
  }
  ConvertCharset convert;
  TRY_SET(convert.charset, CharsetName());
  if (TakeWord("collate")) {
    TRY_SET(convert.collation, CharsetName());
  }
  out.operations.push_back(std::move(convert));
  return Ok();
}

// ORDER BY a, b DESC: its commas look like those between the parts.
Status DdlParser::ParseOrderBy() {
  for (;;) {
    TRY_SET(std::string name, ColumnName());
    if (!TakeWord("asc")) TakeWord("desc");
    bool more =
        IsSymbol(',') && IsName(1) &&
        (IsSymbol(',', 2) || IsSymbol('.', 2) || IsAnyWord({"asc", "desc"}, 2) || Peek(2).kind == DdlTokenKind::kEnd);
    if (!more) return Ok();
    Take();
  }
}

// These words are reserved, so no unquoted column is called so.
bool DdlParser::AtIndexOrConstraint() {
  return IsAnyWord({"constraint", "primary", "unique", "key", "index", "fulltext", "spatial", "foreign", "check"}) ||
         (IsWord("vector") && IsAnyWord({"key", "index"}, 1));
}

Status DdlParser::ParseIndexOrConstraint(std::vector<AlterOperation>& out) {
  if (TakeWord("constraint")) {
    IfNotExists();
    if (IsName() && !IsAnyWord({"primary", "unique", "foreign", "check"})) Take();
  }
  if (!TakeWords("primary", "key")) return SkipToComma();
  AddPrimaryKey key;
  key.if_not_exists = IfNotExists();
  while (!AtEnd() && !IsSymbol('(')) {  // a name, USING BTREE
    if (!IsName()) return Fail("'('");
    Take();
  }
  TRY(ExpectSymbol('('));
  do {
    TRY_SET(std::string column, Name("a column's name"));
    if (IsSymbol('(')) TRY(SkipParentheses());  // prefix
    if (!TakeWord("asc")) TakeWord("desc");
    if (TakeWords("without", "overlaps")) continue;  // the name was a period's; such a key is no key of rows
    key.columns.push_back(std::move(column));
  } while (TakeSymbol(','));
  TRY(ExpectSymbol(')'));
  out.push_back(std::move(key));
  return SkipToComma();  // index options
}

Status DdlParser::ParsePeriod(std::vector<AlterOperation>& out) {
  Take();
  Take();
  IfNotExists();
  TRY_SET(std::string name, Name("a period's name"));
  TRY(ExpectSymbol('('));
  PeriodFor period;
  TRY_SET(period.start, Name("a column's name"));
  TRY(ExpectSymbol(','));
  TRY_SET(period.end, Name("a column's name"));
  TRY(ExpectSymbol(')'));
  out.push_back(std::move(period));
  return Ok();
}

Status DdlParser::ParsePlace(DdlPlace& place, std::string& after) {
  if (TakeWord("first")) {
    place = DdlPlace::kFirst;
  } else if (TakeWord("after")) {
    place = DdlPlace::kAfter;
    TRY_SET(after, ColumnName());
  }
  return Ok();
}

Result<bool> DdlParser::ParseTableOption(TableOptions& out) {
  size_t i = IsWord("default") ? 1 : 0;
  bool charset = IsWord("charset", i) || (IsAnyWord({"character", "char"}, i) && IsWord("set", i + 1));
  bool collate = IsWord("collate", i);
  bool comment = i == 0 && IsWord("comment") && (IsSymbol('=', 1) || IsText(1));
  if (!charset && !collate && !comment) return false;
  TakeWord("default");
  if (charset && !TakeWord("charset")) {
    Take();
    Take();
  } else if (!charset) {
    Take();
  }
  TakeSymbol('=');
  if (comment) {
    TRY_SET(out.comment, Text());
  } else if (charset) {
    TRY_SET(out.charset, CharsetName());
  } else {
    TRY_SET(out.collation, CharsetName());
  }
  return true;
}

// An option of no interest: word [=] value. A value without '=' is skipped as the next option.
Status DdlParser::SkipOption() {
  if (Peek().kind == DdlTokenKind::kError) return Fail("a table option");
  if (IsSymbol('(')) return SkipParentheses();
  if (IsSymbol(')')) return Fail("a table option");
  Take();
  if (TakeSymbol('=')) {
    if (IsSymbol('(')) return SkipParentheses();
    if (AtEnd() || IsSymbol(',') || IsSymbol(')')) return Fail("the value of an option");
    TakeSymbol('-');
    Take();
  }
  return Ok();
}

}  // namespace sluice::mysql
