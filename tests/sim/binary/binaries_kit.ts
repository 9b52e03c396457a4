import { join } from "node:path";
import { searchPath } from "../../../native/process/process.ts";
import { type BinaryOptions, resolveBinaries } from "../../../lib/sim/binary/binaries.ts";
import type { BinarySpec, PrepareSpec, RunStep, Simulation } from "../../../lib/sim/types/types.ts";

/** The directory of one test, with a cache and a PATH in it. */
export class Scratch implements AsyncDisposable {
  /** The lines of progress. */
  readonly said: string[] = [];
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async make(): Promise<Scratch> {
    const scratch = new Scratch(await Deno.realPath(await Deno.makeTempDir()));
    for (const name of ["bin", "sims"]) await Deno.mkdir(scratch.at(name));
    return scratch;
  }

  /** A directory that another process has made. */
  static at(directory: string): Scratch {
    return new Scratch(directory);
  }

  at(...path: string[]): string {
    return join(this.directory, ...path);
  }

  /** Writes a file; one that starts with `#!` becomes executable. */
  async write(path: string, text: string): Promise<string> {
    const file = this.at(path);
    await Deno.mkdir(join(file, ".."), { recursive: true });
    await Deno.writeTextFile(file, text);
    if (text.startsWith("#!")) await Deno.chmod(file, 0o755);
    return file;
  }

  /** The options for the cache and the PATH of this directory, before or in place of those of the host. */
  options(more: BinaryOptions & { hostPath?: boolean } = {}): BinaryOptions {
    const { hostPath = true, ...options } = more;
    return {
      cwd: this.directory,
      searchPath: [this.at("bin"), ...(hostPath ? searchPath() : [])],
      variable: (name) => name === "NETYARD_CACHE" ? this.at("cache") : undefined,
      onProgress: (line) => this.said.push(line),
      ...options,
    };
  }

  /** Returns the path of the only program of a simulation. */
  async path(
    fields: Partial<BinarySpec>,
    more: BinaryOptions & { hostPath?: boolean } = {},
  ): Promise<string> {
    const simulation = this.simulation([fields]);
    const found = await resolveBinaries([simulation], this.options(more));
    return found.get(simulation)!.get(simulation.binaries[0].name)!;
  }

  /** Returns a simulation in `sims/`, which uses all programs that it declares. */
  simulation(
    binaries: Partial<BinarySpec>[],
    prepare: Partial<PrepareSpec>[] = [],
    cmds: string[][] = binaries.map(({ name = "relay" }) => [`\${binary.${name}}`]),
  ): Simulation {
    const origin = (line: number) => ({ where: `sims/a.toml:${line}`, directory: this.at("sims") });
    return {
      name: "a",
      file: "sims/a.toml",
      variant: {},
      topology: {},
      binaries: binaries.map((fields, i) => ({
        name: "relay",
        mode: "path",
        features: [],
        allFeatures: false,
        origin: origin(10 + i),
        ...fields,
      })),
      prepare: prepare.map((fields, i) => ({
        bins: [],
        examples: [],
        features: [],
        allFeatures: false,
        origin: origin(5 + i),
        ...fields,
      })),
      steps: cmds.map((cmd, i): RunStep => ({
        action: "run",
        id: `step-${i + 1}`,
        requires: [],
        skipped: false,
        origin: origin(20 + i),
        device: "a",
        cmd,
        env: {},
        parser: "text",
        captures: {},
      })),
    };
  }

  /** Returns the lines of a file. */
  async lines(path: string): Promise<string[]> {
    const text = await Deno.readTextFile(this.at(path)).catch(() => "");
    return text.split("\n").filter((line) => line !== "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** Returns the output of a program. */
export async function outputOf(program: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await new Deno.Command(program, { args }).output();
  const text = new TextDecoder().decode(stdout);
  if (code !== 0) throw new Error(`${program}: ${code}: ${new TextDecoder().decode(stderr)}`);
  return text.trimEnd();
}

/** Returns the SHA-256 in hexadecimal digits. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
