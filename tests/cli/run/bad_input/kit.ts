/** Runs the command on wrong files. */
import { dirname, join } from "node:path";
import { REAL_TOOLS, type SimulationTools } from "../../../../lib/cli/run/simulation_tools.ts";
import { checkBinaries } from "../../../../lib/sim/binary/binaries.ts";
import { parseOverride } from "../../../../lib/sim/binary/override.ts";
import { checkHostPrograms } from "../../../../lib/sim/host_programs.ts";
import { loadSimulations } from "../../../../lib/sim/load.ts";
import { called, inDirectory, runCommandBy } from "../../kit.ts";

/** Files by their names; a single text is `a.toml`. */
export type Files = string | Readonly<Record<string, string>>;

/** The name of the case, the files, the standard error, and the arguments of `netyard run`. */
export type Refusal = readonly [what: string, files: Files, says: string, ...args: string[]];

/** A topology whose last line is 6: the device `a` at the router `dc`. */
export const LAB = `[[router]]
name = "dc"
[device.a.eth0]
gateway = "dc"
[sim]
name = "x"
`;

/** A simulation with one step, whose keys begin in line 8. */
export function step(text: string): string {
  return `${LAB}[[step]]\n${text}\n`;
}

/** Writes files into a directory. */
export async function write(directory: string, files: Files): Promise<void> {
  const all = typeof files === "string" ? { "a.toml": files } : files;
  for (const [name, text] of Object.entries(all)) {
    await Deno.mkdir(dirname(join(directory, name)), { recursive: true });
    await Deno.writeTextFile(join(directory, name), text);
  }
}

/** The tools of the command, for another working directory; starting anything throws. */
function tools(cwd: string, searchPath: string[]): SimulationTools {
  const started = (what: string) => () => {
    throw new Error(`${what} was started`);
  };
  return {
    ...REAL_TOOLS,
    load: (paths, binaryOptions) =>
      loadSimulations(paths, {
        cwd,
        binaries: binaryOptions?.overrides.map((text) => parseOverride(text, cwd).name),
      }),
    check: async (simulations, binaryOptions) => {
      await checkBinaries(simulations, { ...binaryOptions, cwd, searchPath });
      checkHostPrograms(simulations);
    },
    resolve: started("a build"),
    becomeRoot: started("another process"),
    requireLab: started("a lab"),
    runner: started("a simulation"),
  };
}

/** Runs `netyard run` in a directory with these files, by default with the argument `a.toml`. */
export function ran(files: Files, args: readonly string[] = []) {
  return inDirectory(async (made) => {
    const directory = await Deno.realPath(made);
    const cwd = join(directory, "here");
    await Deno.mkdir(cwd);
    await write(cwd, files);
    const given = args.length > 0 ? args : ["a.toml"];
    const command = runCommandBy(tools(cwd, ["/nowhere"]));
    const work = ["--work-dir", join(directory, "work")];
    const { code, stdout, stderr } = await called([command], "run", ...work, ...given);
    const there = await Array.fromAsync(Deno.readDir(directory), ({ name }) => name);
    return { code, stdout, stderr: stderr.replaceAll(directory, "DIR"), there };
  });
}
