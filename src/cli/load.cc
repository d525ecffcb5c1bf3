// SPDX-License-Identifier: Apache-2.0
// Reading of the user's file and printing of errors: shared by all commands.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/lake_places.h"
#include "cli/registry.h"
#include "frontend/yaml/parser.h"
#include "io/env.h"

namespace sluice {

namespace {

Result<PipelineSpec> LoadPipeline(const FileArguments& arguments) {
  std::vector<std::pair<std::string, std::string>> defines;
  for (const std::string& text : arguments.defines) {
    size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Invalid(Str("-D ", text, ": not of the form key=value"), "write -D execution.checkpointing.interval=5s");
    }
    defines.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  auto bytes = PosixEnv().ReadFile(arguments.file);
  if (!bytes.ok()) return Invalid(bytes.error().message, "give the path of a Flink CDC pipeline file");
  return ParsePipelineYaml(arguments.file, *bytes, defines);
}

}  // namespace

std::string AbsolutePath(const std::string& path) {
  if (path.empty() || path[0] == '/' || path.find(':') != std::string::npos) return path;
  std::error_code ignored;
  return std::filesystem::weakly_canonical(path, ignored).string();
}

std::string StateFolder(const std::string& given, const std::string& file) {
  if (!given.empty()) return given;
  size_t slash = file.rfind('/');
  std::string folder = slash == std::string::npos ? "." : file.substr(0, slash);
  std::string name = slash == std::string::npos ? file : file.substr(slash + 1);
  size_t dot = name.rfind('.');
  return Str(folder, "/.sluice/", dot == std::string::npos || dot == 0 ? name : name.substr(0, dot));
}

Result<PipelineSpec> Load(const FileArguments& arguments, std::vector<std::string>& warnings) {
  TRY_SET(PipelineSpec spec, LoadPipeline(arguments));
  return Checked(std::move(spec), warnings);
}

Result<PipelineSpec> Checked(PipelineSpec spec, std::vector<std::string>& warnings) {
  warnings = spec.warnings;
  Status checked = MountLakes(spec, warnings);
  if (checked.ok()) checked = CheckOptions(spec, warnings);
  if (!checked.ok()) return WithoutSecrets(std::move(checked).error(), spec);
  return spec;
}

std::optional<PipelineSpec> LoadAndCheck(const FileArguments& arguments, std::vector<std::string>& warnings) {
  auto spec = Load(arguments, warnings);
  if (spec.ok()) return *std::move(spec);
  LogFailure(spec.error());
  return std::nullopt;
}

Error WithoutSecrets(Error error, const PipelineSpec& spec) {
  for (const std::string& secret : spec.secrets) {
    if (secret.size() < 4) continue;  // too short to tell from ordinary text
    for (std::string* text : {&error.message, &error.hint}) {
      for (size_t at = text->find(secret); at != std::string::npos; at = text->find(secret, at + 3)) {
        text->replace(at, secret.size(), "***");
      }
    }
  }
  return error;
}

int PrintError(const Error& error, const PipelineSpec* spec) {
  LogFailure(spec == nullptr ? error : WithoutSecrets(error, *spec));
  return spec == nullptr ? 2 : 1;  // without a plan, the file or the usage is what is wrong
}

int FinishOutput(int code) {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  std::string why = errno != 0 ? Str(": ", std::strerror(errno)) : "";
  LogFailure(Unavailable("standard output could not be written" + why, "what was printed is not complete"));
  return 1;
}

}  // namespace sluice
