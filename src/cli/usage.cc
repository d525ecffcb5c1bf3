// SPDX-License-Identifier: Apache-2.0
#include "cli/usage.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstdint>

#include "base/text.h"

namespace sluice {
namespace {

std::vector<std::string> CommandsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> OptionsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::string DidYouMean(const std::string& word, const std::vector<std::string>& known) {
  std::string nearest = Nearest(word, known);
  return nearest.empty() ? "" : Str("; did you mean ", nearest, "?");
}

Error UnknownCommand(const std::string& word, const CLI::App& app, const std::string& path) {
  std::vector<std::string> known = CommandsOf(app);
  return Invalid(Str("there is no command ", word, DidYouMean(word, known)),
                 Str("commands of ", path, ": ", Join(known, ", "), "; see ", path, " --help"));
}

Error UnknownOption(const std::string& word, const CLI::App& app, const std::string& path) {
  std::vector<std::string> known = OptionsOf(app);
  return Invalid(Str(path, " has no option ", word, DidYouMean(word, known)),
                 Str("options of ", path, ": ", Join(known, ", "), "; see ", path, " --help"));
}

Error NoCommand(const CLI::App& app, const std::string& path) {
  return Invalid(Str(path, " needs a command"),
                 Str("commands of ", path, ": ", Join(CommandsOf(app), ", "), "; see ", path, " --help"));
}

// CLI11's own words, begun as ours are.
std::string Message(const CLI::ParseError& error) {
  std::string text = error.what();
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1]))) text[0] = Lower(text.substr(0, 1))[0];
  return text;
}

}  // namespace

// The parser stops at the first thing that is missing and may not even name what it did not know, so the words are
// walked through once more.
Error UsageError(const CLI::App& app, const std::vector<std::string>& arguments, const CLI::ParseError& error) {
  const CLI::App* command = &app;
  std::string path = app.get_name();
  for (size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string& word = arguments[i];
    if (word.size() > 1 && word[0] == '-') {
      bool is_long = word[1] == '-';
      std::string name = is_long ? word.substr(0, word.find('=')) : word.substr(0, 2);
      const CLI::Option* option = command->get_option_no_throw(name);
      if (option == nullptr) return UnknownOption(word.substr(0, word.find('=')), *command, path);
      bool has_value = word.size() > name.size();
      if (option->get_items_expected_min() > 0 && !has_value) ++i;
      continue;
    }
    std::vector<std::string> known = CommandsOf(*command);
    if (known.empty()) continue;
    if (std::find(known.begin(), known.end(), word) == known.end()) return UnknownCommand(word, *command, path);
    command = command->get_subcommand(word);
    path += " " + word;
  }
  if (!CommandsOf(*command).empty()) return NoCommand(*command, path);
  return Invalid(Message(error), Str("see ", path, " --help"));
}

UsageCheck OneOf(std::vector<std::string> values) {
  return [values = std::move(values)](const std::string& text) -> std::string {
    if (std::find(values.begin(), values.end(), text) != values.end()) return {};
    return Str(text, " is none of ", Join(values, ", "), DidYouMean(text, values));
  };
}

UsageCheck RowCount() {
  return [](const std::string& text) -> std::string {
    int64_t rows = 0;
    if (ParseNumber(text, rows) && rows >= 0) return {};
    return Str(text, " is not a number of rows, 0 or more");
  };
}

}  // namespace sluice
