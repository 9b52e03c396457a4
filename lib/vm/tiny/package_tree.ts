import { dirname, join, normalize } from "node:path";

/** An extracted package, whose links are followed as if it were the root. */
export class PackageTree {
  /** Its directory on the host. */
  readonly root: string;

  /** A tree in a directory of the host. */
  constructor(root: string) {
    this.root = root;
  }

  /** Where on the host the first of these paths is that exists, with links resolved. */
  find(...paths: string[]): string | undefined {
    for (const path of paths) {
      const found = this.#resolve(path, 8);
      if (found) return found;
    }
    return undefined;
  }

  /** The content of a file. */
  read(path: string): Uint8Array<ArrayBuffer> {
    return Deno.readFileSync(this.find(path) ?? join(this.root, path));
  }

  /** The names in a directory, in order; none if there is no such directory. */
  names(path: string): string[] {
    const directory = this.find(path);
    return directory ? [...Deno.readDirSync(directory)].map(({ name }) => name).sort() : [];
  }

  /** The paths of all files below a directory. */
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
