/** Runs scripts with virtual machines in processes of their own. */
import { assert } from "@std/assert";
import { cacheDirectory } from "../../../lib/files/cache.ts";
import { tinyBootFiles } from "../../../lib/vm/tiny/boot_files.ts";

const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;

/** A directory for a process's temporary files and for an empty boot cache. */
export class Place implements AsyncDisposable {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<Place> {
    await tinyBootFiles(); // The guest itself is made but once.
    const place = new Place(await Deno.makeTempDir());
    await Deno.mkdir(place.temporary);
    await Deno.mkdir(place.cache);
    await Deno.symlink(`${await Deno.realPath(cacheDirectory())}/tiny`, `${place.cache}/tiny`);
    return place;
  }

  get temporary(): string {
    return `${this.directory}/tmp`;
  }

  get cache(): string {
    return `${this.directory}/cache`;
  }

  /** The names that are left in the directory for temporary files. */
  left(): string[] {
    return [...Deno.readDirSync(this.temporary)].map(({ name }) => name);
  }

  async [Symbol.asyncDispose]() {
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** Returns a command that runs a script of this folder. */
export function scriptCommand(file: string, args: string[] = []): string[] {
  const path = new URL(file, import.meta.url).pathname;
  return [Deno.execPath(), "run", "-A", "--no-check", "--config", CONFIG, path, ...args];
}

/** Returns the output of a script of this folder, which must succeed. */
export async function script(
  file: string,
  options: { args?: string[]; env?: Record<string, string>; before?: string[] } = {},
): Promise<string> {
  const { args, env = {}, before = [] } = options;
  const argv = [...before, ...scriptCommand(file, args)];
  const { success, stdout, stderr } = await new Deno.Command(argv[0], { args: argv.slice(1), env })
    .output();
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stderr) + decoder.decode(stdout));
  return decoder.decode(stdout);
}
