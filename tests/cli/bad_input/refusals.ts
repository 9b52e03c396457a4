/**
 * Reads the refusals of the `.txt` files beside it, which are written so:
 *
 * ```text
 * === what is wrong
 * $ the arguments of netyard run; a.toml, if there are none
 * --- name of a file
 * its text
 * --- step
 * the keys of a step, which stands with a topology in a.toml, and begins in its line 8
 * --- says
 * what the command says
 * ```
 *
 * @module
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

/** The refusals of a file. */
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
