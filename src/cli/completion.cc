// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

namespace sluice {
namespace {

constexpr const char* kBash = R"(_sluice() {
  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words=
  if [ "$COMP_CWORD" = 1 ]; then words='run check read verify tables version completion --help --version'
  else case $command in
    run) words='-D --state --until --summary --log-format --log-level --help' ;;
    check|verify) words='-D --help' ;;
    read) words='--format --columns --where --limit --snapshot --help' ;;
    tables) words='orphans --older-than --delete --help' ;;
    completion) words='bash zsh fish' ;;
  esac; fi
  case ${COMP_WORDS[COMP_CWORD-1]} in
    --until) words=caught-up ;;
    --format) words='table jsonl csv' ;;
    --log-format) words='text json' ;;
    --log-level) words='debug info warn error' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [ -n "${COMPREPLY[*]}" ] || COMPREPLY=($(compgen -f -- "$word"))
}
complete -o filenames -F _sluice sluice
)";

constexpr const char* kFish =
    R"(complete -c sluice -n __fish_use_subcommand -a 'run check read verify tables version completion'
complete -c sluice -n '__fish_seen_subcommand_from run' -l state -r -d 'directory of the checkpoints'
complete -c sluice -n '__fish_seen_subcommand_from run' -l until -x -a caught-up
complete -c sluice -n '__fish_seen_subcommand_from run' -l summary -r
complete -c sluice -n '__fish_seen_subcommand_from run' -l log-format -x -a 'text json'
complete -c sluice -n '__fish_seen_subcommand_from read' -l format -x -a 'table jsonl csv'
complete -c sluice -n '__fish_seen_subcommand_from read' -l columns -x
complete -c sluice -n '__fish_seen_subcommand_from read' -l where -x
complete -c sluice -n '__fish_seen_subcommand_from read' -l limit -x
complete -c sluice -n '__fish_seen_subcommand_from read' -l snapshot -x
complete -c sluice -n '__fish_seen_subcommand_from tables' -a orphans
complete -c sluice -n '__fish_seen_subcommand_from orphans' -l older-than -x
complete -c sluice -n '__fish_seen_subcommand_from orphans' -l delete
complete -c sluice -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
)";

}  // namespace

std::string CompletionScript(const std::string& shell) {
  if (shell == "fish") return kFish;
  if (shell == "zsh") return std::string("autoload -U +X bashcompinit && bashcompinit\n") + kBash;
  return kBash;
}

}  // namespace sluice
