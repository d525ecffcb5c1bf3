// SPDX-License-Identifier: Apache-2.0
// Runs every test/cases/**/*.test through the real job, evolver and Iceberg sink (test/cases/README.md has the
// language): straight; in tiny epochs (one row a batch, an epoch after each item); and with a kill at every failpoint,
// each in a child process, followed by a restart with its state directory, without, or with an old copy of it. The
// tables must be the same in all of them.
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/test_data_test_util.h"
#include "base/text.h"
#include "case_script.h"
#include "cli/registry.h"
#include "connector/iceberg/sink.h"
#include "frontend/yaml/parser.h"
#include "io/folder_test_util.h"
#include "lake/catalog/hadoop.h"
#include "lake/default_value.h"
#include "lake/iceberg/orphans.h"
#include "lake/iceberg/scan.h"
#include "row/arrow_status.h"
#include "row/format_value.h"
#include "runtime/job.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

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
        TRY_SET(auto scalar, ValueOfOldRows(literal, {}));
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
    factories.sink = [&](Env& env) { return MakeIcebergSink(env, spec, warnings); };
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

  // What a killed process left is gone when the next one has ended.
  void CheckNoOrphans(const std::string& mode) {
    auto catalog = HadoopCatalog::Make(PosixEnv(), folder_.string() + "/lake");
    auto tables = (*catalog)->List("");
    ASSERT_TRUE(tables.ok());
    for (const TableId& id : *tables) {
      auto orphans = iceberg::FindOrphans(PosixEnv(), *LocalPath(*(*catalog)->Location(id)), INT64_MAX);
      ASSERT_TRUE(orphans.ok()) << mode << ": " << orphans.error().ToString();
      for (const auto& file : *orphans) ADD_FAILURE() << script_.name << ", " << mode << ": " << file.path;
    }
  }

  void LoseState() { fs::remove_all(folder_ / "state"); }
  void BackUpState() { fs::copy(folder_ / "state", folder_ / "backup", fs::copy_options::recursive); }
  void PutBackState() {
    LoseState();
    fs::rename(folder_ / "backup", folder_ / "state");
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
    DataBatch batch;
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
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(TestData("../cases")))) {
    if (entry.path().extension() == ".test") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

class Cases : public ::testing::TestWithParam<fs::path> {
 protected:
  void SetUp() override { SetLogLevel(LogLevel::kError); }
  fs::path Folder() const {
    return TestFolder::Root() /
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

// Also without the state directory: the tables alone must be enough.
TEST_P(Cases, KilledAtEveryFailpoint) {
  Case script = ReadCase(GetParam());
  if (!script.error.empty()) GTEST_SKIP() << "ends with an error: nothing to recover";
  int kills = 0;
  for (const std::string& name : AllFailpoints()) {
    for (int pass : {1, 2}) {
      for (bool lost : {false, true}) {
        CaseRun run(script, Folder());
        if (!run.RunKilledAt(Str(name, ":", pass))) break;
        ++kills;
        if (lost) run.LoseState();
        std::string mode = Str("killed at ", name, ":", pass, lost ? ", state lost" : "");
        auto result = run.Run(false);
        ASSERT_TRUE(result.ok()) << mode << ": " << result.error().ToString();
        run.Check(mode);
        if (!lost) run.CheckNoOrphans(mode);
      }
    }
  }
  EXPECT_GE(kills, 20);
}

TEST_P(Cases, AnOldCopyOfTheStateIsPutBack) {
  Case script = ReadCase(GetParam());
  if (!script.error.empty()) GTEST_SKIP() << "ends with an error: nothing to recover";
  for (const char* last : {"epoch.after_commit:1", "epoch.after_prepare:2", "checkpoint.after_rename:2"}) {
    CaseRun run(script, Folder());
    if (!run.RunKilledAt(last)) continue;
    run.BackUpState();
    if (std::string(last).starts_with("checkpoint.")) run.LoseState();  // the other run's epochs have the same numbers
    auto result = run.Run(false);
    ASSERT_TRUE(result.ok()) << last << ": " << result.error().ToString();
    run.PutBackState();
    result = run.Run(false);
    ASSERT_TRUE(result.ok()) << last << ": " << result.error().ToString();
    run.Check(Str("old state of ", last));
  }
}

INSTANTIATE_TEST_SUITE_P(All, Cases, ::testing::ValuesIn(AllCases()), [](const auto& test) {
  std::string name = test.param.stem().string();
  std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

}  // namespace
}  // namespace sluice
