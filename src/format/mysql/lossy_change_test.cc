// SPDX-License-Identifier: Apache-2.0
// Which changes of a column leave its values as they are.
#include "format/mysql/lossy_change.h"

#include <gtest/gtest.h>

namespace sluice::mysql {
namespace {

MysqlColumn Column(std::string_view type, bool nullable = true) {
  MysqlColumn column;
  column.name = "c";
  column.charset = "utf8mb4";
  EXPECT_TRUE(ParseColumnType(type, column).ok()) << type;
  if (column.type.ends_with("blob") || column.type.ends_with("binary")) column.charset = "binary";
  bool text = column.type.ends_with("char") || column.type.ends_with("text") || !column.labels.empty();
  if (!text && column.charset != "binary") column.charset = "";
  column.nullable = nullable;
  return column;
}

struct Case {
  const char* before;
  const char* after;
  Loss loss;
};

TEST(LossyChange, TypesOfEachFamily) {
  const Case cases[] = {
      {"int(11)", "int(4)", Loss::kNone},
      {"int(11)", "bigint(20)", Loss::kNone},
      {"int(10) unsigned", "bigint(20)", Loss::kNone},
      {"int(11)", "bigint(20) unsigned", Loss::kNotStrict},
      {"bigint(20)", "int(11)", Loss::kNotStrict},
      {"int(11)", "decimal(12,2)", Loss::kNone},
      {"int(11)", "decimal(11,2)", Loss::kNotStrict},
      {"int(11)", "double", Loss::kNone},
      {"bigint(20)", "double", Loss::kAlways},
      {"int(11)", "varchar(11)", Loss::kNone},
      {"int(11)", "varchar(10)", Loss::kNotStrict},
      {"decimal(10,2)", "decimal(12,4)", Loss::kNone},
      {"decimal(10,2)", "decimal(10,3)", Loss::kNotStrict},
      {"decimal(10,2)", "decimal(12,1)", Loss::kAlways},
      {"decimal(10,2)", "int(11)", Loss::kAlways},
      {"float", "double", Loss::kNone},
      {"double", "float", Loss::kAlways},
      {"varchar(10)", "varchar(20)", Loss::kNone},
      {"varchar(20)", "varchar(10)", Loss::kNotStrict},
      {"varchar(20)", "char(20)", Loss::kAlways},
      {"char(20)", "varchar(20)", Loss::kNone},
      {"varchar(100)", "text", Loss::kNone},
      {"varchar(100)", "tinytext", Loss::kNotStrict},
      {"text", "mediumtext", Loss::kNone},
      {"mediumtext", "text", Loss::kNotStrict},
      {"varchar(10)", "int(11)", Loss::kAlways},
      {"varbinary(10)", "varbinary(20)", Loss::kNone},
      {"binary(10)", "binary(20)", Loss::kAlways},
      {"blob", "longblob", Loss::kNone},
      {"datetime", "datetime(6)", Loss::kNone},
      {"datetime(6)", "datetime", Loss::kAlways},
      {"datetime(6)", "datetime(3)", Loss::kAlways},
      {"datetime", "date", Loss::kAlways},
      {"date", "datetime", Loss::kNone},
      {"time(3)", "time(6)", Loss::kNone},
      {"timestamp", "datetime", Loss::kAlways},
      {"enum('a','b')", "enum('a','b','c')", Loss::kNone},
      {"enum('a','b')", "enum('b','a')", Loss::kNone},
      {"enum('a','b')", "enum('a')", Loss::kNotStrict},
      {"bit(4)", "bit(8)", Loss::kNone},
      {"bit(8)", "bit(4)", Loss::kNotStrict},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(LossOf(Column(one.before), Column(one.after)), one.loss) << one.before << " to " << one.after;
  }
}

TEST(LossyChange, NullsAndCharacterSets) {
  EXPECT_EQ(LossOf(Column("int(11)"), Column("int(11)", false)), Loss::kNotStrict);
  EXPECT_EQ(LossOf(Column("int(11)", false), Column("int(11)")), Loss::kNone);
  MysqlColumn latin = Column("varchar(10)"), utf8 = Column("varchar(10)");
  latin.charset = "latin1";
  EXPECT_EQ(LossOf(latin, utf8), Loss::kNone);
  EXPECT_EQ(LossOf(utf8, latin), Loss::kNotStrict);
}

TEST(LossyChange, NamesTheColumnsBySqlMode) {
  MysqlTable before, after;
  before.columns = {Column("datetime(6)"), Column("varchar(20)"), Column("int(11)")};
  after.columns = {Column("bigint(20)"), Column("datetime"), Column("varchar(10)", false)};
  after.columns[1].name = "at";
  std::vector<int> origins = {2, 0, 1};
  constexpr uint64_t kStrict = 1 << 21;
  EXPECT_EQ(RewrittenColumns(before, after, origins, kStrict),
            (std::vector<std::string>{"at datetime(6) to datetime"}));
  EXPECT_EQ(RewrittenColumns(before, after, origins, 0),
            (std::vector<std::string>{"at datetime(6) to datetime", "c varchar(20) to varchar(10) not null"}));
  after.columns[1] = Column("text");  // dropped, and another one added
  EXPECT_TRUE(RewrittenColumns(before, after, {2, -1, -1}, 0).empty());
}

}  // namespace
}  // namespace sluice::mysql
