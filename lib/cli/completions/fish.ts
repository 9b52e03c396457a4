import type { Argument, Command, Option } from "../command/command.ts";
import { HELP } from "../command/parse.ts";

/** The completion script of these commands for fish. */
export function fishCompletions(commands: readonly Command[]): string {
  const first = commands.map(({ name, summary }) =>
    `complete -c netyard -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`
  );
  return [
    "# Completion of netyard for fish.",
    "complete -c netyard -f",
    ...first,
    "complete -c netyard -n __fish_use_subcommand -l help -s h",
    "complete -c netyard -n __fish_use_subcommand -l version -s V",
    ...commands.flatMap(commandLines),
    "",
  ].join("\n");
}

function commandLines({ name, options, arguments: words }: Command): string[] {
  const start = `complete -c netyard -n '__fish_seen_subcommand_from ${name}'`;
  const optionLines = [...options, HELP].map((option) => {
    const short = option.short ? ` -s ${option.short}` : "";
    const value = option.value === undefined ? "" : ` ${completer(option)}`;
    return `${start} -l ${option.long}${short}${value} -d ${quoted(option.what)}`;
  });
  // fish does not count arguments, so it offers all of them at each position.
  const wordLines = words.flatMap((word) => {
    const known = word.choices !== undefined || ["file", "path", "directory", "command"]
      .includes(word.kind ?? "text");
    return known ? [`${start} ${completer(word).replace(/^-[rx] /, "")}`] : [];
  });
  return [...optionLines, ...new Set(wordLines)];
}

function completer({ choices, kind }: Argument | Option): string {
  if (choices) return `-x -a ${quoted(choices.join(" "))}`;
  switch (kind) {
    case "file":
    case "path":
      return "-r -F";
    case "directory":
      return "-x -a '(__fish_complete_directories)'";
    case "command":
      return "-x -a '(__fish_complete_command)'";
    default:
      return "-x";
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
