// SPDX-License-Identifier: Apache-2.0
// Runs every test/cases/**/*.test through the real job, evolver and Iceberg sink (test/cases/README.md has the
// language): straight; in tiny epochs (one row a batch, an epoch after each item); and with a kill at every failpoint,
// each in a child process, followed by a restart. The tables must be the same in all of them.
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/registry.h"
#include "connector/iceberg/sink.h"
#include "frontend/yaml/parser.h"
#include "lake/catalog/hadoop.h"
#include "lake/iceberg/default_value.h"
#include "lake/iceberg/scan.h"
#include "row/arrow_status.h"
#include "row/format_value.h"
#include "runtime/job.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

// One line of a script, as the source gives it.
struct Step {
  enum class Kind { kRow, kChange, kCheckpoint } kind;
  RowKind row_kind = RowKind::kInsert;
  bool snapshot = false;
  TableId table;
  std::vector<std::string> cells;
  SchemaChange change;
};

struct Expectation {
  std::string verb;  // "rows" or "columns"
  TableId table;
  std::string text;
};

struct Case {
  std::string name;
  std::string pipeline;  // the YAML blocks `route` and `pipeline`
  std::vector<Step> steps;
  std::vector<Expectation> expected;
  std::string error;  // the run must end with it
};

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

Case ReadCase(const fs::path& path) {
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

// Gives the steps of a case; its state is the number of steps given.
class ScriptSource final : public Source {
 public:
  ScriptSource(const Case& script, bool tiny) : script_(script), tiny_(tiny) {}
  Status Start(const std::string& state, BeforeImage) override {
    if (!state.empty()) ParseNumber(state, next_);
    // The contract: each table is announced once per start, with its schema of this place.
    std::map<TableId, std::shared_ptr<const TableSchema>> known;
    for (size_t i = 0; i < next_; ++i) {
      if (script_.steps[i].kind == Step::Kind::kChange) known[script_.steps[i].table] = script_.steps[i].change.schema;
    }
    for (const auto& [id, schema] : known) {
      if (schema == nullptr) continue;
      SchemaChange create;
      create.table = id;
      create.schema = schema;
      announced_.push_back(create);
    }
    return Ok();
  }
  Result<std::optional<SourceItem>> Next(std::chrono::milliseconds) override {
    if (!announced_.empty()) {
      SourceItem item{announced_.back(), true};
      announced_.pop_back();
      return std::optional<SourceItem>(item);
    }
    if (next_ == script_.steps.size()) return std::optional<SourceItem>();
    const Step& step = script_.steps[next_];
    SourceItem item;
    item.boundary = tiny_;
    if (step.kind == Step::Kind::kCheckpoint) {
      ++next_;
      item.boundary = true;
    } else if (step.kind == Step::Kind::kChange) {
      ++next_;
      item.payload = step.change;
    } else {
      TRY_SET(item.payload, TakeRows());
    }
    if (next_ == script_.steps.size()) item.boundary = true;
    return std::optional<SourceItem>(std::move(item));
  }
  bool finished() const override { return next_ == script_.steps.size() && announced_.empty(); }
  std::string State() const override { return Str(next_); }
  std::string CompactState() const override { return Str(next_); }
  Status SetTarget() override { return Ok(); }
  bool ReachedTarget() const override { return finished(); }
  void Acknowledge(const std::string&) override {}
  SourceProgress progress() const override { return {}; }
  void Stop() override {}

 private:
  // Neighbouring rows of one table and kind of copy are one batch; in tiny mode each is its own, but for an update's
  // pair.
  Result<ChangeBatch> TakeRows() {
    const Step& first = script_.steps[next_];
    ChangeBatch batch;
    batch.table = first.table;
    batch.schema = first.change.schema;
    batch.snapshot = first.snapshot;
    std::vector<const Step*> rows;
    while (next_ < script_.steps.size()) {
      const Step& step = script_.steps[next_];
      if (step.kind != Step::Kind::kRow || step.table != first.table || step.snapshot != first.snapshot) break;
      rows.push_back(&step);
      batch.kinds.push_back(step.row_kind);
      ++next_;
      if (tiny_ && step.row_kind != RowKind::kUpdateBefore) break;
    }
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (size_t c = 0; c < batch.schema->columns.size(); ++c) {
      const Column& column = batch.schema->columns[c];
      std::unique_ptr<arrow::ArrayBuilder> builder;
      ARROW_TRY(arrow::MakeBuilder(arrow::default_memory_pool(), column.type.ToArrow(), &builder));
      for (const Step* row : rows) {
        if (c >= row->cells.size() || row->cells[c] == "NULL") {
          ARROW_TRY(builder->AppendNull());
          continue;
        }
        Column literal = column;
        literal.default_value = row->cells[c];
        TRY_SET(auto scalar, iceberg::ValueOfOldRows(literal));
        ARROW_TRY(builder->AppendScalar(*scalar));
      }
      ARROW_TRY_SET(auto array, builder->Finish());
      columns.push_back(array);
    }
    batch.rows = arrow::RecordBatch::Make(batch.schema->ToArrow(), static_cast<int64_t>(rows.size()), columns);
    return batch;
  }

  const Case& script_;
  bool tiny_;
  size_t next_ = 0;
  std::vector<SchemaChange> announced_;
};

class CaseRun {
 public:
  CaseRun(const Case& script, fs::path folder) : script_(script), folder_(std::move(folder)) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~CaseRun() { fs::remove_all(folder_); }

  Result<JobSummary> Run(bool tiny) {
    std::string yaml =
        Str("source:\n  type: mysql\n  hostname: h\n  username: u\n  password: p\n  tables: \\.*.\\.*\nsink:\n"
            "  type: iceberg\n  catalog.properties.type: hadoop\n  catalog.properties.warehouse: file://",
            folder_.string(), "/lake\n", script_.pipeline);
    TRY_SET(PipelineSpec spec, ParsePipelineYaml("case.yaml", yaml, {{"execution.checkpointing.interval", "1 ms"}}));
    spec.checkpoint_interval_ms = 0;  // an epoch at every boundary
    std::vector<std::string> warnings;
    JobFactories factories;
    factories.source = [&]() -> Result<std::unique_ptr<Source>> {
      return std::unique_ptr<Source>(std::make_unique<ScriptSource>(script_, tiny));
    };
    factories.sink = [&] { return MakeIcebergSink(PosixEnv(), spec, warnings); };
    JobOptions options;
    options.state_folder = folder_.string() + "/state";
    options.retry_total_ms = 0;
    StopSignal stop;
    return Job(PosixEnv(), spec, factories, options).Run(stop);
  }

  // True if the child was killed at the failpoint, false if it came to its end.
  bool RunKilledAt(const std::string& failpoint) {
    pid_t child = ::fork();
    if (child == 0) {
      ArmFailpoint(failpoint);
      ::_exit(Run(false).ok() ? 0 : 3);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0 || !script_.error.empty())
        << failpoint << " " << status;
    return WIFSIGNALED(status);
  }

  void Check(const std::string& mode) {
    for (const Expectation& expected : script_.expected) {
      if (expected.verb == "error") continue;
      auto text = Show(expected);
      ASSERT_TRUE(text.ok()) << mode << ": " << text.error().ToString();
      EXPECT_EQ(*text, expected.text) << script_.name << ", " << mode << ", " << expected.verb;
    }
  }

 private:
  Result<std::string> Show(const Expectation& wanted) {
    TRY_SET(auto catalog, HadoopCatalog::Make(PosixEnv(), folder_.string() + "/lake"));
    TRY_SET(auto table, iceberg::Table::Open(PosixEnv(), *catalog, wanted.table));
    TRY_SET(auto scan, iceberg::TableScan::Make(PosixEnv(), *table, {}, {}));
    std::string out;
    if (wanted.verb == "columns") {
      for (const auto& field : scan.schema().fields) {
        out += Str(field.id, " ", field.name, " ", field.iceberg_type, field.required ? " required" : "", "\n");
      }
      return out;
    }
    std::vector<std::string> rows;
    iceberg::DataBatch batch;
    while (true) {
      TRY_SET(bool more, scan.Next(batch));
      if (!more) break;
      for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
        std::string line;
        for (int c = 0; c < batch.rows->num_columns(); ++c) {
          std::string cell;
          if (!AppendText(*batch.rows->column(c), row, cell)) cell = "NULL";
          line += Str(c > 0 ? " " : "", cell);
        }
        rows.push_back(line);
      }
    }
    std::sort(rows.begin(), rows.end());
    for (const std::string& row : rows) out += row + "\n";
    return out;
  }

  const Case& script_;
  fs::path folder_;
};

std::vector<fs::path> AllCases() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(SLUICE_TEST_DATA) / ".." / "cases")) {
    if (entry.path().extension() == ".test") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

class Cases : public ::testing::TestWithParam<fs::path> {
 protected:
  void SetUp() override { SetLogLevel(LogLevel::kError); }
  fs::path Folder() const {
    return fs::temp_directory_path() /
           Str("sluice-case-", static_cast<int64_t>(::getpid()), "-", GetParam().stem().string());
  }
  void ExpectError(const Case& script, const Result<JobSummary>& result) const {
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.error().ToString().find(script.error), std::string::npos) << result.error().ToString();
  }
};

TEST_P(Cases, Straight) {
  Case script = ReadCase(GetParam());
  ASSERT_FALSE(script.expected.empty());
  CaseRun run(script, Folder());
  auto result = run.Run(false);
  if (!script.error.empty()) return ExpectError(script, result);
  ASSERT_TRUE(result.ok()) << result.error().ToString();
  run.Check("straight");
}

TEST_P(Cases, Tiny) {
  Case script = ReadCase(GetParam());
  CaseRun run(script, Folder());
  auto result = run.Run(true);
  if (!script.error.empty()) return ExpectError(script, result);
  ASSERT_TRUE(result.ok()) << result.error().ToString();
  run.Check("tiny");
}

TEST_P(Cases, KilledAtEveryFailpoint) {
  Case script = ReadCase(GetParam());
  if (!script.error.empty()) GTEST_SKIP() << "ends with an error: nothing to recover";
  int kills = 0;
  for (const std::string& name : AllFailpoints()) {
    for (int pass : {1, 2}) {
      CaseRun run(script, Folder());
      if (!run.RunKilledAt(Str(name, ":", pass))) continue;
      ++kills;
      auto result = run.Run(false);
      ASSERT_TRUE(result.ok()) << name << ": " << result.error().ToString();
      run.Check(Str("killed at ", name, ":", pass));
    }
  }
  EXPECT_GE(kills, 10);
}

INSTANTIATE_TEST_SUITE_P(All, Cases, ::testing::ValuesIn(AllCases()), [](const auto& test) {
  std::string name = test.param.stem().string();
  std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

}  // namespace
}  // namespace sluice
