import type { TomlDocument, TomlPath } from "../../toml/document.ts";

/** A file with a simulation, or with a part of one. */
export interface SimFile {
  /** Its contents. */
  document: TomlDocument;
  /** The directory that it is in, absolute. */
  directory: string;
}

/** A value in a file. */
export interface Place {
  file: SimFile;
  path: TomlPath;
}

/** A table with parts from several places, such as a step with the fields of its template. */
export class Written {
  readonly value: Readonly<Record<string, unknown>>;
  /** The place of the table as a whole. */
  readonly home: Place;
  readonly #parts: readonly (readonly [at: TomlPath, place: Place])[];

  /** @param parts The parts from other places: the path in the value, and the place. */
  constructor(
    value: Record<string, unknown>,
    home: Place,
    parts: readonly (readonly [at: TomlPath, place: Place])[] = [],
  ) {
    this.value = value;
    this.home = home;
    this.#parts = parts;
  }

  /** Returns the table at a path of a file. */
  static at(file: SimFile, path: TomlPath): Written {
    const value = path.reduce<unknown>(
      (each, key) => (each as Record<PropertyKey, unknown>)[key],
      file.document.value,
    );
    return new Written(value as Record<string, unknown>, { file, path });
  }

  /** Returns the same places with another value of the same shape. */
  withValue(value: Record<string, unknown>): Written {
    return new Written(value, this.home, this.#parts);
  }

  /** Returns the place of a part of the value. */
  place(path: TomlPath): Place {
    let found: Place | undefined;
    let longest = -1;
    for (const [at, place] of this.#parts) {
      if (at.length <= longest || !at.every((key, i) => key === path[i])) continue;
      found = { file: place.file, path: [...place.path, ...path.slice(at.length)] };
      longest = at.length;
    }
    return found ?? { file: this.home.file, path: [...this.home.path, ...path] };
  }

  /** Whether a part of the value comes from outside of the table. */
  isForeign(path: TomlPath): boolean {
    const place = this.place(path);
    return place.file !== this.home.file ||
      !this.home.path.every((key, i) => key === place.path[i]);
  }

  /** Returns the file and line of a part of the value. */
  where(path: TomlPath = []): string {
    const { file, path: inFile } = this.place(path);
    return file.document.where(inFile);
  }
}

/** Replaces each string in a value; `path` leads to the string. */
export function mapStrings<T>(
  value: T,
  replace: (text: string, path: TomlPath) => string,
  path: TomlPath = [],
): T {
  if (typeof value === "string") return replace(value, path) as T;
  if (Array.isArray(value)) {
    return value.map((each, i) => mapStrings(each, replace, [...path, i])) as T;
  }
  // The dates of TOML are objects of a class.
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, mapStrings(each, replace, [...path, key])]),
  ) as T;
}
