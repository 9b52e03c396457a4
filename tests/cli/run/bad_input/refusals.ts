/**
 * Reads the cases in the `.txt` files of this folder, which have this format:
 *
 * ```text
 * === the name of the case
 * $ the arguments of netyard run; default: a.toml
 * --- name of a file
 * its text
 * --- step
 * the keys of a step in a.toml, which has a topology before it; they begin in line 8
 * --- says
 * the standard error of the command
 * ```
 */
import { step } from "./kit.ts";

/** A command that must be refused. */
export interface Refusal {
  what: string;
  args: string[];
  /** Files by their names. */
  files: Record<string, string>;
  /** The standard error. */
  says: string;
}

/** Parses the cases of a file. */
export async function refusalsOf(name: string): Promise<Refusal[]> {
  const text = await Deno.readTextFile(new URL(`${name}.txt`, import.meta.url));
  return text.split(/^=== /m).slice(1).map(refusal);
}

function refusal(text: string): Refusal {
  const [head, ...sections] = text.trimEnd().split(/^--- /m);
  const [what, line = ""] = head.split("\n");
  const args = Array.from(
    line.slice(2).matchAll(/"([^"]*)"|\S+/g),
    ([word, quoted]) => quoted ?? word,
  );
  const files: Record<string, string> = {};
  let says = "";
  for (const section of sections) {
    const end = section.indexOf("\n");
    const [name, content] = end < 0
      ? [section, ""]
      : [section.slice(0, end), section.slice(end + 1)];
    if (name === "says") says = content;
    else if (name === "step") files["a.toml"] = step(content.trimEnd());
    else files[name] = content;
  }
  return { what, args: args.length > 0 ? args : ["a.toml"], files, says: `${says.trimEnd()}\n` };
}
