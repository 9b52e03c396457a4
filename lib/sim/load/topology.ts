import { dirname, join } from "node:path";
import type { LabConfig } from "../../lab/config/types.ts";
import { topologyFrom } from "../../lab/config/toml.ts";
import { TomlDocument } from "../../toml/document.ts";
import { TomlError } from "../../toml/errors.ts";
import { TOPOLOGY_TABLES } from "../schema/file.ts";
import { shown } from "./extends.ts";
import { didYouMean } from "../values/choices.ts";
import { isFile, nearestFile } from "./near_files.ts";
import type { SimFile } from "./written.ts";

/**
 * Returns the topology of a simulation: its own, or else that of the last file that it extends which has
 * one; undefined if there is none.
 *
 * @param files The files that it extends, then the simulation.
 * @throws {TomlError} If a file has two topologies, or the topology does not exist, or has a fault.
 */
export async function topologyOf(
  files: readonly SimFile[],
  cwd: string,
): Promise<LabConfig | undefined> {
  const main = files.at(-1)!;
  for (const file of [...files].reverse()) {
    const { document } = file;
    const inline = TOPOLOGY_TABLES.filter((name) => document.value[name] !== undefined);
    const sim = document.value.sim as { topology?: unknown } | undefined;
    // A value that is not text is refused with the rest of the file.
    const named = typeof sim?.topology === "string" ? sim.topology : undefined;
    if (named !== undefined && inline.length > 0) {
      throw new TomlError([{
        where: document.where(["sim", "topology"]),
        message:
          `"sim.topology" is ${JSON.stringify(named)}, but the file has a topology of its own ` +
          `at ${document.where([inline[0]])}; leave one of them out`,
      }]);
    }
    if (named !== undefined) return await namedTopology(named, file, main, cwd);
    if (inline.length > 0) {
      return topologyFrom(
        document,
        Object.fromEntries(inline.map((name) => [name, document.value[name]])),
      );
    }
  }
}

async function namedTopology(
  name: string,
  file: SimFile,
  main: SimFile,
  cwd: string,
): Promise<LabConfig> {
  const where = file.document.where(["sim", "topology"]);
  const subject = `"sim.topology" is ${JSON.stringify(name)}`;
  if (/[/\\]/.test(name) || name.includes("..") || name.startsWith(".")) {
    throw new TomlError([{
      where,
      message: `${subject}, but must be the name of a file in a directory "topos", without ".toml"`,
    }]);
  }
  const bases = [file, main].flatMap(({ directory }) => [directory, dirname(directory)]);
  const directories = [...new Set([...bases, cwd].map((base) => join(base, "topos")))];
  for (const directory of directories) {
    const path = join(directory, `${name}.toml`);
    if (await isFile(path)) {
      const text = await Deno.readTextFile(path);
      return topologyFrom(TomlDocument.parse(shown(path, cwd), text));
    }
  }
  const meant = await nearestFile(name, directories);
  const looked = directories.map((each) => shown(join(each, `${name}.toml`), cwd));
  throw new TomlError([{
    where,
    message: `${subject}, but there is no such file` +
      didYouMean(meant, `It was looked for at ${looked.join(", ")}`),
  }]);
}
