// SPDX-License-Identifier: Apache-2.0
// Reading of the user's file and printing of errors: shared by all commands.
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "frontend/yaml/parser.h"
#include "io/env.h"

namespace sluice {

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

int PrintError(const Error& error, const PipelineSpec* spec) {
  std::string text = Str("error: ", error.ToString(), "\n");
  if (spec != nullptr) {
    for (const std::string& secret : spec->secrets) {
      if (secret.size() < 4) continue;  // too short to tell from ordinary text
      for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
        text.replace(at, secret.size(), "***");
      }
    }
  }
  std::fputs(text.c_str(), stderr);
  return spec == nullptr ? 2 : 1;  // without a plan, the file or the usage is what is wrong
}

}  // namespace sluice
