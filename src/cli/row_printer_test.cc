// SPDX-License-Identifier: Apache-2.0
// Rows as `sluice read` prints them.
#include "cli/row_printer.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace sluice {
namespace {

struct Rows {
  std::vector<const char*> texts;  // of the column "note"; nullptr is NULL
  std::string name = "note";
};

// Rows with an id from 1 and these texts, printed.
std::string Printed(const std::string& format, const Rows& rows) {
  arrow::Int64Builder ids;
  arrow::StringBuilder notes;
  for (size_t i = 0; i < rows.texts.size(); ++i) {
    EXPECT_TRUE(ids.Append(static_cast<int64_t>(i) + 1).ok());
    EXPECT_TRUE((rows.texts[i] == nullptr ? notes.AppendNull() : notes.Append(rows.texts[i])).ok());
  }
  auto schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field(rows.name, arrow::utf8())});
  auto count = static_cast<int64_t>(rows.texts.size());
  auto batch = arrow::RecordBatch::Make(schema, count, {*ids.Finish(), *notes.Finish()});
  char* text = nullptr;
  size_t size = 0;
  std::FILE* out = ::open_memstream(&text, &size);
  RowPrinter printer(out, format, {"id", rows.name});
  for (int64_t row = 0; row < batch->num_rows(); ++row) printer.Row(*batch, row);
  printer.End();
  std::fclose(out);
  std::string printed(text, size);
  std::free(text);
  return printed;
}

TEST(RowPrinter, ATableHasNoTrailingBlanks) {
  EXPECT_EQ(Printed("table", {{"one", nullptr, ""}}),
            "id  note\n"
            "--  ----\n"
            "1   one\n"
            "2   NULL\n"
            "3\n"
            "3 rows\n");
  EXPECT_EQ(Printed("table", {{}}), "id  note\n--  ----\n0 rows\n");
}

TEST(RowPrinter, ATableObeysNoDataOnTheTerminal) {
  EXPECT_EQ(Printed("table", {{"\x1B[2Jboo", "a\nb\tc", "\xC2\x9B" "1m"}, "no\x1Bte"}),
            "id  no\\x1bte\n"
            "--  ----------\n"
            "1   \\x1b[2Jboo\n"
            "2   a\\nb\\tc\n"
            "3   \\u009b1m\n"
            "3 rows\n");
}

TEST(RowPrinter, ATableIsAlignedByColumnsOfTheTerminal) {
  EXPECT_EQ(Printed("table", {{"注文"}, "é"}),
            "id  é\n"
            "--  ----\n"
            "1   注文\n"
            "1 row\n");
}

TEST(RowPrinter, CsvTellsNullFromAnEmptyText) {
  EXPECT_EQ(Printed("csv", {{nullptr, "", "NULL", "a,b", "say \"hi\"", "a\nb", " x "}}),
            "id,note\n"
            "1,\n"
            "2,\"\"\n"
            "3,NULL\n"
            "4,\"a,b\"\n"
            "5,\"say \"\"hi\"\"\"\n"
            "6,\"a\nb\"\n"
            "7, x \n");
}

TEST(RowPrinter, JsonLines) {
  EXPECT_EQ(Printed("jsonl", {{"a\x1B\n", nullptr}}),
            "{\"id\": 1, \"note\": \"a\\u001b\\n\"}\n{\"id\": 2, \"note\": null}\n");
}

}  // namespace
}  // namespace sluice
