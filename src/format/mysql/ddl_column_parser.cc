// SPDX-License-Identifier: Apache-2.0
// DdlParser: column definitions: types, attributes, defaults.
#include <array>
#include <utility>

#include "base/text.h"
#include "format/mysql/ddl_parser.h"

namespace sluice::mysql {
namespace {

constexpr std::pair<std::string_view, std::string_view> kSynonyms[] = {
    {"int1", "tinyint"},     {"int2", "smallint"},   {"int3", "mediumint"}, {"middleint", "mediumint"},
    {"integer", "int"},      {"int4", "int"},        {"int8", "bigint"},    {"bool", "boolean"},
    {"dec", "decimal"},      {"numeric", "decimal"}, {"fixed", "decimal"},  {"number", "decimal"},
    {"float4", "float"},     {"float8", "double"},   {"character", "char"}, {"varcharacter", "varchar"},
    {"varchar2", "varchar"}, {"raw", "varbinary"},   {"clob", "longtext"},  {"geomcollection", "geometrycollection"},
};

}  // namespace

Status DdlParser::ParseColumn(ColumnDefinition& out) {
  TRY_SET(out.name, ColumnName());
  TRY(ParseType(out));
  TRY(ParseTypeAttributes(out));
  return ParseAttributes(out);
}

// NATIONAL CHAR [VARYING], NATIONAL VARCHAR, NCHAR [VARCHAR | VARYING], NVARCHAR.
bool DdlParser::ParseNationalType(ColumnDefinition& out) {
  bool varying = IsWord("nvarchar");
  if (varying || IsWord("nchar")) {
    Take();
    if (!varying) varying = TakeWord("varchar") || TakeWord("varying") || TakeWord("varcharacter");
  } else if (IsWord("national") && IsAnyWord({"char", "character", "varchar", "varcharacter"}, 1)) {
    Take();
    varying = IsAnyWord({"varchar", "varcharacter"});
    Take();
    if (!varying) varying = TakeWord("varying");
  } else {
    return false;
  }
  out.type = varying ? "varchar" : "char";
  out.charset = "utf8mb3";
  return true;
}

// LONG [VARCHAR | VARBINARY | CHAR VARYING] is MEDIUMTEXT or MEDIUMBLOB.
Status DdlParser::ParseLongType(ColumnDefinition& out) {
  out.type = TakeWord("varbinary") ? "mediumblob" : "mediumtext";
  if (IsAnyWord({"char", "character"}) && IsWord("varying", 1)) {
    Take();
    Take();
  } else if (!TakeWord("varchar")) {
    TakeWord("varcharacter");
  }
  return Ok();
}

Status DdlParser::ParseType(ColumnDefinition& out) {
  if (IsName() && IsSymbol('.', 1)) {  // mariadb_schema.date
    Take();
    Take();
  }
  if (Peek().kind != DdlTokenKind::kWord) return Fail("a column's type");
  if (ParseNationalType(out)) return ParseLengths(out);
  std::string type = Lower(Take().text);
  if (type == "long") return ParseLongType(out);
  for (auto& [synonym, name] : kSynonyms) {
    if (type == synonym) {
      type = name;
      break;
    }
  }
  if (type == "char" && TakeWord("varying")) type = "varchar";
  if (type == "double") TakeWord("precision");
  if (type == "real") type = context_.has(SqlContext::kRealAsFloat) ? "float" : "double";
  if (context_.mariadb && context_.has(SqlContext::kOracle)) {
    if (type == "date") type = "datetime";
    if (type == "blob") type = "longblob";
  }
  if (context_.mariadb && context_.has(SqlContext::kMaxDb) && type == "timestamp") type = "datetime";
  out.type = type;
  if (type == "enum" || type == "set") return ParseLabels(out);
  return ParseLengths(out);
}

// [(n [, m])]
Status DdlParser::ParseLengths(ColumnDefinition& out) {
  if (!TakeSymbol('(')) return Ok();
  if (TakeSymbol(')')) return Ok();
  for (int64_t* number : {&out.length, &out.scale}) {
    if (Peek().kind != DdlTokenKind::kNumber || !ParseNumber(Peek().text, *number) || *number > UINT32_MAX) {
      return Fail("a length");
    }
    Take();
    if (out.type == "varchar" || out.type == "char") {  // VARCHAR2(10 CHAR)
      if (!TakeWord("char")) TakeWord("byte");
    }
    if (!TakeSymbol(',')) break;
  }
  return ExpectSymbol(')');
}

Status DdlParser::ParseLabels(ColumnDefinition& out) {
  TRY(ExpectSymbol('('));
  do {
    if (Peek().kind == DdlTokenKind::kHex) {
      out.labels.push_back(Take().text);
      continue;
    }
    TRY_SET(std::string label, Text());
    while (!label.empty() && label.back() == ' ') label.pop_back();  // as the server does
    out.labels.push_back(std::move(label));
  } while (TakeSymbol(','));
  return ExpectSymbol(')');
}

Status DdlParser::ParseTypeAttributes(ColumnDefinition& out) {
  for (;;) {
    if (TakeWord("unsigned")) {
      out.is_unsigned = true;
    } else if (TakeWord("zerofill")) {
      out.is_unsigned = out.zerofill = true;
    } else if (TakeWord("binary")) {
      out.binary_collation = true;
    } else if (TakeWord("byte")) {
      out.bytes = true;
    } else if (TakeWord("ascii")) {
      out.charset = "latin1";
    } else if (TakeWord("unicode")) {
      out.charset = "ucs2";
    } else if (IsWord("charset") || (IsAnyWord({"character", "char"}) && IsWord("set", 1))) {
      if (!TakeWord("charset")) {
        Take();
        Take();
      }
      TRY_SET(out.charset, CharsetName());
    } else if (TakeWord("compressed")) {
      if (TakeSymbol('=')) Take();
    } else if (!TakeWord("signed")) {
      return Ok();
    }
  }
}

Status DdlParser::ParseAttributes(ColumnDefinition& out) {
  for (;;) {
    if (AtEnd() || IsSymbol(',') || IsSymbol(')') || IsAnyWord({"first", "after"})) return Ok();
    if (IsWord("partition") && IsWord("by", 1)) return Ok();
    TRY_SET(bool known, ParseAttribute(out));
    if (!known) {
      TRY_SET(known, ParseKeyAttribute(out));
    }
    if (!known) {
      TRY_SET(known, ParseStorageAttribute(out));
    }
    if (!known) return Fail("an attribute of a column, ',' or the end");
  }
}

Result<bool> DdlParser::ParseAttribute(ColumnDefinition& out) {
  if (TakeWord("null")) {
    out.nullable = true;
  } else if (TakeWords("not", "null")) {
    out.nullable = false;
  } else if (TakeWord("default")) {
    TRY_SET(out.default_value, ParseDefault());
  } else if (TakeWords("on", "update")) {
    TRY(SkipExpression());
    out.on_update_now = true;
  } else if (TakeWord("comment")) {
    TakeSymbol('=');
    TRY_SET(out.comment, Text());
  } else if (TakeWord("collate")) {
    TakeSymbol('=');
    TRY_SET(out.collation, CharsetName());
  } else if (IsWord("as") || (IsWord("generated") && IsWord("always", 1))) {
    TRY(ParseGenerated(out));
  } else if (TakeWord("virtual")) {
    out.virtual_generated = true;
  } else if (IsAnyWord({"stored", "persistent"})) {
    Take();
    out.virtual_generated = false;
  } else if (TakeWord("invisible")) {
    out.invisible = true;
  } else {
    return TakeWord("visible");
  }
  return true;
}

Status DdlParser::ParseGenerated(ColumnDefinition& out) {
  if (TakeWord("generated")) Take();
  TRY(ExpectWord("as"));
  if (TakeWord("row")) return Versioned();  // START, END
  out.generated = true;
  out.virtual_generated = !IsAnyWord({"stored", "persistent"});
  return SkipParentheses();
}

Result<bool> DdlParser::ParseKeyAttribute(ColumnDefinition& out) {
  if (TakeWords("primary", "key") || TakeWord("key")) {
    out.primary_key = true;
  } else if (TakeWord("unique")) {
    TakeWord("key");
  } else if (TakeWord("auto_increment")) {
    out.auto_increment = true;
    out.nullable = false;
  } else if (IsWord("serial") && IsWord("default", 1) && IsWord("value", 2)) {
    Take();
    Take();
    Take();
    out.nullable = false;
    out.auto_increment = true;
  } else if (IsWord("references")) {
    TRY(ParseReferences());
  } else if (IsAnyWord({"constraint", "check"})) {
    if (TakeWord("constraint") && !IsWord("check")) Take();
    TRY(ExpectWord("check"));
    TRY(SkipParentheses());
  } else if (TakeWord("enforced") || TakeWords("not", "enforced")) {
    return true;
  } else {
    return false;
  }
  return true;
}

Status DdlParser::ParseReferences() {
  Take();
  size_t named = statement_.tables.size();
  TRY_SET(TableName table, Table());
  statement_.tables.resize(named);  // the other table is not touched
  if (IsSymbol('(')) TRY(SkipParentheses());
  if (TakeWord("match")) Take();
  while (IsWord("on") && IsAnyWord({"delete", "update"}, 1)) {
    Take();
    Take();
    if (TakeWord("set") || TakeWord("no"))
      Take();
    else if (!TakeWord("restrict"))
      TRY(ExpectWord("cascade"));
  }
  return Ok();
}

Result<bool> DdlParser::ParseStorageAttribute(ColumnDefinition&) {
  if (IsAnyWord({"with", "without"}) && IsWord("system", 1) && IsWord("versioning", 2)) {
    if (IsWord("with")) return Versioned();
    Take();
    Take();
    Take();
    return true;
  }
  if (IsAnyWord({"column_format", "storage", "srid"}) && !IsSymbol('=', 1)) {
    Take();
    Take();
    return true;
  }
  if (IsAnyWord({"engine_attribute", "secondary_engine_attribute"}) && IsText(1)) {
    Take();
    TRY_SET(std::string ignored, Text());
    return true;
  }
  if (IsName() && IsSymbol('=', 1)) {  // an option of the engine
    Take();
    Take();
    if (AtEnd() || Peek().kind == DdlTokenKind::kError) return Fail("the value of an option");
    Take();
    return true;
  }
  return false;
}

Result<std::string> DdlParser::CharsetName() {
  if (Peek().kind == DdlTokenKind::kString) return Lower(Take().text);
  TRY_SET(std::string name, Name("the name of a character set or collation"));
  name = Lower(name);
  return name == "default" ? std::string() : name;
}

bool DdlParser::IsText(size_t ahead) {
  if (Peek(ahead).kind == DdlTokenKind::kString) return true;
  const DdlToken& word = Peek(ahead);
  if (word.kind != DdlTokenKind::kWord) return false;
  bool prefix = EqualsIgnoreCase(word.text, "n") || (word.text.size() > 1 && word.text[0] == '_');
  return prefix && Peek(ahead + 1).kind == DdlTokenKind::kString;
}

// 'a' 'b' is 'ab'.
Result<std::string> DdlParser::Text() {
  if (!IsText()) return Fail("a text in quotes");
  if (Peek().kind == DdlTokenKind::kWord) Take();
  std::string out = Take().text;
  while (Peek().kind == DdlTokenKind::kString) out += Take().text;
  return out;
}

// A literal that stands alone; false and nothing taken if it is something else.
bool DdlParser::ParseLiteral(DefaultValue& out) {
  using Kind = DefaultValue::Kind;
  const DdlToken token = Peek();
  if (TakeWord("null")) return out.kind = Kind::kNull, true;
  if (IsAnyWord({"true", "false"}) && !IsSymbol('(', 1)) {
    out = {Kind::kNumber, EqualsIgnoreCase(Take().text, "true") ? "1" : "0", {}};
    return true;
  }
  if (IsText()) {
    if (token.kind == DdlTokenKind::kWord && token.text[0] == '_') out.charset = Lower(token.text.substr(1));
    out.kind = Kind::kText;
    out.text = *Text();
    return true;
  }
  bool temporal = IsAnyWord({"date", "time", "timestamp"}) && Peek(1).kind == DdlTokenKind::kString;
  if (temporal) {
    Take();
    out = {Kind::kText, Take().text, {}};
    return true;
  }
  if (token.kind == DdlTokenKind::kWord && token.text[0] == '_' &&
      (Peek(1).kind == DdlTokenKind::kHex || Peek(1).kind == DdlTokenKind::kBits)) {
    Take();
    out.charset = Lower(token.text.substr(1));
  }
  if (Peek().kind == DdlTokenKind::kHex || Peek().kind == DdlTokenKind::kBits) {
    out.kind = Peek().kind == DdlTokenKind::kHex ? Kind::kBytes : Kind::kBits;
    out.text = Take().text;
    return true;
  }
  size_t signs = 0;
  bool negative = false;
  for (; IsSymbol('-', signs) || IsSymbol('+', signs); ++signs) negative ^= IsSymbol('-', signs);
  if (Peek(signs).kind != DdlTokenKind::kNumber) return false;
  for (size_t i = 0; i < signs; ++i) Take();
  out = {Kind::kNumber, Str(negative ? "-" : "", Take().text), {}};
  return true;
}

Result<DefaultValue> DdlParser::ParseDefault() {
  DefaultValue out;
  size_t start = next_, depth = 0;
  while (TakeSymbol('(')) ++depth;
  if (ParseLiteral(out)) {
    if (depth == 0 && TakeWord("collate")) {
      TRY_SET(std::string ignored, CharsetName());
    }
    size_t closed = 0;
    while (closed < depth && TakeSymbol(')')) ++closed;
    if (closed == depth) return out;
  }
  next_ = start;
  bool now = IsAnyWord({"current_timestamp", "now", "localtime", "localtimestamp"});
  TRY(SkipExpression());
  return DefaultValue{now ? DefaultValue::Kind::kNow : DefaultValue::Kind::kExpression, {}, {}};
}

// One operand: (…), f(…), name, CASE … END, NEXT VALUE FOR s.
Status DdlParser::SkipExpression() {
  while (TakeSymbol('-') || TakeSymbol('+') || TakeSymbol('~') || TakeSymbol('!')) {
  }
  if (IsSymbol('(')) return SkipParentheses();
  if (TakeWord("case")) {
    for (int depth = 1; depth > 0;) {
      if (AtEnd() || Peek().kind == DdlTokenKind::kError) return Fail("END");
      if (IsWord("case")) ++depth;
      if (IsWord("end")) --depth;
      Take();
    }
    return Ok();
  }
  if (IsAnyWord({"next", "previous"}) && IsWord("value", 1) && IsWord("for", 2)) {
    Take();
    Take();
    Take();
  }
  DefaultValue literal;
  if (ParseLiteral(literal)) return Ok();
  if (!IsName()) return Fail("an expression");
  Take();
  while (TakeSymbol('.')) {
    TRY_SET(std::string part, Name("a name"));
  }
  if (IsSymbol('(')) TRY(SkipParentheses());
  if (TakeWord("collate")) {
    TRY_SET(std::string ignored, CharsetName());
  }
  return Ok();
}

}  // namespace sluice::mysql
