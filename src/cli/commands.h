// SPDX-License-Identifier: Apache-2.0
// The commands of the program, one file each. Each returns the exit code: 0 fine, 1 failed, 2 wrong usage or invalid
// file, 3 of `verify`: some tables cannot be compared, 130 and 143 ended by SIGINT and SIGTERM.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline_spec.h"

namespace sluice {

struct FileArguments {
  std::string file;
  std::vector<std::string> defines;  // -D key=value
};

struct RunArguments {
  FileArguments file;
  std::string state;         // empty: chosen beside the file
  bool until_caught_up = false;
  std::string summary_file;  // empty = none
};

struct ReadArguments {
  std::string table;  // folder of the table; with options of a catalog database.table
  std::vector<std::string> catalog;  // key=value of a Paimon catalog
  std::string format = "table";
  std::vector<std::string> columns;
  std::string where;
  int64_t limit = -1;
  std::optional<int64_t> snapshot;
  std::string tag, branch;  // of a Paimon table
  std::string timestamp;              // of a Paimon table: the newest snapshot of that time
  std::optional<int64_t> watermark;   // of a Paimon table: the first snapshot with it
  // Changes of a Paimon table in place of its rows.
  std::string between;            // "5,10"
  std::string between_timestamp;
  std::string to_auto_tag;
  std::string between_scan_mode = "auto";
  bool follow = false;
  std::optional<int64_t> from_snapshot;
  std::string from_timestamp;
  bool until_caught_up = false;

  bool changes() const {
    return follow || !between.empty() || !between_timestamp.empty() || !to_auto_tag.empty();
  }
};

struct VerifyArguments {
  FileArguments file;
  std::string state;         // of the job; empty: chosen beside the file
  std::string wait = "30s";  // for tables that are behind
};

struct OrphansArguments {
  std::string table;  // as of ReadArguments
  std::vector<std::string> catalog;
  std::string older_than = "3d";
  bool remove = false;
};

struct PaimonArguments {
  std::vector<std::string> words;
  bool flink = false;  // `flink run`: its flags and a jar come first
};

int RunCommand(const RunArguments& arguments);
int PaimonCommand(const PaimonArguments& arguments);
int CheckCommand(const FileArguments& arguments);
int ReadCommand(const ReadArguments& arguments);
int VerifyCommand(const VerifyArguments& arguments);
int OrphansCommand(const OrphansArguments& arguments);

// The file as a plan, with its options checked, and a sentence for each option without effect. Errors are without
// secrets; their exit code is 2.
Result<PipelineSpec> Load(const FileArguments& arguments, std::vector<std::string>& warnings);
// The same; nothing: the error is printed.
std::optional<PipelineSpec> LoadAndCheck(const FileArguments& arguments, std::vector<std::string>& warnings);
// The same for a plan that is made already: its options checked.
Result<PipelineSpec> Checked(PipelineSpec spec, std::vector<std::string>& warnings);
// `run`, `check` and `verify` of a plan. `arguments.state` names the directory.
int RunLoaded(const RunArguments& arguments, const Result<PipelineSpec>& spec,
              const std::vector<std::string>& warnings);
int CheckLoaded(const PipelineSpec& spec, const std::vector<std::string>& warnings);
int VerifyLoaded(const VerifyArguments& arguments, const PipelineSpec& spec);
// The lake's own paths are absolute; the user's need not be. A URI stays as it is.
std::string AbsolutePath(const std::string& path);
Error WithoutSecrets(Error error, const PipelineSpec& spec);
// The folder of the checkpoints of a pipeline file: `given`, or if that is empty .sluice/<file name> beside it.
std::string StateFolder(const std::string& given, const std::string& file);
// Prints the error on stderr, without the secrets of `spec`; the exit code that fits.
int PrintError(const Error& error, const PipelineSpec* spec);
// Flushes stdout: what could not be written is an error. The exit code: `code`, or 1.
int FinishOutput(int code);

}  // namespace sluice
