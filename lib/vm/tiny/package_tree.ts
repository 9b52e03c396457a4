import { dirname, join, normalize } from "node:path";

/** An extracted package; symbolic links are resolved as if its directory were the root. */
export class PackageTree {
  /** Its directory on the host. */
  readonly root: string;

  /** `root` is its directory on the host. */
  constructor(root: string) {
    this.root = root;
  }

  /** Returns the path on the host of the first of these paths that exists, with links resolved. */
  find(...paths: string[]): string | undefined {
    for (const path of paths) {
      const found = this.#resolve(path, 8);
      if (found) return found;
    }
    return undefined;
  }

  /** Reads a file. */
  read(path: string): Uint8Array<ArrayBuffer> {
    return Deno.readFileSync(this.find(path) ?? join(this.root, path));
  }

  /** Returns the sorted names in a directory; none if there is no such directory. */
  names(path: string): string[] {
    const directory = this.find(path);
    return directory ? [...Deno.readDirSync(directory)].map(({ name }) => name).sort() : [];
  }

  /** Yields the paths of all files below a directory. */
  *files(path: string): Generator<string> {
    for (const name of this.names(path)) {
      const inner = join(path, name);
      const { isDirectory } = Deno.lstatSync(join(this.root, inner));
      if (isDirectory) yield* this.files(inner);
      else yield inner;
    }
  }

  #resolve(path: string, links: number): string | undefined {
    const place = join(this.root, normalize(`/${path}`)); // `..` does not leave the tree
    try {
      if (!Deno.lstatSync(place).isSymlink) return place;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
        return undefined;
      }
      throw error;
    }
    if (links === 0) return undefined;
    const target = Deno.readLinkSync(place);
    return this.#resolve(target.startsWith("/") ? target : join(dirname(path), target), links - 1);
  }
}
