import type { Argument, Command, Option } from "../command/command.ts";
import { HELP } from "../command/parse.ts";

/** The completion script of these commands for bash. */
export function bashCompletions(commands: readonly Command[]): string {
  const valued = commands.flatMap(({ name, options }) =>
    options.filter(({ value }) => value !== undefined).map((option) => ({ name, option }))
  );
  const patterns = valued.map(({ name, option }) => optionPattern(name, option)).join("|");
  return `# Completion of netyard for bash.

_netyard_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2"); }

_netyard_named() {
  mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
  compopt -o filenames 2> /dev/null
}

_netyard() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command=\${COMP_WORDS[1]} word
  local -i at=0 i
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _netyard_words "${
    [...commands.map(({ name }) => name), "--help", "--version"].join(" ")
  }" "$current"
    return
  fi
  # bash splits "--option=value" at the equals sign.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case "$command $previous" in
${valued.map(({ name, option }) => valueCase(name, option)).join("\n")}
  esac
  for ((i = 2; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case "$command $word" in
      *" =") i+=1 ;;
      ${patterns}) [[ \${COMP_WORDS[i + 1]} == = ]] || i+=1 ;;
      *" -"*) ;;
      *) at+=1 ;;
    esac
  done
  case "$command $at $current" in
${commands.map(commandCases).join("\n")}
  esac
}

complete -F _netyard netyard
`;
}

function optionPattern(command: string, { long, short }: Option): string {
  const names = [`--${long}`, ...short ? [`-${short}`] : []];
  return names.map((name) => `"${command} ${name}"`).join("|");
}

function valueCase(command: string, option: Option): string {
  const act = completer(option);
  return `    ${optionPattern(command, option)}) ${act === "" ? "" : `${act}; `}return ;;`;
}

function commandCases({ name, options, arguments: words, stopEarly }: Command): string {
  const all = [...options, HELP].flatMap(({ long, short }) => [
    `--${long}`,
    ...short ? [`-${short}`] : [],
  ]);
  // After the first argument of such a command, options belong to the arguments.
  const place = stopEarly ? "0" : "*";
  return [
    `    "${name} "${place}" -"*) _netyard_words "${all.join(" ")}" "$current" ;;`,
    ...words.map((word, i) => `    "${name} "${word.many ? "*" : i}" "*) ${completer(word)} ;;`),
  ].join("\n");
}

/** The shell command that completes a word; empty if it can be anything. */
function completer({ choices, kind }: Argument | Option): string {
  if (choices) return `_netyard_words "${choices.join(" ")}" "$current"`;
  switch (kind) {
    case "file":
    case "path":
      return '_netyard_named -f "$current"';
    case "directory":
      return '_netyard_named -d "$current"';
    case "command":
      return '_netyard_named -c "$current"';
    default:
      return "";
  }
}
