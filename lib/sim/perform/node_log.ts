import type { Pipe } from "../values/output_parser.ts";

/** Appends what programs print in a node to its logs, where the lab does not. */
export class NodeLog {
  #directory: string;
  #files = new Map<Pipe, Promise<Deno.FsFile>>();

  /** `directory` is that of the simulation. */
  constructor(directory: string, node: string) {
    this.#directory = `${directory}/nodes/${node}`;
  }

  /** Resolves when all is written. */
  async write(pipe: Pipe, chunk: Uint8Array): Promise<void> {
    let opening = this.#files.get(pipe);
    if (!opening) this.#files.set(pipe, opening = this.#open(pipe));
    const file = await opening;
    for (let done = 0; done < chunk.length;) done += await file.write(chunk.subarray(done));
  }

  /** Closes the files. */
  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.then((it) => it.close(), () => {});
  }

  async #open(pipe: Pipe): Promise<Deno.FsFile> {
    await Deno.mkdir(this.#directory, { recursive: true });
    return await Deno.open(`${this.#directory}/${pipe}.log`, { create: true, append: true });
  }
}
