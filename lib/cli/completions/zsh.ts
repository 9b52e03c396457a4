import type { Argument, Command, Option } from "../command/command.ts";
import { HELP } from "../command/parse.ts";

/** The completion script of these commands for zsh. */
export function zshCompletions(commands: readonly Command[]): string {
  const described = commands.map(({ name, summary }) =>
    `    ${quoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`
  );
  return `#compdef netyard
# Completion of netyard for zsh.

_netyard() {
  local -a commands
  commands=(
${described.join("\n")}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}

if [[ $funcstack[1] == _netyard ]]; then
  _netyard "$@"
else
  compdef _netyard netyard
fi
`;
}

function commandCase({ name, options, arguments: words, stopEarly }: Command): string {
  const specs = [
    ...[...options, HELP].flatMap(optionSpecs),
    ...words.map((word, i) => argumentSpec(word, i)),
  ];
  // -S: no options after "--"; -A "-*": none after the first argument.
  const flags = stopEarly ? "-s -S -A '-*'" : "-s -S";
  const lines = specs.map((spec) => `        ${quoted(spec)}`).join(" \\\n");
  return `    ${name})\n      _arguments ${flags} \\\n${lines}\n      ;;`;
}

function optionSpecs(option: Option): string[] {
  const { long, short, value, many, what } = option;
  const names = [`--${long}`, ...short ? [`-${short}`] : []];
  const before = many ? "*" : `(${names.join(" ")})`;
  const after = value === undefined ? "" : `:${escaped(value)}:${completer(option)}`;
  return names.map((name) => {
    const sign = value === undefined ? "" : name.startsWith("--") ? "=" : "+";
    return `${before}${name}${sign}[${escaped(what)}]${after}`;
  });
}

function argumentSpec(word: Argument, i: number): string {
  const place = word.many ? "*:" : word.optional ? `${i + 1}::` : `${i + 1}:`;
  return `${place}${escaped(word.name)}:${completer(word)}`;
}

function completer({ choices, kind }: Argument | Option): string {
  if (choices) return `(${choices.join(" ")})`;
  switch (kind) {
    case "file":
    case "path":
      return "_files";
    case "directory":
      return "_files -/";
    case "command":
      return "_command_names -e";
    default:
      return " ";
  }
}

/** Escapes the separators of a specification. */
function escaped(text: string): string {
  return text.replace(/[\\:[\]]/g, "\\$&");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
