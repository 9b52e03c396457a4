import type { Argument, Command, Option } from "./command.ts";
import { HELP } from "./parse.ts";

/** The longest line of a help text. */
const COLUMNS = 100;

/** What `netyard NAME --help` prints. */
export function renderHelp(command: Command): string {
  const { name, description, arguments: words, options, examples, exitCodes } = command;
  const usage = ["Usage: netyard", name, "[options]", ...words.map(usageOf)].join(" ");
  return [
    ...description.split("\n\n").map((paragraph) => wrap(paragraph, 0)),
    usage,
    section("Arguments", words.map((word) => [word.name, meaning(word)])),
    section("Options", [...options, HELP].map((option) => [optionName(option), meaning(option)])),
    examples.length > 0 &&
    `Examples:\n${
      examples.map((example) => `  ${example.command}\n${wrap(example.what, 6)}`).join("\n")
    }`,
    section("Exit codes", exitCodes.map(([code, meaning]) => [String(code), meaning])),
  ].filter((part) => part).join("\n\n");
}

function usageOf({ name, many, optional }: Argument): string {
  const word = many ? `${name}...` : name;
  return optional ? `[${word}]` : word;
}

function optionName({ long, short, value }: Option): string {
  return `${short ? `-${short}, ` : "    "}--${long}${value ? ` ${value}` : ""}`;
}

function meaning(word: Argument | Option): string {
  const notes = [
    word.choices && `one of ${word.choices.join(", ")}`,
    "long" in word && word.many && "may be repeated",
    word.default !== undefined && `default: ${word.default}`,
  ].filter((note) => note);
  return word.what + (notes.length > 0 ? ` (${notes.join("; ")})` : "");
}

/** Two columns under a title; undefined without rows. */
export function section(
  title: string,
  rows: readonly (readonly [string, string])[],
): string | undefined {
  if (rows.length === 0) return undefined;
  const width = Math.max(...rows.map(([left]) => left.length)) + 4;
  const lines = rows.map(([left, right]) =>
    `  ${left}`.padEnd(width) + wrap(right, width).trimStart()
  );
  return [`${title}:`, ...lines].join("\n");
}

/** Wraps a text into lines that are indented by this many spaces. */
export function wrap(text: string, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && indent + line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((each) => " ".repeat(indent) + each).join("\n");
}
