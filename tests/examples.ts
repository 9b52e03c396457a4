import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);
const TIMEOUT_MS = 180_000;

/** What must have been printed, by the name of an example. */
export type Prints = Record<string, (output: string) => void>;

/** Whether an example is of virtual machines; they take the processors for themselves. */
export const isVm = (name: string): boolean => name.startsWith("vm_");

/** Where a pattern is in an output; fails where it is not. */
export function match(output: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(output);
  assert(found, `nothing in this output is ${pattern}:\n${output}`);
  return found;
}

/** The command that the guide at the top of an example gives, without `deno`. */
async function guideOf(name: string): Promise<string[]> {
  const source = await Deno.readTextFile(new URL(`examples/${name}`, ROOT));
  const [, command] = match(
    source,
    new RegExp(`^// deno ((?:run|test) -P examples/${name})$`, "m"),
  );
  assert(
    /^(?:import|export)/m.exec(source)?.index! > source.indexOf(command),
    "the guide is first",
  );
  return command.split(" ");
}

/** Tests each of some examples; what it prints must be known of each of them. */
export function testExamples(prints: Prints, isOne: (name: string) => boolean): void {
  const examples = [...Deno.readDirSync(new URL("examples/", ROOT))]
    .map(({ name }) => name).filter((name) => name.endsWith(".ts") && isOne(name)).sort();

  Deno.test("it is known of each example what it prints", () => {
    assertEquals(examples, Object.keys(prints).sort());
  });

  for (const name of examples) {
    Deno.test(`examples/${name} runs as its guide says, and shows what it is about`, async () => {
      // Their types are checked by `deno task check`.
      const [subcommand, ...args] = await guideOf(name);
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [subcommand, "--no-check", ...args],
        cwd: ROOT,
        env: { NO_COLOR: "1" },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).output();
      const output = new TextDecoder().decode(stdout);
      assertEquals(code, 0, `exit code ${code}\n${output}${new TextDecoder().decode(stderr)}`);
      prints[name](output);
    });
  }
}
