// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "base/text.h"

namespace sluice {
namespace {

// Keys of -D that have an effect.
constexpr const char* kKeys =
    "execution.checkpointing.interval= execution.runtime-mode= parallelism.default= pipeline.name=";

// What the value of an option or an argument is.
enum class Kind { kText, kFile, kFolder, kChoice, kKey };

struct Value {
  Kind kind = Kind::kText;
  std::string choices;  // kChoice, kKey: with blanks between
};

Value ValueOf(const CLI::Option& option) {
  std::string type = option.get_type_name();
  size_t open = type.find('{');
  if (open != std::string::npos) {
    std::string choices = type.substr(open + 1, type.find('}', open) - open - 1);
    std::replace(choices.begin(), choices.end(), ',', ' ');
    return {Kind::kChoice, choices};
  }
  if (type == "KEY=VALUE") return {Kind::kKey, kKeys};
  if (type == "FILE") return {Kind::kFile, ""};
  if (type == "DIR") return {Kind::kFolder, ""};
  return {};
}

bool HasValue(const CLI::Option& option) { return option.get_items_expected_min() > 0; }

struct Command {
  std::string path;  // "tables orphans"; empty: the program
  const CLI::App* app;
};

std::vector<const CLI::App*> CommandsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

void AddCommands(const CLI::App& app, const std::string& path, std::vector<Command>& out) {
  out.push_back({path, &app});
  for (const CLI::App* command : CommandsOf(app)) {
    AddCommands(*command, path.empty() ? command->get_name() : Str(path, " ", command->get_name()), out);
  }
}

std::string NamesOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : CommandsOf(app)) names.push_back(command->get_name());
  return Join(names, " ");
}

// Long names, and short ones that have no long one.
std::vector<std::string> FlagsOf(const CLI::Option& option) {
  std::vector<std::string> flags;
  for (const std::string& name : option.get_lnames()) flags.push_back("--" + name);
  for (const std::string& name : option.get_snames()) {
    if (option.get_lnames().empty()) flags.push_back("-" + name);
  }
  return flags;
}

std::string BashAction(const Value& value) {
  switch (value.kind) {
    case Kind::kText: return "kind=none";
    case Kind::kFile: return "kind=file";
    case Kind::kFolder: return "kind=directory";
    case Kind::kChoice: return Str("words='", value.choices, "'");
    case Kind::kKey: return Str("words='", value.choices, "' nospace=1");
  }
  return "";
}

// The branches of one command: values after their option, options, arguments; the first that matches counts.
void AppendBashCases(const Command& command, std::string& values, std::string& rest) {
  std::vector<std::string> flags;
  std::string argument = CommandsOf(*command.app).empty() ? "" : Str("words='", NamesOf(*command.app), "'");
  for (const CLI::Option* option : command.app->get_options()) {
    for (const std::string& flag : FlagsOf(*option)) {
      flags.push_back(flag);
      if (!HasValue(*option)) continue;
      values += Str("    '", command.path, ":", flag, "') ", BashAction(ValueOf(*option)), " ;;\n");
    }
    if (option->get_positional()) argument = BashAction(ValueOf(*option));
  }
  rest += Str("    '", command.path, ":'-*) words='", Join(flags, " "), "' ;;\n");
  if (!argument.empty()) rest += Str("    '", command.path, ":'*) ", argument, " ;;\n");
}

constexpr const char* kBashHead = R"(_sluice() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= words= kind= nospace=
  if [ "$before" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi
  if [ "$word" = = ]; then word=; fi
  if [ "$COMP_CWORD" -gt 1 ]; then command=${COMP_WORDS[1]}; fi
  if [ "$COMP_CWORD" -gt 2 ]; then
    case "$command ${COMP_WORDS[2]}" in
)";

constexpr const char* kBashTail = R"(  local IFS=$'\n'
  case $kind in
    file) COMPREPLY=($(compgen -f -- "$word")) ;;
    directory) COMPREPLY=($(compgen -d -- "$word")) ;;
    none) COMPREPLY=() ;;
    *) IFS=$' \t\n'; COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
  esac
  if [ -n "$nospace" ]; then compopt -o nospace 2>/dev/null; fi
}
complete -o filenames -F _sluice sluice
)";

std::string BashScript(const std::vector<Command>& commands) {
  std::string out = kBashHead;
  std::string values;
  std::string rest;
  for (const Command& command : commands) {
    if (command.path.find(' ') != std::string::npos) {
      out += Str("      '", command.path, "') command='", command.path, "' ;;\n");
    }
    AppendBashCases(command, values, rest);
  }
  return Str(out, "    esac\n  fi\n  case \"$command:$before\" in\n", values,
             "    *) case \"$command:$word\" in\n", rest, "    esac ;;\n  esac\n", kBashTail);
}

std::string FishQuoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) out += c == '\'' || c == '\\' ? Str("\\", c) : std::string(1, c);
  return out + "'";
}

std::string FishAction(const Value& value) {
  switch (value.kind) {
    case Kind::kText: return " -x";
    case Kind::kFile: return " -r -F";
    case Kind::kFolder: return " -x -a '(__fish_complete_directories)'";
    case Kind::kChoice:
    case Kind::kKey: return Str(" -x -a '", value.choices, "'");
  }
  return "";
}

std::string FishScript(const std::vector<Command>& commands) {
  std::string out = "complete -c sluice -f\n";
  for (const Command& command : commands) {
    std::string when = "__fish_use_subcommand";
    if (!command.path.empty()) {
      when = "'__fish_seen_subcommand_from " + command.app->get_name();
      if (!CommandsOf(*command.app).empty()) {
        when += Str("; and not __fish_seen_subcommand_from ", NamesOf(*command.app));
      }
      when += "'";
    }
    std::string head = Str("complete -c sluice -n ", when);
    for (const CLI::App* sub : CommandsOf(*command.app)) {
      out += Str(head, " -a ", sub->get_name(), " -d ", FishQuoted(sub->get_description()), "\n");
    }
    for (const CLI::Option* option : command.app->get_options()) {
      std::string action = HasValue(*option) ? FishAction(ValueOf(*option)) : "";
      if (option->get_positional() && ValueOf(*option).kind == Kind::kText) continue;
      std::string names;
      for (const std::string& name : option->get_lnames()) names += " -l " + name;
      for (const std::string& name : option->get_snames()) names += " -s " + name;
      // An argument: -x and -r are of options only.
      if (option->get_positional()) action = action.substr(action.find(" -", 1));
      out += Str(head, names, action, " -d ", FishQuoted(option->get_description()), "\n");
    }
  }
  return out;
}

}  // namespace

std::string CompletionScript(const CLI::App& app, const std::string& shell) {
  std::vector<Command> commands;
  AddCommands(app, "", commands);
  if (shell == "fish") return FishScript(commands);
  return (shell == "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" : "") + BashScript(commands);
}

}  // namespace sluice
