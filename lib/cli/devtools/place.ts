import { basename, relative } from "node:path";
import { unpackZip } from "../../devtools/server/unpack_zip.ts";
import { temporary } from "../../files/temporary.ts";
import { BadInputError } from "../command/bad_input.ts";

/** Where the runs are that are shown; a zip file is unpacked until it is disposed. */
export interface Place extends AsyncDisposable {
  /** The real path of a folder. */
  root: string;
  /** What the user calls it. */
  title: string;
}

/** Opens a folder, or a zip file, which is unpacked into a folder of its own. */
export async function openPlace(path: string): Promise<Place> {
  let real: string;
  try {
    // The links on the way to it are those of the user, not of a program.
    real = await Deno.realPath(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new BadInputError(`there is no folder or zip file ${path}`);
  }
  const stat = await Deno.stat(real);
  if (stat.isDirectory) {
    return { root: real, title: real, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  if (!stat.isFile || !path.endsWith(".zip")) {
    throw new BadInputError(`${path} is neither a folder nor a zip file`);
  }
  const scratch = await Deno.makeTempDir({ dir: temporary(), prefix: "netyard-show-" });
  const remove = () => Deno.remove(scratch, { recursive: true });
  // The page shows the name of the folder.
  const root = `${scratch}/${basename(path, ".zip") || "zip"}`;
  try {
    await Deno.mkdir(root);
    await unpackZip(real, root);
  } catch (error) {
    await remove();
    throw error;
  }
  return { root, title: path, [Symbol.asyncDispose]: remove };
}

/** Whether a path is that of a folder, or below it. */
export function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith("../");
}
